import JSON
public import Journal
public import Market
public import Trading

/// The engine as it was behind one record of a recording, and the rest of the recording behind it.
public struct KeptState {
    /// The last record that the engine has taken in, and its time.
    public var sequence: SequenceNumber
    public var time: Timestamp
    /// The settings of the run that the record belongs to.
    public var start: SessionStart
    public var engine: Engine
    /// What the exchange had said beside what the engine's state holds.
    public var facts: AccountFacts
    /// Before the next record.
    public var cursor: Cursor
}

/// The bytes of a kept state, which prove themselves.
///
/// | Bytes | Field |
/// | --- | --- |
/// | 8 | `TDKEPT02` |
/// | 8 | `Mix.hash` of all that follows |
/// | 8 | the record's number |
/// | 8 | its time, Unix nanoseconds |
/// | 8 | `Mix.hash` of its payload |
/// | 8 | length of the next field |
/// | … | ``identity(of:)`` of whoever made it |
/// | 8 | length of the next field |
/// | … | ``Trading/AccountFacts``, canonical |
/// | rest | as ``SegmentCheckpoint`` |
///
/// Numbers are little-endian.
struct KeptFile {
    static let magic = Array("TDKEPT02".utf8)
    private static let covered = 16
    private static let header = 48

    var sequence: SequenceNumber
    var time: Timestamp
    var payloadHash: UInt64
    var identity: String
    var facts: [UInt8]
    var state: [UInt8]

    var bytes: [UInt8] {
        var body: [UInt8] = []
        body.reserveCapacity(state.count + facts.count + 256)
        KeptFile.append(sequence.value, to: &body)
        KeptFile.append(UInt64(bitPattern: time.nanoseconds), to: &body)
        KeptFile.append(payloadHash, to: &body)
        KeptFile.append(UInt64(identity.utf8.count), to: &body)
        body += Array(identity.utf8)
        KeptFile.append(UInt64(facts.count), to: &body)
        body += facts
        body += state
        var bytes = KeptFile.magic
        KeptFile.append(body.withUnsafeBytes { Mix.hash($0) }, to: &bytes)
        return bytes + body
    }

    private static func append(_ value: UInt64, to bytes: inout [UInt8]) {
        for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift * 8))) }
    }

    init(
        sequence: SequenceNumber,
        time: Timestamp,
        payloadHash: UInt64,
        identity: String,
        facts: [UInt8],
        state: [UInt8]
    ) {
        self.sequence = sequence
        self.time = time
        self.payloadHash = payloadHash
        self.identity = identity
        self.facts = facts
        self.state = state
    }

    /// - Returns: nil where the bytes are not those that were written.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= KeptFile.header, bytes.starts(with: KeptFile.magic) else { return nil }
        func number(_ place: Int) -> UInt64 {
            bytes.withUnsafeBytes {
                UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: place, as: UInt64.self))
            }
        }
        let hash = bytes.withUnsafeBytes {
            Mix.hash(UnsafeRawBufferPointer(rebasing: $0[KeptFile.covered...]))
        }
        guard hash == number(8) else { return nil }
        /// A field with its length before it; `nil` where it ends behind the file.
        func field(at place: Int) -> Range<Int>? {
            guard place + 8 <= bytes.count else { return nil }
            let length = number(place)
            guard length <= UInt64(bytes.count - place - 8) else { return nil }
            return place + 8..<place + 8 + Int(length)
        }
        guard let name = field(at: KeptFile.header - 8), let told = field(at: name.upperBound)
        else { return nil }
        sequence = SequenceNumber(number(16))
        time = Timestamp(nanoseconds: Int64(bitPattern: number(24)))
        payloadHash = number(32)
        identity = String(decoding: bytes[name], as: UTF8.self)
        facts = Array(bytes[told])
        state = Array(bytes[told.upperBound...])
    }
}
