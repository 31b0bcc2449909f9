import Market
import Testing

@testable import Trading

/// The price at which closing leaves nothing of what is held now (reference §9.5): what earlier holdings earned is gone.
///
/// The rate of closing is 0.00055 throughout.
@Suite struct BreakEvenTests {
    private static let perpetual = InstrumentID(.linear, Symbol("BTCPERP") ?? .none)

    private func fill(
        _ id: String,
        _ side: Side,
        _ quantity: String,
        _ price: String,
        fee: String = "0",
        realised: String? = nil,
        of instrument: InstrumentID = Bench.btc,
        at milliseconds: Int64 = 1
    ) throws -> ExecutionReport {
        var row = try Row.fill(
            id,
            side: side,
            quantity: quantity,
            price: price,
            fee: fee,
            realised: realised,
            milliseconds: milliseconds
        )
        row.instrument = instrument
        row.feeRate = nil
        row.feeCoin = ""
        return row
    }

    private func price(_ position: Position) throws -> String {
        try #require(try position.breakEven(takerRate: .zero)).description
    }

    private func book(_ ledger: inout Ledger, _ rows: ExecutionReport...) throws {
        for row in rows {
            let booking = ledger.book(row, strategy: "a", terms: nil)
            try #require(booking.outcome == .booked && booking.discrepancies.isEmpty)
        }
    }

    /// Of the account and of the strategy, which is alone in it.
    private func check(_ ledger: Ledger, _ expected: String, _ earned: String) throws {
        for position in [ledger.position(Bench.btc), ledger.position(Bench.btc, of: "a")] {
            #expect(try price(position) == expected)
            #expect(try position.earned().description == earned)
        }
    }

    @Test func `what the trade before has lost is not to be won back`() throws {
        var ledger = Ledger()
        try book(
            &ledger,
            fill("1", .buy, "1", "110"),
            fill("2", .sell, "1", "100"),
            fill("3", .buy, "1", "100")
        )
        #expect(ledger.position(Bench.btc).realised.description == "-10")
        // 100 ÷ 0.99945.
        try check(ledger, "100.05503027", "0")
    }

    @Test func `fee, funding and what was closed in part of it are its own`() throws {
        var ledger = Ledger()
        try book(
            &ledger,
            fill("1", .buy, "1", "110", fee: "0.05"),
            fill("2", .sell, "1", "100", fee: "0.05"),
            fill("3", .buy, "1", "100", fee: "0.02")
        )
        var funding = try Row.funding(
            "f",
            side: .buy,
            quantity: "1",
            mark: "100",
            rate: "0.0003",
            paid: "0.03"
        )
        funding.feeCoin = ""
        try book(&ledger, funding)
        // 100.05 ÷ 0.99945.
        try check(ledger, "100.10505778", "-0.05")
        // A half is sold at a gain of 5: (50 − 5 + 0.05) ÷ 0.499725.
        try book(&ledger, fill("4", .sell, "0.5", "110"))
        try check(ledger, "90.14958227", "4.95")
    }

    @Test func `through zero the fee of what opens is its own, the rest is of before`() throws {
        var ledger = Ledger()
        try book(
            &ledger,
            fill("1", .buy, "1", "100", fee: "0.1"),
            fill("2", .sell, "3", "110", fee: "0.3")
        )
        // Short 2 at 110, of the fee two thirds: 219.8 ÷ 2.0011.
        try check(ledger, "109.83958823", "-0.2")
    }

    @Test func `both sides of a hedge as one have what each of them has earned`() throws {
        var positions: [Position] = []
        for (side, prices) in [(Side.buy, ["110", "100", "100"]), (.sell, ["120", "120", "90"])] {
            var ledger = Ledger()
            try book(
                &ledger,
                fill("1", side, "1", prices[0]),
                fill("2", side.opposite, "1", prices[1])
            )
            try book(&ledger, fill("3", side, side == .buy ? "1" : "0.4", prices[2], fee: "0.5"))
            positions.append(ledger.position(Bench.btc))
        }
        #expect(try Position.net(positions).earned().description == "-1")
    }

    @Test func `what a session has paid is not earned twice`() throws {
        var ledger = Ledger()
        ledger.opened = .zero
        try book(&ledger, fill("1", .buy, "0.5", "90000", of: Self.perpetual))
        #expect(try price(ledger.position(Self.perpetual)) == "90049.52723998")
        _ = try ledger.count(settlement(at: 100))
        let settled = ledger.position(Self.perpetual)
        #expect(try settled.earned().description == "200")
        // Closed at 90,000 the 200 are paid back: 45,000 ÷ 0.499725 as before.
        #expect(try price(settled) == "90049.52723998")
    }

    @Test func `nor is what sessions had paid before the recording`() throws {
        let row = PositionUpdate(
            instrument: Self.perpetual,
            side: .buy,
            size: try Numeral(text: "0.5"),
            entryPrice: try Numeral(text: "90000"),
            sessionPrice: try Numeral(text: "90400"),
            updatedMilliseconds: 1,
            crossSequence: 1
        )
        let terms = try #require(ContractTerms(name: Self.perpetual))
        #expect(try price(Position(opening: row, terms)) == "90049.52723998")
    }

    private func settlement(at milliseconds: Int64) throws -> TransactionRow {
        TransactionRow(
            id: "s",
            type: "SETTLEMENT",
            category: .linear,
            symbol: "BTCPERP",
            coin: "USDC",
            tradePrice: try Numeral(text: "90400"),
            cashFlow: try Amount(text: "200"),
            change: try Amount(text: "200"),
            balance: .zero,
            timeMilliseconds: milliseconds
        )
    }

    /// Closed and opened anew, or turned round, since the settlement.
    @Test(arguments: [false, true], 0...3)
    func `a settlement told late leaves what is held now with what it has earned`(
        isTurned: Bool,
        late: Int
    ) throws {
        let before = try fill("1", .buy, "0.5", "90000", of: Self.perpetual, at: 10)
        // Of the session's price: 0.5 × −100.
        let after = [
            try fill(
                "2",
                .sell,
                isTurned ? "0.7" : "0.5",
                "90300",
                fee: "0.7",
                realised: "-50",
                of: Self.perpetual,
                at: 110
            ),
            try fill(
                "3",
                isTurned ? .sell : .buy,
                "0.2",
                "90500",
                fee: "0.1",
                realised: "0",
                of: Self.perpetual,
                at: 120
            ),
            try fill("4", .buy, "0.1", "90600", fee: "0.1", of: Self.perpetual, at: 130),
        ]
        var inTime = Ledger()
        var behind = Ledger()
        for place in 0...1 {
            var ledger = place == 0 ? inTime : behind
            ledger.opened = .zero
            _ = ledger.book(before, strategy: "a", terms: nil)
            for row in after.prefix(place == 0 ? 0 : late) {
                _ = ledger.book(row, strategy: "a", terms: nil)
            }
            _ = try ledger.count(settlement(at: 100))
            for row in after.dropFirst(place == 0 ? 0 : late) {
                _ = ledger.book(row, strategy: "a", terms: nil)
            }
            if place == 0 { inTime = ledger } else { behind = ledger }
        }
        #expect(behind.position(Self.perpetual) == inTime.position(Self.perpetual))
        #expect(
            behind.position(Self.perpetual, of: "a") == inTime.position(Self.perpetual, of: "a")
        )
        let earned = try inTime.position(Self.perpetual).earned().description
        // 0.1 + 0.1 of fees; of the fee of 0.7 two sevenths, and 0.1 bought back at 90,600 that was sold at 90,400.
        #expect(earned == (isTurned ? "-20.4" : "-0.2"))
    }
}
