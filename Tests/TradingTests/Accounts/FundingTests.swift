import Market
import Testing

@testable import Trading

/// Funding of both sides, by rows whose rate has the long side's sign and by rows that turn it for a short.
@Suite struct FundingTests {
    private func held(_ side: Side, _ quantity: String = "0.011") throws -> Ledger {
        var ledger = Ledger()
        let row = try Row.fill("1", side: side, quantity: quantity, price: "28000", rate: "0")
        #expect(ledger.book(row, strategy: "a", terms: nil).outcome == .booked)
        return ledger
    }

    /// The sample of the exchange's pages, whose fee is value × rate: 0.011 × 28,399.90 × 0.00203714.
    private func funding(_ side: Side, rate: String, paid: String) throws -> ExecutionReport {
        try Row.funding(
            "f",
            side: side,
            quantity: "0.011",
            mark: "28399.90",
            rate: rate,
            paid: paid
        )
    }

    @Test(arguments: [
        (Side.buy, "0.00203714", "0.6364003"), (.buy, "-0.00203714", "-0.6364003"),
        // The long side's sign, and the position's own.
        (.sell, "-0.00203714", "0.6364003"), (.sell, "0.00203714", "0.6364003"),
        (.sell, "0.00203714", "-0.6364003"), (.sell, "-0.00203714", "-0.6364003"),
    ])
    func `what the exchange takes is booked, whose sign ever the rate has`(
        side: Side,
        rate: String,
        paid: String
    ) throws {
        var ledger = try held(side)
        let booking = ledger.book(
            try funding(side, rate: rate, paid: paid),
            strategy: Order.external,
            terms: nil
        )
        #expect(booking.discrepancies.isEmpty && booking.roundings == 1)
        #expect(booking.funding.description == paid)
        #expect(ledger.wallets["USDT"]?.sums.funding == (try Amount(text: paid).negated))
        #expect(ledger.position(Bench.btc, of: "a").funding.description == paid)
    }

    @Test func `a long position that is paid at a positive rate is a difference`() throws {
        var ledger = try held(.buy)
        let booking = ledger.book(
            try funding(.buy, rate: "0.00203714", paid: "-0.6364003"),
            strategy: Order.external,
            terms: nil
        )
        #expect(booking.discrepancies.map(\.field) == ["funding"])
    }

    @Test(arguments: [Side.buy, .sell])
    func `another figure is a difference, of either side`(side: Side) throws {
        var ledger = try held(side)
        let booking = ledger.book(
            try funding(side, rate: "0.00203714", paid: "0.6365"),
            strategy: Order.external,
            terms: nil
        )
        #expect(booking.discrepancies.map(\.field) == ["funding"])
        #expect(booking.discrepancies.first?.theirs == "0.6365")
    }
}
