import Market
import Testing

/// Several levels at once come to the same book as one by one.
@Suite struct BookLevelsTests {
    private static let scale = Scale(priceDecimals: 1, quantityDecimals: 2)

    private struct Numbers {
        var state: UInt64
        mutating func next(_ bound: UInt64) -> UInt64 {
            state = Mix.spread(state)
            return state % bound
        }

        /// Levels around a middle: some deleted, some with fewer decimals than the scale.
        mutating func levels(_ count: Int, near: UInt64) -> [LevelNumerals] {
            (0..<count).map { _ in
                let price = Int64(10_000 + next(near))
                let size = Int64(next(3) == 0 ? 0 : next(500) + 1)
                let isShort = next(4) == 0
                return LevelNumerals(
                    price: Numeral(mantissa: price, decimals: 1),
                    size: Numeral(mantissa: size, decimals: isShort ? 0 : 2)
                )
            }
        }
    }

    @Test(arguments: [0, 1, 2] as [UInt64], [Side.buy, .sell])
    func `random pushes in any order`(seed: UInt64, side: Side) throws {
        var numbers = Numbers(state: seed)
        var batch = Book(scale: Self.scale)
        var single = Book(scale: Self.scale)
        for push in 0..<2_000 {
            var levels = numbers.levels(Int(numbers.next(24)), near: push % 50 == 0 ? 1_500 : 90)
            switch numbers.next(3) {
            case 0: levels.sort { $0.price.mantissa < $1.price.mantissa }
            case 1: levels.sort { $0.price.mantissa > $1.price.mantissa }
            default: break
            }
            let misfit = batch.set(side, levels)
            #expect(misfit == nil)
            for level in levels {
                single.set(
                    side,
                    price: try Self.scale.price(level.price),
                    size: try Self.scale.quantity(level.size)
                )
            }
            #expect(batch.bids == single.bids)
            #expect(batch.asks == single.asks)
            #expect(batch.contentHash == single.contentHash)
        }
        #expect(side == .buy ? batch.bids.count > 90 : batch.asks.count > 90)
    }

    @Test func `it stops at a level that does not fit, those before it are set`() throws {
        var book = Book(scale: Self.scale)
        let good = LevelNumerals(
            price: Numeral(mantissa: 100, decimals: 1),
            size: Numeral(mantissa: 5, decimals: 0)
        )
        let fine = LevelNumerals(
            price: Numeral(mantissa: 10_001, decimals: 3),
            size: Numeral(mantissa: 5, decimals: 0)
        )
        let vast = LevelNumerals(
            price: Numeral(mantissa: 101, decimals: 1),
            size: Numeral(mantissa: 999_999_999_999_999_999, decimals: 0)
        )
        let last = LevelNumerals(
            price: Numeral(mantissa: 99, decimals: 1),
            size: Numeral(mantissa: 5, decimals: 0)
        )
        let buy = book.set(.buy, [good, fine, last])
        let tooFine = try #require(buy)
        #expect(tooFine.place == 1)
        #expect(tooFine.error == .tooFine(decimals: 3, scale: 1))
        #expect(book.bids == [Level(price: Price(units: 100), size: Quantity(units: 500))])
        let sell = book.set(.sell, [vast])
        let tooLarge = try #require(sell)
        #expect(tooLarge.place == 0)
        #expect(tooLarge.error == .overflow)
        #expect(book.asks.isEmpty)
        var only = Book(scale: Self.scale)
        only.set(.buy, price: Price(units: 100), size: Quantity(units: 500))
        #expect(book.contentHash == only.contentHash)
    }

    @Test func `a copy of the book stays as it was`() {
        var book = Book(scale: Self.scale)
        var numbers = Numbers(state: 9)
        _ = book.set(.buy, numbers.levels(20, near: 90))
        let copy = book
        let (bids, hash) = (copy.bids, copy.contentHash)
        _ = book.set(.buy, numbers.levels(20, near: 90))
        #expect(copy.bids == bids)
        #expect(copy.contentHash == hash)
        #expect(book.contentHash != hash)
    }
}
