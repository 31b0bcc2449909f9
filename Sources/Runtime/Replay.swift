import Bybit
import JSON
public import Journal
public import Market
public import Trading

/// Feeds a recording's inputs to today's code and compares what it says with what was recorded.
///
/// Verbatim: every input comes from the journal. Outputs follow their input at once in the journal, so each recorded
/// output is compared with the next one of its kind that the engine said in answer to the same input.
public struct Replay {
    /// One change of a strategy's parameter: `strategies.maker.offset_ticks` → `3`.
    public struct Override: Hashable, Sendable {
        public var strategy: String
        public var parameter: String
        public var value: String

        public init(strategy: String, parameter: String, value: String) {
            self.strategy = strategy
            self.parameter = parameter
            self.value = value
        }
    }

    public var overrides: [Override] = []
    /// Stops before the first record that is past it.
    public var isPast: @Sendable (SequenceNumber, Timestamp) -> Bool = { _, _ in false }
    /// Called now and then with the last number read.
    public var progress: (SequenceNumber) -> Void = { _ in }
    private let registry: StrategyRegistry

    public init(registry: StrategyRegistry) { self.registry = registry }

    /// Reads the whole recording, or what lies behind a kept state.
    ///
    /// A divergence ends it: what follows answers to another history.
    ///
    /// - Parameter state: where to go on; nil: the recording's beginning. Its cursor is used up.
    public func run(
        _ recording: Recording,
        from state: KeptState? = nil
    ) throws(ReplayError) -> ReplayResult {
        var session = ReplaySession(registry: registry, overrides: overrides)
        let cursor: Cursor
        if let state {
            try session.begin(state)
            cursor = state.cursor
        } else {
            try session.begin(recording)
            do throws(JournalError) {
                cursor = try recording.cursor()
            } catch {
                throw .journal(error)
            }
        }
        while true {
            let record: Record?
            do throws(JournalError) {
                record = try cursor.next()
            } catch {
                throw .journal(error)
            }
            guard let record, !isPast(record.sequence, record.time) else { break }
            if let divergence = try session.take(record, cursor) {
                return session.result(.differs(divergence))
            }
            if record.sequence.value % 4_096 == 0 { progress(record.sequence) }
        }
        if let divergence = session.finish(isClean: recording.state != .open) {
            return session.result(.differs(divergence))
        }
        guard session.counts.commands.recorded > 0 else {
            return session.result(
                .nothingToJudge(
                    "the recording holds no command, so there is nothing that could differ"
                )
            )
        }
        return session.result(.identical)
    }
}
