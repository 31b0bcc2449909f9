import Market

/// The last fills of a contract whose P&L is paid out at session settlements, with what was before each.
///
/// The settlement is told by the transaction log alone, which is asked each minute: fills of after it have come by
/// then. They are booked once more, on the position as the settlement left it.
struct SessionHistory: Hashable, Sendable {
    struct Fill: Hashable, Sendable, Codable {
        var report: ExecutionReport
        var strategy: String
        var index: Int
        /// Position and share before it.
        var position: Position
        var share: Position
        /// Realised P&L as it was booked.
        var booked: Amount
    }

    /// Fills that are remembered.
    static let kept = 1_024
    /// Their age in milliseconds, against the newest: ten minutes.
    static let span: Int64 = 600_000
    /// How long the log may take to tell of a settlement that fills speak of, in milliseconds.
    static let patience: Int64 = 180_000

    private(set) var fills: [Fill] = []
    /// Since when a fill's realised P&L is other than ours, as after a settlement; Unix milliseconds.
    var owedSince: Int64?
    /// The first such figure.
    var owed: Discrepancy?

    /// Contracts settled in USDC.
    static func keeps(_ terms: ContractTerms) -> Bool {
        terms.category == .linear && terms.settleCoin == "USDC"
    }

    /// Those of the settlement's moment or later.
    func later(than milliseconds: Int64) -> [Fill] {
        fills.filter { $0.report.timeMilliseconds >= milliseconds }
    }

    mutating func add(_ fill: Fill) {
        fills.append(fill)
        guard fills.count >= 2 * SessionHistory.kept else { return }
        fills.removeFirst(SessionHistory.kept)
        let oldest = fill.report.timeMilliseconds - SessionHistory.span
        fills.removeAll { $0.report.timeMilliseconds < oldest }
    }

    /// A settlement has been booked: what was before its fills is not any more.
    mutating func settled() {
        fills.removeAll(keepingCapacity: true)
        owedSince = nil
        owed = nil
    }
}

extension SessionHistory: Codable {
    private enum Key: String, CodingKey { case fills, owedSince, owed }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        fills = try container.decode([Fill].self, forKey: .fills)
        owedSince = try container.decodeIfPresent(Int64.self, forKey: .owedSince)
        owed = try container.decodeIfPresent(Discrepancy.self, forKey: .owed)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        // They follow from the executions, whose sums are hashed: no need to walk thousands of them.
        if CanonicalPurpose.isHash(encoder) {
            try container.encode(fills.count, forKey: .fills)
        } else {
            try container.encode(fills, forKey: .fills)
        }
        try container.encodeIfPresent(owedSince, forKey: .owedSince)
        try container.encodeIfPresent(owed, forKey: .owed)
    }
}

extension Ledger {
    /// Notes a fill that is about to be booked.
    ///
    /// A call, although it is made at one place only: in line, each fill's row would be copied for it, needed or not.
    ///
    /// - Parameters:
    ///   - booked: what the account realises by it.
    ///   - ours: the same by our own rule.
    @inline(never)
    mutating func remember(
        _ report: ExecutionReport,
        _ strategy: String,
        _ index: Int,
        account: Int,
        share: Int,
        booked: Amount,
        ours: Amount
    ) {
        let place = sessions.index(of: report.instrument, orInsert: SessionHistory())
        sessions.values[place].add(
            SessionHistory.Fill(
                report: report,
                strategy: strategy,
                index: index,
                position: accounts.values[account][index],
                share: shares.values[share],
                booked: booked
            )
        )
        guard let theirs = report.realisedPnL, sessions.values[place].owedSince == nil,
            let distance = ours.distance(to: theirs), distance > Ledger.rounding
        else { return }
        sessions.values[place].owedSince = report.timeMilliseconds
        sessions.values[place].owed = Discrepancy(
            field: "realised",
            ours: ours.description,
            theirs: theirs.description
        )
    }

    /// Pays out the P&L of open USDC contracts at the settlement's price, as the exchange's log row says it.
    ///
    /// Fills of the settlement's moment or later that were counted before it are booked once more, behind it.
    /// - Returns: our figure of what the session earned, what each share did, and the flows.
    mutating func settleSession(
        _ instrument: InstrumentID,
        at price: Numeral,
        told: Amount,
        milliseconds: Int64
    ) throws(NumberError) -> (ours: Amount, parts: [SharePart], changes: WalletChanges) {
        var changes = WalletChanges()
        guard let place = accounts.index(of: instrument) else { return (.zero, [], changes) }
        let later = sessions[instrument]?.later(than: milliseconds) ?? []
        var account = accounts.values[place]
        var earned = Amount.zero
        var correction = Amount.zero
        for index in 0...2 {
            let fills = later.filter { $0.index == index }
            let now = account[index]
            var position = fills.first?.position ?? now
            earned = try earned.adding(try position.settleSession(at: price))
            position.earnedBefore = now.earnedBefore
            for fill in fills {
                let before = position.realised
                let size = position.size
                let ours = try position.fill(
                    fill.report.side,
                    Amount(exactly: fill.report.quantity),
                    at: fill.report.price
                )
                // Their figure is the flow; where it was not told, ours is.
                let theirs = fill.report.realisedPnL ?? ours
                position.realised = try before.adding(theirs)
                if position.isOpened(from: size) {
                    let was = try fill.position.realised.adding(fill.booked)
                    position.earnedBefore = try now.earnedBefore.adding(position.realised)
                        .subtracting(was)
                }
                correction = try correction.adding(theirs).subtracting(fill.booked)
            }
            position.fees = now.fees
            position.funding = now.funding
            account[index] = position
        }
        var settled: [(place: Int, position: Position)] = []
        var parts: [SharePart] = []
        for share in shares.keys.indices where shares.keys[share].instrument == instrument {
            let key = shares.keys[share]
            let now = shares.values[share]
            let fills = later.filter {
                $0.strategy == key.strategy && $0.index == key.positionIndex
            }
            var own = fills.first?.share ?? now
            _ = try own.settleSession(at: price)
            own.earnedBefore = now.earnedBefore
            for fill in fills {
                let size = own.size
                let quantity = Amount(exactly: fill.report.quantity)
                _ = try own.fill(fill.report.side, quantity, at: fill.report.price)
                guard own.isOpened(from: size) else { continue }
                var was = fill.share
                _ = try was.fill(fill.report.side, quantity, at: fill.report.price)
                own.earnedBefore = try now.earnedBefore.adding(own.realised)
                    .subtracting(was.realised)
            }
            own.fees = now.fees
            own.funding = now.funding
            settled.append((share, own))
            parts.append(
                SharePart(
                    strategy: key.strategy,
                    realised: try own.realised.subtracting(now.realised)
                )
            )
        }
        changes.append(
            WalletChange(coin: account.settleCoin, kind: .sessionSettlement, amount: told)
        )
        if !correction.isZero {
            changes.append(
                WalletChange(coin: account.settleCoin, kind: .fill, amount: correction)
            )
        }
        try post(changes)
        accounts.values[place] = account
        for (share, own) in settled { shares.values[share] = own }
        if let history = sessions.index(of: instrument) { sessions.values[history].settled() }
        return (earned, parts, changes)
    }

    /// Figures of fills that no settlement has explained within ``SessionHistory/patience``, each once.
    mutating func overdueSettlements(at time: Timestamp) -> [(subject: String, Discrepancy)] {
        var result: [(subject: String, Discrepancy)] = []
        for place in sessions.keys.indices {
            guard let since = sessions.values[place].owedSince,
                let owed = sessions.values[place].owed,
                time.milliseconds - since >= SessionHistory.patience
            else { continue }
            result.append((sessions.keys[place].description, owed))
            sessions.values[place].owed = nil
        }
        return result
    }
}
