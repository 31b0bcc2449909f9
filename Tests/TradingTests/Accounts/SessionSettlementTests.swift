import Market
import Testing

@testable import Trading

/// Session settlements of USDC contracts, whose word comes with the transaction log: a minute after, and behind fills.
@Suite struct SessionSettlementTests {
    private let perpetual: InstrumentID

    init() throws { perpetual = InstrumentID(.linear, try #require(Symbol("BTCPERP"))) }

    private func fill(
        _ id: String,
        _ side: Side,
        _ quantity: String,
        _ price: String,
        at milliseconds: Int64,
        realised: String? = nil
    ) throws -> ExecutionReport {
        ExecutionReport(
            instrument: perpetual,
            executionID: id,
            type: .trade,
            orderID: "o-" + id,
            orderLinkID: "",
            side: side,
            price: try Numeral(text: price),
            quantity: try Numeral(text: quantity),
            value: .zero,
            fee: .zero,
            realisedPnL: try realised.map { try Amount(text: $0) },
            timeMilliseconds: milliseconds,
            crossSequence: milliseconds
        )
    }

    private func settlement(_ told: String, at milliseconds: Int64) throws -> TransactionRow {
        TransactionRow(
            id: "s\(milliseconds)",
            type: "SETTLEMENT",
            category: .linear,
            symbol: "BTCPERP",
            coin: "USDC",
            tradePrice: try Numeral(text: "90400"),
            cashFlow: try Amount(text: told),
            change: try Amount(text: told),
            balance: .zero,
            timeMilliseconds: milliseconds
        )
    }

    /// Fills before and after a settlement at 100; the figures of the exchange count it.
    private func rows() throws -> (before: [ExecutionReport], after: [ExecutionReport]) {
        (
            [try fill("1", .buy, "0.5", "90000", at: 10, realised: "0")],
            [
                // Of the session price 90,400, and not of the entry price.
                try fill("2", .sell, "0.2", "90300", at: 110, realised: "-20"),
                try fill("3", .buy, "0.1", "90500", at: 120, realised: "0"),
                // What is left: 0.3 at 90,400 and 0.1 at 90,500 of the session.
                try fill("4", .sell, "0.4", "90600", at: 130, realised: "70"),
            ]
        )
    }

    private func ledger(_ rows: [ExecutionReport]) throws -> Ledger {
        var ledger = Ledger()
        ledger.opened = .zero
        for row in rows {
            let booking = ledger.book(row, strategy: row.executionID == "3" ? "b" : "a", terms: nil)
            #expect(booking.outcome == .booked)
            #expect(booking.discrepancies.isEmpty)
        }
        return ledger
    }

    @Test(arguments: 0...3)
    func `a settlement that is told behind fills ends as one that is told in time`(late: Int) throws
    {
        let rows = try rows()
        var inTime = try ledger(rows.before)
        _ = try inTime.count(settlement("200", at: 100))
        for row in rows.after {
            let booking = inTime.book(row, strategy: row.executionID == "3" ? "b" : "a", terms: nil)
            #expect(booking.discrepancies.isEmpty)
        }
        var behind = try ledger(rows.before + rows.after.prefix(late))
        let counted = try #require(try behind.count(settlement("200", at: 100)))
        #expect(counted.discrepancy == nil)
        #expect(counted.kind == .sessionSettlement)
        for row in rows.after.dropFirst(late) {
            let booking = behind.book(row, strategy: row.executionID == "3" ? "b" : "a", terms: nil)
            #expect(booking.discrepancies.isEmpty)
        }
        #expect(behind.position(perpetual) == inTime.position(perpetual))
        #expect(behind.wallets["USDC"]?.sums == inTime.wallets["USDC"]?.sums)
        // 200 − 20 + 70: the whole is what was earned from 90,000 on.
        #expect(behind.wallets["USDC"]?.sums.total.description == "250")
        #expect(behind.position(perpetual).realised.description == "250")
        for strategy in ["a", "b"] {
            #expect(
                behind.position(perpetual, of: strategy) == inTime.position(perpetual, of: strategy)
            )
        }
        // The same row again changes nothing.
        #expect(try behind.count(settlement("200", at: 100)) == nil)
    }

    @Test func `figures that no settlement explains are told after three minutes`() throws {
        var ledger = try ledger([
            try fill("1", .buy, "0.5", "90000", at: 10, realised: "0"),
            try fill("2", .sell, "0.2", "90300", at: 110, realised: "-20"),
        ])
        let early = try #require(Timestamp(milliseconds: 100_000))
        let late = try #require(Timestamp(milliseconds: 181_000))
        #expect(ledger.audit(at: early).isEmpty)
        let told = ledger.audit(at: late)
        #expect(told.map(\.difference.field) == ["realised"])
        #expect(told.map(\.difference.ours) == ["60"])
        #expect(ledger.audit(at: late).isEmpty)
    }

    @Test func `a fill of long before the settlement is not touched`() throws {
        var ledger = try ledger([
            try fill("1", .buy, "0.5", "90000", at: 10, realised: "0"),
            try fill("2", .sell, "0.2", "90300", at: 50, realised: "60"),
        ])
        #expect(try ledger.count(settlement("120", at: 100))?.discrepancy == nil)
        #expect(ledger.wallets["USDC"]?.sums.total.description == "180")
    }
}
