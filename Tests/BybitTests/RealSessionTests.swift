import Bybit
import Foundation
import JSON
import Market
import SharedData
import Testing

/// The real session of 2026-08-09 in ../shared/data, decoded frame by frame.
@Suite(.enabled(if: Shared.isPresent, "needs ../shared")) struct RealSessionTests {
    /// The frames that came in, in order, with the stream that each belongs to.
    static func frames(
        _ file: String,
        _ category: Market.Category
    ) throws -> [(StreamName, [UInt8])] {
        let parser = JSONParser()
        return try Shared.lines("data/bybit/cryptofeed-2026-08-09/\(file)").compactMap { line in
            try parser.read(line) { root -> (StreamName, [UInt8])? in
                guard root["t"]?.string == "recv", let data = root["data"]?.string else {
                    return nil
                }
                let frame = Array(data.utf8)
                return frame.withUnsafeBytes { bytes in
                    (StreamNaming.name(.publicData(category), frame: bytes), frame)
                }
            }
        }
    }

    struct Expected: Sendable {
        var file: String
        var category: Market.Category
        var stream: String
        var messages: Int
        var first: Int64
        var last: Int64
        var bid: String
        var ask: String
        var scale: Scale
    }

    @Test(arguments: [
        Expected(
            file: "linear.jsonl",
            category: .linear,
            stream: "public/linear/orderbook.200.BTCUSDT",
            messages: 414,
            first: 15_076_952,
            last: 15_077_365,
            bid: "65114.20 x 5.974",
            ask: "65114.30 x 9.060",
            scale: Scale(priceDecimals: 2, quantityDecimals: 3)
        ),
        Expected(
            file: "linear.jsonl",
            category: .linear,
            stream: "public/linear/orderbook.200.DOGEUSDT",
            messages: 380,
            first: 13_178_259,
            last: 13_178_638,
            bid: "0.07055 x 192121",
            ask: "0.07056 x 4200",
            scale: Scale(priceDecimals: 5, quantityDecimals: 0)
        ),
        Expected(
            file: "spot.jsonl",
            category: .spot,
            stream: "public/spot/orderbook.200.ETHUSDT",
            messages: 250,
            first: 56_726_493,
            last: 56_726_742,
            bid: "1923.28 x 9.42925",
            ask: "1923.29 x 3.44935",
            scale: Scale(priceDecimals: 2, quantityDecimals: 5)
        ),
    ])
    func `a book rebuilt from its pushes ends as the table says`(expected: Expected) throws {
        let decoder = MessageDecoder()
        var event = Event()
        var book = Book(scale: expected.scale)
        var updates: [Int64] = []
        for (stream, frame) in try Self.frames(expected.file, expected.category)
        where stream.text == expected.stream {
            frame.withUnsafeBytes { decoder.decode(stream, $0, into: &event) }
            #expect(event.kind == .book && event.findings.isEmpty)
            if event.book.isSnapshot { book.removeAll() }
            for level in event.book.bids {
                book.set(
                    .buy,
                    price: try book.scale.price(level.price),
                    size: try book.scale.quantity(level.size)
                )
            }
            for level in event.book.asks {
                book.set(
                    .sell,
                    price: try book.scale.price(level.price),
                    size: try book.scale.quantity(level.size)
                )
            }
            updates.append(event.book.updateID)
            #expect(!book.isCrossed)
        }
        #expect(updates == Array(expected.first...expected.last))
        #expect(updates.count == expected.messages)
        #expect(book.bids.count == 200 && book.asks.count == 200)
        let text = { (level: Level?) in
            guard let level else { return "" }
            return level.price.text(decimals: book.scale.priceDecimals) + " x "
                + level.size.text(decimals: book.scale.quantityDecimals)
        }
        #expect(text(book.bestBid) == expected.bid)
        #expect(text(book.bestAsk) == expected.ask)
    }

    @Test(arguments: [("linear.jsonl", Market.Category.linear), ("spot.jsonl", .spot)])
    func `every frame decodes without a finding`(file: String, category: Market.Category) throws {
        let decoder = MessageDecoder()
        var event = Event()
        var kinds: [Event.Kind: Int] = [:]
        for (stream, frame) in try Self.frames(file, category) {
            frame.withUnsafeBytes { decoder.decode(stream, $0, into: &event) }
            #expect(event.findings.isEmpty, "\(stream): \(event.findings)")
            kinds[event.kind, default: 0] += 1
        }
        #expect(kinds[.malformed] == nil)
        #expect(kinds[.unknown] == nil)
        if file == "linear.jsonl" {
            #expect(kinds[.book] == 794)
            #expect(kinds[.ticker] == 349)
            #expect(kinds[.candles] == 34)
            #expect(kinds[.publicTrades] == 33)
            #expect(kinds[.acknowledgement] == 17)
        } else {
            #expect(kinds[.book] == 250)
            #expect(kinds[.ticker] == 40)
            #expect(kinds[.candles] == 10)
            #expect(kinds[.publicTrades] == 7)
            #expect(kinds[.acknowledgement] == 7)
        }
    }

    @Test func `prices and sizes come out as the text they came in`() throws {
        let parser = JSONParser()
        let decoder = MessageDecoder()
        var event = Event()
        var compared = 0
        for (stream, frame) in try Self.frames("linear.jsonl", .linear)
        where stream.text.contains("orderbook") {
            frame.withUnsafeBytes { decoder.decode(stream, $0, into: &event) }
            let texts = try parser.read(frame) { root in
                var texts: [String] = []
                let data = try root.required("data")
                for side in ["b", "a"] {
                    for pair in try data.required(side).elements {
                        texts += pair.elements.compactMap(\.string)
                    }
                }
                return texts
            }
            let ours = (event.book.bids + event.book.asks).flatMap {
                [$0.price.description, $0.size.description]
            }
            #expect(texts == ours)
            compared += ours.count
        }
        #expect(compared > 10_000)
    }

    @Test func `a book push written again is the frame that came`() throws {
        let decoder = MessageDecoder()
        var event = Event()
        var writer = MessageWriter()
        var compared = 0
        for (stream, frame) in try Self.frames("linear.jsonl", .linear)
        where stream.text.contains("orderbook") {
            frame.withUnsafeBytes { decoder.decode(stream, $0, into: &event) }
            writer.reset()
            writer.book(event.book, symbol: event.symbol, ts: event.exchangeMilliseconds)
            #expect(writer.bytes == frame)
            compared += 1
        }
        #expect(compared == 794)
    }

    @Test func `the daily dump of 500 levels ends as the table says`() throws {
        let decoder = MessageDecoder()
        var event = Event()
        let stream = StreamName("public/linear/orderbook.500.XRPUSDT")
        var book = Book(scale: Scale(priceDecimals: 4, quantityDecimals: 0))
        var count = 0
        for line in try Shared.lines(
            "data/bybit/bybit-history-ob500/2024-12-01_XRPUSDT_ob500.data"
        ) {
            line.withUnsafeBytes { decoder.decode(stream, $0, into: &event) }
            #expect(event.kind == .book && event.findings.isEmpty, "\(event.findings)")
            if event.book.isSnapshot { book.removeAll() }
            for level in event.book.bids {
                book.set(
                    .buy,
                    price: try book.scale.price(level.price),
                    size: try book.scale.quantity(level.size)
                )
            }
            for level in event.book.asks {
                book.set(
                    .sell,
                    price: try book.scale.price(level.price),
                    size: try book.scale.quantity(level.size)
                )
            }
            count += 1
        }
        #expect(count == 50)
        #expect(book.bids.count == 500 && book.asks.count == 500)
        #expect(book.bestBid == Level(price: Price(units: 19_537), size: Quantity(units: 10_605)))
        #expect(book.bestAsk == Level(price: Price(units: 19_538), size: Quantity(units: 6_702)))
    }
}
