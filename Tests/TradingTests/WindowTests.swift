import Market
import Testing

@testable import Trading

@Suite struct WindowTests {
    private func row(_ number: Int, at milliseconds: Int64) throws -> ExecutionReport {
        try Row.fill(
            "e\(number)",
            quantity: "0.001",
            price: "90000",
            seq: Int64(number),
            milliseconds: milliseconds
        )
    }

    @Test func `old executions are forgotten and count as seen`() throws {
        var window = ExecutionWindow()
        for number in 0..<5_000 {
            // One each second: five minutes are 300 of them.
            #expect(window.insert(try row(number, at: Int64(number) * 1_000)))
        }
        #expect(window.entries.count < 2 * ExecutionWindow.kept)
        #expect(window.entries.count >= ExecutionWindow.kept)
        #expect(try window.contains(row(0, at: 0)))
        #expect(try window.contains(row(4_999, at: 4_999_000)))
        // Never seen, but older than all that is remembered.
        #expect(try !window.insert(row(77_777, at: 5)))
        #expect(try window.insert(row(77_777, at: 4_999_000)))
    }

    @Test func `a burst is remembered whole`() throws {
        var window = ExecutionWindow()
        for number in 0..<9_000 { _ = window.insert(try row(number, at: Int64(number / 100))) }
        #expect(window.entries.count == 9_000)
        for number in stride(from: 0, to: 9_000, by: 611) {
            #expect(try !window.insert(row(number, at: Int64(number / 100))))
        }
    }

    @Test func `kept-up hashes are those of the same state read back`() throws {
        var window = ExecutionWindow()
        for number in 0..<5_000 { _ = window.insert(try row(number, at: Int64(number) * 1_000)) }
        try expectSameHash(window)
    }

    private func expectSameHash<State: Codable>(_ state: State) throws {
        let bytes = try CanonicalEncoder().checkpoint(state)
        let again = try CanonicalDecoder().decode(State.self, from: bytes)
        #expect(try CanonicalEncoder().hash(again) == CanonicalEncoder().hash(state))
    }
}
