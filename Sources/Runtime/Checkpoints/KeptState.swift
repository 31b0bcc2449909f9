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
    /// Before the next record.
    public var cursor: Cursor
}

/// The bytes of a kept state, which prove themselves.
///
/// | Bytes | Field |
/// | --- | --- |
/// | 8 | `TDKEPT01` |
/// | 8 | `Mix.hash` of all that follows |
/// | 8 | the record's number |
/// | 8 | its time, Unix nanoseconds |
/// | 8 | `Mix.hash` of its payload |
/// | 8 | length of the next field |
/// | … | ``identity(of:)`` of whoever made it |
/// | rest | as ``SegmentCheckpoint`` |
///
/// Numbers are little-endian.
struct KeptFile {
    static let magic = Array("TDKEPT01".utf8)
    private static let covered = 16
    private static let header = 48

    var sequence: SequenceNumber
    var time: Timestamp
    var payloadHash: UInt64
    var identity: String
    var state: [UInt8]

    var bytes: [UInt8] {
        var body: [UInt8] = []
        body.reserveCapacity(state.count + 256)
        KeptFile.append(sequence.value, to: &body)
        KeptFile.append(UInt64(bitPattern: time.nanoseconds), to: &body)
        KeptFile.append(payloadHash, to: &body)
        KeptFile.append(UInt64(identity.utf8.count), to: &body)
        body += Array(identity.utf8)
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
        state: [UInt8]
    ) {
        self.sequence = sequence
        self.time = time
        self.payloadHash = payloadHash
        self.identity = identity
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
        let length = number(40)
        guard length <= UInt64(bytes.count - KeptFile.header) else { return nil }
        let end = KeptFile.header + Int(length)
        sequence = SequenceNumber(number(16))
        time = Timestamp(nanoseconds: Int64(bitPattern: number(24)))
        payloadHash = number(32)
        identity = String(decoding: bytes[KeptFile.header..<end], as: UTF8.self)
        state = Array(bytes[end...])
    }
}
