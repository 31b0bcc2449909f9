import Bybit
import Market
import Testing

@testable import Gateway

@Suite struct DestinationTests {
    @Test(arguments: [
        ("https://api.example", "api.example", 443, true, false),
        ("http://127.0.0.1:8080", "127.0.0.1", 8_080, false, true),
        ("http://LOCALHOST:9/", "localhost", 9, false, true),
        ("https://[::1]:8443", "::1", 8_443, true, true),
        ("http://127.9.8.7", "127.9.8.7", 80, false, true),
        ("http://127.0.0.1.example.com", "127.0.0.1.example.com", 80, false, false),
        ("http://127.0.0.300", "127.0.0.300", 80, false, false),
        ("http://127.1", "127.1", 80, false, false),
        ("http://localhost.example", "localhost.example", 80, false, false),
        ("http://10.0.0.1", "10.0.0.1", 80, false, false),
    ])
    func `a base address is read, and loopback is only what cannot leave this machine`(
        text: String,
        host: String,
        port: Int,
        isSecure: Bool,
        isLoopback: Bool
    ) throws {
        let address = try Address(base: text)
        #expect(address == Address(isSecure: isSecure, host: host, port: port))
        #expect(address.isLoopback == isLoopback)
        #expect(try Destination.endpoint(base: text).isOrderEntryAllowed == isLoopback)
        #expect(try Address(base: address.description) == address)
    }

    @Test(arguments: [
        "", "api.example", "ftp://a", "http://", "http:///", "http://a/b", "http://a?b",
        "http://a:0", "http://a:65536", "http://a:b", "http://u@a", "http://a b",
        "http://127.0.0.1:80@a",
        "http://[::1", "http://a:1:2",
    ])
    func `what is no base address is refused`(text: String) {
        #expect(throws: AddressError.self) { try Address(base: text) }
    }

    @Test func `orders go to loopback, testnet and demo, and nowhere else`() throws {
        let allowed = Environment.allCases.filter { Destination($0).isOrderEntryAllowed }
        #expect(allowed == [.testnet, .demo])
        for environment in Environment.allCases where !allowed.contains(environment) {
            let error = try #require(throws: GatewayError.self) {
                try Destination(environment).orderEntryAllowed()
            }
            #expect(error == .orderEntryRefused(environment.rawValue))
            #expect(error.status == 77)
        }
        try Destination(.testnet).orderEntryAllowed()
        try Destination.endpoint(base: "https://127.0.0.1:1").orderEntryAllowed()
    }

    @Test func `demo takes public data from the mainnet and has no order entry by socket`() {
        let demo = Destination(.demo)
        #expect(demo.publicStream == Destination(.mainnet).publicStream)
        #expect(demo.privateStream.host == "stream-demo.bybit.com")
        #expect(demo.rest.description == "https://api-demo.bybit.com")
        #expect(!demo.hasTradeStream && Destination(.testnet).hasTradeStream)
    }

    @Test func `every environment has hosts of its own for REST, and none is loopback`() {
        let hosts = Environment.allCases.map { Destination($0).rest.host }
        #expect(Set(hosts).count == Environment.allCases.count)
        #expect(Environment.allCases.allSatisfy { !Destination($0).isLoopback })
        #expect(
            Environment.allCases.map(\.rawValue).joined(separator: "|")
                == "mainnet|testnet|demo|eu|nl|tr|kz|ae|id|ge|jp"
        )
    }

    @Test(arguments: [
        (SocketSlot(.publicData(.linear)), "link/public/linear", "sent/public/linear"),
        (SocketSlot(.publicData(.spot), slot: 2), "link/public/spot@2", "sent/public/spot@2"),
        (SocketSlot(.privateData(account: "main")), "link/private/main", "sent/private/main"),
    ])
    func `a socket names its streams`(slot: SocketSlot, link: String, sent: String) {
        #expect(slot.linkStream.text == link)
        #expect(slot.sentStream.text == sent)
        let frame = Array(#"{"topic":"tickers.XY"}"#.utf8)
        let name = frame.withUnsafeBytes { slot.stream(of: $0) }.text
        #expect(name.hasPrefix(slot.name.text + "/tickers.XY"))
        #expect(name.hasSuffix("@2") == (slot.slot == 2))
    }
}

@Suite struct ClockTests {
    @Test func `the session's clock is its start plus the monotonic clock`() {
        let clock = SessionClock(start: Timestamp(nanoseconds: 1_000), monotonicStart: 50)
        #expect(clock.at(monotonic: 50) == Timestamp(nanoseconds: 1_000))
        #expect(clock.at(monotonic: 75) == Timestamp(nanoseconds: 1_025))
        let now = SessionClock()
        #expect(now.now() >= now.start && now.now() <= now.now())
        #expect(abs(now.drift().nanoseconds) < 5_000_000_000)
    }

    @Test func `the offset is that of the shortest round trip of the last eight`() {
        var offset = ClockOffset()
        #expect(offset.best == nil)
        func measure(_ sent: Int64, _ received: Int64, _ server: Int64) {
            offset.measure(
                sent: Timestamp(nanoseconds: sent),
                received: Timestamp(nanoseconds: received),
                server: Timestamp(nanoseconds: server)
            )
        }
        measure(100, 300, 1_200)
        #expect(offset.best == ClockOffset.Sample(offset: 1_000, uncertainty: 100))
        measure(1_000, 1_020, 2_012)
        #expect(offset.best == ClockOffset.Sample(offset: 1_002, uncertainty: 10))
        measure(50, 40, 1_000)
        measure(50, 60, 0)
        #expect(offset.best?.uncertainty == 10)
        for _ in 0..<7 { measure(0, 100, 550) }
        #expect(offset.best?.uncertainty == 10)
        measure(0, 100, 550)
        #expect(offset.best == ClockOffset.Sample(offset: 500, uncertainty: 50))
    }

    @Test func `after a clock was set only what was measured since counts`() {
        var offset = ClockOffset()
        func measure(_ server: Int64, trip: Int64) {
            offset.measure(
                sent: Timestamp(nanoseconds: 1_000_000_000_000),
                received: Timestamp(nanoseconds: 1_000_000_000_000 + trip),
                server: Timestamp(nanoseconds: 1_000_000_000_000 + server)
            )
        }
        measure(2_000_000_000, trip: 100_000)
        // Longer round trips that may be true beside it, quartz drift included, change nothing.
        measure(2_030_000_000, trip: 40_000_000)
        #expect(offset.best?.uncertainty == 50_000)
        measure(10_000_000, trip: 30_000_000)
        #expect(offset.best == ClockOffset.Sample(offset: -5_000_000, uncertainty: 15_000_000))
        measure(500_000, trip: 1_000_000)
        #expect(offset.best == ClockOffset.Sample(offset: 0, uncertainty: 500_000))
    }

    @Test(arguments: [
        (1, UInt64.min, Int64(250)), (1, .max, 499), (2, .min, 500), (4, .max, 3_999),
        (7, .min, 10_000),
        (60, .max, 19_999), (Int.max, .min, 10_000), (0, .min, 250),
    ])
    func `waits double from under a second up to a ceiling, half of each by chance`(
        attempt: Int,
        chance: UInt64,
        milliseconds: Int64
    ) {
        #expect(Backoff().wait(attempt: attempt, chance: chance) / 1_000_000 == milliseconds)
    }
}
