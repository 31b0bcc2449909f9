import Foundation
import Testing

/// A session of the maker against the synthetic exchange, made by the built program.
enum SyntheticSession {
    /// Trades for some seconds and gives the recording's path; `settings` go into its session file.
    ///
    /// - Parameter isEnough: of the recording while it grows. It trades on until then: how much happens in some seconds
    ///   depends on the machine.
    static func record(
        in folder: TemporaryFolder,
        settings: String = "",
        options: [String] = [],
        seconds: Int = 4,
        until isEnough: (_ path: String) async throws -> Bool = { _ in true }
    ) async throws -> String {
        let account = "SESSIONKEY:SESSIONSECRET0123456789abcdef0123456789"
        let server = try Program.start(
            // A market that moves: the maker is filled, and segments fill up.
            [
                "serve", "--synthetic", "--plain", "--json", "--regime", "jump", "--account",
                account,
                "--for", "600s",
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
        let session = try Program.start(
            ["trade", "session.yaml", "--out", "session", "--json", "--status-every", "100ms"]
                + options,
            in: folder.path
        )
        let _: Bool = try await session.line {
            $0.contains(#""phase":"running""#) ? true : nil
        }
        let path = folder.path + "/session"
        try await Task.sleep(for: .seconds(seconds))
        try await ProxiedSession.until("the session has enough of what it is recorded for") {
            try await isEnough(path)
        }
        session.interrupt()
        let trade = try await session.end()
        #expect(trade.status == 0, "\(trade.output) \(trade.errors)")
        return path
    }
}
