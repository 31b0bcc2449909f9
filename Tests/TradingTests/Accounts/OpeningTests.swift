import Market
import Testing

@testable import Trading

/// The opening: positions and balance are told by answers of their own, each of its own moment.
@Suite struct OpeningTests {
    private static let base = Bench.start / 1_000_000

    /// Begins with a flat account whose positions are told at 1,000 ms and whose wallet is told at `wallet`.
    private func bench(
        balance: String,
        wallet: Int64,
        meanwhile: [ExecutionReport] = []
    ) throws -> Bench {
        var bench = try Bench(strategies: [.puppet()])
        bench.begin()
        try bench.instruments()
        bench.link(.connected, "private/main")
        bench.link(.ready, "private/main")
        bench.reply(.openOrders)
        bench.reply(.executions)
        bench.reply(.positions, query: "category=linear&settleCoin=USDT") {
            $0.exchangeMilliseconds = Self.base + 1_000
        }
        bench.reply(.positions, query: "category=linear&settleCoin=USDC") {
            $0.exchangeMilliseconds = Self.base + 1_001
        }
        if !meanwhile.isEmpty {
            bench.feed("private/main/execution") {
                $0.kind = .executions
                $0.executions = meanwhile
            }
        }
        try bench.reply(.wallet, query: "accountType=UNIFIED") {
            $0.exchangeMilliseconds = Self.base + wallet
            $0.wallets = [WalletUpdate(coin: "USDT", walletBalance: try Amount(text: balance))]
        }
        return bench
    }

    private func fill(_ id: String, at milliseconds: Int64, seq: Int64) throws -> ExecutionReport {
        try Row.fill(
            id,
            quantity: "0.010",
            price: "90000",
            fee: "0.18",
            seq: seq,
            milliseconds: Self.base + milliseconds
        )
    }

    @Test
    func `a fill between the answers of positions and wallet is in the one and not the other`()
        throws
    {
        // The fee of the fill is in the balance that is told after it.
        var bench = try bench(
            balance: "9999.82",
            wallet: 1_010,
            meanwhile: [try fill("e1", at: 1_005, seq: 7)]
        )
        #expect(bench.engine.isReconciled)
        #expect(bench.engine.ledger.position(Bench.btc).size.description == "0.01")
        let wallet = try #require(bench.engine.ledger.wallets["USDT"])
        #expect(wallet.opening?.description == "10000")
        #expect(wallet.balance?.description == "9999.82")
        bench.position(try Row.position(.buy, "0.010", entry: "90000", seq: 7))
        for _ in 0..<10 { bench.tick() }
        #expect(bench.outputs.findings(.audit).isEmpty)
    }

    @Test func `a fill of before the positions' answer is in both`() throws {
        let bench = try bench(
            balance: "9999.82",
            wallet: 1_010,
            meanwhile: [try fill("e0", at: 900, seq: 6)]
        )
        #expect(bench.engine.ledger.position(Bench.btc).isFlat)
        #expect(bench.engine.ledger.wallets["USDT"]?.balance?.description == "9999.82")
    }

    @Test
    func `a fill of after the wallet's answer is in neither, though it came before the opening`()
        throws
    {
        // Its push was faster than the answer.
        var bench = try bench(
            balance: "10000",
            wallet: 1_010,
            meanwhile: [try fill("e2", at: 1_020, seq: 8)]
        )
        #expect(bench.engine.ledger.position(Bench.btc).size.description == "0.01")
        #expect(bench.engine.ledger.wallets["USDT"]?.opening?.description == "10000")
        #expect(bench.engine.ledger.wallets["USDT"]?.balance?.description == "9999.82")
        try bench.wallet("9999.82")
        for _ in 0..<10 { bench.tick() }
        #expect(bench.outputs.findings(.audit).isEmpty)
    }

    @Test func `an answer that is older than a push does not take its place`() throws {
        var bench = try bench(balance: "10000", wallet: 1_010)
        func told(_ balance: String, at milliseconds: Int64) throws -> Event {
            var event = Event()
            event.kind = .wallets
            event.exchangeMilliseconds = Self.base + milliseconds
            event.wallets = [WalletUpdate(coin: "USDT", walletBalance: try Amount(text: balance))]
            return event
        }
        let newer = try told("9999.82", at: 2_000)
        let older = try told("10000", at: 1_500)
        bench.feed("private/main/wallet") { $0 = newer }
        bench.feed("private/main/wallet") { $0 = older }
        #expect(bench.engine.ledger.wallets["USDT"]?.told?.description == "9999.82")
    }

    @Test func `what was there at the beginning is marked until it is gone`() throws {
        var bench = try Bench(strategies: [.puppet()])
        bench.begin()
        try bench.instruments()
        try bench.reconcile(positions: [try Row.position(.buy, "0.020", entry: "90000", seq: 5)])
        #expect(bench.engine.account().holdings.map(\.isOpening) == [true])
        bench.execution(try Row.fill("e1", side: .sell, quantity: "0.010", price: "90100", seq: 6))
        #expect(bench.engine.bookings.map(\.isOpening) == [true])
        // Through zero: what closes is of before, what opens is not.
        bench.execution(try Row.fill("e2", side: .sell, quantity: "0.030", price: "90100", seq: 7))
        #expect(bench.engine.bookings.map(\.isOpening) == [true])
        #expect(bench.engine.account().holdings.map(\.isOpening) == [false])
        bench.execution(try Row.fill("e3", quantity: "0.020", price: "90100", seq: 8))
        #expect(bench.engine.bookings.map(\.isOpening) == [false])
    }
}
