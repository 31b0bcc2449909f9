import Foundation
import Testing

/// Keys, secrets and signatures are planted and looked for in everything that the program leaves behind or says.
@Suite(.serialized) struct SecretCanaryTests {
    private static let key = "CANARYKEY7f3a91c2"
    /// With characters that URLs and JSON escape.
    private static let secret = "CANARY/SECRET+5d0e8b6a4c2f1e3d5b7a9c8e6f4a2b0d=="

    /// A session that trades, as its user runs it, and what it left.
    private struct Session {
        let folder: TemporaryFolder
        var texts: [(place: String, text: Data)] = []
        /// Signatures that the exchange was sent, as a relay between the two saw them.
        var signatures: [Data] = []

        mutating func take(_ name: String, _ outcome: Program.Outcome) {
            texts.append((name, Data(outcome.output.utf8)))
            texts.append((name + ", errors", Data(outcome.errors.utf8)))
        }

        var hunt: SecretHunt {
            var secrets: [(String, Data)] = [
                ("key", Data(key.utf8)), ("secret", Data(secret.utf8)),
            ]
            secrets += signatures.enumerated().map { ("signature \($0 + 1)", $1) }
            return SecretHunt(secrets)
        }
    }

    private func trade(_ settings: String) async throws -> Session {
        var session = Session(folder: try TemporaryFolder())
        let folder = session.folder
        let server = try Program.start(
            [
                "serve", "--synthetic", "--plain", "--json", "--regime", "jump", "--for", "300s",
                "--account", "\(Self.key):\(Self.secret)",
            ],
            in: folder.path
        )
        defer { server.kill() }
        let endpoint = try await server.line { line in Endpoint(line) }.url
        let address = try #require(URL(string: endpoint))
        let relay = try ListeningRelay(to: UInt16(try #require(address.port)))
        defer { relay.stop() }
        let credentials = folder.path + "/credentials"
        let text = "[main]\nkey = \(Self.key)\nsecret = \(Self.secret)\nenvironment = loopback\n"
        #expect(
            FileManager.default.createFile(
                atPath: credentials,
                contents: Data(text.utf8),
                attributes: [.posixPermissions: 0o600]
            )
        )
        try """
        endpoint: http://127.0.0.1:\(relay.port)
        credentials: main
        credentials_file: credentials
        strategies:
          maker:
            kind: maker
        \(settings)
        """.write(toFile: folder.path + "/session.yaml", atomically: true, encoding: .utf8)
        let trade = try Program.start(
            ["trade", "session.yaml", "--out", "session", "--json"],
            environment: ["TAPEDECK_LOG": "trace"],
            in: folder.path
        )
        try await Task.sleep(for: .seconds(3))
        let process = "/proc/\(trade.process.processIdentifier)/"
        for name in ["environ", "cmdline"] {
            let text = FileManager.default.contents(atPath: process + name)
            session.texts.append((process + name, try #require(text)))
        }
        try await Program.wait(
            for: "the market is recorded",
            on: "public/linear/publicTrade.*",
            of: folder.path + "/session"
        )
        try await ProxiedSession.until("requests were signed") { relay.signatures.count > 10 }
        try await Task.sleep(for: .seconds(3))
        trade.interrupt()
        let outcome = try await trade.end()
        #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
        session.take("trade", outcome)
        // A key that the exchange does not know, and one in a file that does not read: the error texts.
        try text.replacing("secret =", with: "secret \(Self.secret)").write(
            toFile: credentials,
            atomically: false,
            encoding: .utf8
        )
        let refused = try await Program.run(
            ["trade", "session.yaml", "--for", "2s", "--out", "refused"],
            in: folder.path
        )
        #expect(refused.status != 0)
        session.take("refused", refused)
        try FileManager.default.removeItem(atPath: credentials)
        for arguments in [
            ["cat", "session", "--raw"], ["cat", "session", "--json"], ["info", "session"],
            ["state", "session"], ["pnl", "session"], ["verify", "session"],
            ["export", "session", "--with-private", "--format", "jsonl", "-o", "session.jsonl"],
        ] {
            let outcome = try await Program.run(arguments, in: folder.path)
            #expect(outcome.status == 0, "\(arguments) \(outcome.errors)")
            session.take(arguments.joined(separator: " "), outcome)
        }
        session.texts += folder.files.compactMap { path in
            FileManager.default.contents(atPath: path).map { (path, $0) }
        }
        session.signatures = relay.signatures
        return session
    }

    @Test(arguments: ["", "orders:\n  entry: socket"])
    func `no key, secret or signature stands in what a session leaves behind`(
        settings: String
    ) async throws {
        let session = try await trade(settings)
        #expect(session.signatures.count > 10, "requests were signed")
        #expect(session.texts.count > 20)
        let finds = session.hunt.search(session.texts)
        #expect(finds.isEmpty, "\(finds)")
        // The search itself works: what is surely there is found, in the compressed journal's records too.
        let records = try #require(session.texts.first { $0.place.hasPrefix("cat session --raw") })
        let market = SecretHunt([("market", Data("publicTrade".utf8))])
        #expect(!market.search([records]).isEmpty)
    }

    /// Twelve ways to leak, each in a place of its own.
    @Test func `twelve planted leaks are all caught`() async throws {
        let folder = try TemporaryFolder()
        let signature = Data((0..<32).map { UInt8(truncatingIfNeeded: $0 * 37 + 11) })
        let hunt = SecretHunt([
            ("key", Data(Self.key.utf8)), ("secret", Data(Self.secret.utf8)),
            ("signature", signature),
        ])
        let hex = signature.map { String(format: "%02x", $0) }.joined()
        let base64 = Data(Self.secret.utf8).base64EncodedString()
        let escaped = Self.secret.replacing("/", with: "%2F").replacing("+", with: "%2B")
            .replacing("=", with: "%3D")
        let leaks = [
            "a log line": "debug: connecting with key \(Self.key)",
            "an error text": "error: \(Self.secret) is not a plain text",
            "a signed header": "X-BAPI-SIGN: \(hex)",
            "an upper-case signature": "sign=\(hex.uppercased())",
            "a signature in Base64": "X-BAPI-SIGN: \(signature.base64EncodedString())",
            "basic authorization": "Authorization: Basic "
                + Data("\(Self.key):\(Self.secret)".utf8).base64EncodedString(),
            "a secret in Base64": "{\"s\":\"\(base64)\"}",
            "a query": "GET /v5/order?secret=\(escaped) HTTP/1.1",
            "an escaped frame": "{\"args\":[\"\(Self.secret.replacing("/", with: "\\/"))\"]}",
            "an environment": "PATH=/bin\u{0}BYBIT_SECRET=\(Self.secret)\u{0}HOME=/",
            "a hexadecimal dump": Data(Self.key.utf8).map { String(format: "%02x", $0) }.joined(),
            "a frame with code points": "{\"key\":\""
                + Self.key.utf16.map { String(format: "\\u%04x", $0) }.joined() + "\"}",
        ]
        #expect(leaks.count == 12)
        for (place, leak) in leaks {
            #expect(!hunt.search(Data(leak.utf8), at: place).isEmpty, "\(place) was not caught")
        }
        // And through the journal: compressed in a recording, found by what reads it.
        let lines = leaks.values.enumerated().map { index, leak in
            #"2026-01-01T00:00:\#(10 + index).0000000Z {"topic":"publicTrade.X","leak":"#
                + json(leak) + "}"
        }
        try lines.joined(separator: "\n").write(
            toFile: folder.path + "/leaks.txt",
            atomically: true,
            encoding: .utf8
        )
        let made = try await Program.run(
            ["import", "--format", "tardis", "--category", "linear", "leaks.txt", "-o", "leaks"],
            in: folder.path
        )
        #expect(made.status < 2, "\(made.output) \(made.errors)")
        let records = try await Program.run(["cat", "leaks", "--raw"], in: folder.path)
        let leaking = records.lines.filter { $0.contains("leak\":") }
        #expect(leaking.count == 12, "\(records.output)")
        for line in leaking {
            #expect(!hunt.search(Data(line.utf8), at: "cat").isEmpty, "\(line)")
        }
    }

    private func json(_ text: String) -> String {
        let data = try? JSONSerialization.data(
            withJSONObject: text,
            options: [.fragmentsAllowed, .withoutEscapingSlashes]
        )
        return String(decoding: data ?? Data(), as: UTF8.self)
    }
}
