import Foundation
import Testing

/// What is done with finished recordings, by the built program.
@Suite struct UpkeepTests {
    @Test func `a key pair signs a demo's recording, and only its public half verifies it`()
        async throws
    {
        let folder = try TemporaryFolder()
        let made = try await Program.run(["keygen", "--out", "key"], in: folder.path)
        #expect(made.status == 0, "\(made.errors)")
        let secret = try String(contentsOfFile: folder.path + "/key", encoding: .utf8)
        #expect(!made.output.contains(secret.split(separator: "\n")[1]))
        let mode = try FileManager.default.attributesOfItem(atPath: folder.path + "/key")
        #expect(mode[.posixPermissions] as? Int == 0o600)
        let again = try await Program.run(["keygen", "--out", "key"], in: folder.path)
        #expect(again.status == 73)

        let recording = try await SyntheticSession.record(
            in: folder,
            options: ["--signing-key", "key"]
        )
        let trusted = try await Program.run(
            ["verify", recording, "--key", "key.pub", "--json"],
            in: folder.path
        )
        #expect(trusted.status == 0, "\(trusted.errors)\(trusted.output)")
        _ = try await Program.run(["keygen", "--out", "other"], in: folder.path)
        let other = try await Program.run(
            ["verify", recording, "--key", "other.pub"],
            in: folder.path
        )
        #expect(other.status == 2, "\(other.output)")
        let info = try await Program.run(["info", recording, "--json"], in: folder.path)
        #expect((info.object["signature"] as? String)?.hasPrefix("made by") == true)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o644],
            ofItemAtPath: folder.path + "/key"
        )
        let open = try await Program.run(
            [
                "record", "--public", "linear:tickers.BTCUSDT", "--signing-key", "key", "--for",
                "1s",
            ],
            in: folder.path
        )
        #expect(open.status == 77, "\(open.errors)")
    }
}
