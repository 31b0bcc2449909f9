import Market
import Testing

@testable import Trading

/// A booking is made as a whole or not at all, and each of its fees is kept.
@Suite struct AtomicBookingTests {
    private static let largest = Amount(units: .max)

    private func fill(
        _ id: String,
        feeCoin: String = "USDT",
        extra: [(String, String)] = []
    ) throws -> ExecutionReport {
        var report = try Row.fill(id, quantity: "0.010", price: "90000", fee: "0.18")
        report.feeCoin = feeCoin
        report.extraFees = try extra.map {
            ExtraFee(coin: $0.0, type: "GST", amount: try Amount(text: $0.1))
        }
        return report
    }

    @Test func `each coin of a fill's fees is kept, not only the last`() throws {
        var ledger = Ledger()
        #expect(
            ledger.take(
                try fill(
                    "e1",
                    feeCoin: "MNT",
                    extra: [("BIT", "0.02"), ("USDT", "0.03"), ("MNT", "0.01"), ("XRP", "4")]
                )
            )
        )
        let account = try #require(ledger.accounts[Bench.btc])
        #expect(account.otherFees.keys == ["BIT", "MNT", "XRP"])
        #expect(account.otherFees.values.map(\.description) == ["0.02", "0.19", "4"])
        #expect(account.position.fees.description == "0.03")
        #expect(ledger.wallets["MNT"]?.fees.description == "0.19")
        // The next one adds to them.
        #expect(ledger.take(try fill("e2", feeCoin: "XRP")))
        #expect(ledger.accounts[Bench.btc]?.otherFees["XRP"]?.description == "4.18")
    }

    @Test func `a sum of fees that does not fit leaves the wallets as the position`() throws {
        var ledger = Ledger()
        #expect(ledger.take(try fill("e1")))
        let place = try #require(ledger.accounts.index(of: Bench.btc))
        ledger.accounts.values[place].otherFees["MNT"] = Self.largest
        let before = ledger
        let booking = ledger.book(
            try fill("e2", extra: [("BIT", "1"), ("MNT", "1")]),
            strategy: Order.external,
            terms: nil
        )
        #expect(booking.outcome == .number(.overflow))
        #expect(ledger.accounts == before.accounts)
        #expect(ledger.shares == before.shares)
        #expect(ledger.wallets == before.wallets)
    }

    @Test func `flows that do not fit are taken back, the last one first`() throws {
        var ledger = Ledger()
        func units(_ amounts: Int128...) -> WalletChanges {
            WalletChanges(
                amounts.map {
                    WalletChange(coin: "USDT", kind: .fee, amount: Amount(units: $0))
                }
            )
        }
        try ledger.post(units(.max - 5))
        let before = ledger.wallets
        // Near the bound, each of the first three fits where it stands, and in no other order.
        #expect(throws: NumberError.overflow) { try ledger.post(units(-10, 12, -1, 10)) }
        #expect(ledger.wallets == before)
        #expect(throws: NumberError.overflow) { try ledger.post(units(-10, 12, 10)) }
        #expect(ledger.wallets == before)
    }
}
