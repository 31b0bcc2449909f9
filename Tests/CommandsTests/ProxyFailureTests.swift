import Foundation
import Gateway
import Market
import Testing

/// What bots may do while the journal cannot record.
@Suite(.serialized) struct ProxyFailureTests {
    private static func code(_ exchange: RESTExchange) -> Int? {
        StartedProxy.object(String(decoding: exchange.body, as: UTF8.self))?["retCode"] as? Int
    }

    /// What the exchange says of an order, once the journal lets it leave.
    ///
    /// Where the machine stands still for a moment records wait for the disk, and new orders are halted until a second later: that
    /// is what is promised, and not what is tried here.
    /// - Parameter refusals: raised by each time that it was refused before.
    private static func passed(
        counting refusals: inout Int,
        _ order: () async throws -> Int?
    ) async throws -> Int? {
        for _ in 0..<3_000 {
            let code = try await order()
            guard code == 10_027 else { return code }
            refusals += 1
            try await Task.sleep(for: .milliseconds(100))
        }
        throw Running.Missing(what: "new orders stay halted")
    }

    /// A proxy whose disk becomes full when `sign` is there, and a bot whose books keep it busy.
    private static func start(
        _ folder: TemporaryFolder,
        exchange: Int,
        options: [String]
    ) async throws -> (proxy: StartedProxy, sign: URL, socket: RawSocket) {
        let sign = URL(filePath: folder.path + "/full")
        let library = try await Preload.build("full-disk", Preload.fullDisk, in: folder.path)
        let proxy = try await StartedProxy(
            exchange: exchange,
            options: options,
            environment: ["LD_PRELOAD": library, "FULL_DISK": sign.path],
            in: folder
        )
        let socket = try RawSocket.open(port: proxy.port, "/v5/public/linear")
        try socket.send(
            #"{"op":"subscribe","args":["orderbook.50.BTCUSDT","orderbook.200.BTCUSDT","publicTrade.BTCUSDT"]}"#
        )
        for _ in 0..<20 { _ = try socket.text() }
        return (proxy, sign, socket)
    }

    /// Keeps the bot reading until a status meets the condition.
    private static func read(
        _ socket: RawSocket,
        _ proxy: StartedProxy,
        until condition: ([String: Any]) -> Bool
    ) throws -> [String: Any] {
        for _ in 0..<20_000 {
            _ = try socket.text()
            let status = proxy.status
            if condition(status) { return status }
        }
        throw Running.Missing(what: "the status did not come: \(proxy.status)")
    }

    @Test func `by default a bot trades on, and what was not recorded is counted and told`()
        async throws
    {
        let folder = try TemporaryFolder()
        let server = try ControlledMarket.serve(["--rate-limits", "off"], in: folder)
        defer { server.kill() }
        let exchange = try await ControlledMarket.port(server)
        let (proxy, sign, socket) = try await Self.start(folder, exchange: exchange, options: [])
        let bot = try SignedBot(port: proxy.port, share: 100)
        let price = try SignedBot.restingPrice(try RawSocket(port: exchange))
        try Data().write(to: sign)
        // The bot's books come on and on, whatever is kept of them.
        _ = try Self.read(socket, proxy) {
            ($0["lost"] as? Int ?? 0) > 0 && ($0["health"] as? String ?? "").hasPrefix("full")
        }
        #expect(Self.code(await bot.place("while-full", price: price)) == 0)
        // An alert begins after half a second, and is looked for each second.
        let limit = ContinuousClock.now + .seconds(300)
        while !proxy.running.errorsSoFar.contains("append-stalled"), ContinuousClock.now < limit {
            _ = try socket.text()
        }
        try FileManager.default.removeItem(at: sign)
        _ = try Self.read(socket, proxy) { $0["health"] as? String == "sound" }
        for _ in 0..<50 { _ = try socket.text() }
        let end = try await proxy.seal()
        let lost = end.object["lost"] as? Int ?? 0
        #expect(lost > 0)
        #expect(end.errors.contains("what passes is not recorded"), "\(end.errors)")
        #expect(end.errors.contains("append-stalled"), "no alert went out: \(end.errors)")
        let told = try await StartedProxy.payloads("link/*", in: folder)
            .compactMap(StartedProxy.object).filter { $0["change"] as? String == "shed" }
            .compactMap { $0["count"] as? Int }
        #expect(told.reduce(0, +) == lost, "\(told)")
        // The order found room in the reserve.
        let orders = try await StartedProxy.payloads("rest/*/POST/*", in: folder).joined()
        #expect(orders.contains("while-full"))
        #expect(try await Program.run(["verify", "proxied"], in: folder.path).status == 0)
    }

    @Test func `what passed unrecorded is told while the disk is full, and at the end`()
        async throws
    {
        let folder = try TemporaryFolder()
        let server = try ControlledMarket.serve(["--rate-limits", "off"], in: folder)
        defer { server.kill() }
        let exchange = try await ControlledMarket.port(server)
        let (proxy, sign, socket) = try await Self.start(folder, exchange: exchange, options: [])
        try Data().write(to: sign)
        let status = try Self.read(socket, proxy) { ($0["lost"] as? Int ?? 0) > 100 }
        #expect((status["health"] as? String ?? "").hasPrefix("full"), "\(status)")
        func told() async throws -> [Int] {
            try await StartedProxy.payloads("link/*", in: folder)
                .compactMap(StartedProxy.object).filter { $0["change"] as? String == "shed" }
                .compactMap { $0["count"] as? Int }
        }
        // Whoever looks now must not take the books for whole.
        let during = try await told()
        #expect(!during.isEmpty)
        let lost = try Self.read(socket, proxy) {
            ($0["lost"] as? Int ?? 0) > during.reduce(200, +)
        }
        // It ends while there is no room: nothing but the reserve takes what is told.
        proxy.running.interrupt()
        _ = try await proxy.running.end()
        let sum = try await told().reduce(0, +)
        #expect(sum >= lost["lost"] as? Int ?? .max, "\(sum) of \(lost)")
    }

    @Test func `refuse lets cancels and questions through, and answers all else`() async throws {
        let folder = try TemporaryFolder()
        let server = try ControlledMarket.serve(["--rate-limits", "off"], in: folder)
        defer { server.kill() }
        let exchange = try await ControlledMarket.port(server)
        let (proxy, sign, socket) = try await Self.start(
            folder,
            exchange: exchange,
            options: ["--on-journal-failure", "refuse"]
        )
        let bot = try SignedBot(port: proxy.port, share: 100)
        let price = try SignedBot.restingPrice(try RawSocket(port: exchange))
        var halted = 0
        let before = try await Self.passed(counting: &halted) {
            Self.code(await bot.place("before", price: price))
        }
        #expect(before == 0)
        let trade = try bot.login("/v5/trade")
        func order(_ id: String, _ operation: String, _ fields: String) throws -> [String: Any] {
            try trade.send(
                #"{"reqId":"\#(id)","op":"\#(operation)","header":{"X-BAPI-TIMESTAMP":"\#(SessionClock.wall().milliseconds)"},"#
                    + #""args":[{"category":"linear","symbol":"BTCUSDT",\#(fields)}]}"#
            )
            let text = try trade.text()
            return try #require(StartedProxy.object(text), "\(text)")
        }
        let limit = #""side":"Buy","orderType":"Limit","qty":"0.01","price":"\#(price)""#
        let first = try await Self.passed(counting: &halted) {
            try order("t1", "order.create", limit)["retCode"] as? Int
        }
        #expect(first == 0)

        try Data().write(to: sign)
        _ = try Self.read(socket, proxy) { ($0["health"] as? String ?? "").hasPrefix("full") }
        try await ProxiedSession.until("new orders are halted") {
            proxy.running.errorsSoFar.split(separator: "\n").contains {
                $0.contains("the journal halts new orders") && $0.contains("the disk is full")
            }
        }
        let refused = await bot.place("refused", price: price)
        #expect(refused.status == 200 && Self.code(refused) == 10_027, "\(refused)")
        let words = try order("t2", "order.create", limit)
        #expect(words["retCode"] as? Int == 10_027 && words["reqId"] as? String == "t2")
        #expect((words["retMsg"] as? String ?? "").contains("on-journal-failure"))
        let cancel = await bot.post(
            "/v5/order/cancel",
            #"{"category":"linear","symbol":"BTCUSDT","orderLinkId":"before"}"#
        )
        #expect(Self.code(cancel) == 0)
        let all = await bot.post(
            "/v5/order/cancel-all",
            #"{"category":"linear","symbol":"BTCUSDT"}"#
        )
        #expect(Self.code(all) == 0)
        let late = try order("t3", "order.cancel", #""orderLinkId":"before""#)
        #expect(late["retCode"] as? Int != 10_027 && late["reqId"] as? String == "t3", "\(late)")
        #expect(Self.code(await bot.ask(.openOrders(.linear))) == 0)

        try FileManager.default.removeItem(at: sign)
        _ = try Self.read(socket, proxy) { $0["health"] as? String == "sound" }
        let operators = "desk/operator"
        try await Program.wait(for: "it is lifted", on: operators, of: folder.path + "/proxied") {
            $0.last?.contains("journal-resume") == true
        }
        let after = try await Self.passed(counting: &halted) {
            Self.code(await bot.place("after", price: price))
        }
        #expect(after == 0)
        let end = try await proxy.seal()
        #expect(end.object["refused"] as? Int == 2 + halted)
        let orders = try await StartedProxy.payloads("sent/*", in: folder).joined()
        #expect(orders.contains("\"after\"") && !orders.contains("\"refused\""))
    }

    @Test func `a key that looks on gives ledger and audit to a bot without a private socket`()
        async throws
    {
        let folder = try TemporaryFolder()
        let server = try ControlledMarket.serve(["--rate-limits", "off"], in: folder)
        defer { server.kill() }
        let exchange = try await ControlledMarket.port(server)
        try ControlledMarket.writeSession(endpoint: exchange, topics: [], in: folder)
        let proxy = try await StartedProxy(
            exchange: exchange,
            options: ["--observe", "main", "--credentials-file", "credentials"],
            in: folder
        )
        _ = try await proxy.wait { $0["sockets_ready"] as? Int == 1 }
        let session = folder.path + "/proxied"
        try await Program.wait(for: "it is reconciled", on: "desk/finding", of: session) {
            $0.contains { $0.contains("reconciled") }
        }
        // The exchange stamps a fill with its market's last step, which may lie before its answer that had no position yet:
        // such a fill would be taken for one of before.
        try await Task.sleep(for: .seconds(1))
        let bot = try SignedBot(port: proxy.port, share: 100)
        let bought = await bot.post(
            "/v5/order/create",
            #"{"category":"linear","symbol":"BTCUSDT","side":"Buy","orderType":"Market","qty":"0.02","orderLinkId":"seen"}"#
        )
        #expect(Self.code(bought) == 0)
        // A question of the bot's own, narrower than any of ours.
        #expect(Self.code(await bot.ask(.positions(.linear))) == 0)
        let executions = "private/main/execution"
        try await Program.wait(for: "its execution is pushed", on: executions, of: session)
        // What the bot holds is followed, by a socket of the session's own.
        let ticker = "public/linear/tickers.BTCUSDT"
        try await Program.wait(for: "its ticker is followed", on: ticker, of: session)
        // Time for an order of ours, and for a question about it, neither of which must come.
        try await Task.sleep(for: .seconds(2))
        _ = try await proxy.seal()
        let streams = try await StartedProxy.streams(in: folder)
        // The bot's key is the one that looks on, and has its alias.
        for name in [
            "private/main/execution", "rest/main/GET/v5/position/list", "link/private/main",
        ] {
            #expect(streams.contains(name), "\(streams.sorted())")
        }
        let findings = try await StartedProxy.payloads("desk/finding", in: folder)
        #expect(findings.contains { $0.contains("reconciled") }, "\(findings)")
        #expect(!findings.contains { $0.contains(#""kind":"audit""#) }, "\(findings)")
        let sent = try await StartedProxy.payloads("sent/private/main", in: folder).joined()
        #expect(sent.contains("execution") && !sent.contains("dcp."), "\(sent)")
        let posts = try await StartedProxy.payloads("rest/main/POST/*", in: folder)
        #expect(posts.filter { $0.contains(#""by":"bot""#) }.count == 1)
        #expect(!posts.contains { $0.contains(#""outcome""#) && !$0.contains(#""by":"bot""#) })
        let gains = try await Program.run(["pnl", "proxied", "--json"], in: folder.path)
        #expect(gains.output.contains("BTCUSDT"), "\(gains.output) \(gains.errors)")
        let replay = try await Program.run(["replay", "proxied", "--json"], in: folder.path)
        #expect(replay.object["result"] as? String == "identical", "\(replay.output)")
    }
}
