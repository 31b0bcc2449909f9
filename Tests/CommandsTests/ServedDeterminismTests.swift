import Foundation
import Testing

@testable import ReplayServer

/// The same seed and the same requests: the same bytes on every socket, whoever computes them.
@Suite struct ServedDeterminismTests {
    private static let account = ServerAccount(
        alias: "main",
        key: "SERVEDKEY00000001",
        secret: Array("SERVEDSECRET000000000000000000000001".utf8)
    )
    /// 2026-01-01T00:00:00Z: where a virtual clock begins.
    private static let start = 1_767_225_600_000

    /// One whole session: public and private sockets, orders of every fate; every byte of every socket.
    private func session(_ program: String, seed: Int) async throws -> [[UInt8]] {
        let folder = try TemporaryFolder()
        let server = try Program.start(
            [
                "serve", "--synthetic", "--plain", "--json", "--seed", "\(seed)", "--pace",
                "virtual", "--symbols", "2", "--for", "900s", "--account",
                Self.account.key + ":" + String(decoding: Self.account.secret, as: UTF8.self),
            ],
            program: program,
            in: folder.path
        )
        defer { server.kill() }
        let port = try await server.line { line in
            line.firstMatch(of: #/"port":(\d+)/#).flatMap { Int($0.output.1) }
        }
        let control = try RawSocket(port: port)
        let rest = try RawSocket(port: port)
        let linear = try RawSocket.open(port: port, "/v5/public/linear")
        try linear.send(
            #"{"op":"subscribe","args":["orderbook.1.BTCUSDT","orderbook.50.BTCUSDT","#
                + #""orderbook.200.ETHUSDT","publicTrade.BTCUSDT","tickers.BTCUSDT","kline.1.BTCUSDT"]}"#
        )
        try linear.drain()
        let spot = try RawSocket.open(port: port, "/v5/public/spot")
        try spot.send(
            #"{"op":"subscribe","args":["orderbook.50.BTCUSDT","publicTrade.BTCUSDT","tickers.BTCUSDT"]}"#
        )
        try spot.drain()
        let personal = try RawSocket.open(port: port, "/v5/private")
        try personal.send(TestLogin.frame(Self.account, expires: Self.start + 10_000))
        try personal.send(
            #"{"op":"subscribe","args":["order","execution","position","wallet"]}"#
        )
        try personal.drain()
        var now = Self.start
        for turn in 0..<30 {
            let side = turn % 2 == 0 ? "Buy" : "Sell"
            let price = turn % 3 == 0 ? 64_000 : turn % 3 == 1 ? 65_100 : 66_000
            let kind = turn % 5 == 0 ? "Market" : "Limit"
            _ = try rest.signed(
                "POST",
                "/v5/order/create",
                #"{"category":"linear","symbol":"BTCUSDT","side":"\#(side)","orderType":"\#(kind)","#
                    + #""qty":"0.00\#(1 + turn % 4)","price":"\#(price)","orderLinkId":"d-\#(turn)"}"#,
                Self.account,
                now
            )
            if turn % 4 == 3 {
                _ = try rest.signed(
                    "POST",
                    "/v5/order/cancel",
                    #"{"category":"linear","symbol":"BTCUSDT","orderLinkId":"d-\#(turn - 1)"}"#,
                    Self.account,
                    now
                )
            }
            let answer = try control.request(
                "POST",
                "/tapedeck/advance",
                body: #"{"milliseconds":150}"#
            )
            #expect(answer.contains("exchange_time"))
            now += 150
        }
        for path in [
            "/v5/market/orderbook?category=linear&symbol=BTCUSDT&limit=50",
            "/v5/market/tickers?category=spot", "/v5/market/instruments-info?category=linear",
            "/v5/market/kline?category=linear&symbol=BTCUSDT&interval=1", "/v5/market/time",
        ] {
            _ = try rest.request("GET", path)
        }
        for path in ["/v5/order/history", "/v5/execution/list", "/v5/position/list"] {
            _ = try rest.signed("GET", path, "category=linear&symbol=BTCUSDT", Self.account, now)
        }
        var pushes = 0
        for socket in [linear, spot, personal] { pushes += try socket.drain().count }
        #expect(pushes > 300)
        return [linear, spot, personal, rest, control].map(\.received)
    }

    @Test func `two processes and both builds send the same bytes on every socket`() async throws {
        let first = try await session(Program.path, seed: 11)
        let programs = [Program.path] + [Program.release].compactMap { $0 }
        for program in programs {
            let other = try await session(program, seed: 11)
            for (number, pair) in zip(first, other).enumerated() {
                #expect(pair.0.count > 1_000)
                // Not in the expectation, which would print both byte by byte.
                let isSame = pair.0 == pair.1
                #expect(isSame, "socket \(number) of \(program): \(difference(pair))")
            }
        }
        #expect(try await session(Program.path, seed: 12)[0] != first[0])
        if Program.release == nil { print("TAPEDECK_RELEASE is not set: two debug processes") }
    }

    private func difference(_ pair: ([UInt8], [UInt8])) -> String {
        let place = zip(pair.0, pair.1).enumerated().first { $0.element.0 != $0.element.1 }?.offset
        let at = max(0, (place ?? min(pair.0.count, pair.1.count)) - 60)
        return "byte \(place ?? -1) of \(pair.0.count) and \(pair.1.count):\n"
            + String(decoding: pair.0.dropFirst(at).prefix(160), as: UTF8.self) + "\n"
            + String(decoding: pair.1.dropFirst(at).prefix(160), as: UTF8.self)
    }

    /// Pushes of a market that runs in real time from a given start, by their own moment.
    private func pushes(_ program: String) async throws -> [String: String] {
        let folder = try TemporaryFolder()
        let server = try Program.start(
            [
                "serve", "--synthetic", "--plain", "--json", "--seed", "11", "--start",
                "2026-01-01T00:00:00Z", "--symbols", "2", "--for", "900s", "--account", "K:S",
            ],
            program: program,
            in: folder.path
        )
        defer { server.kill() }
        let port = try await server.line { line in
            line.firstMatch(of: #/"port":(\d+)/#).flatMap { Int($0.output.1) }
        }
        let socket = try RawSocket.open(port: port, "/v5/public/linear")
        try socket.send(
            #"{"op":"subscribe","args":["orderbook.1.BTCUSDT","publicTrade.BTCUSDT","publicTrade.ETHUSDT"]}"#
        )
        var moments: [String: String] = [:]
        // Both look up to the same moment of the exchange's clock, from whenever they came.
        let end = Self.start + 12_000
        while true {
            let text = try socket.text()
            guard let topic = text.firstMatch(of: #/"topic":"([^"]+)"/#)?.output.1,
                let time = text.firstMatch(of: #/"ts":(\d+)/#)?.output.1
            else { continue }
            guard Int(time) ?? 0 < end else { break }
            // `u` counts from the moment of the subscription, which is the machine's.
            let same = text.replacing(#/"u":\d+/#, with: "")
            // A best level that is sent again for want of news depends on when the last was sent.
            moments["\(topic) \(time) \(moments["\(topic) \(time)"] == nil ? 1 : 2)"] = same
        }
        return moments
    }

    @Test func `in real time the market is the same, from whenever one looks`() async throws {
        let first = try await pushes(Program.path)
        let second = try await pushes(Program.release ?? Program.path)
        let common = first.keys.filter { second[$0] != nil }
        #expect(common.count > 30, "\(first.count) and \(second.count) pushes")
        for key in common.sorted() { #expect(first[key] == second[key]) }
    }
}

/// A login of a private socket, as a client of an exchange with a clock of its own signs it.
private enum TestLogin {
    static func frame(_ account: ServerAccount, expires: Int) -> String {
        let signature = Signature.of(
            Array("GET/realtime\(expires)".utf8),
            secret: account.secret
        )
        return #"{"op":"auth","args":["\#(account.key)",\#(expires),""#
            + String(decoding: signature, as: UTF8.self) + #""]}"#
    }
}

extension RawSocket {
    /// A request signed at a moment of the exchange's own clock, so that its bytes are the same each time.
    fileprivate func signed(
        _ method: String,
        _ path: String,
        _ payload: String,
        _ account: ServerAccount,
        _ milliseconds: Int
    ) throws -> String {
        let signature = Signature.of(
            Array("\(milliseconds)\(account.key)5000\(payload)".utf8),
            secret: account.secret
        )
        return try request(
            method,
            method == "GET" ? path + "?" + payload : path,
            headers: [
                ("X-BAPI-API-KEY", account.key), ("X-BAPI-TIMESTAMP", "\(milliseconds)"),
                ("X-BAPI-RECV-WINDOW", "5000"),
                ("X-BAPI-SIGN", String(decoding: signature, as: UTF8.self)),
            ],
            body: method == "GET" ? "" : payload
        )
    }
}
