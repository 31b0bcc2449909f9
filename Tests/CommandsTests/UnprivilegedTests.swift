import Foundation
import Testing

/// The program as an ordinary user has it: without the rights that a container's or a CI's root brings along.
@Suite struct UnprivilegedTests {
    private static let setpriv = "/usr/bin/setpriv"

    /// Root keeps its name and loses what it may do to the network; anybody else is ordinary as he is.
    private static func start(_ arguments: [String], in folder: String) throws -> Running {
        guard geteuid() == 0 else { return try Program.start(arguments, in: folder) }
        return try Program.start(
            ["--bounding-set=-net_admin", Program.path] + arguments,
            program: setpriv,
            in: folder
        )
    }

    @Test(
        .enabled(
            if: geteuid() != 0 || FileManager.default.isExecutableFile(atPath: setpriv),
            "root needs setpriv to become ordinary"
        )
    )
    func `a recorder and an exchange need no right over the network`() async throws {
        let folder = try TemporaryFolder()
        let server = try Self.start(
            ["serve", "--synthetic", "--plain", "--json", "--symbols", "2", "--for", "120s"],
            in: folder.path
        )
        defer { server.kill() }
        let endpoint = try await server.line { Endpoint($0) }.url
        let recorder = try Self.start(
            [
                "record", "--endpoint", endpoint, "--out", "session", "--json", "--for", "60s",
                "--public", "linear:orderbook.50.BTCUSDT",
            ],
            in: folder.path
        )
        let _: Bool = try await recorder.line { $0.contains(#""sockets_ready":1"#) ? true : nil }
        recorder.interrupt()
        let outcome = try await recorder.end()
        #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
    }
}
