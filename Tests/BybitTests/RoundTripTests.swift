import Bybit
import Market
import SharedData
import Testing

/// What the writer says, the decoder understands: the same values out as in, field by field.
@Suite struct RoundTripTests {
    static let time: Int64 = 1_767_225_600_005

    static func read(_ socket: SocketName, _ write: (inout MessageWriter) -> Void) -> Event {
        let bytes = MessageWriter.message(write)
        let stream = bytes.withUnsafeBytes { StreamNaming.name(socket, frame: $0) }
        let event = decode(stream.text, bytes)
        #expect(event.findings.isEmpty, "\(event.findings)")
        return event
    }

    static func reply(_ path: String, _ write: (inout MessageWriter) -> Void) -> Event {
        let body = String(decoding: MessageWriter.message(write), as: UTF8.self)
        let event = decode("rest/main/GET" + path, record(path, response: body))
        #expect(event.findings.isEmpty, "\(event.findings)")
        #expect(event.kind == .reply && event.reply.isSuccess)
        #expect(event.exchangeMilliseconds == time)
        return event
    }

    // MARK: - Numbers

    @Test(arguments: [
        "0", "0.000", "-0", "-0.00", "1", "90000.10", "0.00000000000000001", "0.000000000000000001",
        "123456789012345678", "12345678.0123456789", "-0.5", "-90000", "0.0000000000001",
        "26000000000000", "1.0", "100", "999999999999999999", "-999999999999999999",
    ])
    func `prices and sizes come out as the text that went in`(text: String) throws {
        let number = try Numeral(text)
        var update = BookUpdate()
        update.isSnapshot = true
        update.depth = 50
        update.updateID = 7
        update.bids = [LevelNumerals(price: number, size: number)]
        let bytes = MessageWriter.message { $0.book(update, symbol: .btc, ts: Self.time) }
        #expect(String(decoding: bytes, as: UTF8.self).contains(#"[["\#(text)","\#(text)"]]"#))
        let event = Self.read(.publicData(.linear)) { $0.book(update, symbol: .btc, ts: Self.time) }
        let level = try require(event.book.bids.first, "a level")
        #expect(level.price.description == text && level.size.description == text)
    }

    @Test func `a number in any place of the text is read alike, with and without the fast way`()
        throws
    {
        // A blank takes a push off the fast way: both must read the same.
        var state: UInt64 = 42
        for _ in 0..<2_000 {
            state = Mix.spread(state)
            let digits = Int(state % 19) + 1
            let decimals = Int((state >> 8) % UInt64(digits + 1))
            let whole = (0..<digits).map { index in
                String(UInt8(truncatingIfNeeded: (state >> UInt64(index * 3)) % 10))
            }.joined()
            let sign = state >> 60 == 0 ? "-" : ""
            let text =
                decimals == 0 || decimals == digits
                ? sign + whole : sign + whole.dropLast(decimals) + "." + whole.suffix(decimals)
            let plain =
                #"{"topic":"orderbook.1.BTCUSDT","type":"delta","ts":1,"data":{"s":"BTCUSDT","#
                + #""b":[["\#(text)","1"]],"a":[["2","\#(text)"]],"u":5,"seq":6},"cts":3}"#
            let unusual = plain.dropLast() + #","extra":{"x":[1,2]}}"#
            let fast = decode("public/linear/orderbook.1.BTCUSDT", plain)
            let general = decode("public/linear/orderbook.1.BTCUSDT", String(unusual))
            #expect(fast.kind == general.kind)
            #expect(fast.findings == general.findings)
            #expect(
                fast.book.bids.map(\.price.description)
                    == general.book.bids.map(\.price.description)
            )
            #expect(
                fast.book.asks.map(\.size.description) == general.book.asks.map(\.size.description)
            )
            #expect(fast.book.updateID == general.book.updateID)
            #expect(fast.book.matchTimeMilliseconds == general.book.matchTimeMilliseconds)
        }
    }

    // MARK: - Public

    @Test(arguments: [true, false])
    func `a book`(isSnapshot: Bool) throws {
        var update = BookUpdate()
        update.isSnapshot = isSnapshot
        update.depth = 50
        update.updateID = 500_100
        update.crossSequence = 900_000_001
        update.matchTimeMilliseconds = Self.time - 2
        update.bids = [
            LevelNumerals(price: try Numeral("90000.10"), size: try Numeral("1.250")),
            LevelNumerals(price: try Numeral("90000.00"), size: try Numeral("0")),
        ]
        let event = Self.read(.publicData(.linear)) { $0.book(update, symbol: .btc, ts: Self.time) }
        #expect(event.kind == .book && event.symbol == .btc && event.category == .linear)
        #expect(event.exchangeMilliseconds == Self.time)
        #expect(event.book.isSnapshot == isSnapshot && event.book.depth == 50)
        #expect(event.book.updateID == update.updateID)
        #expect(event.book.crossSequence == update.crossSequence)
        #expect(event.book.matchTimeMilliseconds == update.matchTimeMilliseconds)
        #expect(event.book.bids == update.bids && event.book.asks.isEmpty)
    }

    @Test func `public trades`() throws {
        let trades = [
            PublicTrade(
                symbol: .btc,
                price: try Numeral("90000.00"),
                size: try Numeral("0.010"),
                side: .sell,
                timeMilliseconds: Self.time,
                id: "5d3c2b1a-0000-5000-8000-000000000001",
                crossSequence: 900_000_009,
                isBlockTrade: true,
                tickDirection: "MinusTick"
            ),
            PublicTrade(
                symbol: .btc,
                price: try Numeral("90000.10"),
                size: try Numeral("1"),
                side: .buy,
                timeMilliseconds: Self.time + 1,
                id: "2100000000055371969",
                crossSequence: 900_000_009
            ),
        ]
        let event = Self.read(.publicData(.spot)) { $0.trades(trades, symbol: .btc, ts: Self.time) }
        #expect(event.kind == .publicTrades && event.category == .spot && event.symbol == .btc)
        #expect(event.trades == trades)
    }

    @Test(arguments: [(Category.linear, true), (.linear, false), (.spot, true)])
    func `a ticker`(category: Category, isSnapshot: Bool) throws {
        var update = TickerUpdate()
        update.isSnapshot = isSnapshot
        update.lastPrice = try Numeral("90000.00")
        update.tickDirection = "MinusTick"
        update.crossSequence = 900_000_009
        if isSnapshot {
            update.highPrice24h = try Numeral("91000.50")
            update.lowPrice24h = try Numeral("89000.00")
            update.previousPrice24h = try Numeral("89500")
            update.change24h = try Numeral("-0.0055")
            update.volume24h = try Amount("12345678901234.5678")
            update.turnover24h = try Amount("0.000000000000000001")
        }
        if category == .linear {
            update.markPrice = try Numeral("90001.12")
            update.fundingRate = try Numeral("-0.0001")
            update.nextFundingTime = Self.time
            update.openInterest = try Numeral("50000.001")
            update.indexPrice = try Numeral("90002")
            update.bidPrice = try Numeral("89999.90")
            update.bidSize = try Numeral("1.5")
            update.askPrice = try Numeral("90000.00")
            update.askSize = try Numeral("2.500")
        }
        let event = Self.read(.publicData(category)) {
            $0.ticker(update, category: category, symbol: .btc, ts: Self.time)
        }
        #expect(event.kind == .ticker && event.symbol == .btc)
        let read = event.ticker
        #expect(read.isSnapshot == isSnapshot && read.crossSequence == update.crossSequence)
        let prices = { (ticker: TickerUpdate) in
            [
                ticker.lastPrice, ticker.markPrice, ticker.indexPrice, ticker.bidPrice,
                ticker.bidSize, ticker.askPrice, ticker.askSize, ticker.fundingRate,
                ticker.openInterest, ticker.highPrice24h, ticker.lowPrice24h,
                ticker.previousPrice24h, ticker.change24h,
            ].map { $0?.description }
        }
        #expect(prices(read) == prices(update))
        #expect(read.volume24h == update.volume24h && read.turnover24h == update.turnover24h)
        #expect(read.nextFundingTime == update.nextFundingTime)
        #expect(read.tickDirection == update.tickDirection)
    }

    @Test func `candles`() throws {
        let candle = Candle(
            startMilliseconds: 1_767_225_600_000,
            endMilliseconds: 1_767_225_659_999,
            interval: "1",
            open: try Numeral("90000.1"),
            high: try Numeral("90000.2"),
            low: try Numeral("90000"),
            close: try Numeral("90000.0"),
            volume: try Amount("0.31"),
            turnover: try Amount("27900.1"),
            isConfirmed: true,
            timeMilliseconds: Self.time
        )
        let event = Self.read(.publicData(.linear)) {
            $0.candles([candle], symbol: .btc, ts: Self.time)
        }
        #expect(event.kind == .candles && event.candles == [candle])
    }
}
