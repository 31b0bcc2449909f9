public import Market

/// Fee rates of one instrument.
public struct FeeRateRow: Hashable, Sendable {
    public var instrument: InstrumentID
    public var makerRate: Numeral
    public var takerRate: Numeral

    public init(instrument: InstrumentID, makerRate: Numeral, takerRate: Numeral) {
        self.instrument = instrument
        self.makerRate = makerRate
        self.takerRate = takerRate
    }
}

/// What REST asks.
///
/// Nothing here changes the exchange; what does not exist answers `nil` or an empty list.
extension SimulatedExchange {
    // MARK: - Market

    /// The book as it stands: the best `limit` levels a side, with the `u` of the 1000-level
    /// stream.
    public func orderBook(_ id: InstrumentID, limit: Int) -> BookUpdate? {
        guard let index = index(of: id) else { return nil }
        let scale = facts[index].scale
        var update = BookUpdate()
        update.isSnapshot = true
        update.depth = limit
        let place = states[index].place(depth: 1_000) ?? states[index].place(depth: 25)
        update.updateID = place.map { states[index].streams[$0].updateID } ?? 0
        update.crossSequence = states[index].sequence
        update.matchTimeMilliseconds = states[index].matchMilliseconds
        update.bids = DepthStream.top(of: states[index].book.bids, max(0, limit), scale)
        update.asks = DepthStream.top(of: states[index].book.asks, max(0, limit), scale)
        return update
    }

    /// Public trades, newest first.
    public func recentTrades(_ id: InstrumentID, limit: Int) -> [PublicTrade] {
        guard let index = index(of: id) else { return [] }
        return states[index].recentTrades.newest(limit).reversed()
            .map { publicTrade($0, on: index) }
    }

    /// One-minute candles, the open one first, then closed ones, newest first.
    public func candles(_ id: InstrumentID, limit: Int) -> [Candle] {
        guard let index = index(of: id), limit > 0 else { return [] }
        let statistics = states[index].statistics
        let closed = statistics.closed.suffix(limit - 1).reversed()
        let time = now.milliseconds
        return [statistics.candle(statistics.current, isConfirmed: false, at: time)]
            + closed.map { statistics.candle($0, isConfirmed: true, at: time) }
    }

    /// Mark and index price.
    public func reference(_ id: InstrumentID) -> ReferencePrices? {
        index(of: id).map { sources[$0].reference }
    }

    // MARK: - Orders

    /// Open orders, newest first.
    public func openOrders(
        _ account: AccountID,
        _ query: RowQuery,
        _ fits: (OrderUpdate) -> Bool = { _ in true }
    ) -> Page<OrderUpdate> {
        guard accountStates.indices.contains(account.index) else { return Page.empty }
        let state = accountStates[account.index]
        let before = query.cursor.isEmpty ? Int64.max : Int64(query.cursor) ?? 0
        var rows: [OrderUpdate] = []
        var last: Int64 = 0
        for slot in state.openSlots.reversed() {
            let order = state.orders[slot]
            guard order.isOpen, order.serial < before else { continue }
            let record = OrderRecord(order, facts[order.listing], identifiers)
            guard query.holds(record) else { continue }
            let row = record.row
            guard fits(row) else { continue }
            if rows.count == max(1, query.limit) {
                return Page(rows: rows, nextCursor: String(last))
            }
            rows.append(row)
            last = order.serial
        }
        return Page(rows: rows, nextCursor: "")
    }

    /// Open orders, newest first, then closed ones by their end, latest first.
    ///
    /// The cursor tells the two parts apart by its first letter.
    public func orderHistory(
        _ account: AccountID,
        _ query: RowQuery,
        _ fits: (OrderUpdate) -> Bool = { _ in true }
    ) -> Page<OrderUpdate> {
        func holds(_ record: OrderRecord) -> Bool { query.holds(record) && fits(record.row) }
        guard accountStates.indices.contains(account.index) else { return Page.empty }
        var rows: [OrderUpdate] = []
        var cursor = ""
        if query.cursor.hasPrefix("c") {
            cursor = String(query.cursor.dropFirst())
        } else {
            var part = query
            if query.cursor.hasPrefix("o") { part.cursor = String(query.cursor.dropFirst()) }
            let open = openOrders(account, part, fits)
            if !open.nextCursor.isEmpty {
                return Page(rows: open.rows, nextCursor: "o" + open.nextCursor)
            }
            rows = open.rows
        }
        let room = max(1, query.limit) - rows.count
        let history = accountStates[account.index].closed
        if room == 0 {
            let isMore = history.page(limit: 1, cursor: "", where: holds).rows.isEmpty
            return Page(rows: rows, nextCursor: isMore ? "" : "c")
        }
        let closed = history.page(limit: room, cursor: cursor, where: holds)
        return Page(
            rows: rows + closed.rows.map(\.row),
            nextCursor: closed.nextCursor.isEmpty ? "" : "c" + closed.nextCursor
        )
    }

    /// Closed orders by their end, latest first.
    ///
    /// - Parameter most: only among so many of the latest.
    public func closedOrders(
        _ account: AccountID,
        _ query: RowQuery,
        most: Int,
        _ fits: (OrderUpdate) -> Bool = { _ in true }
    ) -> Page<OrderUpdate> {
        guard accountStates.indices.contains(account.index) else { return Page.empty }
        let page = accountStates[account.index].closed
            .page(limit: query.limit, cursor: query.cursor, newest: most) { record in
                query.holds(record) && fits(record.row)
            }
        return Page(rows: page.rows.map(\.row), nextCursor: page.nextCursor)
    }

    // MARK: - Flows

    /// Fills and funding, newest first.
    public func executions(
        _ account: AccountID,
        _ query: RowQuery,
        _ fits: (ExecutionReport) -> Bool = { _ in true }
    ) -> Page<ExecutionReport> {
        guard accountStates.indices.contains(account.index) else { return Page.empty }
        let page = accountStates[account.index].executions
            .page(limit: query.limit, cursor: query.cursor) { record in
                query.holds(time: record.timeMilliseconds) && query.holds(record.instrument)
                    && query.holds(orderID: record.orderID, orderLinkID: record.orderLinkID)
                    && fits(record.row)
            }
        return Page(rows: page.rows.map(\.row), nextCursor: page.nextCursor)
    }

    /// What the legs of a combination's execution were, in their order; they follow it at once.
    public func legs(of combination: ExecutionReport, _ account: AccountID) -> [ExecutionReport] {
        guard accountStates.indices.contains(account.index) else { return [] }
        let all = accountStates[account.index].executions.all
        guard
            let place = all.lastIndex(where: {
                $0.executionID == combination.executionID
            })
        else { return [] }
        return all[(place + 1)...].prefix(2).filter { $0.kind == .futureSpread }.map(\.row)
    }

    /// Flows of the wallet, newest first.
    ///
    /// Rows of deposits have no category and fit every one.
    public func transactionLog(
        _ account: AccountID,
        _ query: RowQuery,
        _ fits: (TransactionRow) -> Bool = { _ in true }
    ) -> Page<TransactionRow> {
        guard accountStates.indices.contains(account.index) else { return Page.empty }
        let page = accountStates[account.index].log
            .page(limit: query.limit, cursor: query.cursor) { row in
                let listing = row.listing < 0 ? nil : facts[row.listing]
                return query.holds(time: row.timeMilliseconds)
                    && (query.category == nil || listing == nil
                        || query.category == listing?.category)
                    && (query.instrument == nil
                        || query.instrument?.symbol == listing?.id.symbol)
                    && holds(query, row)
                    && fits(self.row(row, of: account.index))
            }
        return Page(
            rows: page.rows.map { row($0, of: account.index) },
            nextCursor: page.nextCursor
        )
    }

    private func holds(_ query: RowQuery, _ record: LogRecord) -> Bool {
        if query.orderID.isEmpty, query.orderLinkID.isEmpty { return true }
        let execution = record.execution
        return query.holds(
            orderID: execution?.orderID ?? "",
            orderLinkID: execution?.orderLinkID ?? ""
        )
    }

    // MARK: - Positions and wallet

    /// The position of one instrument: a row even when flat.
    ///
    /// - Parameter positionIndex: 2 for the short position of hedge mode.
    public func position(
        _ account: AccountID,
        _ id: InstrumentID,
        positionIndex: Int = 0
    ) -> PositionUpdate? {
        guard accountStates.indices.contains(account.index), let index = index(of: id),
            facts[index].isContract
        else { return nil }
        return positionRecord(account.index, 2 * index + (positionIndex == 2 ? 1 : 0)).row
    }

    /// Both positions in hedge mode, else one; rows even when flat.
    public func positions(_ account: AccountID, _ id: InstrumentID) -> [PositionUpdate] {
        let indices = isHedged(account, id) ? [1, 2] : [0]
        return indices.compactMap { position(account, id, positionIndex: $0) }
    }

    /// Positions with a size, in the order of listing.
    public func positions(
        _ account: AccountID,
        _ category: Category = .linear,
        settleCoin: String
    ) -> [PositionUpdate] {
        guard accountStates.indices.contains(account.index) else { return [] }
        return accountStates[account.index].positions.indices
            .filter {
                facts[$0 / 2].category == category
                    && (settleCoin.isEmpty || facts[$0 / 2].instrument.settleCoin == settleCoin)
                    && accountStates[account.index].positions[$0].size != 0
            }
            .map { positionRecord(account.index, $0).row }
    }

    func positionRecord(_ account: Int, _ place: Int) -> PositionRecord {
        let index = place / 2
        return PositionRecord(
            accountStates[account].positions[place],
            facts[index],
            positionIndex: accountStates[account].hedged[index] ? place % 2 + 1 : 0,
            mark: quotes[index].mark,
            leverage: accountStates[account].leverages[index],
            details: tellsDetails ? positionDetails(account, place) : nil
        )
    }

    /// Every coin that the account ever moved, with the account's totals.
    ///
    /// A coin other than USDT and USDC counts nothing in them.
    public func wallet(_ account: AccountID) -> WalletReport {
        var report = WalletReport(
            coins: [],
            totalEquity: .zero,
            totalWalletBalance: .zero,
            totalMarginBalance: .zero,
            totalAvailableBalance: .zero,
            totalUnrealisedPnL: .zero,
            totalInitialMargin: .zero,
            totalMaintenanceMargin: .zero
        )
        guard accountStates.indices.contains(account.index) else { return report }
        for (place, state) in accountStates[account.index].coins.enumerated() where state.isKnown {
            let coin = books.coins[place]
            let balance = books.balance(.wallet(account), coin: place)
            let shares = state.shares
            let margin = balance.plus(shares.unrealised)
            let equity = margin.plus(shares.optionValue).minus(state.borrowed)
            var row = WalletUpdate(
                coin: coin,
                walletBalance: balance,
                equity: equity,
                unrealisedPnL: shares.unrealised,
                cumulativeRealisedPnL: state.realised,
                locked: state.locked
            )
            row.borrowed = state.borrowed
            row.spotBorrowed = state.borrowed
            if tellsDetails { row.margins = margins(account.index, coin: place) }
            report.coins.append(row)
            guard coin == "USDT" || coin == "USDC" else { continue }
            report.totalEquity = report.totalEquity.plus(equity)
            report.totalWalletBalance = report.totalWalletBalance.plus(balance)
            report.totalMarginBalance = report.totalMarginBalance.plus(margin)
            report.totalAvailableBalance = report.totalAvailableBalance
                .plus(available(account.index, place))
            report.totalUnrealisedPnL = report.totalUnrealisedPnL.plus(shares.unrealised)
            report.totalInitialMargin = report.totalInitialMargin.plus(shares.initialMargin)
            report.totalMaintenanceMargin = report.totalMaintenanceMargin
                .plus(shares.maintenanceMargin)
        }
        return report
    }

    /// Rates of the account on each listing of a category.
    public func feeRates(_ account: AccountID, _ category: Category) -> [FeeRateRow] {
        guard accountStates.indices.contains(account.index) else { return [] }
        let rates = accountStates[account.index].fees.rates(category)
        return facts.filter { $0.category == category && quotes[$0.index].isLive }.map {
            FeeRateRow(instrument: $0.id, makerRate: rates.maker, takerRate: rates.taker)
        }
    }

    // MARK: - Books

    /// A balance of the exchange's double-entry books.
    public func balance(_ account: LedgerAccount, coin: String) -> Amount {
        books.balance(account, coin: coin)
    }

    /// Σ over all accounts of the books; zero at every moment.
    public func sumOfBooks(coin: String) -> Amount { books.sum(coin: coin) }

    /// The first rule that a book of orders breaks, in words; walks everything, so for tests.
    package func brokenInvariant() -> String? {
        for facts in facts {
            if let broken = states[facts.index].book.brokenInvariant() {
                return "\(facts.id): \(broken)"
            }
        }
        return nil
    }

    /// The newest postings, oldest first.
    public func postings(limit: Int) -> [Posting] { books.journal.newest(limit).map(books.posting) }
}

extension Page {
    static var empty: Page { Page(rows: [], nextCursor: "") }
}

extension RowQuery {
    func holds(_ id: InstrumentID) -> Bool {
        (instrument == nil || instrument == id) && (category == nil || category == id.category)
    }

    /// Ids are made where they are asked for.
    func holds(
        orderID id: @autoclosure () -> String,
        orderLinkID link: @autoclosure () -> String
    )
        -> Bool
    {
        (orderLinkID.isEmpty || orderLinkID == link()) && (orderID.isEmpty || orderID == id())
    }

    func holds(_ record: OrderRecord) -> Bool {
        holds(record.instrument) && holds(time: record.order.updatedMilliseconds)
            && holds(orderID: record.orderID, orderLinkID: record.orderLinkID)
    }
}
