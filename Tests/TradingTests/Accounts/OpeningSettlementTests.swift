import Market
import Testing

@testable import Trading

/// A session settlement of USDC contracts whose side of the opening time decided first, and the log then otherwise.
@Suite struct OpeningSettlementTests {
    private static let perpetual = InstrumentID(.linear, Symbol("BTCPERP") ?? .none)

    /// 0.5 BTC that were listed at 90,000, before the settlement, and a balance of USDC of 1,000 ms.
    private func opened(_ balance: String) throws -> OpeningBench {
        var held = try Row.position(.buy, "0.5", entry: "90000", seq: 6)
        held.instrument = Self.perpetual
        var opening = try OpeningBench()
        opening.rest()
        opening.positions([held], at: 0)
        try opening.wallet([("USDC", balance)], at: 1_000)
        return opening
    }

    /// At 90,400: 200 USDC were earned, and 1 USDC of funding is in the same row, as an execution tells it.
    private func settlement(leaves balance: String, at milliseconds: Int64) throws -> TransactionRow
    {
        var row = try OpeningBench.row(
            "s",
            "SETTLEMENT",
            coin: "USDC",
            cash: "200",
            change: "199",
            leaves: balance,
            at: milliseconds
        )
        row.category = .linear
        row.symbol = "BTCPERP"
        row.tradePrice = try Numeral(text: "90400")
        return row
    }

    private func transfer(leaves balance: String, at milliseconds: Int64) throws -> TransactionRow {
        try OpeningBench.row(
            "t",
            "TRANSFER_OUT",
            coin: "USDC",
            change: "-3",
            leaves: balance,
            at: milliseconds
        )
    }

    private func expectSettled(_ opening: OpeningBench) {
        let position = opening.ledger.position(Self.perpetual)
        #expect(position.size.description == "0.5")
        #expect(position.realised.description == "200")
        #expect(opening.ledger.wallets["USDC"]?.sums.sessionSettlement.description == "200")
        #expect(opening.bench.outputs.findings(.audit).isEmpty)
        #expect(opening.ties.map(\.subject) == ["transaction s opening"])
    }

    /// Its own flow, and not all of its row, is what the opening balance began the lower by.
    @Test func `one that was counted behind the opening balance and is in it`() throws {
        let settlement = try settlement(leaves: "10199", at: 1_010)
        let transfer = try transfer(leaves: "10196", at: 1_020)
        var opening = try opened("10196")
        opening.log([settlement])
        #expect(opening.balance("USDC") == "10396")
        expectSettled(opening)
        for _ in 0..<2 {
            opening.log([settlement, transfer])
            #expect(opening.balance("USDC") == "10196")
            #expect(opening.ledger.wallets["USDC"]?.opening?.description == "9996")
            expectSettled(opening)
        }
        try opening.settle([("USDC", "10196")])
        #expect(opening.bench.outputs.findings(.audit).isEmpty)
    }

    @Test func `one that was taken for part of the opening balance and is behind it`() throws {
        let transfer = try transfer(leaves: "9997", at: 990)
        let settlement = try settlement(leaves: "10196", at: 995)
        var opening = try opened("10000")
        opening.log([settlement])
        #expect(opening.balance("USDC") == "10000")
        #expect(opening.ledger.position(Self.perpetual).realised.isZero)
        #expect(opening.bench.engine.flowBookings.isEmpty)
        for (rows, kinds) in [
            // An older page, which proves of the newer one what time had not.
            ([transfer], [.sessionSettlement, .transfer]), ([transfer, settlement], []),
        ] as [([TransactionRow], [FlowKind])] {
            opening.log(rows)
            #expect(opening.bench.engine.flowBookings.map(\.kind) == kinds)
            // Funding is told by an execution, which has not come.
            #expect(opening.balance("USDC") == "10197")
            #expect(opening.ledger.wallets["USDC"]?.opening?.description == "10000")
            expectSettled(opening)
        }
    }
}
