import Foundation
import Testing

/// Other people's clients, as PyPI has them, on the exchange in a box: each file of Tests/Clients is a session.
@Suite(.serialized) struct ClientsTests {
    /// - Parameter file: a module of Tests/Clients, whose assertions are about what the client itself reports.
    private func session(_ file: String) async throws {
        let outcome = try await Program.run(
            [file],
            program: Program.root.appending(path: "Tests/Clients/run").path,
            environment: ["TAPEDECK": Program.path]
        )
        if outcome.status == 77 {
            return Skipped.note(file, outcome)
        }
        #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
        #expect(outcome.errors.contains("\nOK"), "\(outcome.errors)")
        Skipped.notePart(file, outcome)
        for line in outcome.lines where line.contains(" messages, ") { print(line) }
    }

    @Test func `pybit trades on every category, over TLS`() async throws {
        try await session("test_pybit")
    }

    @Test func `ccxt and ccxt.pro trade on every category`() async throws {
        try await session("test_ccxt")
    }

    /// TAPEDECK_BOOK_MESSAGES=100000 is the full run.
    @Test func `books of pybit and ccxt equal the exchange's own after each message`() async throws
    {
        try await session("test_books")
    }

    @Test func `each fault is seen by pybit and found in the exchange's journal`() async throws {
        try await session("test_manners")
    }

    @Test func `bots of pybit and ccxt, unchanged, go through the proxy and are recorded`()
        async throws
    {
        try await session("test_proxy")
    }

    /// TAPEDECK_BOT_RUNS=10 is the full run.
    @Test
    func `recorded bots ask for the same, at real pace and at x20, and a changed line is named`()
        async throws
    {
        try await session("test_recorded")
    }

    @Test func `pybit trades on a recorded market`() async throws {
        try await session("test_simulated")
    }

    @Test func `the examples trade`() async throws {
        try await session("test_examples")
    }
}
