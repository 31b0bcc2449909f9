import Market
import Simulation
import Testing

/// The synthetic market over every category.
@Suite struct UniverseTests {
    private func exchange(
        seed: UInt64 = 1,
        symbols: Int = 4,
        levels: Int = 50,
        regimes: RegimePlan = .always(.calm),
        speculators: Int = 0
    ) throws -> SimulatedExchange {
        try SimulatedExchange(
            .universe(
                seed: seed,
                start: start,
                UniverseConfiguration(
                    symbols: symbols,
                    levels: levels,
                    regimes: regimes,
                    strikesPerSide: 2
                ),
                speculators: speculators
            )
        )
    }

    private func ids(
        _ exchange: SimulatedExchange,
        _ category: Market.Category
    ) -> [InstrumentID] {
        exchange.listings.map(\.instrument.id).filter { $0.category == category }
    }

    @Test func `every category is listed, with the terms that its row has`() throws {
        let exchange = try exchange()
        for category in Market.Category.allCases {
            #expect(!ids(exchange, category).isEmpty, "\(category)")
        }
        for listing in exchange.listings {
            let instrument = listing.instrument
            #expect(!instrument.id.symbol.isNone)
            #expect(instrument.status == "Trading")
            #expect(instrument.quantityMax != nil && instrument.quantityMin != nil)
            switch instrument.id.category {
            case .option:
                #expect(listing.terms.option != nil)
                #expect(instrument.deliveryTime > start)
                // 1970-01-01 was a Thursday: weekly and quarterly options end on Fridays, and only they have a fee.
                let days = instrument.deliveryTime.nanoseconds / 86_400_000_000_000
                let fee = days % 7 == 1 ? Numeral(mantissa: 15, decimals: 5) : .zero
                #expect(listing.terms.deliveryFeeRate == fee)
            case .spread:
                let legs = try #require(listing.terms.legs)
                #expect(exchange.listing(legs.first) != nil && exchange.listing(legs.second) != nil)
                #expect(try #require(instrument.priceMin).units < 0)
            case .linear, .inverse:
                #expect(!instrument.contractType.isEmpty)
                let isDated = instrument.contractType == "LinearFutures"
                #expect((instrument.deliveryTime > .zero) == isDated)
                #expect((instrument.fundingIntervalMinutes == nil) == isDated)
            case .spot: #expect(instrument.settleCoin == instrument.quoteCoin)
            }
        }
        let types = Set(
            ids(exchange, .spread).compactMap { exchange.listing($0)?.instrument.contractType }
        )
        #expect(types == ["FundingRateArb", "CarryTrade", "PerpBasis", "FutureSpread"])
    }

    @Test func `every book has two sides that do not cross, and a ticker near its mark`() throws {
        var exchange = try exchange()
        var output = ExchangeOutput()
        exchange.advance(to: start.advanced(nanoseconds: 5 * second), into: &output)
        #expect(exchange.brokenInvariant() == nil)
        for listing in exchange.listings {
            let id = listing.instrument.id
            let book = try #require(exchange.orderBook(id, limit: 200))
            let reference = try #require(exchange.reference(id))
            let scale = listing.instrument.scale
            #expect(!book.asks.isEmpty, "\(id)")
            // A worthless option has no bid.
            if id.category != .option { #expect(!book.bids.isEmpty, "\(id)") }
            let ticker = try #require(exchange.tickerSnapshot(id))
            if id.category == .linear || id.category == .inverse {
                let mark = try #require(ticker.markPrice)
                #expect(try scale.price(mark) == reference.mark)
                let ask = try scale.price(#require(book.asks.first).price).units
                #expect(abs(ask - reference.mark.units) <= 20 * listing.instrument.tickSize.units)
            }
            if id.category == .linear, listing.instrument.deliveryTime == .zero {
                #expect(book.bids.count >= 50 && book.asks.count >= 50, "\(id)")
            }
        }
    }

    @Test
    func `an option's greeks are those of its kind, and calls less puts are forward less strike`()
        throws
    {
        var exchange = try exchange()
        var output = ExchangeOutput()
        exchange.advance(to: start.advanced(nanoseconds: 2 * second), into: &output)
        var pairs = 0
        for id in ids(exchange, .option) {
            let terms = try #require(exchange.listing(id)?.terms.option)
            let ticker = try #require(exchange.tickerSnapshot(id))
            let delta = try #require(ticker.value(.delta)).mantissa
            #expect(
                terms.isCall
                    ? (0...100_000_000).contains(delta) : (-100_000_000...0).contains(delta)
            )
            #expect(try #require(ticker.value(.gamma)).mantissa >= 0)
            #expect(try #require(ticker.value(.vega)).mantissa >= 0)
            #expect(try #require(ticker.value(.theta)).mantissa <= 0)
            let volatility = try #require(ticker.value(.markVolatility)).units(decimals: 4)
            #expect((2_000...20_000).contains(volatility))
            guard terms.isCall else { continue }
            var words = id.symbol.description.split(separator: "-").map { String($0) }
            words[3] = "P"
            let put = InstrumentID(
                .option,
                try #require(Symbol(words.joined(separator: "-")))
            )
            let call = try #require(exchange.reference(id)).mark.units
            let other = try #require(exchange.reference(put)).mark.units
            let forward = try #require(ticker.value(.underlyingPrice))
            let decimals = try #require(exchange.listing(id)).instrument.scale.priceDecimals
            let value = try Amount(forward).units / PowerOfTen.int128(Amount.decimals - decimals)
            #expect(abs(Int128(call - other) - (value - Int128(terms.strike.units))) <= 2)
            pairs += 1
        }
        #expect(pairs > 20)
    }

    @Test func `what expires is delivered and followed by new listings at 08:00 UTC`() throws {
        // 2027-01-22, a Friday.
        let eight = start.advanced(nanoseconds: 7 * 86_400 * second)
        let begin = eight.advanced(nanoseconds: -3 * second)
        var exchange = try SimulatedExchange(
            .universe(
                seed: 1,
                start: begin,
                UniverseConfiguration(
                    symbols: 1,
                    levels: 25,
                    regimes: .always(.calm),
                    strikesPerSide: 1
                )
            )
        )
        let due = exchange.listings.map(\.instrument).filter { $0.deliveryTime == eight }
        // Three strikes twice, the week's future, and its two combinations and that with the next quarter's.
        #expect(due.map(\.id.category).filter { $0 == .option }.count == 6)
        #expect(due.contains { $0.id.symbol.description == "BTCUSDT-22JAN27" })
        #expect(due.count { $0.id.category == .spread } == 3)
        var output = ExchangeOutput()
        exchange.advance(to: eight.advanced(nanoseconds: 5 * second), into: &output)
        var listed: [InstrumentID] = []
        var delivered: [InstrumentID] = []
        for event in output.events {
            switch event.event {
            case .listed(let id): listed.append(id)
            case .delivered(let id): delivered.append(id)
            case .notListed(let id, let error): Issue.record("\(id): \(error)")
            default: break
            }
        }
        #expect(Set(delivered) == Set(due.map(\.id)))
        for id in delivered { #expect(exchange.listing(id)?.instrument.status == "Closed") }
        #expect(listed.contains { $0.symbol.description.hasPrefix("BTC-25JAN27-") })
        #expect(listed.contains { $0.symbol.description == "BTCUSDT-5FEB27" })
        #expect(listed.contains { $0.symbol.description == "BTCUSDT-29JAN27_BTC/USDT" })
        #expect(Set(exchange.listings.map(\.instrument.id)).isSuperset(of: listed))
        for id in listed {
            let book = try #require(exchange.orderBook(id, limit: 25))
            #expect(!book.asks.isEmpty, "\(id)")
            // Follows the price as it stands, not as it stood at the start.
            let index = try #require(exchange.reference(id)).index
            if id.category == .linear {
                #expect(index == (try #require(exchange.reference(btc)).index))
            }
        }
    }

    @Test func `coins move together, and not as one`() throws {
        var exchange = try SimulatedExchange(
            .universe(
                seed: 1,
                start: start,
                UniverseConfiguration(
                    symbols: 2,
                    levels: 25,
                    regimes: .always(.thin),
                    categories: [.linear],
                    ratePercent: 1
                )
            )
        )
        var output = ExchangeOutput()
        let pair = [btc, eth]
        var changes: [[Int64]] = [[], []]
        var last = try pair.map { try #require(exchange.reference($0)).index.units }
        for step in 1...150 {
            exchange.advance(to: start.advanced(nanoseconds: Int64(step) * second), into: &output)
            output.removeAll()
            for place in 0..<2 {
                let now = try #require(exchange.reference(pair[place])).index.units
                changes[place].append((now - last[place]) * 1_000_000 / last[place])
                last[place] = now
            }
        }
        let same = zip(changes[0], changes[1]).count { $0.0.signum() * $0.1.signum() > 0 }
        let moved = zip(changes[0], changes[1]).count { $0.0 != 0 && $0.1 != 0 }
        #expect(moved > 80)
        // Two walks without a part in common agree half of the time.
        #expect(same * 10 > moved * 6 && same < moved)
    }

    @Test func `a halt refuses orders and takes cancels`() throws {
        var exchange = try SimulatedExchange(
            .universe(
                seed: 1,
                start: start,
                UniverseConfiguration(symbols: 1, levels: 25, regimes: .always(.halt)),
                accounts: [AccountConfiguration(alias: "a", deposits: paidIn("10000"))]
            )
        )
        var output = ExchangeOutput()
        let before = try #require(exchange.orderBook(btc, limit: 200))
        exchange.advance(to: start.advanced(nanoseconds: 5 * second), into: &output)
        let after = try #require(exchange.orderBook(btc, limit: 200))
        #expect(before.crossSequence == after.crossSequence)
        #expect(exchange.isHalted(btc))
        let reply = exchange.place(
            OrderRequest(
                instrument: btc,
                orderLinkID: "x",
                side: .buy,
                quantity: Numeral(mantissa: 1, decimals: 3),
                price: Numeral(mantissa: 60_000, decimals: 0)
            ),
            for: AccountID(index: 0),
            into: &output
        )
        #expect(reply.code == 110_074)
    }

    @Test func `regimes change what they name`() throws {
        /// Levels within a hundred ticks, and how far the index went in a minute.
        func measure(_ regime: MarketRegime) throws -> (levels: Int, way: Int64) {
            var exchange = try exchange(symbols: 1, levels: 200, regimes: .always(regime))
            var output = ExchangeOutput()
            let first = try #require(exchange.reference(btc)).index.units
            exchange.advance(to: start.advanced(nanoseconds: 60 * second), into: &output)
            let book = try #require(exchange.orderBook(btc, limit: 200))
            let bid = try #require(book.bids.first).price.units(decimals: 1)
            let near = try book.bids.count { bid - (try $0.price.units(decimals: 1)) <= 100 }
            let way = try #require(exchange.reference(btc)).index.units - first
            return (near, abs(way))
        }
        let calm = try measure(.calm)
        let thin = try measure(.thin)
        let trend = try measure(.trend)
        let jump = try measure(.jump)
        #expect(calm.way <= 10)
        #expect(trend.way > 100)
        #expect(jump.way > 20)
        #expect(thin.levels * 2 < calm.levels)
    }

    @Test func `regimes are drawn by the seed, all of them`() throws {
        var seen: Set<MarketRegime> = []
        let plan = RegimePlan.changing
        for epoch in 0..<200 {
            seen.insert(plan.regime(seed: 5, at: Int64(epoch) * 30 * second))
        }
        #expect(seen == Set(MarketRegime.allCases))
    }

    @Test func `speculators are liquidated, and the books balance`() throws {
        var exchange = try exchange(
            symbols: 3,
            levels: 25,
            regimes: .always(.trend),
            speculators: 8
        )
        var output = ExchangeOutput()
        for listing in exchange.listings { exchange.activate(.liquidations(listing.instrument.id)) }
        exchange.advance(to: start.advanced(nanoseconds: 300 * second), into: &output)
        let liquidations = output.events.count {
            if case .liquidation = $0.event { true } else { false }
        }
        #expect(liquidations > 0)
        for coin in ["USDT", "USDC", "BTC", "ETH", "SOL"] {
            #expect(exchange.sumOfBooks(coin: coin) == .zero)
        }
        #expect(exchange.brokenInvariant() == nil)
        #expect(exchange.brokenAccountInvariant() == nil)
    }
}
