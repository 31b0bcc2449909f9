import Foundation
import Testing

/// A recorder before the built-in exchange, both as their users start them, and `tapedeck desk` beside them.
final class DeskedSession {
    static let account = "DESKKEY0123456789:DESKSECRET0123456789abcdef0123456789"
    static let other = "OTHERKEY0123456789:OTHERSECRET0123456789abcdef0123456789"

    let folder: TemporaryFolder
    let server: Running
    let endpoint: String
    private(set) var recorder: Running
    /// The recording's directory.
    let path: String

    /// - Parameters:
    ///   - topics: of the session file, as `linear:publicTrade.BTCUSDT`.
    ///   - settings: what else stands in it.
    ///   - market: options of the exchange.
    ///   - command: `record`, or `trade` with what follows it.
    init(
        topics: [String] = ["linear:publicTrade.BTCUSDT"],
        settings: String = "",
        market: [String] = [],
        command: [String] = ["record"],
        out: String = "recordings/one",
        environment: [String: String] = [:],
        prepare: (String) throws -> Void = { _ in }
    ) async throws {
        folder = try TemporaryFolder()
        server = try Program.start(
            [
                "serve", "--synthetic", "--plain", "--json", "--symbols", "4", "--for", "600s",
                "--account", Self.account, "--account", Self.other,
            ] + market,
            in: folder.path
        )
        endpoint = try await server.line { Endpoint($0) }.url
        path = folder.path + "/" + out
        try prepare(path)
        try Self.writeFile(endpoint, topics, settings, in: folder.path)
        recorder = try Program.start(
            [command[0], "session.yaml", "--out", out, "--json", "--status-every", "50ms"]
                + command.dropFirst(),
            environment: environment,
            in: folder.path
        )
        try await waitUntilReady()
    }

    deinit {
        recorder.kill()
        server.kill()
    }

    static func writeFile(
        _ endpoint: String,
        _ topics: [String],
        _ settings: String = "",
        in folder: String
    ) throws {
        let list = topics.map { "  - \"\($0)\"\n" }.joined()
        try "endpoint: \(endpoint)\npublic:\n\(list)\(settings)\n".write(
            toFile: folder + "/session.yaml",
            atomically: true,
            encoding: .utf8
        )
    }

    func write(_ topics: [String], _ settings: String = "") throws {
        try Self.writeFile(endpoint, topics, settings, in: folder.path)
    }

    /// A credentials file with these sections.
    static func writeCredentials(_ pairs: [String: String], in folder: String) throws {
        let text = pairs.sorted { $0.key < $1.key }.map { name, pair in
            let parts = pair.split(separator: ":")
            return "[\(name)]\nkey = \(parts[0])\nsecret = \(parts[1])\nenvironment = loopback\n"
        }.joined()
        try #require(
            FileManager.default.createFile(
                atPath: folder + "/credentials",
                contents: Data(text.utf8),
                attributes: [.posixPermissions: 0o600]
            )
        )
    }

    func waitUntilReady() async throws {
        let _: Bool = try await recorder.line { line in
            guard let object = Self.object(line), let ready = object["sockets_ready"] as? Int
            else { return nil }
            return ready > 0 && ready == object["sockets"] as? Int ? true : nil
        }
    }

    /// Starts the same command line once more, after the end of the one before.
    func startAgain(_ options: [String] = []) async throws {
        recorder = try Program.start(
            [
                "record", "session.yaml", "--out", path, "--json", "--status-every", "50ms",
            ] + options,
            in: folder.path
        )
        try await waitUntilReady()
    }

    func desk(_ arguments: String...) async throws -> Program.Outcome {
        try await Program.run(["desk"] + arguments, in: folder.path)
    }

    /// The status by `desk`; fails the test where there is none.
    func status() async throws -> [String: Any] {
        let outcome = try await desk("status", path, "--json")
        #expect(outcome.status == 0, "\(outcome.errors)")
        return outcome.object
    }

    func records(_ stream: String) async throws -> [[String: Any]] {
        let outcome = try await Program.run(["cat", path, "--stream", stream, "--raw"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        return outcome.lines.compactMap(Self.object)
    }

    /// What was asked for at the door or by a signal; a disk that stands still for a moment has the journal ask too.
    func requests() async throws -> [[String: Any]] {
        try await records("desk/operator").filter {
            ($0["verb"] as? String)?.hasPrefix("journal-") != true
        }
    }

    static func object(_ line: String) -> [String: Any]? {
        (try? JSONSerialization.jsonObject(with: Data(line.utf8))) as? [String: Any]
    }
}
