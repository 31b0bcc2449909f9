import JSON
import Journal
import Market
public import Trading

/// What a segment of a live session begins with: the run's settings and the engine's state.
///
/// From it a recording is replayed whose earlier segments are gone.
///
/// | Bytes | Field |
/// | --- | --- |
/// | 8 | `TDSTATE2`; `TDSTATE1` has no facts |
/// | 8 | length of the next field, little-endian |
/// | … | payload of the run's `session/start` |
/// | 8 | length of the next field, little-endian |
/// | … | ``AccountFacts``: what the exchange said that decides nothing |
/// | rest | ``Engine/checkpoint()`` |
public struct SegmentCheckpoint {
    private static let withoutFacts = Array("TDSTATE1".utf8)
    private static let withFacts = Array("TDSTATE2".utf8)

    /// - Parameter facts: `nil` where nobody shows an account from it; what shows one then says what is not known.
    public static func encode(
        _ start: SessionStart,
        _ engine: Engine,
        facts: AccountFacts? = nil
    ) throws(EngineError) -> [UInt8] {
        var bytes = facts == nil ? withoutFacts : withFacts
        append(start.payload(), to: &bytes)
        if let facts {
            do {
                append(try CanonicalEncoder().checkpoint(facts), to: &bytes)
            } catch {
                throw .checkpoint("facts of the account: \(error)")
            }
        }
        bytes += try engine.checkpoint()
        return bytes
    }

    private static func append(_ field: [UInt8], to bytes: inout [UInt8]) {
        for shift in 0..<8 {
            bytes.append(UInt8(truncatingIfNeeded: UInt64(field.count) >> UInt64(shift * 8)))
        }
        bytes += field
    }

    /// The field at `place`, which is behind it then; `nil` where the bytes end before.
    private static func field(_ bytes: [UInt8], _ place: inout Int) -> ArraySlice<UInt8>? {
        guard bytes.count - place >= 8 else { return nil }
        var length: UInt64 = 0
        for byte in bytes[place..<place + 8].reversed() { length = length << 8 | UInt64(byte) }
        let begin = place + 8
        guard length <= UInt64(bytes.count - begin) else { return nil }
        place = begin + Int(length)
        return bytes[begin..<place]
    }

    let start: SessionStart
    let engine: Engine
    let facts: AccountFacts

    /// - Parameter sequence: the first record behind it, for errors.
    init(
        _ bytes: [UInt8],
        registry: StrategyRegistry,
        parser: JSONParser,
        at sequence: SequenceNumber
    ) throws(ReplayError) {
        let hasFacts = bytes.starts(with: SegmentCheckpoint.withFacts)
        guard hasFacts || bytes.starts(with: SegmentCheckpoint.withoutFacts) else {
            throw .checkpoint(sequence, "it does not begin as a checkpoint does")
        }
        var end = SegmentCheckpoint.withFacts.count
        guard let settings = SegmentCheckpoint.field(bytes, &end) else {
            throw .checkpoint(sequence, "it ends before its settings do")
        }
        if hasFacts {
            guard let told = SegmentCheckpoint.field(bytes, &end),
                let facts = try? CanonicalDecoder().decode(AccountFacts.self, from: Array(told))
            else { throw .checkpoint(sequence, "what it has of the account cannot be read") }
            self.facts = facts
        } else {
            facts = AccountFacts(isPartial: true)
        }
        do throws(JSONError) {
            start = try Array(settings).withUnsafeBufferPointer {
                buffer throws(JSONError) in
                try SessionStart(payload: UnsafeRawBufferPointer(buffer), parser: parser)
            }
        } catch {
            throw .start(sequence, error)
        }
        guard start.format <= SessionStart.formatVersion else {
            throw .newer(sequence, format: start.format)
        }
        do throws(EngineError) {
            engine = try Engine(checkpoint: Array(bytes[end...]), registry: registry)
        } catch {
            throw .engine(
                sequence,
                error,
                program: "tapedeck \(start.program) (\(start.build))"
            )
        }
    }
}

extension Recording {
    /// Several sessions side by side are none that an engine could go through.
    func refuseMerged() throws(ReplayError) {
        guard let sources = manifest.labels.first(where: { $0.key == Recording.mergeLabel }) else {
            return
        }
        throw .merged(sources.value)
    }

    /// What the engine begins from where the recording does not begin with record 1; `nil` where there is nothing.
    func beginning(
        registry: StrategyRegistry,
        parser: JSONParser
    ) throws(ReplayError) -> SegmentCheckpoint? {
        try refuseMerged()
        guard first > .first else { return nil }
        let bytes: [UInt8]
        do throws(JournalError) {
            bytes = try checkpoint(at: first)
        } catch {
            throw .journal(error)
        }
        guard !bytes.isEmpty else { return nil }
        return try SegmentCheckpoint(bytes, registry: registry, parser: parser, at: first)
    }
}
