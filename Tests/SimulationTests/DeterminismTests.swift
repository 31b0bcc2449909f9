import Market
import Simulation
import Testing

@Suite struct DeterminismTests {
    /// A run with requests at fixed times, its clock moved in steps of `step`; a hash of all that was told.
    private func run(
        seed: UInt64,
        step: Int64,
        trading: Bool = true
    ) throws -> (
        hash: UInt64, events: Int, references: [ReferencePrices]
    ) {
        var floor = try Floor(seed: seed, Listing.standard(), fundingInterval: second)
        for id in [btc, eth, InstrumentID(.spot, btc.symbol)] {
            for depth in [1, 50, 200] { floor.exchange.activate(.book(id, depth: depth)) }
            for stream: PublicStream in [.trades(id), .ticker(id), .candle(id)] {
                floor.exchange.activate(stream)
            }
        }
        var hash: UInt64 = 0
        var events = 0
        var references: [ReferencePrices] = []
        var elapsed: Int64 = 0
        while elapsed < 3 * second {
            elapsed += step
            floor.exchange.advance(to: start.advanced(nanoseconds: elapsed), into: &floor.output)
            if elapsed % (300 * millisecond) == 0 {
                if trading { try trade(&floor, elapsed) }
                references.append(try #require(floor.exchange.reference(btc)))
            }
            for event in floor.output.events {
                let text = Array("\(event)".utf8)
                hash = text.withUnsafeBytes { Mix.hash($0, seed: hash) }
            }
            events += floor.output.events.count
            floor.output.removeAll()
        }
        return (hash, events, references)
    }

    private func trade(_ floor: inout Floor, _ elapsed: Int64) throws {
        let isOdd = elapsed / (300 * millisecond) % 2 == 1
        try floor.place(isOdd ? .buy : .sell, "0.050", at: nil, link: "m\(elapsed)")
        let book = try #require(floor.exchange.orderBook(btc, limit: 3))
        try floor.place(
            isOdd ? .buy : .sell,
            "0.020",
            at: (isOdd ? book.bids : book.asks)[2].price.description,
            .postOnly,
            link: "l\(elapsed)"
        )
    }

    @Test func `the same seed and requests give the same events, however time is stepped`() throws {
        let fine = try run(seed: 11, step: millisecond)
        #expect(fine.events > 1_000)
        for step in [100 * millisecond, 300 * millisecond, 20 * millisecond] {
            let coarse = try run(seed: 11, step: step)
            #expect(coarse.hash == fine.hash, "steps of \(step) ns")
            #expect(coarse.events == fine.events)
        }
    }

    @Test func `another seed is another market`() throws {
        let one = try run(seed: 11, step: 100 * millisecond)
        let two = try run(seed: 12, step: 100 * millisecond)
        #expect(one.hash != two.hash)
        #expect(one.references != two.references)
    }

    @Test func `our orders do not bend the fair value`() throws {
        let with = try run(seed: 13, step: 100 * millisecond)
        let without = try run(seed: 13, step: 100 * millisecond, trading: false)
        #expect(with.hash != without.hash)
        #expect(with.references == without.references)
    }

    @Test func `a copy of the exchange goes on as the original does`() throws {
        var floor = try Floor(seed: 14, Listing.standard())
        floor.exchange.activate(.book(btc, depth: 50))
        floor.advance(second)
        var copy = floor
        floor.output.removeAll()
        copy.output.removeAll()
        floor.advance(second)
        copy.advance(second)
        #expect(floor.output.events.count > 20)
        #expect("\(floor.output.events)" == "\(copy.output.events)")
    }

    @Test func `a known run has its known end`() throws {
        // A change of this figure is a change of every seeded market: mean it, then write the new one.
        var floor = try Floor(seed: 1, Listing.standard())
        floor.advance(10 * second)
        let prices = [btc, eth].compactMap { floor.exchange.reference($0)?.mark.units }
        let trades = [btc, eth].compactMap { floor.exchange.recentTrades($0, limit: 1).first?.id }
        #expect(prices == [899_988, 299_986])
        #expect(
            trades == [
                "ede1b738-2094-5564-9276-981636418b25", "99ca6bae-37fe-54bd-88bf-818c091a7fa0",
            ]
        )
    }

    @Test func `a seed is the same universe in every process, debug and release`() throws {
        // `tapedeck-bench hash x 21` prints the same in a release build. A change of this figure is a change of every
        // seeded universe: mean it, then write the new one.
        let digest = try UniverseDigest.of(seed: 21)
        #expect(digest == 13_638_764_025_097_609_083)
    }
}
