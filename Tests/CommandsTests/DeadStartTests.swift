import Foundation
import Live
import Logging
import Market
import Testing
import Trading

/// A session that begins before its exchange can be reached, as a unit does that starts before the network is up.
@Suite struct DeadStartTests {
    @Test func `lists and ranks that failed at the start are asked for until they come`()
        async throws
    {
        let folder = try TemporaryFolder()
        let held = try HeldPort()
        let port = held.port
        var configuration = SessionConfiguration(
            target: .endpoint("http://127.0.0.1:\(port)"),
            path: folder.path + "/session"
        )
        configuration.subscriptions = [
            .init(.linear, "tickers.top:1"), .init(.spot, "tickers.BTCUSDT"),
            .init(.inverse, "tickers.*"),
        ]
        let session = try await Session.start(
            configuration,
            registry: .standard,
            logger: Logger(label: "dead") { _ in SwiftLogNoOpLogHandler() }
        )
        // Neither rule picks anything, and a name is asked for in vain.
        #expect(await session.status().sockets == 1)
        let server = try Program.start(
            [
                "serve", "--synthetic", "--plain", "--json", "--symbols", "2", "--port", "\(port)",
                "--for", "900s",
            ],
            in: folder.path
        )
        defer { server.kill() }
        let _: String = try await server.line { Endpoint($0)?.url }
        try await ProxiedSession.until("every category has its socket") {
            let status = await session.status()
            return status.sockets == 3 && status.socketsReady == 3
        }
        // Also of the category that names alone are subscribed of: without its list every order would be rejected.
        try await Program.wait(
            for: "the list of a named category is recorded",
            on: "rest/public/GET/v5/market/instruments-info",
            of: folder.path + "/session"
        ) { records in
            ["spot", "linear", "inverse"].allSatisfy { category in
                records.contains {
                    $0.contains("\"category\":\"\(category)\"") && $0.contains("\"retCode\":0")
                }
            }
        }
        _ = try await session.seal(reason: "done")
        let topics = try await Program.run(
            ["cat", "session", "--stream", "public/linear/*"],
            in: folder.path
        )
        #expect(!topics.lines.isEmpty)
    }
}
