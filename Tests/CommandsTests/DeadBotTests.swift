import FaultProxy
import Foundation
import Market
import Testing

@testable import Gateway

/// Cancel-on-disconnect for a bot, on an account that a recorder listens to as well.
@Suite(.serialized) struct DeadBotTests {
    private static let links = ["dead-1", "dead-2", "dead-3"]

    private func records(_ path: String, _ stream: String) async throws -> [[String: Any]] {
        let outcome = try await Program.run(["cat", path, "--stream", stream, "--raw"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        return outcome.lines.compactMap {
            (try? JSONSerialization.jsonObject(with: Data($0.utf8))) as? [String: Any]
        }
    }

    /// How many of the bot's orders rest at the exchange.
    private func resting(_ bot: SignedBot) async throws -> Int {
        let exchange = await bot.ask(.openOrders(.linear))
        try #require(exchange.code == 0, "\(exchange.reason)")
        let text = String(decoding: exchange.body, as: UTF8.self)
        return Self.links.count { text.contains("\"\($0)\"") }
    }

    @Test func `a dead bot's orders are cancelled while a recorder stays, and it records them`()
        async throws
    {
        let folder = try TemporaryFolder()
        let exchange = try await RecordedExchange(
            ["--categories", "linear"],
            behind: FaultPlan(),
            in: folder
        )
        defer { exchange.server.kill() }
        let (port, proxy) = (exchange.port, try #require(exchange.proxy))
        let recorder = try exchange.record([], settings: "dcp: arm\n")
        defer { recorder.kill() }
        try await RecordedExchange.joined(recorder)

        let bot = try SignedBot(port: port, share: 50)
        let window = await bot.post(
            "/v5/order/disconnected-cancel-all",
            #"{"timeWindow":3,"product":"DERIVATIVES"}"#
        )
        #expect(window.code == 0, "\(String(decoding: window.body, as: UTF8.self))")
        try bot.connect(["order", "dcp.future"])
        let price = try SignedBot.restingPrice(try RawSocket(port: port))
        for link in Self.links {
            let placed = await bot.place(link, price: price)
            #expect(placed.code == 0, "\(String(decoding: placed.body, as: UTF8.self))")
        }
        #expect(try await resting(bot) == 3)

        // The recorder's loss is nothing to the bot's orders, however long it lasts.
        try await proxy.cut(.reset, path: "/v5/private")
        try await Task.sleep(for: .seconds(4))
        #expect(try await resting(bot) == 3)
        try await proxyIsBack(proxy)

        bot.die()
        let limit = ContinuousClock.now + .seconds(240)
        while try await resting(bot) > 0 {
            try #require(ContinuousClock.now < limit, "the orders were never cancelled")
            try await Task.sleep(for: .milliseconds(200))
        }
        try await check(recorder, folder.path + "/session", proxy)
    }

    private func proxyIsBack(_ proxy: FaultProxy) async throws {
        for _ in 0..<3_000 {
            let lines = try await proxy.connections().filter { $0.path == "/v5/private" }
            if let last = lines.last, last.isOpen,
                last.forwarded.contains(where: {
                    String(decoding: $0.payload, as: UTF8.self).contains(#""op":"subscribe""#)
                })
            {
                return
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("the recorder's private socket did not come back")
    }

    private func check(_ recorder: Running, _ path: String, _ proxy: FaultProxy) async throws {
        // What was cancelled has been pushed by now; the recorder has it once the proxy has handed it on and more.
        for _ in 0..<3_000 {
            let forwarded = try await proxy.connections().filter { $0.path == "/v5/private" }
                .flatMap(\.forwarded).map { String(decoding: $0.payload, as: UTF8.self) }
            let last = forwarded.last ?? ""
            if forwarded.contains(where: { $0.contains("CancelByDCP") }), last.contains("pong") {
                break
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        recorder.interrupt()
        let outcome = try await recorder.end()
        #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
        try await proxy.stop()
        let rows = try await records(path, "private/main/order")
            .flatMap { $0["data"] as? [[String: Any]] ?? [] }
        let cancelled = rows.filter { $0["cancelType"] as? String == "CancelByDCP" }
        #expect(
            Set(cancelled.compactMap { $0["orderLinkId"] as? String }) == Set(Self.links),
            "\(rows.map { "\($0["orderLinkId"] ?? "") \($0["cancelType"] ?? "")" })"
        )
        // It was there all the time but for the cut, and has armed nothing, whatever its session file says.
        let ends = try await records(path, "link/private/main").filter {
            $0["change"] as? String == "disconnected"
        }
        #expect(ends.count == 2, "\(ends)")
        let asked = try await records(path, "sent/private/main").compactMap {
            $0["args"] as? [String]
        }
        #expect(!asked.isEmpty && !asked.joined().contains { $0.hasPrefix("dcp") })
    }
}
