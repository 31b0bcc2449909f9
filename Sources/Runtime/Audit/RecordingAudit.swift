public import Journal
public import Market
public import Trading

/// The self-audit of a recording: each figure that the exchange told, against what is derived at that record.
///
/// ``Trading/SelfAudit`` is the judge; this reads the recording for it, from its beginning, and leaves states of the engine
/// on its way.
public struct RecordingAudit {
    /// What came of it.
    public struct Outcome: Sendable {
        public var audit: SelfAudit
        /// One for each coin of the wallet.
        public var coins: [CoinIdentity]
        public var records: UInt64
        /// Why nothing can be said; empty where something was compared.
        public var emptiness: String

        /// Nothing is unexplained, and something was compared.
        public var isClean: Bool { emptiness.isEmpty && audit.counts[.unexplained] == 0 }
    }

    private let registry: StrategyRegistry
    public var progress: (SequenceNumber) -> Void = { _ in }
    public var checkpoints: CheckpointStore?

    public init(registry: StrategyRegistry) { self.registry = registry }

    public func run(_ recording: Recording) throws(ReplayError) -> Outcome {
        var walk = Walk(registry: registry)
        walk.progress = progress
        walk.checkpoints = checkpoints
        // One audit for the two looks at each record: before the engine has it, and after.
        let fold = Fold()
        walk.before = { event, header, engine in
            if event.kind == .book || event.kind == .reply {
                fold.audit.compareBook(event, header, engine)
            }
        }
        let end = try walk.run(recording) { step, engine throws(ReplayError) in
            fold.records += 1
            if let event = step.event { fold.audit.take(event, step.header, engine) }
            return true
        }
        var audit = fold.audit
        var coins: [CoinIdentity] = []
        if let engine = end?.engine {
            audit.finish(engine)
            coins = audit.coins(engine)
        }
        return Outcome(
            audit: audit,
            coins: coins,
            records: fold.records,
            emptiness: RecordingAudit.emptiness(audit, hasEngine: end != nil)
        )
    }

    private static func emptiness(_ audit: SelfAudit, hasEngine: Bool) -> String {
        guard hasEngine else { return "the recording holds no session" }
        guard audit.counts.compared == 0 else { return "" }
        return
            "the exchange told nothing that could be compared: no second snapshot of a book, no row of an order,"
            + " position or wallet"
    }

    private final class Fold {
        var audit = SelfAudit()
        var records: UInt64 = 0
    }
}
