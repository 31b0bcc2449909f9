import Foundation
import Gateway
import Testing

/// Topics that a session file adds: more of the account, and the exchange's news of itself.
@Suite struct MoreTopicsTests {
    @Test func `private topics and the exchange's news are subscribed and recorded`() async throws {
        let folder = try TemporaryFolder()
        let exchange = try await RecordedExchange(["--rate-limits", "off"], in: folder)
        defer { exchange.server.kill() }
        let recorder = try exchange.record(
            [],
            settings: "private: [greeks, strategy, execution.fast]\nsockets:\n  status: follow\n"
        )
        defer { recorder.kill() }
        let _: Bool = try await recorder.line { $0.contains(#""sockets_ready":2"#) ? true : nil }
        let session = folder.path + "/session"
        let bot = try SignedBot(port: exchange.port, share: 100)
        let bought = await bot.post(
            "/v5/order/create",
            #"{"category":"linear","symbol":"BTCUSDT","side":"Buy","orderType":"Market","qty":"0.02"}"#
        )
        #expect(bought.status == 200)
        try await Program.wait(
            for: "the fill is told at once",
            on: "private/main/execution.fast",
            of: session
        )
        recorder.interrupt()
        #expect(try await recorder.end().status == 0)
        let sent = try await Program.run(
            ["cat", "session", "--stream", "sent/*", "--raw"],
            in: folder.path
        ).output
        for topic in ["greeks", "strategy", "execution.fast", "system.status"] {
            #expect(sent.contains("\"\(topic)\""), "\(topic): \(sent)")
        }
        // The same fill stands in the ledger once.
        let gains = try await Program.run(["state", "session", "--json"], in: folder.path)
        #expect(gains.output.contains("0.02") && !gains.output.contains("0.04"), "\(gains.output)")
        let replay = try await Program.run(["replay", "session"], in: folder.path)
        #expect(replay.status == 0, "\(replay.output)")
    }

    @Test(arguments: [
        ("private: [order]\ncredentials: main\n", "order is no topic that may be added"),
        (
            "private: [execution.fast, execution.fast.linear]\ncredentials: main\n",
            "do not stand on one connection"
        ),
        ("private: [greeks]\n", "private topics need a key"),
    ])
    func `what may not be added is refused with its place`(text: String, words: String) async throws
    {
        let folder = try TemporaryFolder()
        try ("endpoint: http://127.0.0.1:1\n" + text)
            .write(toFile: folder.path + "/s.yaml", atomically: true, encoding: .utf8)
        let outcome = try await Program.run(
            ["record", "s.yaml", "--out", "out", "--for", "1s"],
            in: folder.path
        )
        #expect(outcome.status == 78, "\(outcome.errors)")
        #expect(outcome.errors.contains(words) && outcome.errors.contains("s.yaml:2:"))
    }
}
