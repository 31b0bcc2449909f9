import FaultProxy
import Foundation
import Testing

/// `probe` on the built-in exchange, as it is and as it would be with changes in its protocol.
@Suite(.serialized) struct ProbeTests {
    private static func serve(in folder: TemporaryFolder) async throws -> (Running, Int) {
        let server = try ControlledMarket.serve(["--rate-limits", "off"], in: folder)
        return (server, try await ControlledMarket.port(server))
    }

    private static func probe(
        _ port: Int,
        in folder: TemporaryFolder
    ) async throws -> Program.Outcome {
        try ControlledMarket.writeSession(endpoint: port, topics: [], in: folder)
        return try await Program.run(
            [
                "probe", "--endpoint", "http://127.0.0.1:\(port)", "--credentials", "main",
                "--credentials-file", folder.path + "/credentials", "--trade", "--out", "probe",
                "--for", "20s", "--json",
            ],
            in: folder.path
        )
    }

    /// `linear orderbook.50: sequence: u leaves numbers out`.
    private static func differences(_ outcome: Program.Outcome) -> [String] {
        let rows = outcome.object["rows"] as? [[String: Any]] ?? []
        return rows.flatMap { row in
            (row["differences"] as? [[String: Any]] ?? []).map {
                "\(row["name"] ?? ""): \($0["kind"] ?? ""): \($0["what"] ?? "")"
            }
        }
    }

    @Test
    func `the built-in exchange is clean, and what it can answer of the open points is answered`()
        async throws
    {
        let folder = try TemporaryFolder()
        let (server, port) = try await Self.serve(in: folder)
        defer { server.kill() }
        let outcome = try await Self.probe(port, in: folder)
        let differences = Self.differences(outcome)
        #expect(differences.isEmpty, "\(differences)")
        #expect(outcome.status == 0, "\(outcome.output.prefix(2_000)) \(outcome.errors)")
        let rows = try #require(outcome.object["rows"] as? [[String: Any]])
        #expect(rows.count > 100, "\(rows.count) rows")
        for row in rows {
            #expect(row["messages"] as? Int == row["decoded"] as? Int, "\(row["name"] ?? "")")
        }
        let names = Set(rows.compactMap { $0["name"] as? String })
        for name in [
            "linear orderbook.50", "inverse tickers", "spot orderbook.full", "option publicTrade",
            "spread tickers", "private order", "private execution.fast", "private spread.order",
            "GET /v5/user/query-api", "POST /v5/position/trading-stop",
            "POST /v5/spread/order/create",
        ] {
            #expect(names.contains(name), "\(name)")
        }
        let steps = try #require(outcome.object["orders"] as? [[String: Any]])
        #expect(steps.count >= 10)
        for step in steps { #expect(step["done"] as? Bool == true, "\(step)") }
        let points = try #require(outcome.object["open_points"] as? [[String: Any]])
        let answered = points.filter { $0["answered"] as? Bool == true }
        #expect(points.count > 20 && answered.count >= 12, "\(answered)")
        let verify = try await Program.run(["verify", folder.path + "/probe"])
        #expect(verify.status == 0, "\(verify.output)")
        let again = try await Program.run(
            ["probe", "--endpoint", "http://127.0.0.1:1", "--out", folder.path + "/other"]
        )
        #expect(again.status == 69, "\(again.errors)")
    }

    @Test func `each of twenty changes of the protocol is named`() async throws {
        let folder = try TemporaryFolder()
        let (server, port) = try await Self.serve(in: folder)
        defer { server.kill() }
        let changed = ChangedProtocol()
        let proxy = try await FaultProxy.start(to: port, rewriter: changed.rewriter)
        let outcome = try await Self.probe(proxy.port, in: folder)
        try await proxy.stop()
        #expect(outcome.status == 1, "\(outcome.output.prefix(2_000)) \(outcome.errors)")
        let differences = Self.differences(outcome)
        #expect(ChangedProtocol.changes.count == 20)
        for change in ChangedProtocol.changes {
            #expect(
                differences.contains { $0.hasPrefix(change.told) },
                "\(change.told) of \(differences)"
            )
        }
    }
}

/// An exchange whose protocol has changed in twenty ways.
struct ChangedProtocol: Sendable {
    struct Change: Sendable {
        /// Path of the socket, or of the endpoint.
        var path: String
        /// What the message contains that is changed.
        var topic: String
        /// The first place of this text becomes that one.
        var text: String
        var other: String
        /// What `probe` says of it.
        var told: String
    }

    static let changes = [
        Change(
            path: "/v5/public/linear",
            topic: #""publicTrade."#,
            text: #""p":"#,
            other: #""price":"#,
            told: "linear publicTrade: missing field: data[].p"
        ),
        Change(
            path: "/v5/public/option",
            topic: #""publicTrade."#,
            text: #""BT":false"#,
            other: #""BT":"false""#,
            told: "option publicTrade: other type: data[].BT is a text, not true or false"
        ),
        Change(
            path: "/v5/public/linear",
            topic: #""tickers.BTCUSDT""#,
            text: #""symbol":"#,
            other: #""fresh":1,"symbol":"#,
            told: "linear tickers: unknown field: data.fresh"
        ),
        Change(
            path: "/v5/public/spot",
            topic: #""tickers."#,
            text: #""usdIndexPrice":"#,
            other: #""usdIndex":"#,
            told: "spot tickers: unknown field: data.usdIndex"
        ),
        Change(
            path: "/v5/public/linear",
            topic: #""kline."#,
            text: #""interval":"1""#,
            other: #""interval":1"#,
            told: "linear kline.1: other type: data[].interval is a number, not a text"
        ),
        Change(
            path: "/v5/public/linear",
            topic: #""publicTrade."#,
            text: "MinusTick",
            other: "DownTick",
            told: "linear publicTrade: new value: data[].L is \""
        ),
        Change(
            path: "/v5/public/linear",
            topic: #""orderbook.50."#,
            text: #"5,"seq":"#,
            other: #"7,"seq":"#,
            told: "linear orderbook.50: sequence: u leaves numbers out"
        ),
        Change(
            path: "/v5/public/spot",
            topic: #""orderbook.200."#,
            text: #""seq":"#,
            other: #""sequence":"#,
            told: "spot orderbook.200: missing field: data.seq"
        ),
        Change(
            path: "/v5/public/inverse",
            topic: #""orderbook.50."#,
            text: #""type":"delta""#,
            other: #""type":"update""#,
            told: "inverse orderbook.50: new value: type is \"update\""
        ),
        Change(
            path: "/v5/public/linear",
            topic: #""priceLimit."#,
            text: #""buyLmt":""#,
            other: #""buyLmt":"about "#,
            told: "linear priceLimit: other type"
        ),
        Change(
            path: "/v5/public/inverse",
            topic: #""orderbook.1."#,
            text: #""ts":1"#,
            other: #""ts":"#,
            told: "inverse orderbook.1: sequence: ts is no time of now in milliseconds"
        ),
        Change(
            path: "/v5/public/option",
            topic: #""tickers."#,
            text: #""delta":"#,
            other: #""greekDelta":"#,
            told: "option tickers: missing field: data.delta"
        ),
        Change(
            path: "/v5/public/spread",
            topic: #""tickers."#,
            text: #""bidPrice":"#,
            other: #""bid1Price":"#,
            told: "spread tickers: unknown field: data.bid1Price"
        ),
        Change(
            path: "/v5/public/spot",
            topic: #""op":"subscribe""#,
            text: #""conn_id":"#,
            other: #""connection":"#,
            told: "spot answers: missing field: conn_id"
        ),
        Change(
            path: "/v5/private",
            topic: #""topic":"order""#,
            text: #""orderStatus":"New""#,
            other: #""orderStatus":"Resting""#,
            told: "private order: new value: data[].orderStatus is \"Resting\""
        ),
        Change(
            path: "/v5/private",
            topic: #""topic":"wallet""#,
            text: #""walletBalance":""#,
            other: #""walletBalance":null,"held":""#,
            told:
                "private wallet: other type: data[].coin[].walletBalance is null, not a text of digits"
        ),
        Change(
            path: "/v5/market/time",
            topic: "",
            text: #""timeSecond":"#,
            other: #""timeSeconds":"#,
            told: "GET /v5/market/time: missing field: result.timeSecond"
        ),
        Change(
            path: "/v5/market/instruments-info",
            topic: #""category":"spot""#,
            text: #""marginTrading":"utaOnly""#,
            other: #""marginTrading":"crossOnly""#,
            told:
                "GET /v5/market/instruments-info: new value: result.list[].marginTrading is \"crossOnly\""
        ),
        Change(
            path: "/v5/market/insurance",
            topic: "",
            text: #""retCode":0"#,
            other: #""retCode":10001"#,
            told: "GET /v5/market/insurance: refused"
        ),
        Change(
            path: "/v5/account/fee-rate",
            topic: "",
            text: #""makerFeeRate":"#,
            other: #""makerFee":"#,
            told: "GET /v5/account/fee-rate: unknown field: result.list[].makerFee"
        ),
    ]

    var rewriter: Rewriter {
        Rewriter(
            frame: { path, payload in Self.changed(path, payload) },
            reply: { target, body in
                Self.changed(String(target.prefix { $0 != "?" }), body)
            }
        )
    }

    private static func changed(_ path: String, _ bytes: [UInt8]) -> [UInt8] {
        var text = String(decoding: bytes, as: UTF8.self)
        var isChanged = false
        for change in changes
        where change.path == path && (change.topic.isEmpty || text.contains(change.topic)) {
            guard let range = text.range(of: change.text) else { continue }
            text.replaceSubrange(range, with: change.other)
            isChanged = true
        }
        return isChanged ? Array(text.utf8) : bytes
    }
}
