public import Market

/// The self-audit of a session: each figure that the exchange told, against what was derived at that record.
///
/// It is folded beside the engine, record by record: ``compareBook(_:_:_:)`` before the engine takes the record in, since
/// a snapshot replaces the book that it is compared with, and ``take(_:_:_:)`` after. It changes nothing, and the engine
/// does not know of it. ``finish(_:)`` after the last record settles what is still open.
///
/// ```swift
/// audit.compareBook(event, header, engine)
/// engine.apply(event, at: header, outputs: &outputs)
/// audit.take(event, header, engine)
/// ```
///
/// Differences by rounding and by timing are counted, and the first ``listedMax`` of each are kept in ``findings``;
/// pending and unexplained ones are all kept.
public struct SelfAudit: Sendable {
    /// How long a difference may stay before it counts as unexplained: 5 s.
    public static let patience: Int64 = 5_000_000_000
    /// Findings by rounding, and by timing, that are kept beside being counted.
    public static let listedMax = 1_000

    public internal(set) var counts = AuditCounts()
    /// Flows of executions for which a row of the transaction log has come.
    public var flowsMatched: Int { flows.matched }
    /// Flows of executions that still wait for theirs.
    public var flowsWaiting: Int { flows.waiting }

    /// Differences with their explanation, in the order in which they got it.
    private var closed: [AuditFinding] = []
    /// Differences that nothing has explained yet.
    private(set) var open = OrderedTable<OpenKey, AuditFinding>()
    private var listed = 0
    var sums = OrderSums()
    var flows = FlowRows()
    var rows = SeenRows()
    var identities = OrderedTable<String, Identity>()
    /// By coin.
    var debts = OrderedTable<String, Owed>()
    /// The ledger's opening that they count from.
    var debtsOpened: Timestamp?
    /// The last record that moved a position, a wallet.
    var movedPositions = OrderedTable<InstrumentID, SequenceNumber>()
    var movedWallets = OrderedTable<String, SequenceNumber>()
    /// The newest record after which a whole answer of the transaction log was asked for; none before the first.
    var logAsked = SequenceNumber.none

    public init() {}

    struct OpenKey: Hashable, Comparable, Sendable, Codable {
        var kind: String
        var subject: String
        var field: String

        init(_ kind: AuditFinding.Kind, _ subject: String, _ field: String) {
            self.kind = kind.rawValue
            self.subject = subject
            self.field = field
        }

        static func < (left: OpenKey, right: OpenKey) -> Bool {
            if left.kind != right.kind { return left.kind < right.kind }
            return left.subject == right.subject
                ? left.field < right.field : left.subject < right.subject
        }
    }

    /// All of them, by the record on which the exchange said something else; those that are not explained yet too.
    public var findings: [AuditFinding] {
        (closed + open.values).sorted {
            ($0.records.first ?? .none, $0.kind.rawValue, $0.subject, $0.field)
                < ($1.records.first ?? .none, $1.kind.rawValue, $1.subject, $1.field)
        }
    }

    /// After the engine has taken the record in.
    public mutating func take(_ event: Event, _ header: RecordHeader, _ engine: Engine) {
        book(engine, header)
        switch event.kind {
        case .orders, .executions, .positions, .wallets, .spreadOrders, .spreadExecutions:
            compareRows(event, header, engine)
        case .reply:
            compareRows(event, header, engine)
            if !event.reply.isCarried { compareLog(event, header, engine) }
        default: break
        }
        if !open.isEmpty { lookAgain(event, header, engine) }
        if event.kind == .tick, !open.isEmpty { settle(engine) }
    }

    /// After the last record: what is open and has had its time is unexplained, the rest stays pending.
    public mutating func finish(_ engine: Engine) {
        settle(engine)
        markLines()
    }

    /// The wallet identity of each coin: opening + Σ flows = what the exchange tells.
    public func coins(_ engine: Engine) -> [CoinIdentity] {
        let wallets = engine.ledger.wallets
        return wallets.keys.indices.map { place in
            let coin = wallets.keys[place]
            let wallet = wallets.values[place]
            let identity = identities[coin] ?? Identity()
            return CoinIdentity(
                coin: coin,
                opening: wallet.opening,
                sums: wallet.sums,
                flows: wallet.flows,
                balance: wallet.balance,
                told: wallet.told,
                residual: identity.residual,
                largestResidual: identity.largest,
                line: identity.line
            )
        }
    }
}

extension SelfAudit {
    /// What a coin's residual has been.
    struct Identity: Hashable, Sendable, Codable {
        var residual = Amount.zero
        var largest = Amount.zero
        var line: SequenceNumber?
        /// What may be a flow that is owed, and may be rounding that gathers; `nil` while the residual is neither.
        var rest: Rest?
    }

    /// A residual within 10⁻⁸ a flow that is more than rounding to the nearest comes to.
    struct Rest: Hashable, Sendable, Codable {
        var amount: Amount
        /// The record since which there is one.
        var began: SequenceNumber
        /// The record since which it is this one.
        var changed: SequenceNumber
    }

    // MARK: Opening and closing findings

    /// A difference that is what it is: nothing that comes later changes it.
    mutating func add(_ finding: AuditFinding) {
        counts.add(finding.kind, finding.explanation)
        keep(finding)
    }

    /// A difference that something which is on its way may explain; one of the same figure that is open already goes on.
    mutating func begin(_ finding: AuditFinding) {
        let key = OpenKey(finding.kind, finding.subject, finding.field)
        if let place = open.index(of: key) {
            open.values[place].ours = finding.ours
            open.values[place].theirs = finding.theirs
            return
        }
        counts.add(finding.kind, finding.explanation)
        open[key] = finding
    }

    /// The figure agrees now: what was open of it is explained.
    mutating func agree(_ key: OpenKey, by record: SequenceNumber, _ note: String = "") {
        close(key, .timing, by: record, note)
    }

    /// What was open of the figure is explained.
    mutating func close(
        _ key: OpenKey,
        _ explanation: AuditFinding.Explanation,
        by record: SequenceNumber,
        _ note: String
    ) {
        guard !open.isEmpty, let place = open.index(of: key) else { return }
        explain(place, explanation, note)
        var finding = open.values[place]
        finding.records.append(record)
        open.remove(at: place)
        keep(finding)
    }

    /// Another explanation for what is open at a place.
    mutating func explain(_ place: Int, _ explanation: AuditFinding.Explanation, _ note: String) {
        let was = open.values[place]
        counts.add(was.kind, was.explanation, -1)
        counts.add(was.kind, explanation)
        open.values[place].explanation = explanation
        open.values[place].note = note
    }

    private mutating func keep(_ finding: AuditFinding) {
        switch finding.explanation {
        case .rounding, .timing:
            guard listed < SelfAudit.listedMax else { return }
            listed += 1
        case .pending, .unexplained: break
        }
        closed.append(finding)
    }
}
