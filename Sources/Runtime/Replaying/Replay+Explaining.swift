import JSON
public import Journal
import Market
import Trading

/// What is found out only where two sides differ: nothing of it is on the way of a record.
extension Replay {
    /// Longest piece of a payload that is shown.
    private static let shown = 4_096
    /// Most fields of the state that are shown.
    static let shownFields = 100

    /// The strategies of the recording that this program lacks end a replay before it begins.
    func check(_ recording: Recording) throws(ReplayError) {
        if follows { return }
        let parser = JSONParser()
        guard let start = try recording.firstStart(parser) else { return }
        guard start.format <= SessionStart.formatVersion else { return }
        for strategy in start.strategies where registry.type(of: strategy.kind) == nil {
            throw .strategy(
                strategy.name,
                kind: strategy.kind,
                version: try recording.recordedVersion(of: strategy.name, start, parser),
                has: registry.kinds,
                program: start.recorder
            )
        }
    }

    /// Adds the event that led to a difference, and the state that differs.
    func explain(
        _ divergence: inout Divergence,
        _ session: ReplaySession,
        _ recording: Recording
    ) throws(ReplayError) {
        divergence.components = session.counts.stateDifferences.map(\.component)
        if divergence.cause != .none {
            let cursor = try Replay.cursor(of: recording, from: .sequence(divergence.cause))
            if let record = try Replay.next(cursor), record.sequence == divergence.cause {
                divergence.event = Replay.text(record.payload)
            }
        }
        guard !overrides.isEmpty, let changed = session.stepper?.engine else { return }
        // As it was recorded, up to the same record: what the changed parameters made of the state.
        var twin = ReplaySession(registry: registry)
        try twin.begin(recording)
        let cursor = try Replay.cursor(of: recording)
        while let record = try Replay.next(cursor), record.sequence <= divergence.cause {
            if !twin.knows(record.stream) {
                twin.register(record.stream, cursor.name(of: record.stream))
            }
            guard try twin.take(record) == nil else { return }
        }
        guard let engine = twin.stepper?.engine else { return }
        divergence.state = Replay.differences(engine, changed)
    }

    static func text(_ payload: UnsafeRawBufferPointer) -> String {
        let piece = UnsafeRawBufferPointer(rebasing: payload.prefix(shown))
        let text = String(decoding: piece, as: UTF8.self)
        return payload.count > shown ? text + "… (\(payload.count) bytes)" : text
    }

    static func differences(_ recorded: Engine, _ replayed: Engine) -> [FieldDifference] {
        do {
            return try recorded.differences(from: replayed, limit: shownFields)
        } catch {
            // Only a strategy can hold what has no encoding; the hash of its state is told.
            return []
        }
    }

    /// The result, with the fields of the state at the nearest checkpoint where some of it differs.
    func described(
        _ session: ReplaySession,
        _ recording: Recording,
        _ outcome: ReplayResult.Outcome,
        _ stop: String?
    ) throws(ReplayError) -> ReplayResult {
        var result = session.result(outcome)
        result.stop = stop
        var isDifferent = !result.stateDifferences.isEmpty
        if case .differs = outcome { isDifferent = true }
        guard isDifferent, let (first, engine) = session.snapshot else { return result }
        let bytes: [UInt8]
        do throws(JournalError) {
            bytes = try recording.checkpoint(at: first)
        } catch {
            throw .journal(error)
        }
        guard !bytes.isEmpty else { return result }
        do throws(ReplayError) {
            let recorded = try SegmentCheckpoint(
                bytes,
                registry: registry,
                parser: JSONParser(),
                at: first
            )
            result.fieldDifferences = ReplayResult.FieldDifferences(
                before: first,
                fields: Replay.differences(recorded.engine, engine)
            )
        } catch {
            result.notes.append("state is not compared field by field: \(error)")
        }
        return result
    }
}

extension Recording {
    /// The behaviour version of a recording's first run, and the program that recorded it; `nil` where it has none.
    public func recordedBehaviour() throws(ReplayError) -> (version: Int, recorder: String)? {
        try firstStart(JSONParser()).map { ($0.behaviour, $0.recorder) }
    }

    /// The settings that the recording begins with: its first record's, or those of the state it goes on from.
    func firstStart(_ parser: JSONParser) throws(ReplayError) -> SessionStart? {
        try refuseMerged()
        let cursor = try Replay.cursor(of: self)
        guard let record = try Replay.next(cursor),
            cursor.name(of: record.stream).kind == .sessionStart
        else { return nil }
        do throws(JSONError) {
            return try SessionStart(payload: record.payload, parser: parser)
        } catch {
            throw .start(record.sequence, error)
        }
    }

    /// The encoding version of a strategy's state as the session says it: in its start, else in a report of its state.
    func recordedVersion(
        of strategy: String,
        _ start: SessionStart,
        _ parser: JSONParser
    ) throws(ReplayError) -> String {
        if let version = start.version(of: strategy) { return String(version) }
        let cursor: Cursor
        do throws(JournalError) {
            cursor = try self.cursor(streams: { $0.kind == .state })
        } catch {
            throw .journal(error)
        }
        guard let record = try Replay.next(cursor) else { return "not recorded" }
        let versions = StateComparison.versions(record.payload, parser)
        let match = versions.first { $0.name == "strategies." + strategy }
        return match.map { String($0.version) } ?? "not recorded"
    }
}

extension SessionStart {
    /// The program that recorded, for people.
    var recorder: String { "tapedeck \(program) (\(build))" }
}
