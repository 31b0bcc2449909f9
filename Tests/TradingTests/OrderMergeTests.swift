import Market
import Testing

@testable import Trading

@Suite struct OrderMergeTests {
    /// All orders in which `count` rows can come.
    static func permutations(_ count: Int) -> [[Int]] {
        guard count > 1 else { return [Array(0..<count)] }
        return permutations(count - 1).flatMap { shorter in
            (0..<count).map { place in
                var longer = shorter
                longer.insert(count - 1, at: place)
                return longer
            }
        }
    }

    private func merged(_ rows: [OrderUpdate]) throws -> Order {
        var order = Order(
            row: try #require(rows.first),
            strategy: "p",
            cause: SequenceNumber(1),
            time: .zero
        )
        for row in rows { _ = order.merge(row) }
        return order
    }

    /// A conditional order is triggered and open within one millisecond: `New` is the later one, however rows come.
    @Test func `of rows of one millisecond the one that is further along counts`() throws {
        let rows = [
            try Row.order("a", "Untriggered", quantity: "1.0", at: 4),
            try Row.order("a", "Triggered", quantity: "1.0", at: 5),
            try Row.order("a", "New", quantity: "0.4", at: 5),
        ]
        for order in Self.permutations(rows.count) {
            for again in rows {
                let merged = try merged(order.map { rows[$0] } + [again])
                #expect(merged.status == .new)
                #expect(merged.quantity.description == "0.4")
            }
        }
    }

    private static func lives() throws -> [[OrderUpdate]] {
        [
            [
                try Row.order("a", "New", at: 1),
                try Row.order("a", "PartiallyFilled", filled: "0.004", at: 2),
                try Row.order("a", "PartiallyFilled", filled: "0.007", at: 2),
                try Row.order("a", "Filled", filled: "0.010", at: 3),
            ],
            [
                try Row.order("a", "New", at: 1),
                try Row.order("a", "New", price: "90001.0", at: 2),
                try Row.order("a", "PartiallyFilled", price: "90001.0", filled: "0.004", at: 3),
                try Row.order(
                    "a",
                    "Cancelled",
                    price: "90001.0",
                    filled: "0.004",
                    at: 4,
                    reason: "EC_PerCancelRequest"
                ),
            ],
            [
                try Row.order("a", "New", at: 1),
                try Row.order("a", "Filled", filled: "0.010", at: 2),
                // The cancel that came too late.
                try Row.order(
                    "a",
                    "Filled",
                    filled: "0.010",
                    at: 3,
                    reason: "EC_OrigClOrdIDDoesNotExist"
                ),
            ],
            [
                try Row.order("a", "New", at: 1),
                try Row.order("a", "Cancelled", at: 2, reason: "EC_PostOnlyWillTakeLiquidity"),
                try Row.order("a", "Rejected", at: 2, reason: "EC_PostOnlyWillTakeLiquidity"),
            ],
            [
                try Row.order("a", "New", at: 1),
                try Row.order("a", "New", quantity: "0.020", price: "90002.0", at: 5),
                try Row.order("a", "New", quantity: "0.020", price: "90003.0", at: 6),
            ],
        ]
    }

    @Test(arguments: 0..<5)
    func `rows in any order and any number end in the same order`(life: Int) throws {
        let rows = try OrderMergeTests.lives()[life]
        let expected = try merged(rows)
        for permutation in OrderMergeTests.permutations(rows.count) {
            let shuffled = permutation.map { rows[$0] }
            for variant in [shuffled, shuffled + shuffled, shuffled + [rows[0]]] {
                let order = try merged(variant)
                #expect(order.phase == expected.phase)
                #expect(order.status == expected.status)
                #expect(order.filled == expected.filled)
                #expect(order.price == expected.price)
                #expect(order.quantity == expected.quantity)
                #expect(order.reason == expected.reason)
                #expect(order.updatedMilliseconds == expected.updatedMilliseconds)
            }
        }
    }

    @Test func `a closed order never opens again`() throws {
        let order = try merged([
            try Row.order("a", "Cancelled", at: 5),
            try Row.order("a", "New", at: 9),
            try Row.order("a", "PartiallyFilled", filled: "0.003", at: 9),
        ])
        #expect(order.isClosed)
        #expect(order.status == .cancelled)
        // A fill that was told late still counts.
        #expect(order.filled.description == "0.003")
    }
}
