import Foundation
import Gateway
import Journal
import Live
import Logging
import Market
import Testing
import Trading

/// A session inside of this process, against the program's own exchange.
struct LiveSession {
    let server: Running
    let session: Session
    let folder: TemporaryFolder
    var archive: String { folder.path + "/archive" }

    static let key = ("ROLLKEY", "ROLLSECRET0123456789abcdef0123456789")

    /// - Parameter change: what is to be configured besides an endpoint and a folder to roll in.
    init(
        in folder: TemporaryFolder,
        seconds: Int = 900,
        registry: StrategyRegistry = .standard,
        change: (inout SessionConfiguration) -> Void
    ) async throws {
        self.folder = folder
        server = try Program.start(
            [
                "serve", "--synthetic", "--plain", "--json", "--symbols", "2", "--regime", "jump",
                "--account", "\(Self.key.0):\(Self.key.1)", "--rate-limits", "off",
                "--for", "\(seconds)s",
            ],
            in: folder.path
        )
        let endpoint = try await server.line { line in Endpoint(line) }.url
        var configuration = SessionConfiguration(target: .endpoint(endpoint), path: "")
        configuration.roll = .day
        configuration.folder = folder.path + "/archive"
        change(&configuration)
        session = try await Session.start(
            configuration,
            registry: registry,
            logger: Logger(label: "roll") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    /// Waits for what the session does by itself; two minutes at most.
    func eventually(_ condition: (Session.Status) -> Bool) async throws {
        for _ in 0..<12_000 {
            if condition(await session.status()) { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("never came to pass; \(await session.status())")
        throw Running.Missing(what: "it never came to pass")
    }

    /// Goes on in the next recording, and waits for that.
    func roll(_ begin: () async -> Void) async throws {
        let before = await session.status().rolls.count
        await begin()
        try await eventually { $0.rolls.count > before }
    }

    /// The recordings of the archive, in order.
    func recordings() throws -> [Recording] {
        try RowFolder(archive).members().map { try Recording.open($0.path) }
    }
}
