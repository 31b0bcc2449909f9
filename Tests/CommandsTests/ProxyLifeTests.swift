import Bybit
import Foundation
import Journal
import Live
import Market
import Testing

@testable import Gateway

/// A proxy over days, beside another, and with more than one key.
@Suite(.serialized) struct ProxyLifeTests {
    @Test func `a proxy rolls, and no connection of a bot is touched nor a frame lost`()
        async throws
    {
        let folder = try TemporaryFolder()
        let live = try await LiveSession(in: folder) {
            $0.relay = RelayConfiguration(host: "127.0.0.1", port: 0)
        }
        let port = await live.session.status().bots?.port ?? 0
        let socket = try RawSocket.open(port: port, "/v5/public/linear")
        try socket.send(
            #"{"op":"subscribe","args":["orderbook.50.BTCUSDT","publicTrade.BTCUSDT"],"req_id":"r"}"#
        )
        let questions = try RawSocket(port: port)
        var texts: [String] = []
        for _ in 1...3 {
            for _ in 0..<40 { texts.append(try socket.text()) }
            _ = try questions.request("GET", "/v5/market/time")
            try await live.roll { await live.session.roll() }
        }
        for _ in 0..<40 { texts.append(try socket.text()) }
        _ = try questions.request("GET", "/v5/market/time")
        let bots = try #require(await live.session.status().bots)
        #expect(bots.lost == 0 && bots.opened == 1 && bots.sockets == 1)
        _ = try await live.session.stopObserving(reason: "the test is over")

        let recordings = try live.recordings()
        #expect(recordings.count == 4)
        var recorded: [String] = []
        var asked = 0
        for recording in recordings {
            #expect(recording.state == .sealed)
            let cursor = try recording.cursor()
            var hasFrames = false
            while let record = try cursor.next() {
                let name = cursor.name(of: record.stream).text
                if name.hasPrefix("public/linear/") {
                    recorded.append(String(decoding: record.payload, as: UTF8.self))
                    hasFrames = true
                }
                if name == "rest/public/GET/v5/market/time",
                    String(decoding: record.payload, as: UTF8.self).contains(#""by":"bot""#)
                {
                    asked += 1
                }
            }
            #expect(hasFrames, "\(recording.path)")
        }
        // Each frame once, in its order; a few more may have come to the proxy.
        #expect(Array(recorded.prefix(texts.count)) == texts)
        #expect(asked == 4)
        let outcome = try await Program.run(["verify", "--chain", live.archive, "--json"])
        #expect(
            outcome.object["state"] as? String == "sound",
            "\(outcome.output) \(outcome.errors)"
        )
        live.server.kill()
    }

    @Test
    func `with roll a killed proxy's successor goes on in the newest recording of its folder`()
        async throws
    {
        let folder = try TemporaryFolder()
        let held = try HeldPort()
        defer { withExtendedLifetime(held) {} }
        let port = held.port
        func start() throws -> Running {
            try Program.start(
                [
                    "proxy", "--endpoint", "http://127.0.0.1:9", "--listen", "127.0.0.1:\(port)",
                    "--json", "--set", "roll=day",
                ],
                in: folder.path
            )
        }
        func recording(_ running: Running) async throws -> String {
            try await running.line { StartedProxy.object($0)?["recording"] as? String }
        }
        let first = try start()
        let path = try await recording(first)
        #expect(path.hasPrefix("recordings/proxy-127.0.0.1-\(port)/"), "\(path)")
        first.kill()
        _ = try await first.end()
        let second = try start()
        #expect(try await recording(second) == path)
        second.terminate()
        #expect(try await second.end().status == 0)
    }

    @Test func `a second proxy at one address is refused before it writes anything`() async throws {
        let folder = try TemporaryFolder()
        let first = try await StartedProxy(exchange: 9, in: folder)
        let second = try await Program.run(
            [
                "proxy", "--endpoint", "http://127.0.0.1:9", "--listen", "127.0.0.1:\(first.port)",
                "--out", "other", "--for", "1s",
            ],
            in: folder.path
        )
        #expect(second.status == 75, "\(second.output) \(second.errors)")
        #expect(second.errors.contains("another process listens there"), "\(second.errors)")
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/other"))
        // At another address, but into the same recording.
        let third = try await Program.run(
            [
                "proxy", "--endpoint", "http://127.0.0.1:9", "--listen", "127.0.0.1:0",
                "--out", "proxied", "--for", "1s",
            ],
            in: folder.path
        )
        #expect(third.status == 75, "\(third.output) \(third.errors)")
        _ = try await first.seal()
    }

    @Test func `who takes any free port is nobody's successor`() async throws {
        let folder = try TemporaryFolder()
        func start() throws -> Running {
            try Program.start(
                [
                    "proxy", "--endpoint", "http://127.0.0.1:9", "--listen", "127.0.0.1:0",
                    "--json",
                ],
                in: folder.path
            )
        }
        let first = try start()
        let one = try await first.line { StartedProxy.object($0)?["recording"] as? String }
        let second = try start()
        let other = try await second.line { StartedProxy.object($0)?["recording"] as? String }
        #expect(one != other)
        for running in [first, second] {
            running.terminate()
            #expect(try await running.end().status == 0)
        }
    }

    @Test func `keys of two accounts stand in streams of their own, and the second is said`()
        async throws
    {
        let folder = try TemporaryFolder()
        let server = try ControlledMarket.serve(
            ["--rate-limits", "off", "--account", DeskedSession.other],
            in: folder
        )
        defer { server.kill() }
        let exchange = try await ControlledMarket.port(server)
        let proxy = try await StartedProxy(exchange: exchange, in: folder)
        var aliases: [String] = []
        for pair in [ControlledMarket.account, DeskedSession.other] {
            let parts = pair.split(separator: ":").map(String.init)
            let signer = try Signer(key: parts[0], secret: parts[1])
            aliases.append("k" + signer.fingerprint)
            let client = try RESTClient(
                settings: try RESTClient.Settings(
                    destination: .endpoint(base: "http://127.0.0.1:\(proxy.port)"),
                    credentials: Credentials(name: "b", environment: "loopback", signer: signer)
                ),
                clock: SessionClock()
            )
            let answer = await client.exchange(RESTCall(RESTRequest(.wallet)))
            #expect(String(decoding: answer.body, as: UTF8.self).contains(#""retCode":0"#))
            client.stop()
        }
        let end = try await proxy.seal()
        #expect(end.object["keys"] as? Int == 2)
        #expect(end.errors.contains("another key passes"), "\(end.errors)")
        let streams = try await StartedProxy.streams(in: folder)
        for alias in aliases {
            #expect(streams.contains("rest/\(alias)/GET/v5/account/wallet-balance"), "\(streams)")
            let rows = try await StartedProxy.payloads("rest/\(alias)/*", in: folder)
            #expect(rows.count { $0.contains(#""by":"bot""#) } == 1)
        }
        let told = try await StartedProxy.payloads("link/rest/*", in: folder)
        #expect(told.count == 1 && told[0].contains("key 2"), "\(told)")
    }
}
