public import Journal
public import Market
public import Trading

/// The state of a recording that grows while it is read.
///
/// One owner, one thread.
public final class LiveWalk {
    private let feed: RecordFeed
    private let cursor: Cursor
    /// Place and time of the last record taken in.
    public private(set) var last: (sequence: SequenceNumber, time: Timestamp)?

    /// At the end of what is there, or before it where that takes long: ``catchUp(limit:visit:)`` goes on.
    ///
    /// - Parameter checkpoints: the last of them is where it begins, and it leaves more on its way.
    public init(
        _ recording: Recording,
        registry: StrategyRegistry,
        checkpoints: CheckpointStore
    ) throws(ReplayError) {
        if let kept = checkpoints.nearest(atOrBefore: recording.last, follows: true) {
            feed = RecordFeed(kept, registry: registry)
            cursor = kept.cursor
            last = (kept.sequence, kept.time)
        } else {
            feed = try RecordFeed(recording, registry: registry)
            do throws(JournalError) {
                cursor = try recording.cursor(follows: true)
            } catch {
                throw .journal(error)
            }
        }
        feed.keep(in: checkpoints, behind: last?.sequence ?? .none)
    }

    /// `nil` before the first `session/start`.
    public var engine: Engine? { feed.made?.stepper.engine }
    public var start: SessionStart? { feed.made?.start }
    /// What the exchange said beside what the engine's state holds.
    public var facts: AccountFacts { feed.facts }

    /// The recording is sealed, and all of it has been taken in.
    public var isAtEnd: Bool { cursor.isAtEnd }

    /// Takes in what has come.
    ///
    /// - Parameter limit: at most so many records, so that whoever waits for a signal gets his turn.
    /// - Returns: how many there were; fewer than `limit` when it has caught up.
    public func catchUp(
        limit: Int = 65_536,
        visit: (Walk.Step, Engine) throws(ReplayError) -> Void = { _, _ in }
    ) throws(ReplayError) -> Int {
        var count = 0
        while count < limit {
            let record: Record?
            do throws(JournalError) {
                record = try cursor.next()
            } catch {
                throw .journal(error)
            }
            guard let record else { break }
            _ = try feed.take(record, cursor) { step, engine throws(ReplayError) in
                try visit(step, engine)
                return true
            }
            last = (record.sequence, record.time)
            count += 1
        }
        return count
    }
}
