import Market
import Testing

@testable import Trading

/// From fills to trades: their sums are the ledger's to the last digit, whatever happens.
@Suite struct RoundTripTests {
    static let products = ReferenceTests.products

    private func report(
        _ symbol: String,
        _ id: Int,
        _ side: Side,
        _ quantity: String,
        _ price: String,
        fee: String = "0",
        category: Market.Category = .linear,
        type: ExecutionType = .trade,
        realised: String? = nil,
        rate: String? = nil,
        closed: String? = nil
    ) throws -> ExecutionReport {
        ExecutionReport(
            instrument: InstrumentID(category, try #require(Symbol(symbol))),
            executionID: "e\(id)",
            type: type,
            orderID: "o\(id)",
            orderLinkID: "",
            side: side,
            price: try Numeral(text: price),
            quantity: try Numeral(text: quantity),
            value: .zero,
            fee: try Amount(text: fee),
            feeRate: try rate.map { try Numeral(text: $0) },
            realisedPnL: try realised.map { try Amount(text: $0) },
            closedQuantity: try closed.map { try Numeral(text: $0) },
            timeMilliseconds: Int64(id),
            crossSequence: Int64(id)
        )
    }

    private func texts(_ trips: [RoundTrip]) throws -> [String] {
        try trips.map {
            "\($0.isLong ? "long" : "short") \($0.entryQuantity)/\($0.exitQuantity)"
                + " \($0.realised) fees \($0.entryFees)+\($0.exitFees) net \(try $0.net()) \($0.state.rawValue)"
        }
    }

    // MARK: - By hand

    @Test func `partial closes belong to one trip from flat to flat, and to three by lots`() throws
    {
        var desk = TripDesk()
        try desk.book(try report("BTCUSDT", 1, .buy, "2", "100", fee: "0.2"), strategy: "a")
        try desk.book(try report("BTCUSDT", 2, .buy, "1", "130", fee: "0.13"), strategy: "a")
        try desk.book(try report("BTCUSDT", 3, .sell, "1", "120", fee: "0.12"), strategy: "a")
        try desk.book(try report("BTCUSDT", 4, .sell, "2", "140", fee: "0.28"), strategy: "a")
        let key = TripKey(strategy: "a", instrument: Bench.id("BTCUSDT"))
        #expect(
            try texts(desk.all(.flat, key)) == [
                "long 3/3 70 fees 0.33+0.4 net 69.27 closed"
            ]
        )
        #expect(
            try texts(desk.all(.fifo, key)) == [
                "long 1/1 40 fees 0.1+0.14 net 39.76 closed",
                "long 1/1 20 fees 0.1+0.12 net 19.78 closed",
                "long 1/1 10 fees 0.13+0.14 net 9.73 closed",
            ]
        )
        try desk.check("by hand")
    }

    @Test
    func `a fill through zero closes one trip and opens the next, its fee shared by quantity`()
        throws
    {
        var desk = TripDesk()
        try desk.book(try report("BTCUSDT", 1, .buy, "1", "100", fee: "0.1"))
        try desk.book(try report("BTCUSDT", 2, .sell, "3", "110", fee: "0.1"))
        let whole = TripKey(instrument: Bench.id("BTCUSDT"))
        #expect(
            try texts(desk.all(.flat, whole)) == [
                "long 1/1 10 fees 0.1+0.033333333333333333 net 9.866666666666666667 closed",
                "short 2/0 0 fees 0.066666666666666667+0 net -0.066666666666666667 open",
            ]
        )
        try desk.check("by hand")
    }

    @Test func `hedge mode has a trip for each side`() throws {
        var desk = TripDesk()
        try desk.book(try report("BTCUSDT", 1, .buy, "1", "100"), index: 1)
        try desk.book(try report("BTCUSDT", 2, .sell, "1", "105"), index: 2)
        try desk.book(try report("BTCUSDT", 3, .sell, "1", "110"), index: 1)
        let long = desk.all(.flat, TripKey(instrument: Bench.id("BTCUSDT"), positionIndex: 1))
        let short = desk.all(.flat, TripKey(instrument: Bench.id("BTCUSDT"), positionIndex: 2))
        #expect(long.map(\.realised.description) == ["10"])
        #expect(long.map(\.state) == [.closed])
        #expect(short.map(\.state) == [.open])
        try desk.check("hedge")
    }

    @Test func `the exchange's own rounding goes to the last piece`() throws {
        var desk = TripDesk()
        try desk.book(try report("BTCUSDT", 1, .buy, "1", "100"))
        try desk.book(try report("BTCUSDT", 2, .buy, "1", "101"))
        try desk.book(
            try report("BTCUSDT", 3, .sell, "2", "103", realised: "5.000000009")
        )
        let whole = TripKey(instrument: Bench.id("BTCUSDT"))
        #expect(desk.all(.flat, whole).map(\.realised.description) == ["5.000000009"])
        #expect(desk.all(.fifo, whole).map(\.realised.description) == ["3", "2.000000009"])
        try desk.check("rounding")
    }

    @Test
    func `funding is spread over what is open, and late funding goes to what was closed last`()
        throws
    {
        var desk = TripDesk()
        try desk.book(try report("BTCUSDT", 1, .buy, "1", "100"), strategy: "a")
        try desk.book(try report("BTCUSDT", 2, .buy, "2", "100"), strategy: "b")
        try desk.book(
            try report("BTCUSDT", 3, .buy, "3", "100", fee: "0.1", type: .funding)
        )
        let instrument = Bench.id("BTCUSDT")
        let a = desk.all(.flat, TripKey(strategy: "a", instrument: instrument))
        let b = desk.all(.flat, TripKey(strategy: "b", instrument: instrument))
        #expect(a.map(\.funding.description) == ["0.033333333333333333"])
        #expect(b.map(\.funding.description) == ["0.066666666666666667"])
        try desk.check("funding")
        try desk.book(try report("BTCUSDT", 4, .sell, "1", "100"), strategy: "a")
        try desk.book(try report("BTCUSDT", 5, .sell, "2", "100"), strategy: "b")
        try desk.book(
            try report("BTCUSDT", 6, .buy, "3", "100", fee: "0.5", type: .funding)
        )
        let whole = desk.all(.flat, TripKey(instrument: instrument))
        #expect(whole.map(\.funding.description) == ["0.6"])
        try desk.check("late funding")
    }

    @Test func `an option that is delivered ends its trip at what it is worth`() throws {
        var desk = TripDesk()
        let name = "BTC-25DEC26-90000-C-USDT"
        try desk.book(try report(name, 1, .buy, "2", "500", category: .option), strategy: "a")
        try desk.book(
            try report(name, 2, .sell, "2", "91000", fee: "3", category: .option, type: .delivery)
        )
        let instrument = InstrumentID(.option, try #require(Symbol(name)))
        for strategy in ["", "a"] {
            let trips = desk.all(.flat, TripKey(strategy: strategy, instrument: instrument))
            #expect(trips.map(\.state) == [.closed])
            #expect(trips.map(\.realised.description) == ["1000"])
            #expect(trips.map(\.exitFees.description) == ["3"])
        }
        try desk.check("delivery")
    }

    @Test
    func `what a session settlement pays is in the trip, and closing realises that much less`()
        throws
    {
        var desk = TripDesk()
        try desk.book(try report("BTCPERP", 1, .buy, "1", "100"), strategy: "a")
        try desk.book(try report("BTCPERP", 2, .buy, "2", "103"), strategy: "a")
        let instrument = Bench.id("BTCPERP")
        _ = try desk.ledger.settleSession(
            instrument,
            at: try Numeral(text: "110"),
            told: try Amount(text: "24"),
            milliseconds: .max
        )
        try desk.follow()
        try desk.check("settled")
        try desk.book(try report("BTCPERP", 3, .sell, "2", "111"), strategy: "a")
        try desk.check("partly closed")
        try desk.book(try report("BTCPERP", 4, .sell, "1", "112"), strategy: "a")
        try desk.check("closed")
        let trips = desk.all(.flat, TripKey(strategy: "a", instrument: instrument))
        #expect(trips.map(\.realised.description) == ["28"])
    }

    @Test func `what was held before counts as opening`() throws {
        var desk = TripDesk()
        try desk.ledger.open(
            PositionUpdate(
                instrument: Bench.id("BTCUSDT"),
                side: .sell,
                size: try Numeral(text: "2"),
                entryPrice: try Numeral(text: "100"),
                updatedMilliseconds: 1,
                crossSequence: 0
            ),
            terms: try #require(ContractTerms(name: Bench.id("BTCUSDT")))
        )
        desk.fold = RoundTripFold(continuing: desk.ledger, at: desk.moment)
        desk.keep(desk.fold.changes)
        try desk.book(try report("BTCUSDT", 1, .buy, "2", "90", fee: "0.2"))
        let trips = desk.all(.flat, TripKey(instrument: Bench.id("BTCUSDT")))
        #expect(trips.map(\.isOpening) == [true])
        #expect(try texts(trips) == ["short 2/2 20 fees 0+0.2 net 19.8 closed"])
        try desk.check("opening")
        let statistics = try RoundTripStatistics(trips)
        #expect(statistics.trips == 0)
        #expect(try RoundTripStatistics(trips, includingOpening: true).trips == 1)
    }

    @Test func `excursions are the extremes on the way, of trips and of lots`() throws {
        var trips = PositionTrips(TripKey(instrument: Bench.id("BTCUSDT")), .linear)
        var changes: [RoundTrip] = []
        func fill(_ side: Side, _ quantity: String, _ price: String, _ realised: String) throws {
            try trips.fill(
                TripFill(
                    side: side,
                    quantity: try Amount(text: quantity),
                    price: try Numeral(text: price),
                    realised: try Amount(text: realised),
                    fee: .zero
                ),
                at: TripMoment(sequence: .first, time: .zero),
                into: &changes
            )
        }
        try fill(.buy, "1", "100", "0")
        for price in ["97", "104"] { trips.see(try Numeral(text: price)) }
        try fill(.buy, "1", "102", "0")
        for price in ["99.5", "101"] { trips.see(try Numeral(text: price)) }
        try fill(.sell, "2", "103", "4")
        let closed = changes.filter { $0.state == .closed }
        let flat = try #require(closed.first { $0.method == .flat })
        // 1 × (97 − 100) at the worst; 2 × 103 − 202 and 104 − 100 are both 4.
        #expect(flat.worst?.description == "-3")
        #expect(flat.best?.description == "4")
        let lots = closed.filter { $0.method == .fifo }
        #expect(lots.map { $0.worst?.description } == ["-3", "-2.5"])
        #expect(lots.map { $0.best?.description } == ["4", "1"])
    }

    // MARK: - At random

    @Test(arguments: products)
    func `the sum of round trips is the ledger's after every fill of any product`(
        category: Market.Category,
        symbol: String
    ) throws {
        var random = Random(seed: UInt64(category.rawValue) * 31 + UInt64(symbol.utf8.count))
        let instrument = InstrumentID(category, try #require(Symbol(symbol)))
        var desk = TripDesk()
        let isHedged = category == .linear && symbol == "BTCUSDT"
        for number in 0..<(Self.events) {
            let strategy = ["a", "b", Order.external][Int(random.next(3))]
            let price = Int64(8_000_000 + random.next(2_000_000))
            if random.next(9) == 0, category == .linear || category == .inverse {
                let size = desk.ledger.accounts[instrument]?.position.size ?? .zero
                let row = ExecutionReport(
                    instrument: instrument,
                    executionID: "f\(number)",
                    type: .funding,
                    orderID: "",
                    orderLinkID: "",
                    side: size.units < 0 ? .sell : .buy,
                    price: Numeral(mantissa: price, decimals: 2),
                    quantity: Numeral(
                        mantissa: Int64(size.units.magnitude / 10_000_000_000),
                        decimals: 8
                    ),
                    value: .zero,
                    fee: Amount(units: Int128(random.next(1_000_000)) * 10_000_000_007),
                    timeMilliseconds: Int64(number),
                    crossSequence: Int64(number)
                )
                try desk.book(row)
            } else {
                let row = try ReferenceTests.report(
                    instrument,
                    number,
                    random.next(2) == 0 ? .buy : .sell,
                    price: price,
                    quantity: Int128(1 + random.next(6)) * 100_003,
                    fee: Int128(random.next(90))
                )
                try desk.book(row, strategy: strategy, index: isHedged ? Int(random.next(3)) : nil)
            }
            if category == .linear, random.next(50) == 0 {
                _ = try desk.ledger.settleSession(
                    instrument,
                    at: Numeral(mantissa: price, decimals: 2),
                    told: .zero,
                    milliseconds: .max
                )
                try desk.follow()
            }
            if number % 16 == 0 { try desk.check("event \(number)") }
        }
        try desk.check("end")
        #expect(desk.closed.count > 10)
    }

    private static let events = 1_500

    @Test(arguments: [Market.Category.linear, .inverse])
    func `lots come out as the textbook's, piece by piece`(category: Market.Category) throws {
        var random = Random(seed: 5)
        let symbol = category == .linear ? "BTCUSDT" : "BTCUSD"
        let instrument = InstrumentID(category, try #require(Symbol(symbol)))
        var desk = TripDesk()
        var reference = LotReference()
        for number in 0..<2_000 {
            let price = Int64(8_000_000 + random.next(2_000_000))
            let quantity = Int128(1 + random.next(40)) * 12_345
            let side = random.next(2) == 0 ? Side.buy : .sell
            reference.fill(side, quantity, at: price)
            try desk.book(
                try ReferenceTests.report(
                    instrument,
                    number,
                    side,
                    price: price,
                    quantity: quantity,
                    fee: 7
                )
            )
        }
        let pieces = desk.closed.filter {
            $0.method == .fifo && $0.key.strategy.isEmpty
        }
        try #require(pieces.count == reference.pieces.count)
        for (ours, theirs) in zip(pieces, reference.pieces) {
            try #require(ours.isLong == theirs.isLong)
            try #require(ours.exitQuantity.units == theirs.quantity * 10_000_000_000)
            // Linear values come out even; an inverse one is rounded, once for each cut of its lot.
            let bound = Rational(category == .linear ? 0 : 64)
            let gain = LotReference.gain(theirs, isInverse: category == .inverse)
            try #require(Rational(ours.realised.units).isWithin(bound, of: gain))
        }
    }
}
