import Market
import Testing

@testable import Runtime

/// Decoded events, written into the file of a market and read again: the same to the last digit that was written.
@Suite struct EventCodingTests {
    private static func text(_ event: Event) -> String {
        var text = "\(event.kind) \(event.category) \(event.symbol) \(event.exchangeMilliseconds)\n"
        switch event.kind {
        case .book: dump(event.book, to: &text)
        case .publicTrades: dump(event.trades, to: &text)
        default: dump(event.ticker, to: &text)
        }
        return text
    }

    private static func empty(_ kind: Event.Kind) -> Event {
        var event = Event()
        event.kind = kind
        event.symbol = Symbol("BTCUSDT") ?? .none
        event.exchangeMilliseconds = 1_795_377_600_123
        return event
    }

    /// All of them in a row, as one stream: each is written as what differs from the one before.
    private static func roundTrip(_ events: [Event]) throws -> [Event] {
        var writer = EventWriter()
        var neighbour = EventNeighbour()
        for event in events {
            var own = event
            neighbour.code(&writer, &own, near: 1_795_377_600_150)
            try #require(!writer.hasFailed)
            #expect(text(own) == text(event))
        }
        let bytes = writer.bytes + [UInt8](repeating: 0xa5, count: EventReader.padding)
        return bytes.withUnsafeBytes { bytes in
            var reader = EventReader(bytes, from: 0)
            var neighbour = EventNeighbour()
            let read = events.map { event in
                var read = empty(event.kind)
                read.exchangeMilliseconds = 0
                neighbour.code(&reader, &read, near: 1_795_377_600_150)
                return read
            }
            #expect(!reader.hasFailed && reader.position == writer.bytes.count)
            return read
        }
    }

    private static func numeral(_ text: String) throws -> Numeral { try Numeral(text: text) }

    private static func book(_ bids: [(String, String)], _ asks: [(String, String)]) throws -> Event
    {
        var event = empty(.book)
        event.book.depth = 50
        event.book.updateID = 23_677_769
        event.book.crossSequence = 409_165_669_503
        event.book.matchTimeMilliseconds = 1_795_377_600_120
        func rows(_ rows: [(String, String)]) throws -> [LevelNumerals] {
            try rows.map {
                LevelNumerals(price: try numeral($0.0), size: try numeral($0.1))
            }
        }
        event.book.bids = try rows(bids)
        event.book.asks = try rows(asks)
        return event
    }

    @Test func `books are what they were, whatever their digits`() throws {
        var books = [
            try Self.book([("90000.10", "0.200"), ("89999.90", "0")], [("90000.20", "12.345")]),
            try Self.book([], [("90000.20", "0"), ("90000.30", "0")]),
            try Self.book([("90000.1", "0.000"), ("90000.10", "3")], []),
            try Self.book([("1", "999999999999999999"), ("999999999999999999", "1")], []),
            try Self.book([("-5.5", "-1.5"), ("0.000000000000000001", "0.0")], [("0", "0")]),
            try Self.book([], []),
        ]
        books[1].book.isSnapshot = true
        books[2].book.updateID = 1
        books[3].book.depth = BookUpdate.fullDepth
        books[4].book.matchTimeMilliseconds = 0
        books[4].exchangeMilliseconds = 0
        books[5].book.crossSequence = .min
        books[5].book.updateID = .max
        let read = try Self.roundTrip(books)
        for (own, read) in zip(books, read) { #expect(Self.text(own) == Self.text(read)) }
    }

    @Test func `trades are what they were`() throws {
        var event = Self.empty(.publicTrades)
        let directions = ["", "PlusTick", "ZeroPlusTick", "MinusTick", "ZeroMinusTick"]
        for (place, direction) in directions.enumerated() {
            event.trades.append(
                PublicTrade(
                    symbol: event.symbol,
                    price: try Self.numeral("9000\(place).10"),
                    size: try Self.numeral(place == 2 ? "-0" : "0.00\(place)"),
                    side: place % 2 == 0 ? .buy : .sell,
                    timeMilliseconds: 1_795_377_600_100 + Int64(place),
                    id: place == 1 ? "" : "5b0b9e0c-3f0a-5c1d-a0ff-1d7b6a1ee\(place)",
                    crossSequence: 77 - Int64(place),
                    isBlockTrade: place == 3,
                    tickDirection: direction,
                    isRPI: place == 4
                )
            )
        }
        let read = try Self.roundTrip([event, Self.empty(.publicTrades), event])
        #expect(Self.text(read[0]) == Self.text(event))
        #expect(Self.text(read[1]) == Self.text(Self.empty(.publicTrades)))
        #expect(Self.text(read[2]) == Self.text(event))
    }

    @Test func `tickers are what they were, each field of them`() throws {
        var whole = Self.empty(.ticker)
        whole.ticker.isSnapshot = true
        whole.ticker.lastPrice = try Self.numeral("90000.10")
        whole.ticker.markPrice = try Self.numeral("90000.11")
        whole.ticker.indexPrice = try Self.numeral("90000.12")
        whole.ticker.bidPrice = try Self.numeral("90000.00")
        whole.ticker.bidSize = try Self.numeral("0.001")
        whole.ticker.askPrice = try Self.numeral("90000.20")
        whole.ticker.askSize = try Self.numeral("1")
        whole.ticker.fundingRate = try Self.numeral("-0.0001")
        whole.ticker.nextFundingTime = 1_795_377_600_000
        whole.ticker.openInterest = try Self.numeral("55000.123")
        whole.ticker.highPrice24h = try Self.numeral("91000")
        whole.ticker.lowPrice24h = try Self.numeral("89000")
        whole.ticker.previousPrice24h = try Self.numeral("90500")
        whole.ticker.change24h = try Self.numeral("-0")
        whole.ticker.volume24h = try Amount(text: "123456789012.123456789")
        whole.ticker.turnover24h = try Amount(text: "-0.000000000000000001")
        whole.ticker.tickDirection = "ZeroMinusTick"
        whole.ticker.deliveryTime = 0
        whole.ticker.preListingPhase = "ContinuousTrading"
        whole.ticker.others = TickerField.allCases.map { TickerValue($0, .zero) }
        whole.ticker.cleared = TickerFields(rawValue: .max)
        whole.ticker.crossSequence = 9
        let read = try Self.roundTrip([whole, Self.empty(.ticker)])
        #expect(Self.text(read[0]) == Self.text(whole))
        #expect(Self.text(read[1]) == Self.text(Self.empty(.ticker)))
    }

    /// A field that nobody writes would be missing in every run from the file: add it to `EventNeighbour`, raise
    /// `CacheFormat.version`, and count it here.
    @Test func `no field of an event is forgotten`() {
        let trade = PublicTrade(
            symbol: .none,
            price: .zero,
            size: .zero,
            side: .buy,
            timeMilliseconds: 0,
            id: "",
            crossSequence: 0
        )
        #expect(Mirror(reflecting: BookUpdate()).children.count == 10)
        #expect(Mirror(reflecting: trade).children.count == 11)
        #expect(Mirror(reflecting: TickerUpdate()).children.count == 23)
        #expect(Mirror(reflecting: Numeral.zero).children.count == 3)
        #expect(Mirror(reflecting: Event()).children.count == 21)
    }

    @Test func `what is not said by the numbers of a stream keeps its bytes`() throws {
        let symbol = Symbol("BTCUSDT") ?? .none
        var book = try Self.book([("90000.1", "-0")], [])
        var writer = EventWriter()
        var neighbour = EventNeighbour()
        neighbour.code(&writer, &book, near: 0)
        #expect(writer.hasFailed)
        book.findings = [DecodeFinding(field: "data.b[0][1]", reason: .missing)]
        #expect(!book.isCompact(symbol))
        var trades = Self.empty(.publicTrades)
        #expect(trades.isCompact(symbol) && !trades.isCompact(.none))
        trades.trades = [
            PublicTrade(
                symbol: symbol,
                price: .zero,
                size: .zero,
                side: .buy,
                timeMilliseconds: 0,
                id: "",
                crossSequence: 0,
                tickDirection: "SidewaysTick"
            )
        ]
        #expect(!trades.isCompact(symbol))
        trades.trades[0].tickDirection = ""
        trades.trades[0].terms = OptionTradeTerms()
        #expect(!trades.isCompact(symbol))
    }

    @Test func `bytes that nobody wrote read as failures and never trap`() {
        var random: UInt64 = 7
        for round in 0..<4_000 {
            var bytes = (0..<(8 + round % 200)).map { _ in
                random = Mix.spread(random)
                return UInt8(truncatingIfNeeded: random >> 20)
            }
            // Small counts too, so that what lies behind them is read.
            if round % 2 == 0 { bytes[0] = UInt8(round % 8) }
            bytes += [UInt8](repeating: 0xff, count: EventReader.padding)
            for kind in [Event.Kind.book, .publicTrades, .ticker] {
                bytes.withUnsafeBytes { bytes in
                    var reader = EventReader(bytes, from: 0)
                    var neighbour = EventNeighbour()
                    for _ in 0..<4 where !reader.hasFailed {
                        var event = Self.empty(kind)
                        neighbour.code(&reader, &event, near: 0)
                    }
                    #expect(reader.position <= bytes.count - EventReader.padding)
                }
            }
        }
    }
}
