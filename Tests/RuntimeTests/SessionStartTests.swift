import JSON
import Market
import Runtime
import Testing
import Trading

@Suite struct SessionStartTests {
    static let start = SessionStart(
        session: "2026-11-22T20-18-05Z-7f3a",
        run: 2,
        program: "0.1.0",
        build: "abc",
        seed: "7",
        account: "main",
        strategies: [
            StrategyConfiguration(
                name: "fast \"one\"",
                kind: "maker",
                parameters: [Setting("offset_ticks", "2"), Setting("quantity", "0.010")]
            )
        ],
        limits: [Setting("order_value", "2000.50")],
        configuration: [Setting("endpoint", "https://127.0.0.1:1")],
        wall: Timestamp(nanoseconds: 1_767_225_600_000_000_001),
        monotonicNanoseconds: 42
    )

    @Test func `what is written is read back`() throws {
        let payload = Self.start.payload()
        let read = try payload.withUnsafeBytes { bytes in
            try SessionStart(payload: bytes, parser: JSONParser())
        }
        #expect(read == Self.start)
    }

    @Test func `the engine reconciles the categories that the record names, without a name linear`()
    {
        #expect(Self.start.engineConfiguration.categories == [.linear])
        var named = Self.start
        named.configuration.append(Setting(SessionStart.reconciledCategories, "spot linear option"))
        #expect(named.engineConfiguration.categories == [.spot, .linear, .option])
    }

    @Test func `equal settings have equal hashes and one changed parameter another`() {
        var changed = Self.start
        #expect(changed.configurationHash == Self.start.configurationHash)
        changed.strategies[0].parameters[0].value = "3"
        #expect(changed.configurationHash != Self.start.configurationHash)
    }

    @Test(arguments: ["session", "run", "format", "strategies", "limits", "clock"])
    func `a missing field is an error that names it`(name: String) throws {
        let text = String(decoding: Self.start.payload(), as: UTF8.self)
        let broken = Array(text.replacing("\"\(name)\":", with: "\"x\":").utf8)
        let error = #expect(throws: JSONError.self) {
            try broken.withUnsafeBytes { bytes in
                try SessionStart(payload: bytes, parser: JSONParser())
            }
        }
        #expect(error?.description.contains(name) == true)
    }

    @Test func `each run of a recording has an engine session of its own`() {
        var first = Self.start
        first.run = 1
        #expect(first.engineConfiguration.session != Self.start.engineConfiguration.session)
    }
}
