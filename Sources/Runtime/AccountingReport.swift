/// What was compared with the exchange's own word, and what differs.
public struct AccountingReport: Sendable {
    /// One field that is not the same on both sides.
    public struct Difference: Hashable, Sendable {
        /// Such as `order 0b6c…`, `position linear BTCUSDT`, `wallet USDT`.
        public var subject: String
        public var field: String
        public var ours: String
        public var theirs: String
    }

    /// How many of a kind were compared.
    public var orders = 0
    public var executions = 0
    public var positions = 0
    public var wallets = 0
    public var flows = 0
    /// Fields compared in all.
    public var fields = 0
    public var differences: [Difference] = []
    /// Why there was nothing to compare; empty when there was.
    public var emptiness = ""

    public init() {}

    /// True when something was compared and all of it is equal.
    public var isEqual: Bool { emptiness.isEmpty && differences.isEmpty && fields > 0 }

    mutating func compare(_ subject: String, _ field: String, _ ours: String, _ theirs: String) {
        fields += 1
        guard ours != theirs else { return }
        differences.append(
            Difference(subject: subject, field: field, ours: ours, theirs: theirs)
        )
    }
}
