import Market

/// What is remembered of the answers that opened the ledger, as long as the exchange can tell of their moments again.
///
/// Positions and balances are told by answers of their own, each of a moment of its own: an execution can be in the one and
/// not in the other, and only the half that is missing is counted. Where a moment and an execution are closer together than
/// the exchange's clocks are, time says what is counted, and that only time has said it.
struct Opening: Hashable, Sendable, Codable {
    /// As far apart as two clocks of the exchange may be, in milliseconds: 0.5 s.
    static let reach: Int64 = 500
    /// How far behind the last of the answers the cross sequence is looked at, in milliseconds: 5 min.
    static let tail: Int64 = 300_000

    /// A row of the transaction log within ``reach`` of the balances' answer.
    struct Row: Hashable, Sendable, Codable {
        var row: TransactionRow
        /// The opening balance has its flow.
        var isInside: Bool
        /// By the balances of the log's rows, and not by time alone.
        var isProven: Bool
    }

    /// A fill of others within ``reach`` of the balances' answer: by time its flow was counted on one side of it.
    struct Fill: Hashable, Sendable, Codable {
        var report: ExecutionReport
        var index: Int
        /// The opening balance has its flow.
        var isInside: Bool
        /// What was counted of it; empty where the opening has all of it.
        var changes: [WalletChange]
    }

    /// A fill that the opening position has and the opening balance has not, until the log says what it realised.
    struct Owed: Hashable, Sendable, Codable {
        var report: ExecutionReport
        var index: Int
    }

    /// What the answer listed; coins that it does not name were zero.
    var balances = OrderedTable<String, Amount>()
    /// Of one coin in the log's order.
    var rows: [Row] = []
    var fills: [Fill] = []
    var owed: [Owed] = []

    /// Which side of a moment a time is on.
    struct Side: Hashable, Sendable {
        /// The answer of that moment has it.
        var isInside: Bool
        /// The two are so close together that their clocks need not agree on it.
        var isClose: Bool

        init(_ milliseconds: Int64, before moment: Timestamp) {
            isInside = milliseconds < moment.milliseconds
            let (distance, overflow) = milliseconds.subtractingReportingOverflow(
                moment.milliseconds
            )
            isClose = !overflow && distance.magnitude <= Opening.reach.magnitude
        }

        init(isInside: Bool) {
            self.isInside = isInside
            isClose = false
        }
    }

    /// What the opening has of an execution.
    struct Halves: Hashable, Sendable {
        /// The opening position has its size.
        var size: Side
        /// The opening balance has its flow.
        var flow: Side
    }
}

extension Opening {
    /// On which side the log has an execution's flow; `nil` where it has not told.
    func row(of report: ExecutionReport) -> Row? {
        rows.first { $0.row.isOf(report) }
    }

    func row(like row: TransactionRow) -> Row? {
        rows.first { $0.row.isSame(as: row) }
    }
}

extension TransactionRow {
    func isSame(as other: TransactionRow) -> Bool {
        id == other.id && tradeID == other.tradeID && type == other.type && coin == other.coin
    }

    func isOf(_ report: ExecutionReport) -> Bool {
        !tradeID.isEmpty && tradeID == report.executionID
            && symbol == report.instrument.symbol.description
            && (category == nil || category == report.instrument.category)
    }

    /// The balance behind the flow; `nil` where it was not told, which reads as zero: nothing that comes in leaves zero.
    fileprivate var balanceAfter: Amount? { balance.isZero && change > .zero ? nil : balance }

    /// The balance before the flow.
    fileprivate var balanceBefore: Amount? {
        guard let after = balanceAfter else { return nil }
        do throws(NumberError) {
            return try after.subtracting(change)
        } catch {
            return nil
        }
    }
}

extension Opening {
    /// What was decided of a row of the log.
    struct Decision {
        var row: Row
        /// Time had put it on the other side, until the log proved this one.
        var isTurned: Bool
    }

    /// Decides of rows of the log, oldest first, whether the opening balances have them; what was proved stays so.
    ///
    /// Each row says what the balance was before and behind it. Where the balance that was listed stands among those of its
    /// coin, the opening ends: that proves every row from which balances lead there without a gap. Where it stands nowhere, or
    /// at several places, or rows are missing on the way, time decides until there are more.
    /// - Parameter opened: when the balances were told.
    /// - Returns: the rows that are decided now, and those that only time had decided and that are proved now.
    mutating func decide(_ new: [TransactionRow], opened: Timestamp) -> [Decision] {
        var decisions: [Decision] = []
        var coins: [String] = []
        for row in new where !coins.contains(row.coin) { coins.append(row.coin) }
        for coin in coins {
            let orders = Opening.orders(
                rows.filter { $0.row.coin == coin }.map(\.row),
                new.filter { $0.coin == coin }
            )
            let chain = orders[0]
            let proofs = orders.map { sides($0, balances[coin] ?? .zero) }
            for row in chain {
                let place = rows.firstIndex { $0.row.isSame(as: row) }
                if let place, rows[place].isProven { continue }
                let said = zip(orders, proofs).map { order, sides in
                    order.firstIndex { $0.isSame(as: row) }.flatMap { sides[$0] }
                }
                let isInside = said.allSatisfy { $0 == said[0] } ? said[0] : nil
                if let isInside {
                    let before = place.map { rows[$0].isInside }
                    let decided = Row(row: row, isInside: isInside, isProven: true)
                    if let place { rows[place] = decided } else { rows.append(decided) }
                    decisions.append(
                        Decision(row: decided, isTurned: before.map { $0 != isInside } ?? false)
                    )
                } else if place == nil {
                    let fill = fills.first { row.isOf($0.report) }
                    let side = Opening.Side(row.timeMilliseconds, before: opened)
                    let decided = Row(
                        row: row,
                        isInside: fill?.isInside ?? side.isInside,
                        isProven: false
                    )
                    rows.append(decided)
                    decisions.append(Decision(row: decided, isTurned: false))
                }
            }
            // The order that was found is kept: what comes later is put behind it, or in front.
            let ordered = chain.compactMap { self.row(like: $0) }
            rows.removeAll { $0.row.coin == coin }
            rows += ordered
        }
        return decisions
    }

    /// What balances prove of rows in this order.
    private func sides(_ chain: [TransactionRow], _ balance: Amount) -> [Bool?] {
        let proven = chain.map { row in
            self.row(like: row).flatMap { $0.isProven ? $0.isInside : nil }
        }
        // What is proved stays so: where a balance comes again, nothing is on both sides.
        let ends = Opening.ends(chain, balance).filter { end in
            proven.enumerated().allSatisfy {
                $0.element == nil || $0.element == ($0.offset < end)
            }
        }
        return chain.indices.map { Opening.side(of: $0, chain, ends) }
    }

    /// Rows of one coin in the order of their times; those of one millisecond as their answers came, or the other way round
    /// where more of them then begin with what the one before left: the log's pages come newest first.
    ///
    /// - Returns: both orders where balances do not say which it is: then only what holds in both is proved.
    private static func orders(
        _ known: [TransactionRow],
        _ new: [TransactionRow]
    ) -> [[TransactionRow]] {
        let orders = [known + new, new + known].map { rows in
            rows.enumerated().sorted {
                ($0.element.timeMilliseconds, $0.offset)
                    < ($1.element.timeMilliseconds, $1.offset)
            }.map(\.element)
        }
        guard orders[0] != orders[1] else { return [orders[0]] }
        let links = orders.map { rows in
            rows.indices.dropFirst().count { isWhole(rows[$0 - 1...$0]) }
        }
        if links[0] == links[1] { return orders }
        return [orders[links[0] > links[1] ? 0 : 1]]
    }

    /// The side of a row that the balances between it and the opening's end prove; `nil` where they do not.
    private static func side(of number: Int, _ chain: [TransactionRow], _ ends: [Int]) -> Bool? {
        guard let first = ends.first, let last = ends.last else { return nil }
        if number < first { return isWhole(chain[number..<first]) ? true : nil }
        if number >= last { return isWhole(chain[last...number]) ? false : nil }
        return nil
    }

    /// Each row begins with the balance that the one before it left.
    private static func isWhole(_ rows: ArraySlice<TransactionRow>) -> Bool {
        zip(rows, rows.dropFirst()).allSatisfy { before, row in
            guard let balance = before.balanceAfter else { return false }
            return balance == row.balanceBefore
        }
    }

    /// After how many rows of a coin the balance was the one that was listed, as far as the rows on both sides say so.
    private static func ends(_ chain: [TransactionRow], _ balance: Amount) -> [Int] {
        (0...chain.count).filter { place in
            (place == 0 || chain[place - 1].balanceAfter == balance)
                && (place == chain.count || chain[place].balanceBefore == balance)
        }
    }
}
