import Market
import Simulation
import Testing

/// Closed P&L, folded from executions.
@Suite struct ClosedPnLTests {
    private static func exchange(_ opening: [(Side, String, String)]) throws -> SimulatedExchange {
        try SimulatedExchange.with(
            [try Product.linear.still(opening: opening)],
            [["USDT": "1000000"]]
        )
    }

    @Test func `opening fees are shared out by what is closed`() throws {
        var output = ExchangeOutput()
        var exchange = try Self.exchange([
            (.sell, "0.010", "90000"), (.sell, "0.030", "90400"), (.buy, "0.020", "89000"),
            (.buy, "1.000", "88990"),
        ])
        let account = AccountID(index: 0)
        try exchange.order(.linear, .buy, "0.040", "90400", link: "in", into: &output)
        try exchange.order(.linear, .sell, "0.020", "89000", link: "half", into: &output)
        var rows = exchange.closedPnL(account, .linear, nil, since: 0, until: .max)
        #expect(rows.count == 1)
        let half = try #require(rows.first)
        // Entry (0.010 × 90,000 + 0.030 × 90,400) ÷ 0.040 = 90,300; taker 0.055 % on both sides.
        #expect(half.side == .sell && half.closedSize?.description == "0.020")
        #expect(half.averageEntryPrice?.description == "90300")
        #expect(half.averageExitPrice?.description == "89000")
        #expect(half.entryValue?.description == "1806" && half.exitValue?.description == "1780")
        #expect(half.openFee?.description == "0.9933" && half.closeFee?.description == "0.979")
        // −26 − 0.9933 − 0.979.
        #expect(half.closedPnL?.description == "-27.9723")
        // Through zero: the closing part is the row's, the rest opens.
        try exchange.order(.linear, .sell, "0.050", "88990", link: "turn", into: &output)
        rows = exchange.closedPnL(account, .linear, nil, since: 0, until: .max)
        #expect(rows.count == 2)
        #expect(rows[0].closedSize?.description == "0.020")
        #expect(rows[0].quantity?.description == "0.050")
        #expect(rows[0].openFee?.description == "0.9933")
        // 0.020 of 0.050 × 88,990 × 0.00055.
        #expect(rows[0].closeFee?.description == "0.97889")
        #expect(exchange.closedPnL(account, .linear, nil, since: .max, until: .max).isEmpty)
        #expect(exchange.closedPnL(account, .inverse, nil, since: 0, until: .max).isEmpty)
    }

    @Test func `the sum of closed P&L and open fees is what the wallet has moved`() throws {
        var output = ExchangeOutput()
        var exchange = try Self.exchange([
            (.sell, "5.000", "90000"), (.buy, "5.000", "89990"),
        ])
        let account = AccountID(index: 0)
        for round in 0..<20 {
            let side: Side = round % 2 == 0 ? .buy : .sell
            let price = side == .buy ? "90000" : "89990"
            try exchange.order(
                .linear,
                side,
                "0.1\(round % 5)0",
                price,
                link: "w\(round)",
                into: &output
            )
        }
        let rows = exchange.closedPnL(account, .linear, nil, since: 0, until: .max)
        var sum: Int64 = 0
        for row in rows { sum += try row.closedPnL?.units(decimals: 8) ?? 0 }
        let held = exchange.balance(.wallet(account), coin: "USDT")
        let moved = Int64(held.units / 10_000_000_000) - 1_000_000 * 100_000_000
        // What is left open has paid its fee and closed nothing.
        let position = try #require(exchange.position(account, Product.linear.id))
        let open = position.positionValue.map { Int64($0.units / 10_000_000_000) } ?? 0
        let fee = open / 100_000 * 55
        #expect(abs(moved - (sum - fee)) <= 100, "\(moved) \(sum) \(fee)")
    }
}
