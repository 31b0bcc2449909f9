import Market
import Simulation
import Testing

/// Sessions and deliveries in rows and records, by hand.
@Suite struct SettlementTests {
    private func records(_ exchange: SimulatedExchange, _ account: Int) -> [SettlementRecord] {
        exchange.settlementRecords(AccountID(index: account), RowQuery(category: .linear))
    }

    private func session(_ number: Int64) -> Timestamp {
        // The start is itself the end of a session.
        start.advanced(nanoseconds: number * 28_800 * second)
    }

    @Test func `sessions of a long and a short are in log, record and closed P&L`() throws {
        let listing = try Product.usdc.still(
            opening: [(.sell, "1", "90000"), (.buy, "1", "89990")],
            [(1, "91000"), (30_000, "91500")]
        )
        var exchange = try SimulatedExchange.with(
            [listing],
            [["USDC": "10000"], ["USDC": "10000"]]
        )
        exchange.tellsDetails = true
        var output = ExchangeOutput()
        try exchange.order(.usdc, .buy, "0.1", "90000", into: &output)
        try exchange.order(.usdc, .sell, "0.2", "89990", for: 1, into: &output)
        exchange.advance(to: session(2), into: &output)

        var long = records(exchange, 0)
        #expect(long.map(\.side) == ["Buy", "Buy"])
        #expect(long.map(\.size?.description) == ["0.100", "0.100"])
        #expect(long.map(\.sessionAveragePrice?.description) == ["91000", "90000"])
        #expect(long.map(\.markPrice?.description) == ["91500.0", "91000.0"])
        // 0.1 × 500 and 0.1 × 1,000.
        #expect(long.map(\.realisedPnL?.description) == ["50", "100"])
        #expect(long.map(\.timeMilliseconds) == [session(2), session(1)].map(\.milliseconds))
        let short = records(exchange, 1)
        #expect(short.map(\.side) == ["Sell", "Sell"])
        #expect(short.map(\.sessionAveragePrice?.description) == ["91000", "89990"])
        // 0.2 × −500 and 0.2 × (89,990 − 91,000).
        #expect(short.map(\.realisedPnL?.description) == ["-100", "-202"])
        var query = RowQuery(category: .linear)
        query.untilMilliseconds = session(1).milliseconds
        #expect(exchange.settlementRecords(AccountID(index: 0), query).count == 1)

        // The entry stays; the session's average is the mark of its end.
        let position = try #require(exchange.position(AccountID(index: 0), Product.usdc.id))
        #expect(position.entryPrice?.description == "90000")
        #expect(position.sessionPrice?.description == "91500")
        #expect(position.unrealisedPnL == .zero)

        // Each session comes before the funding of its stamp: 0.1 × 91,000 and 0.1 × 91,500 × 0.0001.
        let log = exchange.transactionLog(AccountID(index: 0), RowQuery(limit: 100)).rows.reversed()
            .filter { $0.type == "SETTLEMENT" }
        #expect(log.map(\.cashFlow.description) == ["100", "0", "50", "0"])
        #expect(log.map(\.funding.description) == ["0", "-0.91", "0", "-0.915"])
        #expect(log.allSatisfy { $0.coin == "USDC" && $0.details?.size?.description == "0.100" })
        // No execution is told of a session.
        let types = exchange.executions(AccountID(index: 0), RowQuery()).rows.map(\.type.name)
        #expect(types == ["Funding", "Funding", "Trade"])

        try exchange.order(.usdc, .sell, "0.1", "89990", link: "out", into: &output)
        let rows = exchange.closedPnL(
            AccountID(index: 0),
            .linear,
            nil,
            since: 0,
            until: .max
        )
        #expect(rows.map(\.executionType) == ["Trade", "SessionSettlePnL", "SessionSettlePnL"])
        #expect(rows.map(\.side) == [.sell, .sell, .sell])
        // The last: 0.1 × (89,990 − 91,500) − 9,000 × 0.00055 − 8,999 × 0.00055.
        #expect(rows.map(\.closedPnL?.description) == ["-160.89945", "50", "100"])
        #expect(rows.map(\.averageEntryPrice?.description) == ["91500", "91000", "90000"])
        #expect(rows.map(\.averageExitPrice?.description) == ["89990", "91500", "91000"])
        #expect(exchange.held(0, "USDC") == "9987.27555")
        #expect(exchange.closedPnL(AccountID(index: 0), .inverse, nil, since: 0, until: .max) == [])
        // A position that is flat has no session.
        exchange.advance(to: session(3), into: &output)
        long = records(exchange, 0)
        #expect(long.count == 2)
        #expect(exchange.sumOfBooks(coin: "USDC") == .zero)
    }

    private func delivered(
        _ product: Product,
        _ listing: Listing,
        _ coins: [String: String],
        _ trades: [(Side, String, String)]
    ) throws -> [DeliveryRecord] {
        var exchange = try SimulatedExchange.with([listing], trades.map { _ in coins })
        var output = ExchangeOutput()
        for (account, trade) in trades.enumerated() {
            let reply = try exchange.order(
                product,
                trade.0,
                trade.1,
                trade.2,
                for: account,
                into: &output
            )
            #expect(reply.code == 0)
        }
        exchange.advance(to: start.advanced(nanoseconds: 11 * second), into: &output)
        let records = trades.indices.flatMap {
            exchange.deliveryRecords(AccountID(index: $0), RowQuery(category: product.category))
        }
        for record in records {
            #expect(record.symbol == product.id.symbol)
            #expect(record.timeMilliseconds == product.delivery.milliseconds)
        }
        for coin in coins.keys.sorted() { #expect(exchange.sumOfBooks(coin: coin) == .zero) }
        return records
    }

    @Test func `a linear future's delivery is recorded for both sides`() throws {
        let listing = try Product.dated.still(
            opening: [(.sell, "1", "91000"), (.buy, "1", "90990")],
            [(5, "92000")]
        )
        let rows = try delivered(
            .dated,
            listing,
            ["USDT": "10000"],
            [(.buy, "0.1", "91000"), (.sell, "0.1", "90990")]
        )
        #expect(rows.map(\.side) == ["Buy", "Sell"])
        #expect(rows.map(\.position?.description) == ["0.100", "0.100"])
        #expect(rows.map(\.entryPrice?.description) == ["91000", "90990"])
        #expect(rows.map(\.deliveryPrice?.description) == ["92000.0", "92000.0"])
        // 0.05 % of 9,200.
        #expect(rows.map(\.fee?.description) == ["4.6", "4.6"])
        #expect(rows.map(\.realisedPnL?.description) == ["100", "-101"])
        #expect(rows.allSatisfy { $0.strike == nil })
    }

    @Test func `an inverse future's delivery is recorded in its coin`() throws {
        var product = Product.inverse
        product.symbol = "BTCUSDH27"
        product.hasFunding = false
        product.delivery = start.advanced(nanoseconds: 10 * second)
        let listing = try product.still(
            opening: [(.sell, "9000", "90000"), (.buy, "9000", "75000")],
            [(5, "100000")]
        )
        let rows = try delivered(
            product,
            listing,
            ["BTC": "1"],
            [(.buy, "9000", "90000"), (.sell, "9000", "75000")]
        )
        #expect(rows.map(\.entryPrice?.description) == ["90000", "75000"])
        // 0.1 and 0.12 against 9,000 ÷ 100,000 = 0.09; 0.05 % of 0.09.
        #expect(rows.map(\.realisedPnL?.description) == ["0.01", "-0.03"])
        #expect(rows.map(\.fee?.description) == ["0.000045", "0.000045"])
    }

    @Test func `an option's exercise is recorded with its strike and premium`() throws {
        var product = Product.call
        product.deliveryFee = "0.00015"
        product.delivery = start.advanced(nanoseconds: 10 * second)
        let listing = try product.still(
            opening: [(.sell, "1", "250"), (.buy, "1", "240")],
            index: "91000"
        )
        let rows = try delivered(
            product,
            listing,
            ["USDT": "10000"],
            [(.buy, "0.5", "250"), (.sell, "0.4", "240")]
        )
        #expect(rows.map(\.side) == ["Buy", "Sell"])
        #expect(rows.map(\.strike?.description) == ["90000", "90000"])
        #expect(rows.map(\.entryPrice?.description) == ["250", "240"])
        #expect(rows.map(\.deliveryPrice?.description) == ["91000", "91000"])
        // A payoff of 1,000 each: 0.5 × 750 and 0.4 × −760; 0.015 % of 45,500 and of 36,400.
        #expect(rows.map(\.realisedPnL?.description) == ["375", "-304"])
        #expect(rows.map(\.fee?.description) == ["6.825", "5.46"])
    }
}
