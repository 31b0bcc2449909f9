import Market
import Testing
import Trading

@Suite struct ParameterTests {
    private func resolved(_ settings: [(String, String)]) throws -> [Setting] {
        try StrategyRegistry.standard.resolved(
            StrategyConfiguration(
                name: "m",
                kind: "maker",
                parameters: settings.map { Setting($0.0, $0.1) }
            )
        ).parameters
    }

    @Test func `the defaults are filled in, in the order of declaration`() throws {
        let settings = try resolved([("offset_ticks", "3")])
        #expect(settings.first { $0.name == "offset_ticks" }?.value == "3")
        #expect(settings.first { $0.name == "symbols" }?.value == "BTCUSDT,ETHUSDT")
        #expect(
            settings.map(\.name) == StrategyRegistry.standard.parameters(of: "maker").map(\.name)
        )
        #expect(try resolved(settings.map { ($0.name, $0.value) }) == settings)
    }

    @Test(
        arguments: [
            (
                "offset_ticks", "two",
                "strategies.m.offset_ticks cannot be \"two\"; write a whole number, such as 3, from -1000 to 10000"
            ),
            (
                "offset_ticks", "2.5",
                "strategies.m.offset_ticks cannot be \"2.5\"; write a whole number, such as 3, from -1000 to 10000"
            ),
            (
                "offset_ticks", "99999",
                "strategies.m.offset_ticks cannot be \"99999\"; write a whole number, such as 3, from -1000 to 10000"
            ),
            (
                "quantity", "1e3",
                "strategies.m.quantity cannot be \"1e3\"; write a decimal number, such as 0.010, or one for each symbol: BTCUSDT=…,ETHUSDT=…"
            ),
            (
                "symbols", "BTC USDT",
                "strategies.m.symbols cannot be \"BTC USDT\"; write a list with commas, each a symbol, such as BTCUSDT"
            ),
            (
                "ofset_ticks", "2",
                "strategies.m.ofset_ticks does not exist; there are: symbols, offset_ticks, quantity, inventory_max, levels, step_ticks, skew_ticks, amend_ticks, requote_ms, lifetime_ms"
            ),
        ]
    )
    func `an error says name, value and what is allowed`(
        name: String,
        value: String,
        message: String
    ) {
        let error = #expect(throws: EngineError.self) { try resolved([(name, value)]) }
        #expect(error?.description == message)
    }

    @Test func `a parameter set twice and a kind that is not there are errors`() {
        let twice = #expect(throws: EngineError.self) {
            try resolved([("levels", "1"), ("levels", "2")])
        }
        #expect(twice?.description == "strategies.m.levels is set twice")
        let unknown = #expect(throws: EngineError.self) {
            try Bench(strategies: [StrategyConfiguration(name: "x", kind: "taker")])
        }
        #expect(
            unknown?.description
                == "strategies.x.kind cannot be \"taker\"; write one of: maker, puppet"
        )
    }

    @Test(
        arguments: [
            ("0.010", "0.010", "0.010"), ("BTCUSDT=0.010,ETHUSDT=0.20", "0.010", "0.20"),
            ("5,BTCUSDT=1", "1", "5"), ("ETHUSDT=2, BTCUSDT=1", "1", "2"),
        ]
    )
    func `a value is for all symbols or for each`(text: String, btc: String, eth: String) throws {
        let value = try #require(PerSymbol<Numeral>(parameter: text))
        #expect(value[Bench.btc.symbol]?.description == btc)
        #expect(value[Bench.eth.symbol]?.description == eth)
        #expect(PerSymbol<Numeral>(parameter: value.parameterText) == value)
    }

    @Test(arguments: ["", ",", "1,2", "BTCUSDT=1,BTCUSDT=2", "=1", "BTCUSDT"])
    func `what names a symbol twice or not at all is no value`(text: String) {
        #expect(PerSymbol<Numeral>(parameter: text) == nil)
    }

    @Test(arguments: ["", "a b", "desk", "external", "ümlaut", String(repeating: "x", count: 33)])
    func `a strategy's name that would not do in an order id is refused`(name: String) {
        #expect(throws: EngineError.strategyName(name)) { try Bench(strategies: [.puppet(name)]) }
    }

    @Test func `two strategies of one name are refused, of one kind they are not`() throws {
        #expect(throws: EngineError.strategyName("a")) {
            try Bench(strategies: [.puppet("a"), .puppet("a")])
        }
        _ = try Bench(strategies: [.puppet("a"), .puppet("b")])
    }

    struct Careless: Strategy {
        static let kind = "careless"
        var seen: [String: Int] = [:]
        init(parameters: NoParameters) {}
    }

    @Test func `a strategy that keeps a dictionary is refused before the session`() {
        var registry = Bench.registry
        registry.register(Careless.self)
        let error = #expect(throws: EngineError.self) {
            try Bench(
                strategies: [StrategyConfiguration(name: "c", kind: "careless")],
                registry: registry
            )
        }
        #expect(error?.description.contains("strategies.c") == true)
        #expect(error?.description.contains("seen: Dictionary<String, Int>") == true)
    }

    @Test func `a later kind of the same name takes the place of the first`() {
        struct Mine: Strategy {
            static let kind = "maker"
            init(parameters: NoParameters) {}
        }
        var registry = StrategyRegistry.standard
        registry.register(Mine.self)
        #expect(registry.kinds == ["maker"])
        #expect(registry.parameters(of: "maker").isEmpty)
    }
}
