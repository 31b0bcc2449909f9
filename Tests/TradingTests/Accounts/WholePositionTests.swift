import Market
import Testing

@testable import Trading

/// What concerns a whole position, funding and delivery: the strategies' shares bear all of it, each fee in its own coin.
@Suite struct WholePositionTests {
    private static let dated = InstrumentID(.linear, Symbol("BTCUSDT-25DEC26") ?? .none)

    private func book(
        _ desk: inout TripDesk,
        _ id: String,
        _ side: Side,
        _ quantity: String,
        _ price: String,
        by strategy: String,
        seq: Int64
    ) throws {
        var row = try Row.fill(
            id,
            side: side,
            quantity: quantity,
            price: price,
            rate: "0",
            seq: seq
        )
        row.instrument = Self.dated
        try desk.book(row, strategy: strategy)
    }

    private func delivery(
        _ quantity: String,
        _ price: String,
        fee: String = "0",
        coin: String = "",
        extra: [ExtraFee] = []
    ) throws -> ExecutionReport {
        var row = try Row.fill(
            "d",
            side: .sell,
            quantity: quantity,
            price: price,
            fee: fee,
            seq: 99
        )
        row.instrument = Self.dated
        row.type = .delivery
        row.feeRate = nil
        row.feeCoin = coin
        row.extraFees = extra
        return row
    }

    private func share(_ desk: TripDesk, _ strategy: String) -> Position {
        desk.ledger.position(Self.dated, of: strategy)
    }

    /// Of the shares, whose sums are the account's.
    private func check(_ desk: TripDesk) throws {
        var sum = Position()
        for position in desk.ledger.shares.values {
            sum.realised = try sum.realised.adding(position.realised)
            sum.fees = try sum.fees.adding(position.fees)
            sum.funding = try sum.funding.adding(position.funding)
            sum.size = try sum.size.adding(position.size)
        }
        let whole = desk.ledger.position(Self.dated)
        #expect(sum.realised == whole.realised && sum.fees == whole.fees)
        #expect(sum.funding == whole.funding && sum.size == whole.size)
        try desk.check("whole")
    }

    @Test func `funding that is told when its position is gone is borne all the same`() throws {
        var desk = TripDesk()
        try book(&desk, "1", .buy, "1", "100", by: "a", seq: 1)
        try book(&desk, "2", .sell, "1", "101", by: "a", seq: 2)
        var row = try Row.funding(
            "f",
            side: .buy,
            quantity: "1",
            mark: "100",
            rate: "0.0001",
            paid: "0.01"
        )
        row.instrument = Self.dated
        let booking = try desk.book(row)
        #expect(booking.parts.map(\.strategy) == [Order.external])
        #expect(booking.discrepancies.map(\.field) == ["funding size"])
        #expect(share(desk, Order.external).funding.description == "0.01")
        #expect(desk.ledger.position(Self.dated).funding.description == "0.01")
        try check(desk)
    }

    @Test func `extra fees of funding are paid too`() throws {
        var desk = TripDesk()
        try book(&desk, "1", .buy, "1", "100", by: "a", seq: 1)
        try book(&desk, "2", .buy, "3", "100", by: "b", seq: 2)
        var row = try Row.funding(
            "f",
            side: .buy,
            quantity: "4",
            mark: "100",
            rate: "0.0001",
            paid: "0.04"
        )
        row.instrument = Self.dated
        row.extraFees = [ExtraFee(coin: "USDT", type: "GST", amount: try Amount(text: "0.008"))]
        let booking = try desk.book(row)
        #expect(booking.fee.description == "0.008" && booking.funding.description == "0.04")
        #expect(share(desk, "a").fees.description == "0.002")
        #expect(share(desk, "b").fees.description == "0.006")
        #expect(share(desk, "b").funding.description == "0.03")
        #expect(desk.ledger.wallets["USDT"]?.sums.total.description == "-0.048")
        try check(desk)
    }

    @Test func `strategies that hold against each other are delivered both`() throws {
        var desk = TripDesk()
        try book(&desk, "1", .buy, "2", "100", by: "a", seq: 1)
        try book(&desk, "2", .sell, "1", "110", by: "b", seq: 2)
        let booking = try desk.book(delivery("1", "120", fee: "0.06"))
        #expect(booking.realised.description == "20")
        #expect(share(desk, "a").realised.description == "40")
        #expect(share(desk, "b").realised.description == "-10")
        #expect(share(desk, "a").isFlat && share(desk, "b").isFlat)
        // By size: 2 and −1 of 1.
        #expect(share(desk, "a").fees.description == "0.12")
        #expect(share(desk, "b").fees.description == "-0.06")
        try check(desk)
    }

    @Test func `nor does a share stay open where the account holds nothing`() throws {
        var desk = TripDesk()
        try book(&desk, "1", .buy, "1", "100", by: "a", seq: 1)
        try book(&desk, "2", .sell, "1", "110", by: "b", seq: 2)
        try desk.book(delivery("0", "120"))
        #expect(share(desk, "a").realised.description == "20")
        #expect(share(desk, "b").realised.description == "-10")
        #expect(share(desk, "a").isFlat && share(desk, "b").isFlat)
        try check(desk)
    }

    @Test func `a delivery's fee in another coin is none of the settle coin`() throws {
        var desk = TripDesk()
        try book(&desk, "1", .buy, "1", "100", by: "a", seq: 1)
        let booking = try desk.book(delivery("1", "120", fee: "3", coin: "MNT"))
        #expect(booking.fee.isZero)
        #expect(desk.ledger.position(Self.dated).fees.isZero && share(desk, "a").fees.isZero)
        #expect(desk.ledger.accounts[Self.dated]?.otherFees["MNT"]?.description == "3")
        #expect(desk.ledger.wallets["MNT"]?.sums.fee.description == "-3")
        #expect(desk.ledger.wallets["USDT"]?.sums.total.description == "20")
        try check(desk)
    }

    @Test func `a delivery's extra fees are paid too`() throws {
        var desk = TripDesk()
        try book(&desk, "1", .buy, "1", "100", by: "a", seq: 1)
        let extra = [
            ExtraFee(coin: "USDT", type: "GST", amount: try Amount(text: "0.01")),
            ExtraFee(coin: "MNT", type: "GST", amount: try Amount(text: "0.5")),
        ]
        let booking = try desk.book(delivery("1", "120", fee: "0.06", extra: extra))
        #expect(booking.fee.description == "0.07")
        #expect(share(desk, "a").fees.description == "0.07")
        #expect(desk.ledger.accounts[Self.dated]?.otherFees["MNT"]?.description == "0.5")
        #expect(desk.ledger.wallets["USDT"]?.sums.total.description == "19.93")
        try check(desk)
    }
}
