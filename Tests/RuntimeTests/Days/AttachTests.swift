import Journal
import Market
import Runtime
import Simulation
import Testing
import Trading

/// A session that begins on an account where others have traded before it, and go on.
@Suite struct AttachTests {
    @Test
    func
        `positions, orders, money and trades of others leave nothing unexplained, and P&L is equal`()
        throws
    {
        let held: [(place: Int, side: Side)] = [(0, .buy), (1, .sell), (3, .buy), (5, .buy)]
        var day = try Day(
            DayPlan(hours: nil, seed: 5, seconds: 240),
            accounts: 1,
            trades: false
        ) { client, exchange in
            for (place, side) in held {
                let product = exchange.products[place]
                // An option's market price is refused where it is too far: a limit that takes.
                let away: Int64? = product.id.category == .option ? side.sign * 4 : nil
                client.order(product, side, lots: 4, ticksAway: away, on: exchange)
            }
            for (place, side, away) in [(0, Side.buy, -400), (1, .sell, 300), (3, .buy, -500)] {
                client.order(
                    exchange.products[place],
                    side,
                    lots: 2,
                    ticksAway: Int64(away),
                    on: exchange
                )
            }
        }
        let theirs = day.exchange.exchange
        let account = day.exchange.holders[0].account
        for (place, _) in held {
            let row = theirs.position(account, day.exchange.products[place].id)
            try #require(row.map { !$0.size.isZero } == true)
        }
        try day.run()

        let desk = day.desks[0]
        let recording = try desk.seal()
        let outcome = try RecordingAudit(registry: DayDesk.registry).run(recording)
        let open = outcome.audit.findings.filter {
            $0.explanation == .unexplained || $0.explanation == .pending
        }
        #expect(open.isEmpty, "\(open.count): \(open.prefix(5))")
        #expect(outcome.isClean)

        let coverage = try DayCoverage(recording)
        #expect(coverage.own == 0 && coverage.external > 5, "\(coverage)")
        #expect(
            coverage.flows["BORROW", default: 0] + coverage.flows["TRANSFER_IN", default: 0] > 0
        )
        for coin in DayExchange.deposits.keys.sorted() {
            let wallet = try #require(desk.engine.ledger.wallets[coin])
            let balance = try #require(wallet.balance)
            let difference = abs(balance.units - day.exchange.balance(coin, of: desk.holder).units)
            #expect(difference <= 10_000_000_000 * Int128(wallet.flows), "\(coin)")
        }
        try comparePositions(day, desk)
    }

    /// What each position is worth, at the exchange's own mark.
    private func comparePositions(_ day: Day, _ desk: DayDesk) throws {
        for product in day.exchange.products {
            guard [.linear, .inverse, .option].contains(product.id.category),
                let row = day.exchange.exchange.position(desk.holder.account, product.id),
                let mark = row.markPrice, let theirs = row.unrealisedPnL
            else { continue }
            let ours = try desk.engine.ledger.position(product.id).unrealised(at: mark)
            #expect(abs(ours.units - theirs.units) <= 10_000_000_000, "\(product.id)")
        }
    }

    @Test func `the session begins with what was there, marked as such`() throws {
        var day = try Day(
            DayPlan(hours: nil, seed: 6, seconds: 20),
            accounts: 1,
            trades: false
        ) { client, exchange in
            client.order(exchange.products[0], .buy, lots: 4, ticksAway: nil, on: exchange)
            client.order(exchange.products[0], .buy, lots: 4, ticksAway: -400, on: exchange)
        }
        let product = day.exchange.products[0].id
        let row = try #require(
            day.exchange.exchange.position(day.exchange.holders[0].account, product)
        )
        try day.run()
        var opening: (position: Position, isOpening: Bool, orders: [Order])?
        try Walk(registry: DayDesk.registry).run(try day.desks[0].seal()) {
            step,
            engine throws(ReplayError) in
            guard engine.isReconciled else { return true }
            let holding = engine.account().holdings.first { $0.instrument == product }
            opening = (
                engine.ledger.position(product), holding?.isOpening ?? false, engine.orders
            )
            return false
        }
        let found = try #require(opening)
        #expect(found.position.size == (try Amount(row.size)))
        #expect(found.position.entryPrice?.description == row.entryPrice?.trimmed.description)
        #expect(found.isOpening)
        #expect(found.orders.filter { !$0.isClosed }.count == 1)
        #expect(found.orders.allSatisfy { $0.strategy == Order.external })
    }

    @Test func `what a USDC session paid before the attachment is not paid again`() throws {
        let plan = DayPlan(hours: nil, seed: 7, seconds: 800)
        // Sessions settle at midnight, ten minutes after the day's begin; funding of then is not asked for any more.
        let attached = plan.start.advanced(nanoseconds: 672_000_000_000)
        var day = try Day(plan, accounts: 1, trades: false) { client, exchange in
            for product in exchange.products where product.id.symbol.description == "BTCPERP" {
                client.order(product, .buy, lots: 4, ticksAway: nil, on: exchange)
            }
            exchange.advance(to: attached)
        }
        let perpetual = try #require(
            day.exchange.products.first { $0.id.symbol.description == "BTCPERP" }
        )
        let row = try #require(
            day.exchange.exchange.position(day.exchange.holders[0].account, perpetual.id)
        )
        #expect(row.sessionPrice != row.entryPrice && row.sessionPrice != nil)
        try day.run()
        let desk = day.desks[0]
        let outcome = try RecordingAudit(registry: DayDesk.registry).run(try desk.seal())
        // What is lent at the very end is told by the log's next rows.
        let open = outcome.audit.findings.filter { $0.explanation == .unexplained }
        #expect(open.isEmpty, "\(open.count): \(open.prefix(5))")
        try comparePositions(day, desk)
    }
}
