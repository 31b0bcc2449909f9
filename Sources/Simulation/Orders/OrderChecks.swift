import Market

extension Refusal: Error {}

/// A request whose words and numbers are good, in the instrument's units.
struct CheckedOrder: Sendable {
    var listing: Int
    var side: Side
    var type: OrderType
    var timeInForce: TimeInForce
    var price: Int64
    var quantity: Int64
    var reduceOnly: Bool
    var orderLinkID: String
}

extension SimulatedExchange {
    /// Open orders of one account and symbol.
    static let openOrdersMax = 500
    /// Largest value of one order in the settle coin: with it no sum of an account can leave its
    /// range.
    static let orderValueMax = Amount(units: PowerOfTen.int128(Amount.decimals + 12))

    /// Judges a new order in the sequence: words, numbers, filters, link id, reduce-only, open
    /// orders, margin.
    func check(_ request: OrderRequest, for account: Int) throws(Refusal) -> CheckedOrder {
        guard let index = index(of: request.instrument) else { throw .unknownSymbol }
        guard request.instrument.category == .linear else { throw .notTradable }
        let instrument = states[index].instrument
        let timeInForce = try checkWords(request)
        let quantity = try checkQuantity(
            request.quantity,
            instrument,
            isMarket: request.type == .market
        )
        let price: Int64
        if request.type == .market {
            price = protectionPrice(request.side, on: index)
        } else if let limit = request.price {
            price = try checkPrice(limit, instrument)
        } else {
            throw .parameter("price is required for a limit order")
        }
        var order = CheckedOrder(
            listing: index,
            side: request.side,
            type: request.type,
            timeInForce: timeInForce,
            price: price,
            quantity: quantity,
            reduceOnly: request.reduceOnly,
            orderLinkID: request.orderLinkID
        )
        if accountStates[account].isUsed(link: request.orderLinkID) { throw .duplicateLink }
        if request.reduceOnly {
            let closable = accountStates[account].positions[index].closable(by: request.side)
            guard closable > 0 else { throw .reduceOnlyWithoutPosition }
            order.quantity = min(quantity, closable)
        }
        try checkValue(order.price, order.quantity, instrument, reduceOnly: request.reduceOnly)
        guard openOrderCount(account, on: index) < SimulatedExchange.openOrdersMax else {
            throw .tooManyOrders
        }
        if !request.reduceOnly {
            try checkMargin(account, index, request.side, adding: order.quantity, at: order.price)
        }
        return order
    }

    private func checkWords(_ request: OrderRequest) throws(Refusal) -> TimeInForce {
        let link = request.orderLinkID.utf8
        let isWord = link.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard link.count <= 36, isWord else {
            throw .parameter("orderLinkId must be at most 36 of letters, digits, - and _")
        }
        if case .other(let name) = request.type { throw .parameter("orderType \(name) invalid") }
        if case .other(let name) = request.timeInForce {
            throw .parameter("timeInForce \(name) invalid")
        }
        guard request.type == .market else { return request.timeInForce }
        // A market order is always immediate; fill-or-kill keeps its meaning.
        return request.timeInForce == .fillOrKill ? .fillOrKill : .immediateOrCancel
    }

    func checkQuantity(
        _ numeral: Numeral,
        _ instrument: Instrument,
        isMarket: Bool
    ) throws(Refusal) -> Int64 {
        let units = try? instrument.scale.quantity(numeral).units
        guard let units, units > 0, units % instrument.quantityStep.units == 0 else {
            throw .parameter("qty \(numeral) invalid")
        }
        if let least = instrument.quantityMin, units < least.units {
            throw .parameter("qty \(numeral) is less than the minimum")
        }
        let most = isMarket ? instrument.marketQuantityMax : instrument.quantityMax
        if let most, units > most.units {
            throw .parameter("qty \(numeral) exceeds the maximum")
        }
        return units
    }

    func checkPrice(_ numeral: Numeral, _ instrument: Instrument) throws(Refusal) -> Int64 {
        let units = try? instrument.scale.price(numeral).units
        guard let units, units > 0 else { throw .parameter("price \(numeral) invalid") }
        if let least = instrument.priceMin, units < least.units { throw .priceOutOfRange }
        if let most = instrument.priceMax, units > most.units { throw .priceOutOfRange }
        guard units % instrument.tickSize.units == 0 else {
            throw .parameter("price \(numeral) is not a multiple of the tick size")
        }
        return units
    }

    func checkValue(
        _ price: Int64,
        _ quantity: Int64,
        _ instrument: Instrument,
        reduceOnly: Bool
    ) throws(Refusal) {
        let value = instrument.scale.worth(price: price, quantity: quantity)
        guard value <= SimulatedExchange.orderValueMax else {
            throw .parameter("the order's value exceeds the maximum")
        }
        if !reduceOnly, let least = instrument.valueMin, value < least {
            throw .valueTooSmall("\(least)\(instrument.quoteCoin)")
        }
    }

    /// How far a market order may go: five percent from the mark price, on a tick.
    private func protectionPrice(_ side: Side, on index: Int) -> Int64 {
        let tick = states[index].instrument.tickSize.units
        let mark = states[index].mark
        let limit = mark + side.sign * (mark / 20)
        return max(tick, limit / tick * tick)
    }

    private func openOrderCount(_ account: Int, on index: Int) -> Int {
        guard accountStates[account].openCount >= SimulatedExchange.openOrdersMax else { return 0 }
        return accountStates[account].orders.count { $0?.listing == index }
    }
}
