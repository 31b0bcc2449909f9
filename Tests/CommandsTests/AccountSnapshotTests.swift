import FaultProxy
import Foundation
import Testing

@testable import Gateway

/// What a session with a key asks of its account, and keys that are refused before anything is asked.
@Suite(.serialized) struct AccountSnapshotTests {
    /// REST exchanges of a recording: path and query, in order.
    private static func questions(_ path: String) async throws -> [String] {
        let cat = try await Program.run(["cat", path, "--raw", "--stream", "rest/*"])
        return cat.lines.compactMap { line -> String? in
            guard line.hasPrefix(#"{"method":"#),
                let object = try? JSONSerialization.jsonObject(with: Data(line.utf8))
                    as? [String: Any], let path = object["path"] as? String
            else { return nil }
            return path + "?" + (object["query"] as? String ?? "")
        }
    }

    private static func serve(in folder: TemporaryFolder) async throws -> (Running, Int) {
        let server = try ControlledMarket.serve(["--rate-limits", "off"], in: folder)
        return (server, try await ControlledMarket.port(server))
    }

    @Test func `what the account is and was is on record, the key's rights first`() async throws {
        let folder = try TemporaryFolder()
        let (server, port) = try await Self.serve(in: folder)
        defer { server.kill() }
        // Something to tell of: an order that rests, and fills of before the session.
        let bot = try SignedBot(port: port, share: 100)
        for _ in 0..<3 {
            let placed = await bot.post(
                "/v5/order/create",
                #"{"category":"linear","symbol":"BTCUSDT","side":"Buy","orderType":"Market","qty":"0.01"}"#
            )
            #expect(placed.code == 0)
        }
        try ControlledMarket.writeSession(
            endpoint: port,
            topics: ["linear:tickers.BTCUSDT", "spot:tickers.BTCUSDT", "spread:orderbook.25.*"],
            in: folder
        )
        let session = try Program.start(
            ["record", "session.yaml", "--out", "session"],
            environment: ["TAPEDECK_LOG": "notice"],
            in: folder.path
        )
        let path = folder.path + "/session"
        let expected = [
            "/v5/account/info?", "/v5/account/query-dcp-info?",
            "/v5/account/fee-rate?category=linear", "/v5/account/fee-rate?category=spot",
            "/v5/order/realtime?category=linear", "/v5/position/list?category=linear&settleCoin",
            "/v5/position/list?category=linear&symbol=BTCUSDT", "/v5/account/wallet-balance?",
            "/v5/execution/list?category=spot", "/v5/order/history?category=linear",
            "/v5/order/history?category=spot",
            "/v5/account/transaction-log?accountType=UNIFIED&start",
            "/v5/spread/execution/list?startTime", "/v5/spread/order/history?startTime",
            "/v5/market/time?", "/v5/market/instruments-info?category=linear",
            "/v5/market/risk-limit?category=linear&symbol=BTCUSDT",
        ]
        try await Task.sleep(for: .seconds(12))
        try await ProxiedSession.until("all that is to be asked was asked") {
            let questions = try await Self.questions(path)
            return expected.allSatisfy { name in questions.contains { $0.hasPrefix(name) } }
        }
        session.interrupt()
        let recorder = try await session.end()
        #expect(recorder.status == 0, "\(recorder.errors)")
        #expect(recorder.errors.contains("this key may trade"), "\(recorder.errors)")
        let questions = try await Self.questions(path)
        let signed = questions.filter { !$0.hasPrefix("/v5/market/") }
        #expect(signed.first?.hasPrefix("/v5/user/query-api") == true, "\(signed.prefix(3))")
        // The fills of before are in the list, and once in the position with which the ledger opened.
        let executions = try await Program.run(
            ["cat", path, "--raw", "--stream", "rest/*/execution/list"]
        )
        #expect(executions.output.contains(#""execId""#))
        let state = try await Program.run(["state", path, "--json"])
        #expect(state.output.contains("0.03"), "\(state.output.suffix(2_000))")
        // Tiers and rate of fees were asked for, so there are margins; which are no more than estimates.
        let positions = state.object["positions"] as? [[String: Any]] ?? []
        let held = try #require(positions.first { $0["symbol"] as? String == "BTCUSDT" })
        #expect((held["maintenance_margin"] as? String)?.isEmpty == false, "\(held)")
        #expect(held["estimate"] as? Bool == true)
        let wallets = state.object["wallets"] as? [[String: Any]] ?? []
        let wallet = try #require(wallets.first { $0["coin"] as? String == "USDT" })
        #expect(wallet["maintenance_margin"] as? String == held["maintenance_margin"] as? String)
        #expect(
            (wallet["distance"] as? String)?.isEmpty == false
                && wallet["borrowed"] as? String == "0"
        )
        let findings = try await Program.run(
            ["cat", path, "--raw", "--stream", "desk/finding"]
        )
        for word in [#""kind":"audit""#, #""kind":"refused""#, #""kind":"decode""#] {
            #expect(!findings.output.contains(word), "\(findings.output)")
        }
        // The log is asked at the start and once more before the seal.
        let log = questions.count { $0.hasPrefix("/v5/account/transaction-log") }
        #expect(log >= 2)
        let replay = try await Program.run(["replay", path, "--json"])
        #expect(replay.object["result"] as? String == "identical", "\(replay.output)")
    }

    @Test(arguments: [
        (#""Wallet":[]"#, #""Wallet":["AccountTransfer"]"#, "Wallet.AccountTransfer"),
        (#""Wallet":[]"#, #""Wallet":["Withdraw"]"#, "Wallet.Withdraw"),
        (#""NFT":[]"#, #""NFT":["NFTTransfer"]"#, "NFT.NFTTransfer"),
    ])
    func `a key that may move money is refused before anything of it is written`(
        text: String,
        other: String,
        right: String
    ) async throws {
        let folder = try TemporaryFolder()
        let (server, port) = try await Self.serve(in: folder)
        defer { server.kill() }
        let proxy = try await FaultProxy.start(
            to: port,
            rewriter: Rewriter(
                frame: { _, payload in payload },
                reply: { _, body in
                    Array(String(decoding: body, as: UTF8.self).replacing(text, with: other).utf8)
                }
            )
        )
        try ControlledMarket.writeSession(
            endpoint: proxy.port,
            topics: ["linear:tickers.BTCUSDT"],
            settings: "strategies:\n  maker:\n    symbols: BTCUSDT\n",
            in: folder
        )
        for command in ["record", "trade"] {
            let outcome = try await Program.run(
                [command, "session.yaml", "--out", "session", "--for", "2s"],
                in: folder.path
            )
            #expect(outcome.status == 77, "\(outcome.output) \(outcome.errors)")
            #expect(outcome.errors.contains(right), "\(outcome.errors)")
            #expect(outcome.errors.contains("read-only"), "\(outcome.errors)")
            #expect(!FileManager.default.fileExists(atPath: folder.path + "/session"))
        }
        try await proxy.stop()
    }

    @Test func `a read-only key's lists are what it may look at`() async throws {
        let folder = try TemporaryFolder()
        let (server, port) = try await Self.serve(in: folder)
        defer { server.kill() }
        let proxy = try await FaultProxy.start(
            to: port,
            rewriter: Rewriter(
                frame: { _, payload in payload },
                reply: { _, body in
                    let text = String(decoding: body, as: UTF8.self)
                        .replacing(#""Wallet":[]"#, with: #""Wallet":["AccountTransfer"]"#)
                        .replacing(#""readOnly":0"#, with: #""readOnly":1"#)
                    return Array(text.utf8)
                }
            )
        )
        try ControlledMarket.writeSession(endpoint: proxy.port, topics: [], in: folder)
        let outcome = try await Program.run(
            ["record", "session.yaml", "--out", "session", "--for", "2s"],
            environment: ["TAPEDECK_LOG": "notice"],
            in: folder.path
        )
        try await proxy.stop()
        #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
        #expect(!outcome.errors.contains("may trade"), "\(outcome.errors)")
    }

    @Test
    func `while the exchange does not say what the key may do, nothing of the account is asked`()
        async throws
    {
        let folder = try TemporaryFolder()
        let (server, port) = try await Self.serve(in: folder)
        defer { server.kill() }
        let proxy = try await FaultProxy.start(
            to: port,
            rewriter: Rewriter(
                frame: { _, payload in payload },
                reply: { _, body in
                    Array(
                        String(decoding: body, as: UTF8.self)
                            .replacing(#""permissions":"#, with: #""rights":"#).utf8
                    )
                }
            )
        )
        try ControlledMarket.writeSession(
            endpoint: proxy.port,
            topics: ["linear:tickers.BTCUSDT"],
            in: folder
        )
        let session = try Program.start(
            ["record", "session.yaml", "--out", "session"],
            in: folder.path
        )
        try await ProxiedSession.until("it says so") {
            session.errorsSoFar.contains("nothing private")
        }
        try await Program.wait(
            for: "public data comes all the same",
            on: "public/linear/tickers.BTCUSDT",
            of: folder.path + "/session"
        )
        // Time for a question that must not come.
        try await Task.sleep(for: .seconds(4))
        session.interrupt()
        let outcome = try await session.end()
        try await proxy.stop()
        #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
        let info = try await Program.run(["info", folder.path + "/session", "--json"])
        #expect(info.output.contains("public/linear/tickers.BTCUSDT"))
        #expect(!info.output.contains("private/main"))
        let questions = try await Self.questions(folder.path + "/session")
        let signed = questions.filter { !$0.hasPrefix("/v5/market/") }
        #expect(Set(signed) == ["/v5/user/query-api?"], "\(signed)")
    }

    @Test func `public data alone needs no key, and none is asked about`() async throws {
        let folder = try TemporaryFolder()
        let (server, port) = try await Self.serve(in: folder)
        defer { server.kill() }
        let outcome = try await Program.run(
            [
                "record", "--endpoint", "http://127.0.0.1:\(port)", "--public",
                "linear:tickers.BTCUSDT", "--out", "session", "--for", "2s",
            ],
            in: folder.path
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        let questions = try await Self.questions(folder.path + "/session")
        #expect(!questions.isEmpty && questions.allSatisfy { $0.hasPrefix("/v5/market/") })
    }
}
