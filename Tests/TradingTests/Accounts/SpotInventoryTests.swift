import Market
import Testing

@testable import Trading

/// Spot sales of coins that were there before the session: nothing says what they cost, and they are no short position.
@Suite struct SpotInventoryTests {
    private static let usdc = InstrumentID(.spot, Symbol("BTCUSDC") ?? .none)

    /// An account whose wallet is told at 1,000 ms.
    private func opening(btc: String, owed: String? = nil) throws -> OpeningBench {
        var opening = try OpeningBench()
        opening.rest()
        opening.positions([], at: 900)
        var coin = WalletUpdate(coin: "BTC", walletBalance: try Amount(text: btc))
        coin.spotBorrowed = try owed.map { try Amount(text: $0) }
        let rows = [WalletUpdate(coin: "USDT", walletBalance: try Amount(text: "100000")), coin]
        opening.bench.reply(.wallet, query: "accountType=UNIFIED", after: 1) {
            $0.exchangeMilliseconds = OpeningBench.base + 1_000
            $0.wallets = rows
        }
        return opening
    }

    private func trade(
        _ opening: inout OpeningBench,
        _ side: Side,
        _ quantity: String,
        _ price: String,
        of instrument: InstrumentID = OpeningBench.spot,
        fee: String = "0"
    ) throws {
        let number = Int64(opening.bench.sequence)
        var fill = try OpeningBench.fill(
            "s\(number)",
            side,
            quantity,
            at: 5_000 + number,
            price: price,
            fee: fee,
            seq: number
        )
        fill.instrument = instrument
        fill.feeRate = nil
        fill.feeCoin = instrument == Self.usdc ? "USDC" : "USDT"
        opening.bench.execution(fill)
    }

    private func last(_ opening: inout OpeningBench, _ price: String) throws {
        try opening.bench.feed("public/spot/tickers.BTCUSDT") { event in
            event.kind = .ticker
            event.category = .spot
            event.symbol = OpeningBench.spot.symbol
            event.ticker.isSnapshot = true
            event.ticker.lastPrice = try Numeral(text: price)
        }
    }

    /// The round trips of the same records.
    private func trips(_ bench: Bench) throws -> TripDesk {
        var engine = try Engine(
            configuration: bench.engine.configuration,
            registry: Bench.registry
        )
        var fold = RoundTripFold()
        var desk = TripDesk()
        for (event, header) in bench.inputs {
            var outputs = Outputs()
            engine.apply(event, at: header, outputs: &outputs)
            try fold.take(event, engine, at: header)
            desk.keep(fold.changes)
        }
        desk.ledger = engine.ledger
        return desk
    }

    @Test func `a coin that was there is sold, and nothing is owed or earned`() throws {
        var opening = try opening(btc: "1")
        try trade(&opening, .sell, "1", "90000", fee: "9")
        let booking = try #require(opening.bench.engine.bookings.first)
        #expect(booking.isOpening && booking.ofUnknownCost.description == "1")
        #expect(booking.realised.isZero && booking.shareRealised.isZero)
        try last(&opening, "95000")
        #expect(opening.size(OpeningBench.spot) == "0")
        #expect(opening.ledger.position(OpeningBench.spot, of: Order.external).isFlat)
        #expect(opening.bench.engine.total("USDT")?.description == "-9")
        #expect(opening.balance("BTC") == "0" && opening.balance("USDT") == "189991")

        // What is bought then is held at its own price.
        try trade(&opening, .buy, "1", "80000")
        let held = opening.ledger.position(OpeningBench.spot)
        #expect(held.size.description == "1" && held.entryPrice?.description == "80000")
        #expect(!held.isOpening)
        try last(&opening, "95000")
        #expect(opening.bench.engine.total("USDT")?.description == "14991")

        let desk = try trips(opening.bench)
        try desk.check("sold and bought")
        for method in TripMethod.allCases {
            let all = desk.all(method, TripKey(instrument: OpeningBench.spot))
            #expect(all.map(\.state) == [.closed, .open])
            #expect(all.map(\.isOpening) == [true, false])
            #expect(all[0].realised.isZero && all[0].exitFees.description == "9")
            #expect(all[0].entryQuantity.description == "1" && all[0].entryValue.isZero)
            #expect(all[0].exitValue.description == "90000")
            #expect(try RoundTripStatistics(all).trips == 0)
        }
    }

    @Test func `what was bought is sold first, then what was there, and the rest is short`() throws
    {
        var opening = try opening(btc: "1")
        try trade(&opening, .buy, "1", "80000")
        #expect(opening.bench.engine.bookings.first?.ofUnknownCost.isZero == true)
        try trade(&opening, .sell, "2.5", "90000", fee: "25")
        let booking = try #require(opening.bench.engine.bookings.first)
        #expect(booking.ofUnknownCost.description == "1")
        #expect(booking.realised.description == "10000")
        let position = opening.ledger.position(OpeningBench.spot)
        #expect(position.size.description == "-0.5" && position.entryPrice?.description == "90000")
        // What is bought back closes it.
        try trade(&opening, .buy, "0.5", "91000")
        #expect(opening.size(OpeningBench.spot) == "0")
        #expect(opening.ledger.position(OpeningBench.spot).realised.description == "9500")

        let desk = try trips(opening.bench)
        try desk.check("through all three")
        let all = desk.all(.flat, TripKey(instrument: OpeningBench.spot))
        #expect(all.count == 3)
        let statistics = try RoundTripStatistics(all)
        #expect(statistics.trips == 2)
        // 10,000 − 10 and −500 − 5: of the fee of 25 one part in 2.5 is the old coin's, 10.
        #expect(statistics.won.description == "9990" && statistics.lost.description == "-505")
    }

    @Test func `all pairs of a coin sell from one wallet`() throws {
        var opening = try opening(btc: "1")
        try trade(&opening, .buy, "1", "80000")
        try trade(&opening, .sell, "0.7", "90000", of: Self.usdc)
        #expect(opening.size(Self.usdc) == "0")
        // 0.3 of before are left, and 1 is of the other pair's position.
        try trade(&opening, .sell, "0.5", "90000", of: Self.usdc)
        #expect(opening.bench.engine.bookings.first?.ofUnknownCost.description == "0.3")
        #expect(opening.size(Self.usdc) == "-0.2")
        #expect(opening.size(OpeningBench.spot) == "1")
    }

    @Test func `what was borrowed is a short position`() throws {
        var borrowed = try opening(btc: "1.5", owed: "1")
        try trade(&borrowed, .sell, "1.5", "90000")
        #expect(borrowed.bench.engine.bookings.first?.ofUnknownCost.description == "0.5")
        #expect(borrowed.size(OpeningBench.spot) == "-1")
        try last(&borrowed, "95000")
        #expect(borrowed.bench.engine.total("USDT")?.description == "-5000")
    }

    @Test(arguments: [("TRANSFER_IN", "0"), ("BORROW", "-2")])
    func `what comes in is sold as what it is`(type: String, size: String) throws {
        var opening = try opening(btc: "0")
        opening.log([
            try OpeningBench.row("t1", type, coin: "BTC", change: "2", leaves: "2", at: 4_000)
        ])
        try trade(&opening, .sell, "2", "90000")
        #expect(opening.size(OpeningBench.spot) == size)
        if type == "BORROW" {
            // Bought back and repaid, and nothing is owed of what comes in then.
            try trade(&opening, .buy, "2", "90000")
            opening.log([
                try OpeningBench.row(
                    "t2",
                    "REPAY",
                    coin: "BTC",
                    change: "-2",
                    leaves: "0",
                    at: 9_000
                ),
                try OpeningBench.row("t3", coin: "BTC", change: "1", leaves: "1", at: 9_001),
            ])
            try trade(&opening, .sell, "1", "90000")
            #expect(opening.size(OpeningBench.spot) == "0")
        }
        #expect(opening.balance("BTC") == "0")
    }

    @Test func `a state in mid-session sells as the session did`() throws {
        var whole = try opening(btc: "1.5", owed: "1")
        try trade(&whole, .sell, "0.2", "90000")
        try trade(&whole, .buy, "0.4", "90000")
        try trade(&whole, .sell, "1.1", "90000")
        #expect(whole.size(OpeningBench.spot) == "-0.4")
        let inputs = whole.bench.inputs
        for cut in 1..<inputs.count {
            var first = try Bench(strategies: [.puppet()])
            for input in inputs[..<cut] { first.apply(input) }
            first.engine = try Engine(
                checkpoint: first.engine.checkpoint(),
                registry: Bench.registry
            )
            for input in inputs[cut...] { first.apply(input) }
            #expect(first.engine.stateReport() == whole.bench.engine.stateReport())
            #expect(try first.engine.checkpoint() == whole.bench.engine.checkpoint())
        }
    }
}
