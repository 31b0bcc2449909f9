public import Market

/// A figure that the exchange told and that we derived otherwise, with what is known of the reason.
///
/// A finding is opened by the record on which the exchange said something else than we had derived at that record. What
/// comes later can explain it: ``explanation`` is then changed, and the record that explained it is added to ``records``.
public struct AuditFinding: Hashable, Sendable, Codable {
    /// What is compared.
    public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        /// A snapshot of an order book against the book that was built from its changes.
        case book
        /// A row of an order, by push or reply, against the order as its rows and executions have made it.
        case order
        /// P&L and fee of an execution against the ledger's own.
        case execution
        case position
        /// The balance of one coin against the opening balance and all flows since.
        case wallet
        /// A row of the transaction log against the flow that was booked for it.
        case flow
    }

    /// Why the two differ.
    public enum Explanation: String, Hashable, Sendable, Codable, CaseIterable {
        /// By no more than the exchange's own rounding: 10⁻⁸ a flow.
        case rounding
        /// Topics have no order among them: what explains it came, by push or reply, later.
        case timing
        /// What would explain it is still owed: an execution, or the row of the transaction log.
        case pending
        /// It has stayed, and all that could explain it has been heard.
        case unexplained
    }

    public var kind: Kind
    /// `linear BTCUSDT`, `linear BTCUSDT #1` (hedge mode), `USDT`, the exchange's id of an order, execution or log row.
    public var subject: String
    /// In words of the exchange: `size`, `walletBalance`, `cumExecQty`; of a book `bids`, `asks`.
    public var field: String
    public var ours: String
    public var theirs: String
    /// The record with the exchange's word, then the last one that our figure comes from (none before the first), then
    /// the one that explained the difference.
    public var records: [SequenceNumber]
    /// Of the first of them.
    public var time: Timestamp
    public var explanation: Explanation
    /// What explained it, or what is owed; empty where the explanation says it all.
    public var note: String

    public init(
        kind: Kind,
        subject: String,
        field: String,
        ours: String,
        theirs: String,
        records: [SequenceNumber],
        time: Timestamp,
        explanation: Explanation,
        note: String = ""
    ) {
        self.kind = kind
        self.subject = subject
        self.field = field
        self.ours = ours
        self.theirs = theirs
        self.records = records
        self.time = time
        self.explanation = explanation
        self.note = note
    }
}

/// How often each kind of figure was compared, and how often it differed for which reason.
public struct AuditCounts: Hashable, Sendable {
    private static let kinds = AuditFinding.Kind.allCases.count
    private static let explanations = AuditFinding.Explanation.allCases.count

    private var looked = [Int](repeating: 0, count: AuditCounts.kinds)
    private var found = [Int](repeating: 0, count: AuditCounts.kinds * AuditCounts.explanations)

    public init() {}

    /// Figures of a kind that were compared.
    public func compared(_ kind: AuditFinding.Kind) -> Int { looked[AuditCounts.place(kind)] }

    /// Of those, how many differed for this reason.
    public subscript(
        kind: AuditFinding.Kind,
        explanation: AuditFinding.Explanation
    ) -> Int { found[AuditCounts.place(kind, explanation)] }

    /// Over all kinds.
    public subscript(explanation: AuditFinding.Explanation) -> Int {
        AuditFinding.Kind.allCases.reduce(0) { $0 + self[$1, explanation] }
    }

    /// Figures of all kinds that were compared.
    public var compared: Int { looked.reduce(0, +) }

    mutating func compare(_ kind: AuditFinding.Kind, _ count: Int = 1) {
        looked[AuditCounts.place(kind)] += count
    }

    mutating func add(
        _ kind: AuditFinding.Kind,
        _ explanation: AuditFinding.Explanation,
        _ count: Int = 1
    ) {
        found[AuditCounts.place(kind, explanation)] += count
    }

    private static func place(_ kind: AuditFinding.Kind) -> Int {
        switch kind {
        case .book: 0
        case .order: 1
        case .execution: 2
        case .position: 3
        case .wallet: 4
        case .flow: 5
        }
    }

    private static func place(
        _ kind: AuditFinding.Kind,
        _ explanation: AuditFinding.Explanation
    ) -> Int {
        let column =
            switch explanation {
            case .rounding: 0
            case .timing: 1
            case .pending: 2
            case .unexplained: 3
            }
        return place(kind) * explanations + column
    }
}

/// One coin's wallet over a session: what the exchange told beside what the flows add up to.
public struct CoinIdentity: Hashable, Sendable {
    public var coin: String
    /// The balance with which the session began; `nil` while it is not known.
    public var opening: Amount?
    /// Flows by kind since.
    public var sums: FlowSums
    public var flows: Int64
    /// Opening and flows.
    public var balance: Amount?
    /// The exchange's last word.
    public var told: Amount?
    /// Theirs less ours at the exchange's last word that was compared.
    public var residual: Amount
    /// Farthest from zero that the residual has been while a difference was explained by rounding.
    public var largestResidual: Amount
    /// The first record at which the residual was more than 10⁻⁸ a flow, or grew faster than rounding to the nearest can
    /// (2 × 10⁻⁸ × √flows + 10⁻⁸) and the transaction log, asked since, brought no flow for it: something gathers from
    /// here on; `nil` where nothing does.
    public var line: SequenceNumber?
}
