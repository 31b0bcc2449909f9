import Bybit
import Market
import Simulation

/// Another client of an account: an app or a bot that trades beside the session, and money that comes and goes.
struct DayClient {
    let holder: DayExchange.Holder
    private var chance: Chance
    private var number = 0
    private(set) var requests = 0
    private(set) var refusals = 0
    private(set) var flows = 0
    /// A loan has been called back, so that what was left carried the position no more.
    private var isCalled = false

    init(_ holder: DayExchange.Holder, seed: UInt64) {
        self.holder = holder
        chance = Chance(seed: seed &* 31 &+ UInt64(holder.place))
    }

    /// One request: an order in any product, combinations too; sometimes the end of all orders of a category.
    mutating func act(on exchange: DayExchange) {
        let product = chance.pick(exchange.products)
        let isSpread = product.id.category == .spread
        if chance.below(25) == 0 {
            let category = product.id.category.name
            let body = #"{"category":"\#(category)","symbol":"\#(product.id.symbol)"}"#
            let path = isSpread ? "/v5/spread/order/cancel-all" : "/v5/order/cancel-all"
            return post(path, isSpread ? "{}" : body, exchange)
        }
        let isMarket = chance.below(3) == 0 && !isSpread && product.id.category != .option
        order(
            product,
            chance.below(2) == 0 ? .buy : .sell,
            lots: Int64(1 + chance.below(chance.below(12) == 0 ? 60 : 8)),
            ticksAway: isMarket ? nil : Int64(chance.below(9)) - 4,
            chance.pick(["GTC", "IOC", "PostOnly"]),
            on: exchange
        )
    }

    /// - Parameter ticksAway: of the price from the mark; `nil`: a market order.
    mutating func order(
        _ product: DayProduct,
        _ side: Side,
        lots: Int64,
        ticksAway: Int64?,
        _ timeInForce: String = "GTC",
        on exchange: DayExchange
    ) {
        number += 1
        guard let reference = exchange.exchange.reference(product.id),
            let listing = exchange.exchange.listing(product.id)
        else { return }
        let scale = listing.instrument.scale
        let isSpread = product.id.category == .spread
        let quantity = scale.numeral(Quantity(units: product.lot * lots))
        var fields = [
            #""symbol":"\#(product.id.symbol)""#, #""side":"\#(side.name)""#,
            #""orderType":"\#(ticksAway == nil ? "Market" : "Limit")""#,
            #""qty":"\#(quantity)""#, #""orderLinkId":"app-\#(holder.place)-\#(number)""#,
        ]
        if !isSpread { fields.append(#""category":"\#(product.id.category.name)""#) }
        if let ticksAway {
            let price = reference.mark.units + ticksAway * listing.instrument.tickSize.units
            guard product.id.category != .option || price > 0 else { return }
            fields.append(#""price":"\#(scale.numeral(Price(units: price)))""#)
            fields.append(#""timeInForce":"\#(timeInForce)""#)
        } else if product.id.category == .spot {
            // The quantity of a market order is of the quote coin, unless it says otherwise.
            fields.append(#""marketUnit":"baseCoin""#)
        }
        let path = isSpread ? "/v5/spread/order/create" : "/v5/order/create"
        post(path, "{" + fields.joined(separator: ",") + "}", exchange)
    }

    private mutating func post(_ path: String, _ body: String, _ exchange: DayExchange) {
        var request = RESTRequest(endpoint: .other(path), body: Array(body.utf8))
        request.method = "POST"
        requests += 1
        let answer = exchange.answer(request, of: holder)
        if !String(decoding: answer.body, as: UTF8.self).contains(#""retCode":0"#) { refusals += 1 }
    }

    /// Money from outside: a deposit that makes up for what was lost, a loan, its interest, its end.
    mutating func flow(on exchange: DayExchange) throws {
        for (coin, amount) in DayExchange.deposits.sorted(by: { $0.key < $1.key }) {
            let usual = try Amount(text: amount)
            let tenth = Amount(units: usual.units / 10)
            flows += 1
            if coin == "USDC", flows > 9, try callBack(on: exchange) { continue }
            switch chance.below(5) {
            case 0: exchange.book(.borrow, tenth, of: coin, for: holder)
            case 1: exchange.book(.repay, tenth.negated, of: coin, for: holder)
            case 2:
                let paid = Amount(units: -(usual.units / 100_000) - 12_345_678)
                exchange.book(.interest, paid, of: coin, for: holder)
            default:
                // Back to half of what it began with, up or down.
                let balance = exchange.balance(coin, of: holder)
                let half = Amount(units: usual.units / 2)
                exchange.book(.deposit, try half.subtracting(balance), of: coin, for: holder)
            }
        }
    }

    /// Once, while a perpetual of USDC is held: so much of a loan goes back that half of the maintenance margin is left, and the
    /// exchange takes the position over.
    private mutating func callBack(on exchange: DayExchange) throws -> Bool {
        guard !isCalled,
            let perpetual = exchange.products.first(where: { $0.id.symbol.description == "BTCPERP" }
            ),
            let row = exchange.exchange.position(holder.account, perpetual.id), !row.size.isZero,
            let value = row.positionValue, let gain = row.unrealisedPnL
        else { return false }
        isCalled = true
        let left = try Amount(units: value.units / 400).subtracting(gain)
        let paid = try left.subtracting(exchange.balance("USDC", of: holder))
        exchange.book(.repay, paid, of: "USDC", for: holder)
        return true
    }
}
