import Market
import Testing

@testable import Trading

@Suite struct FlowKindTests {
    private func row(
        _ type: String,
        _ change: String = "1",
        id: String = "t"
    ) throws
        -> TransactionRow
    {
        TransactionRow(
            id: id,
            type: type,
            category: nil,
            symbol: "",
            coin: "USDT",
            change: try Amount(text: change),
            balance: .zero,
            timeMilliseconds: 5
        )
    }

    @Test(arguments: [
        ("TRANSFER_IN", FlowKind.transfer), ("TRANSFER_OUT", .transfer), ("BORROW", .transfer),
        ("REPAY", .transfer), ("INTEREST", .interest), ("AUTO_DEDUCTION", .interest),
        ("FEE_REFUND", .bonus), ("BONUS", .bonus), ("AIRDROP", .bonus),
        ("CURRENCY_BUY", .conversion), ("CURRENCY_SELL", .conversion),
        // Loans, earning and the like, to which the exchange adds.
        ("BORROWED_AMOUNT_INS_LOAN", .transfer), ("INTEREST_REPAYMENT_INS_LOAN", .interest),
        ("FLEXIBLE_STAKING_SUBSCRIPTION", .transfer), ("FIXED_STAKING_REFUND", .transfer),
        ("SPOT_REPAYMENT_BUY", .conversion), ("BONUS_RECOLLECT", .bonus),
        ("SOMETHING_NEW", .other),
    ])
    func `each word of the log is of one kind`(word: String, kind: FlowKind) throws {
        #expect(try FlowKind(transaction: row(word)) == kind)
        var ledger = Ledger()
        ledger.opened = .zero
        #expect(try ledger.count(row(word))?.kind == kind)
        #expect(ledger.wallets["USDT"]?.sums[kind].description == "1")
        #expect(ledger.wallets["USDT"]?.sums.total.description == "1")
    }

    @Test(arguments: ["TRADE", "LIQUIDATION", "ADL", "DELIVERY", "SETTLEMENT"])
    func `what an execution tells of is not counted again`(word: String) throws {
        var ledger = Ledger()
        ledger.opened = .zero
        #expect(try ledger.count(row(word)) == nil)
        #expect(ledger.wallets.isEmpty)
    }

    @Test func `a row counts once, however many there are`() throws {
        var ledger = Ledger()
        ledger.opened = .zero
        for round in 0..<2 {
            for number in 0..<10_000 {
                let counted = try ledger.count(row("TRANSFER_IN", id: "t\(number)"))
                #expect((counted != nil) == (round == 0))
            }
        }
        #expect(ledger.wallets["USDT"]?.sums.transfer.description == "10000")
    }
}
