import Bybit
import Market
import Testing

@Suite struct SubscriptionRuleTests {
    @Test(arguments: [
        "linear:orderbook.50.BTCUSDT", "linear:orderbook.50.*USDT", "linear:tickers.top:30",
        "option:tickers.BTC-* within:30d", "option:orderbook.25.ETH-* within:12h",
        "spread:orderbook.25.*", "spread:tickers.SOLUSDT_SOL/USDT", "linear:kline.1.*PERP",
        "spot:publicTrade.top:5", "option:tickers.BTC-*-C within:90m",
    ])
    func `a rule reads back from its text`(text: String) throws {
        #expect(try SubscriptionRule(text: text).description == text)
    }

    @Test(arguments: [
        "orderbook.50.BTCUSDT", "linear:", "linear:tickers", "linear:tickers.", "other:tickers.A",
        "spread:tickers.top:3", "linear:tickers.top:0", "linear:tickers.top:x",
        "linear:tickers.*A*",
        "linear:tickers.*USDT within:30", "linear:tickers.*USDT within:0d",
        "linear:tickers.BTCUSDT within:30d", "linear:tickers.*USDT within:30d more", "",
        "linear:tickers.B\"C", "linear:tickers.A,B",
        // These would be of one coin alone, and of which they do not say.
        "option:tickers.*", "option:tickers.*-C", "option:tickers.BTC*", "option:tickers.top:30",
        "option:publicTrade.*",
    ])
    func `what is no rule is refused`(text: String) {
        #expect(throws: SubscriptionRuleError.self) { try SubscriptionRule(text: text) }
    }

    @Test func `a rule of options without a coin is told what to write instead`() throws {
        let error = try #require(throws: SubscriptionRuleError.self) {
            try SubscriptionRule(text: "option:tickers.*-C within:7d")
        }
        #expect(error == .coinless("tickers.*-C"))
        #expect(error.description.contains("write BTC-*, BTC-*-C or BTC-* within:7d"))
    }

    private func plan(_ texts: String...) throws -> SubscriptionPlan {
        SubscriptionPlan(try texts.map { try SubscriptionRule(text: $0) })
    }

    private func listing(
        _ name: String,
        base: String = "",
        delivery: Int64 = 0,
        open: Bool = true
    )
        -> ListedSymbol
    {
        ListedSymbol(
            symbol: Symbol(name) ?? .none,
            baseCoin: base,
            isTrading: open,
            deliveryMilliseconds: delivery
        )
    }

    @Test func `a pattern takes what is open, and a difference says what changed`() throws {
        var plan = try plan("linear:tickers.*USDT")
        #expect(plan.apply(now: 0).isEmpty)
        plan.listed(
            [
                listing("BTCUSDT"), listing("ETHUSDT"), listing("BTCPERP"),
                listing("NEWUSDT", open: false),
            ],
            .linear
        )
        #expect(
            plan.apply(now: 0) == [
                .init(
                    category: .linear,
                    added: ["tickers.BTCUSDT", "tickers.ETHUSDT"],
                    removed: []
                )
            ]
        )
        #expect(plan.apply(now: 0).isEmpty)
        plan.listed([listing("BTCUSDT"), listing("NEWUSDT")], .linear)
        #expect(
            plan.apply(now: 0) == [
                .init(category: .linear, added: ["tickers.NEWUSDT"], removed: ["tickers.ETHUSDT"])
            ]
        )
    }

    @Test func `the first by turnover, equal ones by name, and the next when one is delisted`()
        throws
    {
        var plan = try plan("linear:tickers.top:2")
        let rows = ["AUSDT", "BUSDT", "CUSDT", "DUSDT"].map { listing($0) }
        plan.listed(rows, .linear)
        #expect(plan.topics(.linear, now: 0).isEmpty)
        plan.ranked(
            [
                DayFigures(symbol: rows[0].symbol, turnover: try Amount("5")),
                DayFigures(symbol: rows[3].symbol, turnover: try Amount("7.5")),
                DayFigures(symbol: rows[2].symbol, turnover: try Amount("7.50")),
                DayFigures(symbol: rows[1].symbol, turnover: try Amount("1")),
            ],
            .linear
        )
        #expect(plan.topics(.linear, now: 0) == ["tickers.CUSDT", "tickers.DUSDT"])
        plan.listed(Array(rows.dropFirst().filter { $0 != rows[2] }), .linear)
        #expect(plan.topics(.linear, now: 0) == ["tickers.DUSDT", "tickers.BUSDT"])
        #expect(plan.rankedCategories == [.linear] && plan.listedCategories == [.linear])
    }

    @Test func `options are listed by each coin that a rule names, also one that names a contract`()
        throws
    {
        let named = try plan(
            "option:tickers.ETH-26DEC25-3000-C-USDT",
            "option:publicTrade.SOL",
            "option:tickers.BTC-*-C-USDT",
            "linear:tickers.BTCUSDT"
        )
        // Names that go by no list are listed too: they are delivered, and what they trade in changes.
        #expect(named.listedCategories == [.linear, .option])
        #expect(named.optionBaseCoins == ["ETH", "SOL", "BTC"])
        #expect(try plan("spot:tickers.BTCUSDT").optionBaseCoins.isEmpty)
    }

    @Test func `a window, base coins of options, and their trades by coin`() throws {
        var plan = try plan(
            "option:tickers.BTC-* within:30d",
            "option:publicTrade.BTC-* within:30d",
            "option:tickers.ETH-*"
        )
        let day: Int64 = 86_400_000
        plan.listed(
            [
                listing("BTC-1JAN26-90000-C", base: "BTC", delivery: 30 * day),
                listing("BTC-2JAN26-90000-C", base: "BTC", delivery: 30 * day + 1),
                listing("ETH-2JAN26-9000-P", base: "ETH", delivery: 90 * day),
            ],
            .option
        )
        #expect(plan.optionBaseCoins == ["BTC", "ETH"])
        #expect(
            plan.topics(.option, now: 0) == [
                "tickers.BTC-1JAN26-90000-C", "publicTrade.BTC", "tickers.ETH-2JAN26-9000-P",
            ]
        )
        #expect(plan.topics(.option, now: 1).count == 4)
        // Delivered at that moment, not after it.
        #expect(plan.topics(.option, now: 30 * day).first == "tickers.BTC-2JAN26-90000-C")
    }

    @Test func `the next moment at which time alone changes what is picked is known`() throws {
        let day: Int64 = 86_400_000
        var plan = try plan("option:tickers.BTC-* within:30d", "option:tickers.ETH-1-C")
        #expect(plan.nextChange(after: 0) == nil)
        plan.listed(
            [
                listing("BTC-1-C", base: "BTC", delivery: 40 * day),
                listing("BTC-2-C", base: "BTC", delivery: 20 * day, open: false),
                // Not what a rule picks.
                listing("ETH-2-C", base: "ETH", delivery: 5 * day),
                listing("ETH-1-C", base: "ETH", delivery: 12 * day),
            ],
            .option
        )
        #expect(plan.apply(now: 0).first?.added == ["tickers.ETH-1-C"])
        // It comes within the window.
        #expect(plan.nextChange == 10 * day)
        #expect(plan.apply(now: 10 * day - 1).isEmpty)
        #expect(plan.apply(now: 10 * day).first?.added == ["tickers.BTC-1-C"])
        #expect(plan.nextChange == 12 * day)
        #expect(plan.apply(now: 12 * day).first?.removed == ["tickers.ETH-1-C"])
        #expect(plan.nextChange == 40 * day)
        #expect(plan.apply(now: 40 * day).first?.removed == ["tickers.BTC-1-C"])
        #expect(plan.nextChange == nil)
    }

    @Test func `a name stays until it has been listed and is gone`() throws {
        var plan = try plan("linear:orderbook.50.BTCUSDT")
        #expect(plan.topics(.linear, now: 0) == ["orderbook.50.BTCUSDT"])
        plan.listed([], .linear)
        #expect(plan.topics(.linear, now: 0) == ["orderbook.50.BTCUSDT"])
        plan.listed([listing("BTCUSDT")], .linear)
        plan.listed([listing("BTCUSDT", open: false)], .linear)
        #expect(plan.topics(.linear, now: 0).isEmpty)
    }

    private func follow(
        _ plan: inout SubscriptionPlan,
        _ instruments: [InstrumentID],
        _ now: Int64
    ) -> Bool {
        plan.follow(instruments, now: now)
    }

    @Test func `an instrument with an order or a position has its ticker and smallest book`() throws
    {
        var plan = try plan("linear:tickers.BTCUSDT")
        let both = [InstrumentID(.spot, .btc), InstrumentID(.linear, .btc)]
        #expect(follow(&plan, both, 0))
        #expect(plan.topics(.linear, now: 0) == ["tickers.BTCUSDT", "orderbook.1.BTCUSDT"])
        #expect(plan.topics(.spot, now: 0) == ["orderbook.1.BTCUSDT", "tickers.BTCUSDT"])
        // Orders come and go: what has none now is kept for a while, and asked for once.
        #expect(!follow(&plan, [both[0]], 30_000))
        #expect(!follow(&plan, both, 40_000))
        #expect(!follow(&plan, [], 99_999))
        #expect(plan.topics(.spot, now: 0) == ["orderbook.1.BTCUSDT", "tickers.BTCUSDT"])
        #expect(follow(&plan, [], 100_000))
        #expect(plan.topics(.spot, now: 0).isEmpty)
        #expect(plan.topics(.linear, now: 0) == ["tickers.BTCUSDT"])
    }

    @Test func `topics keep their socket, and no socket goes beyond its limits`() {
        var limits = SubscriptionLimits(topicsPerConnection: 3, charactersPerConnection: 40)
        var plan = SocketPlan(limits: limits)
        let outcome = plan.assign(["a", "b", "c", "d", String(repeating: "x", count: 38)])
        #expect(plan.sockets == [["a", "b", "c"], ["d"]])
        #expect(
            outcome.changed == [0, 1] && outcome.refused == [String(repeating: "x", count: 38)]
        )
        #expect(plan.assign(["e", "d", "c", "a"]).changed == [0])
        #expect(plan.sockets == [["a", "c", "e"], ["d"]])
        limits.topicsPerConnection = 1
        var small = SocketPlan(limits: limits, socketsMax: 2)
        #expect(small.assign(["a", "b", "c"]).refused == ["c"])
    }
}
