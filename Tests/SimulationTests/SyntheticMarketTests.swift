import Market
import Simulation
import Testing

@Suite struct SyntheticMarketTests {
    /// A maker without sense: quotes two ticks from the middle on both sides and follows four times a second.
    private struct NaiveMaker {
        var fills = 0
        var partial = 0
        var amends = 0
        private var live: [String: (link: String, price: Int64)] = [:]
        private var count = 0

        mutating func quote(_ floor: inout Floor, _ id: InstrumentID, _ quantity: String) throws {
            let instrument = try #require(floor.exchange.listing(id)).instrument
            let book = try #require(floor.exchange.orderBook(id, limit: 1))
            let bid = try instrument.scale.price(#require(book.bids.first).price).units
            let ask = try instrument.scale.price(#require(book.asks.first).price).units
            let tick = instrument.tickSize.units
            for side in [Side.buy, .sell] {
                let price =
                    side == .buy
                    ? ((bid + ask) / 2 / tick - 2) * tick
                    : (((bid + ask) / 2 + tick - 1) / tick + 2) * tick
                let text = instrument.scale.numeral(Price(units: price))
                let key = "\(id) \(side)"
                if let order = live[key] {
                    guard order.price != price else { continue }
                    let reply = floor.exchange.amend(
                        AmendRequest(instrument: id, orderLinkID: order.link, price: text),
                        for: floor.main,
                        into: &floor.output
                    )
                    if reply.isAccepted {
                        amends += 1
                        live[key] = (order.link, price)
                        continue
                    }
                }
                count += 1
                let reply = try floor.place(
                    side,
                    quantity,
                    at: text.description,
                    .postOnly,
                    link: "q\(count)",
                    on: id
                )
                live[key] = reply.isAccepted ? ("q\(count)", price) : nil
            }
        }

        mutating func read(_ floor: inout Floor) {
            for row in floor.executions where row.type == .trade {
                fills += 1
                if row.leavesQuantity?.isZero == false { partial += 1 }
            }
            for row in floor.orders where row.status.isClosed {
                for key in live.keys where live[key]?.link == row.orderLinkID { live[key] = nil }
            }
            floor.output.removeAll()
        }
    }

    private func play(seed: UInt64, seconds: Int) throws -> (NaiveMaker, Floor) {
        var floor = try Floor(
            seed: seed,
            Listing.standard(),
            deposits: ["100000"],
            fundingInterval: 5 * second
        )
        var maker = NaiveMaker()
        for _ in 0..<(4 * seconds) {
            floor.advance(250 * millisecond)
            maker.read(&floor)
            try maker.quote(&floor, btc, "0.010")
            try maker.quote(&floor, eth, "0.30")
        }
        maker.read(&floor)
        return (maker, floor)
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func `a small maker is filled, in parts too, within fifteen seconds`(seed: UInt64) throws {
        let (maker, floor) = try play(seed: seed, seconds: 15)
        #expect(maker.fills >= 20)
        #expect(maker.partial >= 3)
        #expect(maker.amends >= 20)
        #expect(floor.exchange.sumOfBooks(coin: "USDT") == .zero)
    }

    @Test func `a maker without sense loses money, before its fees too when it is picked off`()
        throws
    {
        let (_, floor) = try play(seed: 7, seconds: 60)
        let wallet = floor.exchange.wallet(floor.main)
        #expect(wallet.totalEquity < (try Amount(text: "100000")))
        let rows = floor.exchange.executions(floor.main, RowQuery(limit: .max)).rows
        #expect(rows.contains { ($0.realisedPnL ?? .zero) < .zero })
        #expect(rows.contains { ($0.realisedPnL ?? .zero) > .zero })
    }

    @Test func `books stay deep, uncrossed and near the fair value through jumps and bursts`()
        throws
    {
        var floor = try Floor(seed: 3, Listing.standard())
        var moves: Int64 = 0
        var last: Int64 = 0
        var best: Set<Int64> = []
        for _ in 0..<300 {
            floor.advance(100 * millisecond)
            for listing in floor.exchange.listings {
                let id = listing.instrument.id
                let book = try #require(floor.exchange.orderBook(id, limit: 1_000))
                try #require(book.bids.count >= 200 && book.asks.count >= 200, "\(id)")
            }
            let index = try #require(floor.exchange.reference(btc)).index.units
            if last != 0 { moves += abs(index - last) }
            last = index
            let bid = try #require(floor.exchange.orderBook(btc, limit: 1)?.bids.first)
            let distance = abs(try bid.price.units(decimals: 1) - index)
            #expect(distance < 200)
            best.insert(try bid.price.units(decimals: 1))
        }
        #expect(floor.exchange.brokenInvariant() == nil)
        // Several ticks a second, over half a minute.
        #expect(moves > 150)
        #expect(best.count > 20)
    }

    @Test func `spot and perpetual of one coin follow one fair value`() throws {
        var floor = try Floor(seed: 4, Listing.standard())
        let spot = InstrumentID(.spot, btc.symbol)
        for _ in 0..<50 {
            floor.advance(200 * millisecond)
            let a = try #require(floor.exchange.reference(btc)).index
            let b = try #require(floor.exchange.reference(spot)).index
            #expect(a == b)
        }
    }

    @Test func `event rates are those asked for`() throws {
        for rate in [Int64(100), 1_000] {
            var floor = try Floor(seed: 8, Listing.standard(eventsPerSecond: rate))
            let before = try #require(floor.exchange.orderBook(btc, limit: 1)).crossSequence
            floor.advance(20 * second)
            let after = try #require(floor.exchange.orderBook(btc, limit: 1)).crossSequence
            // A replacement counts twice (leave, arrive), and stale orders are taken on top.
            let counted = (after - before) / 20
            #expect(counted > rate && counted < 3 * rate, "\(counted) a second of \(rate)")
        }
    }

    @Test func `an instrument with ticks of 10⁻¹³ and trillions of units trades all the same`()
        throws
    {
        let id = InstrumentID(.linear, Symbol("TINYUSDT") ?? .none)
        let instrument = try Instrument(
            id: id,
            baseCoin: "TINY",
            quoteCoin: "USDT",
            settleCoin: "USDT",
            tickSize: Numeral(text: "0.0000000000001"),
            quantityStep: Numeral(text: "100"),
            quantityMax: Numeral(text: "26000000000000"),
            valueMin: Amount(text: "1"),
            fundingIntervalMinutes: 480
        )
        let listing = Listing(
            instrument: instrument,
            terms: ContractTerms(launchMilliseconds: 0, symbolID: 9, priceScale: 13),
            market: .synthetic(
                SyntheticParameters(
                    price: Price(units: 123_456),
                    lot: Quantity(units: 10_000_000_000),
                    driver: "TINY",
                    volatility: 13_000
                )
            )
        )
        var floor = try Floor([listing], fundingInterval: second)
        floor.advance(second)
        #expect(try floor.place(.buy, "2600000000000", on: id).isAccepted)
        #expect(floor.executions.isEmpty == false)
        floor.advance(5 * second)
        let position = try #require(floor.exchange.position(floor.main, id))
        #expect(position.entryPrice != nil)
        #expect(try floor.place(.sell, "2600000000000", reduceOnly: true, on: id).isAccepted)
        #expect(floor.exchange.sumOfBooks(coin: "USDT") == .zero)
        #expect(floor.exchange.brokenInvariant() == nil)
    }
}
