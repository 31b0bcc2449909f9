import Foundation
import Gateway
import Market
import Testing

/// A journal that fails for good while orders are on their way to the exchange and others wait behind them.
@Suite struct FailedJournalTests {
    /// Client order ids of the new orders that have come to the exchange, which holds each before it looks at it.
    private static func created(_ port: Int) throws -> [String] {
        let answer = try RawSocket(port: port).request(
            "GET",
            "/tapedeck/journal?from=1&limit=10000"
        )
        let entries = try #require(
            StartedProxy.object(answer)?["entries"] as? [[String: Any]],
            "\(answer)"
        )
        return try entries.filter {
            $0["what"] as? String == "latency" && $0["path"] as? String == "/v5/order/create"
        }.map { entry in
            let order = (entry["request"] as? String).flatMap(StartedProxy.object)
            return try #require(order?["orderLinkId"] as? String, "\(entry)")
        }
    }

    /// Client order ids of the account as the exchange itself tells them.
    private static func orders(_ bot: SignedBot, _ question: LookUp) async throws -> Set<String> {
        let exchange = await bot.ask(question)
        let text = String(decoding: exchange.body, as: UTF8.self)
        let result = StartedProxy.object(text)?["result"] as? [String: Any]
        let rows = try #require(result?["list"] as? [[String: Any]], "\(text)")
        return Set(rows.compactMap { $0["orderLinkId"] as? String })
    }

    @Test func `orders that wait never leave, and a cancel does not overtake its order`()
        async throws
    {
        let folder = try TemporaryFolder()
        let sign = folder.path + "/sign"
        let library = try await Preload.build("failed-write", Preload.failedWrite, in: folder.path)
        let server = try ControlledMarket.serve(["--rate-limits", "off"], in: folder)
        defer { server.kill() }
        let port = try await ControlledMarket.port(server)
        let bot = try SignedBot(port: port, share: 100)
        let hourAgo = SessionClock.wall().milliseconds - 3_600_000
        // Shorter than what a signature is good for, 5 s: what is held is taken in the end, and rests unless it is cancelled.
        let held = try RawSocket(port: port).request(
            "POST",
            "/tapedeck/manners",
            body:
                #"{"manner":"latency","path":"/v5/order/create","times":10000,"milliseconds":3000}"#
        )
        try #require(held.contains("\"order\""), "\(held)")
        // Of each symbol eight quotes in one turn, far from the market: four requests are under way at a time.
        try ControlledMarket.writeSession(
            endpoint: port,
            topics: ["linear:orderbook.50.BTCUSDT", "linear:orderbook.50.ETHUSDT"],
            settings: """
                strategies:
                  patient:
                    kind: maker
                    levels: 4
                    offset_ticks: 3000
                    lifetime_ms: 0

                """,
            in: folder
        )
        let session = try Program.start(
            ["trade", "session.yaml", "--out", "session", "--json", "--status-every", "50ms"],
            environment: ["LD_PRELOAD": library, "FAILED_WRITE": sign],
            in: folder.path
        )
        defer { session.kill() }
        try await ProxiedSession.until("all that may be under way at once is") {
            try Self.created(port).count >= 4
        }
        try Data().write(to: URL(filePath: sign))
        try await ProxiedSession.until("the journal has failed") {
            session.errorsSoFar.contains("the journal failed: no new order leaves; cancels do")
        }
        // What left at that very moment comes within two looks; what waited would leave seconds later, behind an answer.
        var last = -1
        try await ProxiedSession.until("what was on its way has come") {
            let count = try Self.created(port).count
            defer { last = count }
            return count == last
        }
        let before = try Self.created(port)

        // Each that left is taken by the exchange when its time is over, and only then may its cancel have come.
        try await ProxiedSession.until("each order that left was taken, and none of them rests") {
            let open = try await Self.orders(bot, .openOrders(.linear))
            let closed = try await Self.orders(
                bot,
                .ordersSince(.linear, sinceMilliseconds: hourAgo)
            )
            return try open.isEmpty && Set(Self.created(port)).isSubset(of: closed)
        }
        session.interrupt()
        let end = try await session.end()
        #expect(end.status != 0, "a recording that is not whole is told: \(end.output)")
        #expect(try Self.created(port) == before)
        #expect(try await Self.orders(bot, .openOrders(.linear)).isEmpty)
        // There were others, on record before the failure, that waited for their turn.
        let decided = try await StartedProxy.payloads("desk/command", of: "session", in: folder)
            .count { $0.contains(#""action":"place""#) }
        #expect(decided > before.count, "\(decided) of \(before.count)")
    }
}
