import Live
import Market
import Testing
import Trading

@testable import Commands

@Suite struct PositionTests {
    static let forms: [(String, RecordingPosition)] = [
        ("90240", RecordingPosition.sequence(SequenceNumber(90_240))),
        ("@1767225600123", .time(Timestamp(nanoseconds: 1_767_225_600_123_000_000))),
        ("2026-01-01T00:00:00Z", .time(Timestamp(nanoseconds: 1_767_225_600_000_000_000))),
        (
            "2026-01-01T00:00:00.000000001Z",
            .time(Timestamp(nanoseconds: 1_767_225_600_000_000_001))
        ),
        ("start+90s", .fromStart(nanoseconds: 90_000_000_000)),
        ("end-5m", .fromEnd(nanoseconds: 300_000_000_000)),
        ("end", .fromEnd(nanoseconds: 0)),
    ]

    @Test(arguments: forms)
    func `a position is read in all its forms`(text: String, position: RecordingPosition) throws {
        #expect(try RecordingPosition(text) == position)
    }

    @Test(arguments: ["", "2026-13-01", "start+", "end-5x", "-5", "@", "99999999999999999999999"])
    func `what is no position is wrong usage and says what to write`(text: String) {
        let failure = #expect(throws: Failure.self) { try RecordingPosition(text) }
        #expect(failure?.status == .usage)
        #expect(failure?.todo.isEmpty == false)
    }

    @Test(arguments: [
        ("250ms", 250_000_000), ("30s", 30_000_000_000), ("5m", 300_000_000_000),
        ("2h", 7_200_000_000_000), ("7d", 604_800_000_000_000),
    ])
    func `a duration is exact`(text: String, nanoseconds: Int64) throws {
        #expect(try DurationText.nanoseconds(text) == nanoseconds)
    }
}

@Suite struct GlobTests {
    @Test(arguments: [
        ("public/linear/*", "public/linear/orderbook.50.BTCUSDT", true),
        ("*USDT", "BTCUSDT", true),
        ("BTC?SDT", "BTCUSDT", true),
        ("*.50.*", "orderbook.50.BTCUSDT", true),
        ("*.50.*", "orderbook.200.BTCUSDT", false),
        ("desk/command", "desk/commands", false),
        ("", "", true),
        ("*a*b", "xxaxxbxxb", true),
        ("*a*b", "xxaxxbxxc", false),
    ])
    func `stars and question marks match`(pattern: String, text: String, matches: Bool) {
        #expect(Glob(pattern).matches(text) == matches)
    }
}

@Suite struct SettingsTests {
    static let file = """
        endpoint: https://127.0.0.1:8443
        public:
          - linear:orderbook.50.BTCUSDT
          - spot:publicTrade.BTCUSDT
        strategies:
          maker:
            offset_ticks: 2
            quantity: 0.010
        limits:
          order_value: 1e3
        """

    @Test func `values are texts, never floats`() throws {
        let settings = try Settings(yaml: Self.file, name: "session.yaml")
        #expect(settings.value("strategies.maker.quantity")?.value == "0.010")
        #expect(settings.value("limits.order_value")?.value == "1e3")
        #expect(settings.values("public").count == 2)
        #expect(settings.names(below: "strategies") == ["maker"])
    }

    @Test func `a set value beats the file's`() throws {
        var settings = try Settings(yaml: Self.file, name: "session.yaml")
        try settings.set(assignment: "strategies.maker.offset_ticks=3")
        let configuration = try SessionSettings.configuration(settings, path: "x", target: nil)
        let maker = try #require(configuration.strategies.first)
        #expect(maker.parameters.first { $0.name == "offset_ticks" }?.value == "3")
        #expect(maker.kind == "maker")
        #expect(configuration.subscriptions.count == 2)
    }

    @Test func `an unknown name is refused with file, line and column`() throws {
        let settings = try Settings(yaml: Self.file + "\nlimitz: 3\n", name: "session.yaml")
        let failure = #expect(throws: Failure.self) {
            try SessionSettings.configuration(settings, path: "x", target: nil)
        }
        #expect(failure?.status == .sessionFile)
        #expect(failure?.place.hasPrefix("session.yaml:11:") == true)
        #expect(failure?.todo.contains("limits.*") == true)
    }

    @Test(arguments: ["a: [", "- x", "a: {b: [{c: 1}]}", "a: 1\na: 2"])
    func `what is not a session file is refused and named`(text: String) {
        let failure = #expect(throws: Failure.self) {
            try Settings(yaml: text, name: "session.yaml")
        }
        #expect(failure?.status == .sessionFile)
        #expect(failure?.place.hasPrefix("session.yaml") == true)
    }

    @Test func `nothing says where to trade, so nothing is traded`() throws {
        let failure = #expect(throws: Failure.self) {
            try SessionSettings.configuration(Settings(), path: "x", target: nil)
        }
        #expect(failure?.status == .usage)
    }
}

@Suite struct ColumnsTests {
    @Test(arguments: [(0, "0"), (999, "999"), (1_000, "1,000"), (-1_234_567, "-1,234,567")])
    func `thousands are grouped`(number: Int, text: String) {
        #expect(Columns.grouped(number) == text)
    }

    @Test(arguments: [(512, "512 B"), (1_536, "1.5 KiB"), (5 << 20, "5.0 MiB")])
    func `sizes are short`(bytes: Int, text: String) {
        #expect(Columns.bytes(bytes) == text)
    }
}
