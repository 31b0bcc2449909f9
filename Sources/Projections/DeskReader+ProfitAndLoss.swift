import GRDB
public import Market

/// P&L of one group and coin.
public struct ProfitAndLoss: Hashable, Sendable {
    /// Symbol with its category, strategy, account, or UTC day; an empty strategy is what is not ours.
    public var group: String
    /// The coin of all amounts but `turnover`.
    public var coin: String
    /// Before fees.
    public var realised: Amount
    /// Positive is paid.
    public var fees: Amount
    /// Positive is paid.
    public var funding: Amount
    /// Of open positions at their last mark price; `nil` by day, and while a mark price is missing.
    public var unrealised: Amount?
    /// Realised − fees − funding, without unrealised.
    public var net: Amount
    /// Value of the fills, in the quote coin; of inverse contracts in the base coin.
    public var turnover: Amount
    public var fills: Int64
}

extension DeskReader {
    /// What P&L is told by.
    public enum Grouping: String, Hashable, Sendable, CaseIterable {
        case symbol
        case strategy
        case account
        case day
    }

    /// The ledger's P&L by symbol, strategy, account or UTC day; exact sums, sorted by group and coin.
    ///
    /// Of a recording that begins later than its session did, what was before counts too: as the group
    /// `before record N` by day. Its fills and turnover are not known.
    public func profitAndLoss(
        by grouping: Grouping,
        _ filter: DeskFilter = DeskFilter()
    ) throws(ProjectionError) -> [ProfitAndLoss] {
        let group =
            switch grouping {
            case .symbol: "category || ' ' || symbol"
            case .strategy: "strategy"
            case .account: "account"
            case .day: "day"
            }
        // A strategy's own position realises otherwise than the account's, which nets all of them.
        let isByStrategy = grouping == .strategy || filter.strategy != nil
        let realised = isByStrategy ? "own_realised" : "realised"
        // What was before the first record was before all days.
        let order = grouping == .day ? "grouped NOT LIKE 'before record %', grouped" : "grouped"
        var filter = filter
        // Sums have no place in the journal to cut them at.
        filter.from = nil
        filter.through = nil
        let (condition, arguments) = filter.condition()
        let parts = try rows(
            "pnl",
            """
            SELECT \(group) AS grouped, coin, \(realised), fees, funding, turnover, fills FROM pnl
            WHERE \(condition) ORDER BY \(order), coin
            """,
            arguments,
            DeskReader.part
        )
        var result: [ProfitAndLoss] = []
        for part in parts {
            if let last = result.last, last.group == part.group, last.coin == part.coin {
                result[result.count - 1] = try last.adding(part)
            } else {
                result.append(part)
            }
        }
        // What the account's whole position earned is told with what is not ours, which itself may have done nothing.
        if grouping == .strategy { result.removeAll(where: \.isEmpty) }
        guard grouping != .day else { return result }
        return try addingUnrealised(to: result, by: grouping, filter)
    }

    private static func part(_ columns: Columns) throws(ProjectionError) -> ProfitAndLoss {
        let realised = try columns.amount(2)
        let fees = try columns.amount(3)
        let funding = try columns.amount(4)
        return ProfitAndLoss(
            group: columns.text(0),
            coin: columns.text(1),
            realised: realised,
            fees: fees,
            funding: funding,
            unrealised: nil,
            net: try ProfitAndLoss.summing(columns.text(0)) { () throws(NumberError) in
                try realised.subtracting(fees).subtracting(funding)
            },
            turnover: try columns.amount(5),
            fills: columns.integer(6)
        )
    }

    /// Strategies by their own positions, all else by the account's whole ones.
    private func addingUnrealised(
        to parts: [ProfitAndLoss],
        by grouping: Grouping,
        _ filter: DeskFilter
    ) throws(ProjectionError) -> [ProfitAndLoss] {
        let isByStrategy = grouping == .strategy || filter.strategy != nil
        // The end's valuations where there are some: a mark price moves on after the last fill.
        let valued = try valuations()
        let positions = try (valued.isEmpty ? positions() : valued).filter { row in
            row.strategy.isEmpty != isByStrategy
                && (filter.account.map { $0 == row.provenance.account } ?? true)
                && (filter.strategy.map { $0 == row.strategy } ?? true)
                && (filter.symbols.map { $0.contains(row.value.instrument.symbol) } ?? true)
        }
        var result = parts
        for index in result.indices {
            let own = positions.filter { row in
                let group =
                    switch grouping {
                    case .symbol: row.value.instrument.description
                    case .strategy: row.strategy
                    case .account: row.provenance.account
                    case .day: ""
                    }
                return group == result[index].group && row.value.coin == result[index].coin
            }
            guard !own.isEmpty else { continue }
            var sum: Amount? = .zero
            for row in own {
                guard let before = sum, let unrealised = row.value.unrealised else {
                    // A flat position has nothing unrealised, marked or not.
                    if !row.value.size.isZero { sum = nil }
                    continue
                }
                sum = try ProfitAndLoss.summing(result[index].group) { () throws(NumberError) in
                    try before.adding(unrealised)
                }
            }
            result[index].unrealised = sum
        }
        return result
    }
}

extension ProfitAndLoss {
    fileprivate var isEmpty: Bool {
        fills == 0 && realised.isZero && fees.isZero && funding.isZero && turnover.isZero
    }

    func adding(_ other: ProfitAndLoss) throws(ProjectionError) -> ProfitAndLoss {
        try ProfitAndLoss.summing(group) { () throws(NumberError) in
            ProfitAndLoss(
                group: group,
                coin: coin,
                realised: try realised.adding(other.realised),
                fees: try fees.adding(other.fees),
                funding: try funding.adding(other.funding),
                unrealised: nil,
                net: try net.adding(other.net),
                turnover: try turnover.adding(other.turnover),
                fills: fills + other.fills
            )
        }
    }

    static func summing<Result>(
        _ group: String,
        _ body: () throws(NumberError) -> Result
    ) throws(ProjectionError) -> Result {
        do throws(NumberError) {
            return try body()
        } catch {
            throw .number(error, subject: "pnl of \(group)")
        }
    }
}
