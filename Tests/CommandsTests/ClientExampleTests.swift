import Foundation
import Testing

/// `Tools/Examples/Client`, the example of the library product `TapedeckClient`, as it stands.
@Suite struct ClientExampleTests {
    @Test
    func `the client's example reads a book, places and cancels an order on a served exchange`()
        async throws
    {
        let folder = try TemporaryFolder()
        let server = try Program.start(
            [
                "serve", "--synthetic", "--plain", "--json", "--account", "KEY:SECRET", "--for",
                "120s",
            ],
            in: folder.path
        )
        defer { server.kill() }
        let endpoint = try await server.line { line in Endpoint(line) }.url
        let program = URL(filePath: Program.path).deletingLastPathComponent()
            .appending(path: "client-example").path
        let outcome = try await Program.run([endpoint], program: program)
        #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
        let lines = outcome.lines
        #expect(lines.count >= 4, "\(lines)")
        #expect(lines.first?.hasPrefix("book ") == true, "\(lines)")
        #expect(lines.contains { $0.hasPrefix("order accepted") }, "\(lines)")
        #expect(lines.contains { $0.hasPrefix("cancel accepted") }, "\(lines)")
        #expect(lines.contains { $0.hasPrefix("wallet ") && $0.hasSuffix(" USDT") }, "\(lines)")
    }
}
