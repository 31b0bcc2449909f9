import Market
import Testing

@Suite struct BookTests {
    private static let scale = Scale(priceDecimals: 1, quantityDecimals: 3)

    private func price(_ text: String) throws -> Price {
        try BookTests.scale.price(Numeral(text: text))
    }

    private func size(_ text: String) throws -> Quantity {
        try BookTests.scale.quantity(Numeral(text: text))
    }

    private func book(_ bids: [(String, String)], _ asks: [(String, String)]) throws -> Book {
        var book = Book(scale: BookTests.scale)
        for (price, size) in bids {
            book.set(.buy, price: try self.price(price), size: try self.size(size))
        }
        for (price, size) in asks {
            book.set(.sell, price: try self.price(price), size: try self.size(size))
        }
        return book
    }

    @Test func `levels stand best first whatever order they came in`() throws {
        let book = try book(
            [("9.8", "4"), ("10.0", "5"), ("9.9", "7")],
            [("10.3", "1"), ("10.1", "2"), ("10.2", "3")]
        )
        #expect(book.bids.map(\.price.units) == [100, 99, 98])
        #expect(book.asks.map(\.price.units) == [101, 102, 103])
        #expect(book.bestBid?.size == (try size("5")))
        #expect(!book.isCrossed)
    }

    @Test func `a size of zero deletes, and deleting what is absent is nothing`() throws {
        var book = try book([("10.0", "5"), ("9.9", "7")], [("10.1", "2")])
        let before = book.contentHash
        book.set(.buy, price: try price("9.5"), size: .zero)
        #expect(book.contentHash == before)
        book.set(.buy, price: try price("10.0"), size: .zero)
        #expect(book.bids.map(\.price.units) == [99])
        #expect(book.contentHash != before)
    }

    @Test func `the worked example of the protocol reference ends as it says`() throws {
        var book = try book([("10.0", "5"), ("9.9", "7")], [("10.1", "2")])
        book.set(.buy, price: try price("10.0"), size: .zero)
        book.set(.buy, price: try price("9.8"), size: try size("4"))
        book.set(.sell, price: try price("10.1"), size: try size("1.5"))
        book.set(.sell, price: try price("10.2"), size: try size("3"))
        let expected = try self.book(
            [("9.9", "7"), ("9.8", "4")],
            [("10.1", "1.5"), ("10.2", "3")]
        )
        #expect(book.bids == expected.bids)
        #expect(book.asks == expected.asks)
        #expect(book.contentHash == expected.contentHash)
    }

    @Test func `deep levels are found beyond the first eight`() throws {
        var book = Book(scale: BookTests.scale)
        for units in 1...200 {
            book.set(.buy, price: Price(units: Int64(units)), size: Quantity(units: 7))
            book.set(.sell, price: Price(units: Int64(1_000 - units)), size: Quantity(units: 7))
        }
        #expect(book.bids.map(\.price.units) == Array((1...200).reversed()).map(Int64.init))
        #expect(book.asks.map(\.price.units) == Array(800...999).map(Int64.init))
        book.set(.buy, price: Price(units: 50), size: .zero)
        book.set(.sell, price: Price(units: 950), size: Quantity(units: 9))
        #expect(book.bids.count == 199)
        #expect(!book.bids.contains { $0.price.units == 50 })
        #expect(book.asks.first { $0.price.units == 950 }?.size == Quantity(units: 9))
    }

    @Test func `the hash is of the content and not of the way there`() throws {
        let straight = try book([("10.0", "5")], [("10.1", "2")])
        var winding = try book([("9.0", "1"), ("10.0", "9")], [("10.1", "2"), ("11.0", "3")])
        winding.set(.buy, price: try price("9.0"), size: .zero)
        winding.set(.buy, price: try price("10.0"), size: try size("5"))
        winding.trim(depth: 1)
        #expect(winding.contentHash == straight.contentHash)
        let mirrored = try book([("10.1", "2")], [("10.0", "5")])
        #expect(mirrored.contentHash != straight.contentHash)
        winding.removeAll()
        #expect(winding.contentHash == 0)
        #expect(winding.isEmpty)
    }

    @Test func `trimming keeps the best levels`() throws {
        var book = try book(
            [("9.8", "4"), ("10.0", "5"), ("9.9", "7")],
            [("10.3", "1"), ("10.1", "2")]
        )
        book.trim(depth: 2)
        #expect(book.bids.map(\.price.units) == [100, 99])
        #expect(book.asks.map(\.price.units) == [101, 103])
    }

    @Test func `a finer scale keeps every level and its hash is that of the finer book`() throws {
        var book = try book([("10.0", "5")], [("10.1", "2")])
        let finer = Scale(priceDecimals: 3, quantityDecimals: 4)
        try book.rescale(to: finer)
        #expect(book.bestBid == Level(price: Price(units: 10_000), size: Quantity(units: 50_000)))
        var made = Book(scale: finer)
        made.set(.buy, price: Price(units: 10_000), size: Quantity(units: 50_000))
        made.set(.sell, price: Price(units: 10_100), size: Quantity(units: 20_000))
        #expect(book.contentHash == made.contentHash)
    }

    @Test func `a scale in which a level does not fit changes nothing`() throws {
        var book = Book(scale: Scale(priceDecimals: 0, quantityDecimals: 0))
        book.set(.buy, price: Price(units: 5), size: Quantity(units: 26_000_000_000_000))
        let before = book.contentHash
        #expect(throws: NumberError.overflow) {
            try book.rescale(to: Scale(priceDecimals: 2, quantityDecimals: 6))
        }
        #expect(throws: NumberError.overflow) {
            try book.rescale(to: Scale(priceDecimals: -1, quantityDecimals: 0))
        }
        #expect(book.contentHash == before)
        #expect(book.scale == Scale(priceDecimals: 0, quantityDecimals: 0))
    }

    @Test func `a bid at or above an ask is crossed`() throws {
        #expect(try book([("10.1", "1")], [("10.1", "1")]).isCrossed)
        #expect(try !book([("10.0", "1")], [("10.1", "1")]).isCrossed)
        #expect(try !book([("10.0", "1")], []).isCrossed)
    }
}
