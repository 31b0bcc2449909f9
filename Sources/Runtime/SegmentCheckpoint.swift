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
/// | 8 | `TDSTATE1` |
/// | 8 | length of the next field, little-endian |
/// | … | payload of the run's `session/start` |
/// | rest | ``Engine/checkpoint()`` |
public struct SegmentCheckpoint {
    private static let magic = Array("TDSTATE1".utf8)

    public static func encode(
        _ start: SessionStart,
        _ engine: Engine
    ) throws(EngineError) -> [UInt8] {
        let payload = start.payload()
        var bytes = magic
        for shift in 0..<8 {
            bytes.append(UInt8(truncatingIfNeeded: UInt64(payload.count) >> UInt64(shift * 8)))
        }
        bytes += payload
        bytes += try engine.checkpoint()
        return bytes
    }

    let start: SessionStart
    let engine: Engine

    /// - Parameter sequence: the first record behind it, for errors.
    init(
        _ bytes: [UInt8],
        registry: StrategyRegistry,
        parser: JSONParser,
        at sequence: SequenceNumber
    ) throws(ReplayError) {
        let header = SegmentCheckpoint.magic.count + 8
        guard bytes.count >= header, bytes.starts(with: SegmentCheckpoint.magic) else {
            throw .checkpoint(sequence, "it does not begin as a checkpoint does")
        }
        var length: UInt64 = 0
        for place in (8..<header).reversed() { length = length << 8 | UInt64(bytes[place]) }
        guard length <= UInt64(bytes.count - header) else {
            throw .checkpoint(sequence, "it ends before its settings do")
        }
        let end = header + Int(length)
        do throws(JSONError) {
            start = try Array(bytes[header..<end]).withUnsafeBufferPointer {
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
