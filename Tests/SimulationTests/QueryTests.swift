import Market
import Simulation
import Testing

@Suite struct QueryTests {
    @Test func `pages are newest first, complete, and do not shift under new rows`() throws {
        var floor = try Floor([scripted()])
        for _ in 0..<10 {
            try floor.place(.sell, "0.001", at: "90000", for: floor.other)
            try floor.place(.buy, "0.001", at: "90000")
        }
        let all = floor.exchange.executions(floor.main, RowQuery(limit: 100))
        #expect(all.rows.count == 10)
        #expect(all.nextCursor.isEmpty)
        var paged: [String] = []
        var cursor = ""
        repeat {
            let page = floor.exchange.executions(
                floor.main,
                RowQuery(limit: 3, cursor: cursor)
            )
            #expect(page.rows.count <= 3)
            paged += page.rows.map(\.executionID)
            cursor = page.nextCursor
            try floor.place(.sell, "0.001", at: "90000", for: floor.other)
            try floor.place(.buy, "0.001", at: "90000")
        } while !cursor.isEmpty
        #expect(paged == all.rows.map(\.executionID))
    }

    @Test(arguments: [1, 2, 3, 4, 7, 100])
    func `the order history pages over open orders and then closed ones`(limit: Int) throws {
        var floor = try Floor([scripted()])
        for number in 0..<6 {
            try floor.place(.buy, "0.001", at: "8000\(number)", link: "o\(number)")
        }
        for number in [1, 4, 2] { floor.cancel("o\(number)") }
        var links: [String] = []
        var cursor = ""
        var pages = 0
        repeat {
            let page = floor.exchange.orderHistory(
                floor.main,
                RowQuery(limit: limit, cursor: cursor)
            )
            links += page.rows.map(\.orderLinkID)
            cursor = page.nextCursor
            pages += 1
        } while !cursor.isEmpty && pages < 20
        #expect(links == ["o5", "o3", "o0", "o2", "o4", "o1"])
    }

    @Test func `queries restrict by id, time, symbol and category`() throws {
        var floor = try Floor([scripted(), scripted(id: eth)])
        try floor.place(.buy, "0.001", at: "80000", link: "a")
        floor.advance(second)
        try floor.place(.buy, "0.001", at: "80000", link: "b", on: eth)
        let exchange = floor.exchange
        func links(_ query: RowQuery) -> [String] {
            exchange.openOrders(AccountID(index: 0), query).rows.map(\.orderLinkID)
        }
        #expect(links(RowQuery()) == ["b", "a"])
        #expect(links(RowQuery(category: .linear)) == ["b", "a"])
        #expect(links(RowQuery(category: .spot)) == [])
        #expect(links(RowQuery(instrument: btc)) == ["a"])
        #expect(links(RowQuery(orderLinkID: "b")) == ["b"])
        #expect(links(RowQuery(sinceMilliseconds: start.milliseconds + 1)) == ["b"])
        #expect(links(RowQuery(untilMilliseconds: start.milliseconds)) == ["a"])
    }

    @Test func `a flat position has a row by symbol and none by coin`() throws {
        var floor = try Floor([scripted(opening: [resting(1, .sell, "1", at: "90000")])])
        let flat = try #require(floor.exchange.position(floor.main, btc))
        #expect(flat.side == nil)
        #expect(flat.size.isZero)
        #expect(flat.entryPrice == nil)
        #expect(flat.crossSequence == -1)
        #expect(floor.exchange.positions(floor.main, settleCoin: "USDT").isEmpty)
        try floor.place(.buy, "0.010")
        let rows = floor.exchange.positions(floor.main, settleCoin: "USDT")
        #expect(rows == [try #require(floor.position())])
        #expect(floor.exchange.position(floor.main, InstrumentID(.spot, btc.symbol)) == nil)
    }

    @Test func `a wallet is its balance, what is unrealised, and what margin leaves`() throws {
        var floor = try Floor([
            scripted(mark: "91000", opening: [resting(1, .sell, "1", at: "90000")])
        ])
        try floor.place(.buy, "0.100", at: "90000")
        let wallet = floor.exchange.wallet(floor.main)
        // 100,000 − 9,000 × 0.00055
        #expect(wallet.totalWalletBalance.description == "99995.05")
        #expect(wallet.totalUnrealisedPnL.description == "100")
        #expect(wallet.totalEquity.description == "100095.05")
        #expect(wallet.totalInitialMargin.description == "910")
        #expect(wallet.totalAvailableBalance.description == "99185.05")
        let coin = try #require(wallet.coins.first)
        #expect(coin.coin == "USDT")
        #expect(coin.cumulativeRealisedPnL?.description == "-4.95")
        // The push is the same report.
        var pushed: [WalletReport] = []
        for case .wallet(_, let report) in floor.output.events.map(\.event) {
            pushed.append(report)
        }
        #expect(pushed == [wallet])
    }

    @Test func `what does not exist answers nothing`() throws {
        let exchange = try Floor([scripted()]).exchange
        let nobody = AccountID(index: 9)
        let nothing = InstrumentID(.option, btc.symbol)
        #expect(exchange.account(alias: "nobody") == nil)
        #expect(exchange.account(alias: "other") == AccountID(index: 1))
        #expect(exchange.alias(of: nobody).isEmpty)
        #expect(exchange.openOrders(nobody, RowQuery()).rows.isEmpty)
        #expect(exchange.orderHistory(nobody, RowQuery()).rows.isEmpty)
        #expect(exchange.executions(nobody, RowQuery()).rows.isEmpty)
        #expect(exchange.wallet(nobody).coins.isEmpty)
        #expect(exchange.orderBook(nothing, limit: 1) == nil)
        #expect(exchange.tickerSnapshot(nothing) == nil)
        #expect(exchange.listing(nothing) == nil)
        #expect(exchange.feeRates(nobody, .linear).isEmpty)
        #expect(
            exchange.feeRates(AccountID(index: 0), .linear).map(\.makerRate.description) == [
                "0.0002"
            ]
        )
    }
}
