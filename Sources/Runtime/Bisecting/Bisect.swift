import JSON
public import Journal
public import Market
public import Trading

/// Finds the first record at which a recording and today's code part, without replaying all of it.
///
/// A recording says at each ``Engine/stateInterval`` what its state and all outputs so far come to. From a checkpoint
/// the next such report is at most that many records away: one probe. Halving finds two neighbouring checkpoints
/// between which the difference begins, and only what lies between them is replayed.
///
/// From a state that the session left itself a probe tells whether today's code goes on as the session did, not
/// whether it would have come there. Where no probe differs, all is read once.
public struct Bisect {
    public var progress: (SequenceNumber) -> Void = { _ in }
    let registry: StrategyRegistry
    /// Reports behind the difference that are looked at for a meeting.
    static let meetings = 16
    /// Furthest checkpoint behind the difference whose state is compared field by field, in records.
    static let furthestState: UInt64 = 400_000

    public init(registry: StrategyRegistry) { self.registry = registry }

    /// A recording against today's code.
    public func run(_ recording: Recording) throws(ReplayError) -> BisectResult {
        try Replay(registry: registry).check(recording)
        var result = BisectResult()
        result.total =
            recording.first == .none ? 0 : recording.last.value - recording.first.value + 1
        let starts = try BisectStart.all(recording, registry: registry)
        var place = try firstDiffering(starts, recording, &result)
        // Behind the place before it, or in what the last probe did not reach.
        let from = max(0, (place ?? starts.count) - 1)
        var found = try scan(from: starts[from], recording, &result)
        if found == nil, place != nil || starts.count > 1 {
            place = nil
            result.notes.append("no probe led to a difference, so all of it was read")
            found = try scan(from: starts[0], recording, &result)
        }
        guard var found else { return result }
        try complete(&found, recording, &result)
        return result
    }

    /// The first place from which a probe differs; all before it do not.
    private func firstDiffering(
        _ starts: [BisectStart],
        _ recording: Recording,
        _ result: inout BisectResult
    ) throws(ReplayError) -> Int? {
        var low = 0
        var high = starts.count
        while low < high {
            let middle = (low + high) / 2
            if try differs(starts[middle], recording, &result) {
                high = middle
            } else {
                low = middle + 1
            }
        }
        return low < starts.count ? low : nil
    }

    /// Whether what follows a place up to the next report of the state is not as recorded.
    private func differs(
        _ start: BisectStart,
        _ recording: Recording,
        _ result: inout BisectResult
    ) throws(ReplayError) -> Bool {
        result.probes += 1
        var session = try start.session(
            recording,
            registry: registry,
            strictness: ReplayStrictness(state: true, verdicts: true)
        )
        let cursor = try Replay.cursor(of: recording, from: .sequence(start.first))
        defer { result.records += session.counts.records }
        while let record = try Replay.next(cursor) {
            session.meet(record, cursor)
            if try session.take(record) != nil { return true }
            if session.counts.firstFindingDifference != nil { return true }
            if let state = session.lastState { return !state.isRollingEqual }
        }
        return session.finish(isClean: recording.state != .open) != nil
    }

    /// A difference, with the session as it was behind the input that led to it.
    struct Found {
        var divergence: Divergence
        var session: ReplaySession
        /// Behind the last record that was read.
        var next: SequenceNumber
    }

    private func scan(
        from start: BisectStart,
        _ recording: Recording,
        _ result: inout BisectResult
    ) throws(ReplayError) -> Found? {
        var session = try start.session(
            recording,
            registry: registry,
            strictness: ReplayStrictness(state: true, verdicts: true)
        )
        let cursor = try Replay.cursor(of: recording, from: .sequence(start.first))
        defer { result.records += session.counts.records }
        while let record = try Replay.next(cursor) {
            session.meet(record, cursor)
            let divergence =
                try session.take(record) ?? session.counts.firstFindingDifference
            if let divergence {
                return Found(
                    divergence: divergence,
                    session: session,
                    next: record.sequence.next
                )
            }
            if record.sequence.value % 4_096 == 0 { progress(record.sequence) }
        }
        let last = session.finish(isClean: recording.state != .open)
        return last.map {
            Found(divergence: $0, session: session, next: session.counts.last.next)
        }
    }
}

extension ReplaySession {
    /// The name of a record's stream, before it is taken.
    mutating func meet(_ record: Record, _ cursor: Cursor) {
        if !knows(record.stream) { register(record.stream, cursor.name(of: record.stream)) }
    }
}
