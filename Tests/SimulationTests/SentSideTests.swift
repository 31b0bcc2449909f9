import Market
import Testing

@testable import Simulation

/// What subscribers of a depth are told, against the two tops of the book laid side by side.
@Suite struct SentSideTests {
    /// Best first.
    private static func top(_ book: MatchingBook, _ side: Side, _ depth: Int) -> [Level] {
        (side == .buy ? book.bids : book.asks).suffix(depth).reversed().map {
            Level(price: Price(units: $0.price), size: Quantity(units: $0.total))
        }
    }

    private static func difference(_ old: [Level], _ new: [Level], _ side: Side) -> [String] {
        let before = Dictionary(uniqueKeysWithValues: old.map { ($0.price.units, $0.size.units) })
        let after = Dictionary(uniqueKeysWithValues: new.map { ($0.price.units, $0.size.units) })
        let prices = Set(before.keys).union(after.keys).sorted()
        return (side == .buy ? prices.reversed() : prices).compactMap { price in
            guard before[price] != after[price] else { return nil }
            return "\(price) \(after[price] ?? 0)"
        }
    }

    /// Some orders come and some go, most of them near the best price.
    private static func stir(
        _ book: inout MatchingBook,
        _ resting: inout [Int32],
        _ count: Int64,
        _ chance: inout Chance
    ) {
        for _ in 0..<count {
            if !resting.isEmpty, chance.happens(9, in: 20) {
                let place = Int(chance.below(Int64(resting.count)))
                let handle = resting[place]
                if chance.happens(1, in: 3), book[handle].leaves > 1 {
                    book.reduce(handle, by: 1)
                } else {
                    book.remove(handle)
                    resting.remove(at: place)
                }
            } else {
                let side: Side = chance.happens(1, in: 2) ? .buy : .sell
                let distance = chance.heavyTailed(exponentMax: 7)
                resting.append(
                    book.insert(
                        side: side,
                        price: side == .buy ? -distance : distance,
                        quantity: 1 + chance.below(5),
                        owner: MatchingBook.background,
                        key: 0
                    )
                )
            }
        }
    }

    @Test(arguments: [1, 2, 7, 25, 1_000])
    func `each change within the depth is told once, best first, however much has changed`(
        depth: Int
    ) {
        let scale = Scale(priceDecimals: 1, quantityDecimals: 3)
        var chance = Chance(seed: 11, number: UInt64(depth))
        var book = MatchingBook()
        var resting: [Int32] = []
        var sides: [(Side, SentSide)] = [(.buy, SentSide(sign: -1)), (.sell, SentSide(sign: 1))]
        var told = 0
        var long = 0
        for _ in 0..<2_000 {
            // Now and then more than the log holds, or nothing, or all of it goes.
            let count = chance.heavyTailed(exponentMax: 9) - 1
            if count > PriceLog.capacity { long += 1 }
            Self.stir(&book, &resting, count, &chance)
            if chance.happens(1, in: 100) {
                for handle in resting { book.remove(handle) }
                resting = []
            }
            for place in sides.indices {
                let side = sides[place].0
                let old = sides[place].1.levels
                let changes =
                    side == .buy
                    ? sides[place].1.follow(book.bids, depth, book.bidLog, scale)
                    : sides[place].1.follow(book.asks, depth, book.askLog, scale)
                let new = Self.top(book, side, depth)
                #expect(sides[place].1.levels == new)
                #expect(
                    changes.map { "\($0.price.mantissa) \($0.size.mantissa)" }
                        == Self.difference(old, new, side)
                )
                #expect(changes.allSatisfy { $0.price.decimals == 1 && $0.size.decimals == 3 })
                told += changes.count
            }
        }
        #expect(book.brokenInvariant() == nil)
        #expect(told > 1_000 && long > 100)
    }

    @Test func `a log names each price once, and says when it has forgotten some`() {
        var log = PriceLog()
        for price: Int64 in [5, 3, 5, 9, 3] { log.note(price) }
        #expect(log.withKeys(since: 0, sign: 1) { Array($0) } == [3, 5, 9])
        #expect(log.withKeys(since: 0, sign: -1) { Array($0) } == [-9, -5, -3])
        #expect(log.withKeys(since: 3, sign: 1) { Array($0) } == [3, 9])
        #expect(log.withKeys(since: 5, sign: 1) { Array($0) } == [])
        for price in 0..<Int64(PriceLog.capacity) { log.note(price) }
        #expect(log.withKeys(since: 4, sign: 1) { $0.count } == nil)
        #expect(log.withKeys(since: 5, sign: 1) { $0.count } == PriceLog.capacity)
        // Of another book, which has seen less.
        #expect(log.withKeys(since: log.count + 1, sign: 1) { $0.count } == nil)
    }
}
