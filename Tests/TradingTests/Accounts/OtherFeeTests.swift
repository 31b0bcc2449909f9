import Market
import Testing

@testable import Trading

/// Fees in a coin that is none of the instrument's: in the P&L of that coin, and in no other figure.
@Suite struct OtherFeeTests {
    private func fill(
        _ id: String,
        _ side: Side,
        _ quantity: String,
        seq: Int64,
        token: String? = nil
    ) throws -> ExecutionReport {
        var row = try Row.fill(
            id,
            side: side,
            quantity: quantity,
            price: "90000",
            rate: "0",
            fee: token ?? "0",
            seq: seq
        )
        row.feeRate = nil
        row.feeCoin = token == nil ? "USDT" : "MNT"
        return row
    }

    @Test func `a discount token is P&L of the token`() throws {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        bench.execution(try fill("1", .buy, "0.010", seq: 1, token: "30"))
        let booking = try #require(bench.engine.bookings.first)
        #expect(booking.fee.isZero)
        #expect(booking.otherFees.map(\.coin) == ["MNT"])
        #expect(booking.otherFees.map(\.amount.description) == ["30"])
        bench.execution(try fill("2", .sell, "0.010", seq: 2, token: "-4"))
        #expect(bench.engine.total("MNT")?.description == "-26")
        #expect(bench.engine.total("USDT")?.description == "0")
        #expect(bench.engine.ledger.wallets["MNT"]?.sums.total.description == "-26")
    }

    @Test func `trips that such fees were paid for are marked, and others are not`() throws {
        var desk = TripDesk()
        try desk.book(fill("1", .buy, "0.010", seq: 1))
        try desk.book(fill("2", .sell, "0.010", seq: 2))
        try desk.book(fill("3", .buy, "0.010", seq: 3, token: "30"))
        try desk.book(fill("4", .sell, "0.010", seq: 4))
        try desk.book(fill("5", .buy, "0.010", seq: 5))
        // Through zero: one trip ends by it, and one begins.
        try desk.book(fill("6", .sell, "0.030", seq: 6, token: "30"))
        try desk.book(fill("7", .buy, "0.020", seq: 7))
        try desk.book(fill("8", .buy, "0.010", seq: 8))
        for method in TripMethod.allCases {
            for strategy in ["", Order.external] {
                let key = TripKey(strategy: strategy, instrument: Bench.btc)
                let trips = desk.all(method, key)
                #expect(trips.map(\.hasOtherFees) == [false, true, true, true, false])
            }
        }
        try desk.check("marked")
    }
}
