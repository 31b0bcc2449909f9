import Market
import Testing

@Suite struct SymbolTests {
    @Test(arguments: [
        "A", "BTCUSDT", "BTC-25DEC26-90000-C", "SOLUSDT_SOL/USDT",
        "12345678901234567890123456789012",
    ])
    func `a symbol prints the text it was made of`(text: String) throws {
        #expect(try #require(Symbol(text)).description == text)
    }

    @Test(arguments: ["", "123456789012345678901234567890123", "BTC USDT", "BTCÜ", "A\u{7f}", "\n"])
    func `text that is no symbol makes none`(text: String) {
        #expect(Symbol(text) == nil)
    }

    @Test func `symbols sort as their text`() {
        let texts = ["ETHUSDT", "BTCUSDT", "BTC", "BTCUSD", "1000PEPEUSDT", "BTC-25DEC26-90000-C"]
        let symbols = texts.compactMap { Symbol($0) }.sorted()
        #expect(symbols.map(\.description) == texts.sorted())
    }

    @Test func `the fixed hash is the same in every build`() throws {
        #expect(try #require(Symbol("BTCUSDT")).fixedHash == #require(Symbol("BTCUSDT")).fixedHash)
        #expect(try #require(Symbol("BTCUSDT")).fixedHash != #require(Symbol("BTCUSDC")).fixedHash)
        // Computed once; a change here makes old state hashes worthless.
        #expect(Mix.spread(1) == 10_451_216_379_200_822_465)
    }

    @Test func `the same symbol on two categories is two instruments`() throws {
        let symbol = try #require(Symbol("BTCUSDT"))
        let spot = InstrumentID(.spot, symbol)
        let linear = InstrumentID(.linear, symbol)
        #expect(spot != linear)
        #expect(spot < linear)
        #expect(InstrumentID(linear.description) == linear)
        #expect(InstrumentID("linear") == nil)
        #expect(InstrumentID("margin BTCUSDT") == nil)
    }
}

@Suite struct TimestampTests {
    @Test(
        arguments: [
            (Int64(0), "1970-01-01T00:00:00.000000000Z"),
            (1_795_378_685_000_000_000, "2026-11-22T20:18:05.000000000Z"),
            (951_782_400_123_456_789, "2000-02-29T00:00:00.123456789Z"),
            (-1, "1969-12-31T23:59:59.999999999Z"),
            (-86_400_000_000_001, "1969-12-30T23:59:59.999999999Z"),
            (4_107_542_399_000_000_000, "2100-02-28T23:59:59.000000000Z"),
            (4_107_542_400_000_000_000, "2100-03-01T00:00:00.000000000Z"),
        ]
    )
    func `a moment prints as RFC 3339 with nanoseconds`(nanoseconds: Int64, text: String) {
        #expect(Timestamp(nanoseconds: nanoseconds).description == text)
    }

    @Test func `milliseconds round down on both sides of 1970`() {
        #expect(Timestamp(nanoseconds: 1_999_999).milliseconds == 1)
        #expect(Timestamp(nanoseconds: -1).milliseconds == -1)
        #expect(Timestamp(milliseconds: .max) == nil)
        #expect(Timestamp(milliseconds: 1_795_378_685_000)?.milliseconds == 1_795_378_685_000)
    }

    @Test func `adding past the end stops at the end`() {
        #expect(Timestamp(nanoseconds: .max - 1).advanced(nanoseconds: 5).nanoseconds == .max)
        #expect(Timestamp(nanoseconds: .min + 1).advanced(nanoseconds: -5).nanoseconds == .min)
    }
}

@Suite struct StreamNameTests {
    @Test(
        arguments: [
            (
                "public/linear/orderbook.50.BTCUSDT",
                StreamKind.publicTopic(.linear, topic: "orderbook.50.BTCUSDT"), 1
            ),
            ("public/spot/-", .publicOther(.spot), 1),
            (
                "public/linear/publicTrade.BTCUSDT@2",
                .publicTopic(.linear, topic: "publicTrade.BTCUSDT"), 2
            ),
            (
                "private/main/execution.linear",
                .privateTopic(account: "main", topic: "execution.linear"), 1
            ),
            ("private/main/-", .privateOther(account: "main"), 1),
            ("trade/main", .trade(account: "main"), 1),
            (
                "rest/main/POST/v5/order/create",
                .rest(account: "main", method: "POST", path: "/v5/order/create"), 1
            ),
            ("sent/private/main/-", .sent("private/main/-"), 1),
            ("link/public/linear", .link("public/linear"), 1),
            ("desk/command", .command, 1), ("desk/verdict", .verdict, 1),
            ("desk/finding", .finding, 1), ("desk/state", .state, 1), ("desk/timer", .timer, 1),
            ("desk/operator", .operatorRequest, 1), ("session/start", .sessionStart, 1),
            ("session/channel", .sessionChannel, 1), ("session/tick", .sessionTick, 1),
            ("session/figures", .sessionFigures, 1),
            ("session/clock", .sessionClock, 1), ("session/commit", .sessionCommit, 1),
            ("session/end", .sessionEnd, 1),
            ("public/margin/orderbook.1.X", .unknown, 1), ("public/linear", .unknown, 1),
            ("desk/other", .unknown, 1), ("", .unknown, 1), ("nothing", .unknown, 1),
            ("public/linear/tickers.A@1", .publicTopic(.linear, topic: "tickers.A@1"), 1),
            ("public/linear/tickers.A@x", .publicTopic(.linear, topic: "tickers.A@x"), 1),
        ] as [(String, StreamKind, Int)]
    )
    func `what a payload is follows from its stream`(text: String, kind: StreamKind, slot: Int) {
        let name = StreamName(text)
        #expect(name.kind == kind)
        #expect(name.slot == slot)
        #expect(name.description == text)
    }

    @Test func `outputs are compared, evidence is neither fed nor compared`() {
        for text in ["desk/command", "desk/verdict", "desk/finding", "desk/state"] {
            #expect(StreamName(text).kind.isOutput)
            #expect(!StreamName(text).kind.isEvidence)
        }
        for text in ["sent/trade/main", "session/channel", "session/commit"] {
            #expect(StreamName(text).kind.isEvidence)
            #expect(!StreamName(text).kind.isOutput)
        }
        for text in ["desk/timer", "desk/operator", "link/private/main", "session/start"] {
            #expect(!StreamName(text).kind.isEvidence)
            #expect(!StreamName(text).kind.isOutput)
        }
    }
}

@Suite struct JSONWriterTests {
    @Test func `keys and values stand in the order they were written`() {
        var json = JSONWriter()
        json.object { json in
            json.field("text", "a\"b\\c\n\u{1}é")
            json.field("number", Int64(-5))
            json.field("flag", true)
            json.field("sequence", SequenceNumber(7))
            json.field(
                "list",
                array: { json in
                    json.value("x")
                    json.null()
                    json.object { _ in }
                }
            )
        }
        json.newline()
        #expect(
            json.text
                == #"{"text":"a\"b\\c\n\u0001é","number":-5,"flag":true,"sequence":7,"#
                + #""list":["x",null,{}]}"# + "\n"
        )
    }

    @Test func `a writer that is used again begins anew`() {
        var json = JSONWriter()
        json.value("one")
        json.reset()
        json.value("two")
        #expect(json.text == #""two""#)
    }
}

@Suite struct OrderWordsTests {
    @Test(arguments: ["New", "PartiallyFilled", "Filled", "Cancelled", "Rejected", "Paused"])
    func `a status keeps its word, unknown ones too`(word: String) {
        #expect(OrderStatus(name: word).name == word)
    }

    @Test(
        arguments: [
            ("New", false), ("PartiallyFilled", false), ("Untriggered", false),
            ("Triggered", false),
            ("Filled", true), ("Cancelled", true), ("PartiallyFilledCanceled", true),
            ("Rejected", true), ("Deactivated", true), ("Paused", false),
        ]
    )
    func `only the exchange's closed states are closed`(word: String, isClosed: Bool) {
        #expect(OrderStatus(name: word).isClosed == isClosed)
    }

    @Test(arguments: [
        ("Trade", true), ("AdlTrade", true), ("BustTrade", true), ("Funding", false),
        ("FutureSpread", true), ("BlockTrade", true), ("MovePosition", true), ("Delivery", false),
        ("Settle", false), ("CorporateAction", false),
    ])
    func `only trades move the position`(word: String, isFill: Bool) {
        #expect(ExecutionType(name: word).isFill == isFill)
        #expect(ExecutionType(name: word).name == word)
    }

    @Test func `every endpoint is known by its path`() {
        for row in Endpoint.table {
            #expect(Endpoint(path: row.path) == row.endpoint)
            #expect(row.endpoint.path == row.path)
            #expect(row.endpoint.method == row.method)
        }
        #expect(Endpoint(path: "/v5/else") == .other("/v5/else"))
    }
}
