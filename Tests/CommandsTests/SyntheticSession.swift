import Foundation
import Testing

/// A session of the maker against the synthetic exchange, made by the built program.
enum SyntheticSession {
    /// Trades for some seconds and gives the recording's path; `settings` go into its session file.
    static func record(
        in folder: TemporaryFolder,
        settings: String = "",
        options: [String] = [],
        seconds: Int = 4
    ) async throws -> String {
        let account = "SESSIONKEY:SESSIONSECRET0123456789abcdef0123456789"
        let server = try Program.start(
            // A market that moves: the maker is filled, and segments fill up.
            [
                "serve", "--synthetic", "--plain", "--json", "--regime", "jump", "--account",
                account,
                "--for", "120s",
            ],
            in: folder.path
        )
        defer { server.kill() }
        let endpoint = try await server.line { line in Endpoint(line) }.url
        let pair = account.split(separator: ":")
        let text = "[main]\nkey = \(pair[0])\nsecret = \(pair[1])\nenvironment = loopback\n"
        let made = FileManager.default.createFile(
            atPath: folder.path + "/credentials",
            contents: Data(text.utf8),
            attributes: [.posixPermissions: 0o600]
        )
        #expect(made)
        try """
        endpoint: \(endpoint)
        credentials: main
        credentials_file: credentials
        strategies:
          maker:
            kind: maker
        \(settings)
        """.write(toFile: folder.path + "/session.yaml", atomically: true, encoding: .utf8)
        let trade = try await Program.run(
            ["trade", "session.yaml", "--out", "session", "--for", "\(seconds)s"] + options,
            in: folder.path
        )
        #expect(trade.status == 0, "\(trade.output) \(trade.errors)")
        return folder.path + "/session"
    }
}
