import Market
import Testing

@testable import Trading

/// What hashes many states in the same memory comes to the same as what hashes each in its own.
@Suite struct CanonicalHasherTests {
    private struct Outer: Codable {
        var inner = Inner()
        var list: [Inner] = [Inner(), Inner()]
    }

    private struct Inner: Codable {
        var text = "the same"
        var mood: OrderType = .limit
    }

    private struct Refused: Codable {
        var inner = Inner()
        var deep: [[String: Int]] = [["a": 1]]
    }

    @Test func `each state has its own hash whatever was hashed before`() throws {
        let hasher = CanonicalHasher()
        let order = Order(
            row: try Row.order("o1", "New"),
            strategy: "p",
            cause: SequenceNumber(1),
            time: .zero
        )
        for _ in 0..<3 {
            #expect(try hasher.hash(Outer()) == CanonicalEncoder().hash(Outer()))
            #expect(try hasher.hash(order) == CanonicalEncoder().hash(order))
            #expect(try hasher.hash([1, 2]) == CanonicalEncoder().hash([1, 2]))
            let long = Array(0..<9_000)
            #expect(try hasher.hash(long) == CanonicalEncoder().hash(long))
            #expect(try hasher.hash("text") == CanonicalEncoder().hash("text"))
        }
        #expect(try hasher.hash([1, 2]) != hasher.hash([2, 1]))
    }

    @Test func `after a state that is refused the next one is hashed as ever`() throws {
        let hasher = CanonicalHasher()
        for _ in 0..<2 {
            let refusal = CanonicalError.unordered(path: "deep[0]", type: "Dictionary<String, Int>")
            #expect(throws: refusal) { try hasher.hash(Refused()) }
            #expect(try hasher.hash(Outer()) == CanonicalEncoder().hash(Outer()))
        }
    }
}
