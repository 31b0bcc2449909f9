import Market
import Simulation
import Testing

/// The order life cycles of bybit-v5 §4.9 that the tables of order types and conditional orders leave out.
@Suite struct OrderLifeCycleTests {
    private let account = AccountID(index: 0)

    private func rows(_ output: ExchangeOutput) -> [OrderUpdate] {
        output.events.compactMap { event in
            if case .order(_, let told) = event.event { told.row } else { nil }
        }
    }

    private func exchange(_ product: Product) throws -> SimulatedExchange {
        let (quantity, price) = OrderLifeCycleTests.first(product)
        return try .with(
            [try product.still(opening: [(.sell, quantity, price)], index: "90000")],
            [["USDT": "100000", "USDC": "100000", "BTC": "10"]]
        )
    }

    /// What rests on the other side.
    private static func first(_ product: Product) -> (quantity: String, price: String) {
        switch product.category {
        case .inverse: ("100", "90000")
        case .option: ("0.10", "250")
        default: ("0.010", "90000")
        }
    }

    private static func twice(_ product: Product) -> String {
        switch product.category {
        case .inverse: "200"
        case .option: "0.20"
        default: "0.020"
        }
    }

    @Test(arguments: [Product.linear, .usdc, .inverse, .call, .spot])
    func `a cancelled order with fills says so in the word of its product`(
        _ product: Product
    ) throws {
        var exchange = try exchange(product)
        var output = ExchangeOutput()
        let (part, price) = OrderLifeCycleTests.first(product)
        let whole = OrderLifeCycleTests.twice(product)
        #expect(try exchange.order(product, .buy, whole, price, into: &output).code == 0)
        let wish = CancelRequest(instrument: product.id, orderLinkID: "x")
        #expect(exchange.cancel(wish, for: account, into: &output).isAccepted)
        let ended = product.category == .spot ? "PartiallyFilledCanceled" : "Cancelled"
        #expect(rows(output).map(\.status.name) == ["New", "PartiallyFilled", ended])
        let last = try #require(rows(output).last)
        #expect(last.filledQuantity.description == part)
        #expect(last.leavesQuantity?.isZero == true)
        #expect(last.cancelType == "CancelByUser" && last.rejectReason == "EC_PerCancelRequest")
        #expect(exchange.openOrders(account, RowQuery()).rows.isEmpty)
        #expect(exchange.brokenBooks() == nil)
    }

    @Test(arguments: [Product.linear, .usdc, .inverse, .call, .spot])
    func `an amended order keeps its id and state, with later times and what was wanted`(
        _ product: Product
    ) throws {
        var exchange = try exchange(product)
        var output = ExchangeOutput()
        let (part, price) = OrderLifeCycleTests.first(product)
        let whole = OrderLifeCycleTests.twice(product)
        let lower = product.category == .option ? "245" : "89999"
        try exchange.order(product, .buy, whole, lower, into: &output)
        exchange.advance(to: start.advanced(nanoseconds: second), into: &output)
        output.removeAll()
        // Without a fill: to the touch, where half of it trades.
        func amend(_ quantity: String?, _ price: String?) throws -> OrderReply {
            exchange.amend(
                AmendRequest(
                    instrument: product.id,
                    orderLinkID: "x",
                    quantity: try quantity.map { text in try Numeral(text: text) },
                    price: try price.map { text in try Numeral(text: text) }
                ),
                for: account,
                into: &output
            )
        }
        #expect(try amend(nil, price).isAccepted)
        exchange.advance(to: start.advanced(nanoseconds: 2 * second), into: &output)
        // With a fill: down again.
        #expect(try amend(nil, lower).isAccepted)
        let told = rows(output)
        #expect(told.map(\.status.name) == ["New", "PartiallyFilled", "PartiallyFilled"])
        #expect(Set(told.map(\.orderID)).count == 1)
        let wanted = try [price, price, lower].map { text in try Numeral(text: text) }
        #expect(told.map(\.price) == wanted)
        let times = told.map { $0.updatedMilliseconds - start.milliseconds }
        #expect(times == [1_000, 1_000, 2_000])
        #expect(told.allSatisfy { $0.createdMilliseconds == start.milliseconds })
        // What is refused is in the answer alone: at or below what is filled, or nothing new.
        output.removeAll()
        #expect(try amend(part, nil).code == (product.category == .spot ? 170313 : 110064))
        #expect(try !amend(whole, lower).isAccepted)
        #expect(output.events.isEmpty)
        #expect(exchange.openOrders(account, RowQuery()).rows == [try #require(told.last)])
    }
}
