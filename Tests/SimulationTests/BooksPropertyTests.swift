import Foundation
import Market
import Simulation
import Testing

/// Many random orders over all products, with marks that wander far enough to liquidate.
///
/// `TAPEDECK_SIMULATION_ORDERS` sets their number: 10,000,000 for the long run.
@Suite struct BooksPropertyTests {
    private static let products: [Product] = [
        .linear, .usdc, .inverse, .spot, .call, .dated, .carry,
    ]
    private static let coins = ["USDT", "USDC", "BTC"]

    private func exchange(seed: UInt64, historyMax: Int) throws -> SimulatedExchange {
        let listings = try BooksPropertyTests.products.enumerated().map { number, product in
            var product = product
            if product.symbol == Product.dated.symbol {
                product.delivery = start.advanced(nanoseconds: 300 * second)
            }
            if product.category == .option {
                product.delivery = start.advanced(nanoseconds: 400 * second)
            }
            return try product.listing { scale, price in
                WanderingMarket(
                    price: price,
                    tick: try scale.price(Numeral(text: product.tick)).units,
                    lot: try scale.quantity(Numeral(text: product.step)).units
                        * (product.category == .inverse ? 100 : 1),
                    reach: 2,
                    seed: seed &+ UInt64(number)
                )
            }
        }
        let rich = ["USDT": "20000", "USDC": "20000", "BTC": "1"]
        let poor = ["USDT": "300", "USDC": "300", "BTC": "0.01"]
        return try .with(
            listings,
            [rich, poor, poor, poor],
            leverage: 100,
            insurance: "50",
            fundingInterval: 10 * second,
            historyMax: historyMax
        )
    }

    @Test(arguments: [UInt64(1), 2])
    func `books balance, and no book is crossed or negative, after every hundredth order`(
        seed: UInt64
    ) throws {
        let wanted = ProcessInfo.processInfo.environment["TAPEDECK_SIMULATION_ORDERS"]
        let orders = wanted.flatMap { Int($0) } ?? 10_000
        let isLong = orders > 200_000
        var exchange = try exchange(seed: seed, historyMax: isLong ? 10_000 : 10_000_000)
        var run = RandomRun(seed: seed, products: BooksPropertyTests.products)
        for step in 0..<orders {
            if step % 10 == 0 {
                let time = exchange.now.advanced(nanoseconds: 20 * millisecond)
                exchange.advance(to: time, into: &run.output)
            }
            try run.request(&exchange)
            try run.read()
            guard step % (isLong ? 10_000 : 100) == 0 else { continue }
            try check(exchange, after: step, fundings: run.fundings)
        }
        try check(exchange, after: orders, fundings: run.fundings)
        // The run has been where it should have been.
        #expect(run.types.isSuperset(of: ["Trade", "Funding", "BustTrade", "FutureSpread"]))
        #expect(run.closed > orders / 10)
        if !isLong {
            for account in exchange.accounts { try checkRows(exchange, account) }
        }
    }

    private func check(_ exchange: SimulatedExchange, after step: Int, fundings: Int) throws {
        for coin in BooksPropertyTests.coins {
            #expect(exchange.sumOfBooks(coin: coin) == .zero, "after \(step): \(coin)")
            #expect(exchange.balance(.funding, coin: coin) == .zero, "after \(step): \(coin)")
            // A payment of funding, and the background's at its stamp, are off by at most one unit each.
            let rounded = exchange.balance(.rounding, coin: coin).units.magnitude
            #expect(rounded <= 2 * fundings, "after \(step): \(coin)")
        }
        #expect(exchange.brokenInvariant() == nil, "after \(step)")
        #expect(exchange.brokenAccountInvariant() == nil, "after \(step)")
    }

    /// Δ wallet balance is the sum of the log, each row is made of its parts, a position's money is that of its
    /// executions to the last digit, and an order's closed P&L is that of its executions.
    private func checkRows(_ exchange: SimulatedExchange, _ account: AccountID) throws {
        let rows = exchange.transactionLog(account, RowQuery(limit: .max)).rows.reversed()
        var balances: [String: Amount] = [:]
        for row in rows {
            let change = try row.cashFlow.adding(row.funding).subtracting(row.fee)
            #expect(row.change == change)
            balances[row.coin, default: .zero] =
                try balances[row.coin, default: .zero].adding(row.change)
            #expect(row.balance == balances[row.coin])
        }
        for coin in BooksPropertyTests.coins {
            #expect(balances[coin] == exchange.balance(.wallet(account), coin: coin))
        }
        for product in [Product.linear, .inverse, .dated, .call] {
            // Σ realised = what was got for sales − what was paid for purchases ± the entry value of what is open.
            var realised = Amount.zero
            var cash = Amount.zero
            for row in exchange.executions(account, RowQuery(limit: .max)).rows
            where row.instrument == product.id && row.type != .funding {
                realised = try realised.adding(row.realisedPnL ?? .zero)
                let isGain = (row.side == .sell) != (product.category == .inverse)
                cash = isGain ? try cash.adding(row.value) : try cash.subtracting(row.value)
            }
            let position = try #require(exchange.position(account, product.id))
            let entry = position.positionValue ?? .zero
            let isLong = (position.side == .buy) != (product.category == .inverse)
            let open = position.side == nil ? .zero : (isLong ? entry : entry.negated)
            #expect(realised == (try cash.adding(open)), "\(product.symbol)")
        }
        for product in [Product.linear, .usdc, .inverse, .dated] {
            var closed: [String: Numeral] = [:]
            for row in exchange.closedPnL(
                account,
                product.category,
                product.id,
                since: 0,
                until: .max
            ) { closed[row.orderID] = row.closedPnL }
            let orders = exchange.closedOrders(
                account,
                RowQuery(instrument: product.id, limit: .max),
                most: .max
            ).rows
            for order in orders {
                let listed = closed[order.orderID] ?? .zero
                #expect(Numeral(rounding: order.closedPnL) == listed, "\(order.orderID)")
            }
        }
    }
}

/// Random requests, and the states that each order has been in.
struct RandomRun {
    var output = ExchangeOutput()
    private(set) var types: Set<String> = []
    private(set) var closed = 0
    private(set) var fundings = 0
    private var chance: TestChance
    private let products: [Product]
    private var open: [(account: Int, id: InstrumentID, order: String)] = []
    /// Last state of every order that is not closed.
    private var states: [String: OrderUpdate] = [:]
    private var ended: Set<String> = []
    private var links = 0

    init(seed: UInt64, products: [Product]) {
        chance = TestChance(seed: seed)
        self.products = products
    }

    /// Reads what was told: no order goes on after its end, none is filled beyond its size, no fill is lost.
    mutating func read() throws {
        for event in output.events {
            switch event.event {
            case .order(_, let told):
                let row = told.row
                #expect(!ended.contains(row.orderID), "\(row.orderID) goes on after its end")
                if let before = states[row.orderID] {
                    #expect(
                        try row.filledQuantity.units(decimals: 6)
                            >= before.filledQuantity.units(decimals: 6)
                    )
                }
                if row.details?.marketUnit != "quoteCoin" {
                    let filled = try row.filledQuantity.units(decimals: 6)
                    let wanted = try row.quantity.units(decimals: 6)
                    #expect(filled <= wanted)
                    if row.status == .filled { #expect(filled == wanted) }
                    if row.status == .new { #expect(filled == 0 || states[row.orderID] != nil) }
                }
                if row.status.isClosed {
                    states[row.orderID] = nil
                    ended.insert(row.orderID)
                    closed += 1
                    if ended.count > 100_000 { ended.removeAll() }
                } else {
                    states[row.orderID] = row
                }
            case .execution(_, let told):
                let row = told.row
                types.insert(row.type.name)
                if row.type == .funding { fundings += 1 }
            default: break
            }
        }
        output.removeAll()
    }

    mutating func request(_ exchange: inout SimulatedExchange) throws {
        if !open.isEmpty, chance.below(3) == 0 || open.count > 200 {
            try change(&exchange)
            return
        }
        let product = products[chance.below(products.count)]
        guard let reference = exchange.reference(product.id),
            let scale = exchange.listing(product.id)?.instrument.scale
        else { return }
        let tick = try scale.price(Numeral(text: product.tick)).units
        let step = try scale.quantity(Numeral(text: product.step)).units
        let price = reference.mark.units + Int64(chance.below(21) - 10) * tick
        let lots = Int64(1 + chance.below(product.category == .inverse ? 3_000 : 30))
        let account = chance.below(4)
        var options = OrderOptions()
        if product.category == .linear || product.category == .inverse {
            try decorate(&options, reference.mark.units, tick, scale)
        }
        options.selfMatch =
            product.category == .spread
            ? .none : SelfMatchPrevention.allCases[chance.below(4)]
        let isMarket = chance.below(6) == 0
        let kinds: [TimeInForce] = [.goodTillCancelled, .immediateOrCancel, .fillOrKill, .postOnly]
        links += 1
        let byValue = product.category == .spot && isMarket
        let amount = Numeral(mantissa: Int64(10 + chance.below(2_000)), decimals: 0)
        let isBuy = chance.below(2) == 0
        if byValue, !isBuy { options.isQuoteQuantity = chance.below(2) == 0 }
        let isAmount = byValue && (isBuy || options.isQuoteQuantity == true)
        let reply = exchange.place(
            OrderRequest(
                instrument: product.id,
                orderLinkID: "r\(links)",
                side: isBuy ? .buy : .sell,
                type: isMarket ? .market : .limit,
                timeInForce: kinds[chance.below(4)],
                quantity: isAmount ? amount : scale.numeral(Quantity(units: lots * step)),
                price: isMarket ? nil : scale.numeral(Price(units: price)),
                reduceOnly: options.takeProfit == nil && options.stopLoss == nil
                    && (product.category == .linear || product.category == .inverse)
                    && chance.below(6) == 0
            ),
            options,
            for: AccountID(index: account),
            into: &output
        )
        if reply.isAccepted { open.append((account, product.id, reply.orderID)) }
    }

    /// Conditional orders and exits, now and then.
    private mutating func decorate(
        _ options: inout OrderOptions,
        _ mark: Int64,
        _ tick: Int64,
        _ scale: Scale
    ) throws {
        func at(_ ticks: Int) -> Numeral { scale.numeral(Price(units: mark + Int64(ticks) * tick)) }
        switch chance.below(8) {
        case 0:
            let ticks = chance.below(200) - 100
            options.triggerPrice = at(ticks)
            options.triggerDirection = ticks > 0 ? 1 : 2
            options.triggerBy = TriggerSource.allCases[chance.below(3)]
            options.closeOnTrigger = chance.below(4) == 0
        case 1:
            options.exitMode = chance.below(2) == 0 ? .full : .partial
            options.takeProfit = ExitTerms(price: at(chance.below(400) - 200), by: .mark)
            options.stopLoss = ExitTerms(price: at(chance.below(400) - 200), by: .last)
        default: break
        }
    }

    private mutating func change(_ exchange: inout SimulatedExchange) throws {
        let place = chance.below(open.count)
        let order = open[place]
        let account = AccountID(index: order.account)
        if chance.below(3) == 0, let scale = exchange.listing(order.id)?.instrument.scale,
            let mark = exchange.reference(order.id)?.mark.units
        {
            _ = exchange.amend(
                AmendRequest(
                    instrument: order.id,
                    orderLinkID: "",
                    orderID: order.order,
                    quantity: chance.below(2) == 0
                        ? scale.numeral(Quantity(units: Int64(1 + chance.below(40)))) : nil,
                    price: chance.below(2) == 0
                        ? scale.numeral(Price(units: mark + Int64(chance.below(21)) - 10)) : nil
                ),
                for: account,
                into: &output
            )
            return
        }
        open.swapAt(place, open.count - 1)
        open.removeLast()
        _ = exchange.cancel(
            CancelRequest(instrument: order.id, orderLinkID: "", orderID: order.order),
            for: account,
            into: &output
        )
    }
}
