import FaultProxy
import Foundation
import Testing

/// An exchange, or a bot, that says a key in its own words: nothing made of them tells it either.
@Suite struct QuotedKeyTests {
    private static var key: String {
        String(ControlledMarket.account.prefix { $0 != ":" })
    }

    private static var hunt: SecretHunt { SecretHunt([("key", Data(key.utf8))]) }

    /// Everything in a folder but what the test itself put there, and what a program said.
    private static func texts(
        _ folder: TemporaryFolder,
        _ outcomes: [Program.Outcome]
    ) -> [(place: String, text: Data)] {
        let own = ["credentials", "session.yaml"]
        var texts = folder.files.filter { !own.contains(URL(filePath: $0).lastPathComponent) }
            .compactMap { path in
                FileManager.default.contents(atPath: path).map { (place: path, text: $0) }
            }
        for outcome in outcomes {
            texts.append(("output", Data(outcome.output.utf8)))
            texts.append(("errors", Data(outcome.errors.utf8)))
        }
        return texts
    }

    @Test func `a refused authentication that quotes the key leaves no trace of it`() async throws {
        let folder = try TemporaryFolder()
        let server = try ControlledMarket.serve(["--rate-limits", "off"], in: folder)
        defer { server.kill() }
        let quoted = "error sign! origin_string[\(Self.key)1767225600000]"
        let rewriter = Rewriter(
            frame: { path, payload in
                guard path == "/v5/trade", payload.firstRange(of: Array(#""auth""#.utf8)) != nil
                else { return payload }
                return Array(
                    #"{"retCode":10004,"retMsg":"\#(quoted)","op":"auth","connId":"c"}"#.utf8
                )
            },
            reply: { _, body in body }
        )
        let proxy = try await FaultProxy.start(
            to: try await ControlledMarket.port(server),
            rewriter: rewriter
        )
        try ControlledMarket.writeSession(
            endpoint: proxy.port,
            topics: [],
            settings: "orders:\n  entry: socket\nstrategies:\n  maker:\n    kind: maker\n",
            in: folder
        )
        let trade = try Program.start(
            ["trade", "session.yaml", "--out", "session", "--json", "--status-every", "50ms"],
            environment: ["TAPEDECK_LOG": "trace"],
            in: folder.path
        )
        // The status tells of the failure, in the exchange's words.
        let _: Bool = try await trade.line {
            $0.contains("authentication refused: error sign!") ? true : nil
        }
        let session = folder.path + "/session"
        try await Program.wait(for: "the refusal is recorded", on: "link/trade/main", of: session) {
            $0.contains { $0.contains("error sign!") }
        }
        trade.interrupt()
        let outcome = try await trade.end()
        #expect(outcome.status == 0, "\(outcome.errors)")
        let records = try await Program.run(["cat", "session", "--raw"], in: folder.path)
        let links = records.lines.filter { $0.contains("authentication refused") }
        #expect(!links.isEmpty && links.allSatisfy { $0.contains("origin_string[***") }, "\(links)")
        let finds = Self.hunt.search(Self.texts(folder, [outcome, records]))
        #expect(finds.isEmpty, "\(finds)")
        try await proxy.stop()
    }

    @Test func `a bot that says its key in a close frame leaves no trace of it`() async throws {
        let folder = try TemporaryFolder()
        let server = try ControlledMarket.serve(["--rate-limits", "off"], in: folder)
        defer { server.kill() }
        let exchange = try await ControlledMarket.port(server)
        let proxy = try await StartedProxy(
            exchange: exchange,
            environment: ["TAPEDECK_LOG": "trace"],
            in: folder
        )
        let bot = try SignedBot(port: proxy.port, share: 100)
        let socket = try bot.login("/v5/private")
        let reason = Array("bye \(Self.key)".utf8)
        let head: [UInt8] = [0x88, 0x80 | UInt8(reason.count + 2), 0, 0, 0, 0, 0x03, 0xe8]
        try socket.write(head + reason)
        let path = folder.path + "/proxied"
        try await Program.wait(for: "the end is recorded", on: "link/private/*", of: path) {
            $0.contains { $0.contains("closed by the bot (1000): bye ***") }
        }
        let outcome = try await proxy.seal()
        let records = try await Program.run(["cat", "proxied", "--raw"], in: folder.path)
        let finds = Self.hunt.search(Self.texts(folder, [outcome, records]))
        #expect(finds.isEmpty, "\(finds)")
    }
}
