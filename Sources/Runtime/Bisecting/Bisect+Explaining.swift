import JSON
public import Journal
public import Market
public import Trading

/// What surrounds a difference that was found.
extension Bisect {
    /// Inputs on each side of the one that is answered differently.
    private static let around = 3

    func complete(
        _ found: inout Found,
        _ recording: Recording,
        _ result: inout BisectResult
    ) throws(ReplayError) {
        result.frames = try Bisect.frames(around: found.divergence.cause, in: recording)
        if let cause = result.frames.first(where: { $0.isCause }) {
            found.divergence.event = cause.payload
        }
        found.divergence.components = found.session.lastState?.differing ?? []
        result.divergence = found.divergence
        try goOn(found, recording, &result)
    }

    /// Reads on behind the difference: to the session's next checkpoint, whose fields are compared, and until the states
    /// meet.
    private func goOn(
        _ found: Found,
        _ recording: Recording,
        _ result: inout BisectResult
    ) throws(ReplayError) {
        var session = found.session
        session.isLenient = true
        session.counts = ReplayResult()
        session.lastState = nil
        let position = found.divergence.sequence
        var mark = recording.manifest.segments.map(\.first).first { $0 > position }
        if let next = mark, next.value - position.value > Bisect.furthestState {
            result.notes.append(
                "the session's next checkpoint is at record \(next), too far behind for its fields to be compared"
            )
            mark = nil
        }
        var reports = 0
        var meeting: BisectResult.Meeting?
        let cursor = try Replay.cursor(of: recording, from: .sequence(found.next))
        defer { result.records += session.counts.records }
        while let record = try Replay.next(cursor) {
            session.meet(record, cursor)
            if let next = mark, record.sequence >= next {
                mark = nil
                result.state = try fields(session, recording, next, &result)
            }
            guard mark != nil || meeting == nil else { break }
            let before = session.counts.states.recorded
            _ = try session.take(record)
            if session.counts.states.recorded > before, let state = session.lastState,
                meeting == nil
            {
                reports += 1
                if state.differing.isEmpty {
                    meeting = .at(state.sequence, state.time)
                } else if reports >= Bisect.meetings {
                    meeting = .notUpTo(state.sequence, components: state.differing)
                }
            }
        }
        if meeting == nil, let state = session.lastState {
            meeting = .notUpTo(state.sequence, components: state.differing)
        }
        result.meeting = meeting ?? .unknown
    }

    private func fields(
        _ session: ReplaySession,
        _ recording: Recording,
        _ first: SequenceNumber,
        _ result: inout BisectResult
    ) throws(ReplayError) -> BisectResult.StateDifference? {
        guard let engine = session.stepper?.engine else { return nil }
        do throws(ReplayError) {
            let recorded = try BisectStart.recordedState(recording, first, registry)
            return BisectResult.StateDifference(
                behind: engine.cause,
                fields: Replay.differences(recorded.engine, engine)
            )
        } catch {
            result.notes.append("state is not compared field by field: \(error)")
            return nil
        }
    }

    /// The fields in which two written states differ.
    ///
    /// - Parameter sequence: the record that they stand behind.
    public static func differences(
        _ left: [UInt8],
        _ right: [UInt8],
        registry: StrategyRegistry,
        behind sequence: SequenceNumber
    ) throws(ReplayError) -> BisectResult.StateDifference {
        let parser = JSONParser()
        let one = try SegmentCheckpoint(left, registry: registry, parser: parser, at: sequence)
        let two = try SegmentCheckpoint(right, registry: registry, parser: parser, at: sequence)
        return BisectResult.StateDifference(
            behind: sequence,
            fields: Replay.differences(one.engine, two.engine)
        )
    }

    /// The inputs before and behind one.
    public static func frames(
        around cause: SequenceNumber,
        in recording: Recording
    ) throws(ReplayError) -> [BisectResult.Frame] {
        guard cause != .none else { return [] }
        var reach: UInt64 = 64
        var frames: [BisectResult.Frame] = []
        // Outputs and evidence lie between; few inputs have many.
        while true {
            let from = max(recording.first.value, cause.value > reach ? cause.value - reach : 1)
            frames = try inputs(from: SequenceNumber(from), around: cause, recording)
            let before = frames.prefix { !$0.isCause }.count
            if before >= around || from <= recording.first.value || reach > 1 << 16 { break }
            reach *= 8
        }
        let place = frames.firstIndex { $0.isCause } ?? frames.count
        return Array(frames[max(0, place - around)...])
    }

    private static func inputs(
        from: SequenceNumber,
        around cause: SequenceNumber,
        _ recording: Recording
    ) throws(ReplayError) -> [BisectResult.Frame] {
        let cursor = try Replay.cursor(of: recording, from: .sequence(from))
        var frames: [BisectResult.Frame] = []
        var behind = 0
        while behind < around, let record = try Replay.next(cursor) {
            let name = cursor.name(of: record.stream)
            guard !name.kind.isOutput, !name.kind.isEvidence else { continue }
            if record.sequence > cause { behind += 1 }
            frames.append(
                BisectResult.Frame(
                    sequence: record.sequence,
                    time: record.time,
                    stream: name.text,
                    payload: Replay.text(record.payload),
                    isCause: record.sequence == cause
                )
            )
        }
        return frames
    }
}
