import Bybit
import Market
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOWebSocket
import Simulation
import Testing

@testable import ReplayServer

extension ReplayServerTests {
    /// Sockets on which nothing goes either way, on a loop whose time the test moves on.
    @Suite struct IdleTests {
        @Test(arguments: [
            ("/v5/private", 600), ("/v5/private?max_active_time=30s", 30),
            ("/v5/private?max_active_time=45s", 45), ("/v5/private?max_active_time=600s", 600),
            ("/v5/trade?max_active_time=1m", 60), ("/v5/trade?x=1&max_active_time=2m", 120),
            ("/v5/private?max_active_time=10m", 600), ("/v5/private?max_active_time=29s", 600),
            ("/v5/private?max_active_time=601s", 600), ("/v5/private?max_active_time=0m", 600),
            ("/v5/private?max_active_time=60", 600), ("/v5/private?max_active_time=s", 600),
            ("/v5/private?max_active_time=-1m", 600),
            ("/v5/private?max_active_time=99999999999999999999m", 600),
            ("/v5/public/linear?max_active_time=30s", 600),
            ("/v5/public/misc/status?max_active_time=30s", 600),
        ])
        func `a private or trade path may say how long it may be silent`(
            target: String,
            seconds: Int64
        ) throws {
            let headers: HTTPHeaders = [
                "Upgrade": "websocket", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
                "Sec-WebSocket-Version": "13",
            ]
            let head = HTTPRequestHead(
                version: .http1_1,
                method: .GET,
                uri: target,
                headers: headers
            )
            #expect(try #require(WebSocketHandshake(head)).idleMax == .seconds(seconds))
        }

        @Test func `silence ends a socket at the sweep after its time, and the journal says why`()
            throws
        {
            let line = try SilentLine(.privateData, query: "max_active_time=1m")
            line.wait(until: 20)
            try line.ping()
            // Sixty seconds of silence are over at 80; the server looks at 90.
            line.wait(until: 89)
            #expect(line.client.isOpen)
            line.wait(until: 90)
            #expect(!line.client.isOpen && !line.channel.isActive)
            #expect(line.journal.contains(#""reason":"idle""#))
            #expect(line.venue.totals.dropped == 1 && line.venue.totals.clients == 0)
            // No close frame: the line breaks.
            while let bytes = try line.channel.readOutbound(as: ByteBuffer.self) {
                #expect(bytes.getInteger(at: 0, as: UInt8.self) != 0x88)
            }
        }

        @Test(arguments: [WebSocketOpcode.text, .ping])
        func `pings of either kind keep a socket`(opcode: WebSocketOpcode) throws {
            let line = try SilentLine(.trade)
            for time in stride(from: Int64(590), to: 3_600, by: 590) {
                line.wait(until: time)
                try line.ping(opcode)
            }
            #expect(line.client.isOpen)
            // The last was answered a little later: the sweep after the one at ten minutes.
            line.wait(until: 3_540 + 630)
            #expect(!line.client.isOpen)
        }

        @Test func `what a stream sends keeps a socket, and without it ten minutes do not`() throws
        {
            let line = try SilentLine(.publicData(.linear))
            try line.send(#"{"op":"subscribe","args":["orderbook.1.BTCUSDT"]}"#)
            line.wait(until: 500)
            line.moveMarket()
            line.wait(until: 1_000)
            #expect(line.client.isOpen)
            line.wait(until: 1_110)
            #expect(!line.client.isOpen)
        }

        @Test func `a line that is half open stays`() throws {
            let line = try SilentLine(.privateData)
            let body = Array(#"{"manner":"half-open"}"#.utf8)
            let order = try MannerOrder.read(body).get()
            #expect(line.venue.carryOut(order) == 1)
            line.wait(until: 3_600)
            #expect(line.client.isOpen)
        }
    }
}

/// One socket of an exchange on a loop that stands still until it is told to go on.
private final class SilentLine {
    let loop = EmbeddedEventLoop()
    let channel: EmbeddedChannel
    let client: Client
    let venue: MannersVenue

    init(_ path: SocketPath, query: String = "") throws {
        var exchange = try SimulatedExchange(
            SimulationConfiguration(
                seed: 7,
                start: ControlledExchange.start,
                listings: Listing.standard()
            )
        )
        let account = try exchange.openAccount(AccountConfiguration(alias: "main", deposits: []))
        let served = ExchangeVenue(
            driver: MarketDriver(exchange, pace: .virtual, loop: loop),
            directory: try AccountDirectory([TestExchange.main]),
            accounts: [account],
            rateLimits: .unlimited,
            loop: loop
        )
        venue = MannersVenue(
            served,
            manners: Manners(journal: try ExchangeJournal(path: nil), chaosSeed: nil),
            loop: loop
        )
        client = Client(
            number: 1,
            path: path,
            venue: venue,
            limits: ServerLimits(),
            answerDelay: .milliseconds(2),
            idleMax: ActiveTime.of(path, query: query)
        )
        channel = EmbeddedChannel(loop: loop)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try channel.pipeline.syncOperations.addHandler(client)
    }

    /// Seconds of the loop's clock, which begins at 0.
    func wait(until seconds: Int64) {
        loop.advanceTime(to: .uptimeNanoseconds(UInt64(seconds) * 1_000_000_000))
    }

    func ping(_ opcode: WebSocketOpcode = .text) throws {
        try write(opcode, opcode == .text ? #"{"op":"ping"}"# : "")
    }

    func send(_ text: String) throws {
        try write(.text, text)
        loop.advanceTime(by: .milliseconds(2))
    }

    private func write(_ opcode: WebSocketOpcode, _ text: String) throws {
        try channel.writeInbound(
            WebSocketFrame(
                fin: true,
                opcode: opcode,
                maskKey: [0, 0, 0, 0],
                data: ByteBuffer(string: text)
            )
        )
    }

    /// One second of the exchange's time, which is not the loop's.
    func moveMarket() {
        venue.exchange.driver.advance(nanoseconds: 1_000_000_000) {}
        loop.run()
    }

    var journal: String {
        venue.manners.journal.entries(from: 1, limit: 1_000)
            .map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n")
    }
}
