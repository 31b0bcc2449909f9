import Market
import Projections
import Testing

/// Several words on one order within a transaction are written as one row.
@Suite struct OrderWordsTests {
    /// Words on two orders: late ones, one that would open a closed order, and one that changes what stays as it was told first.
    private func words() throws -> [OrderUpdate] {
        let start = Sample.start
        var moved = try Sample.order("a", .partiallyFilled, updated: start + 3)
        moved.orderLinkID = "another"
        moved.side = .sell
        moved.type = .market
        moved.timeInForce = .immediateOrCancel
        moved.positionIndex = 2
        moved.createdMilliseconds = start - 9
        moved.quantity = try Sample.number("0.020")
        return [
            try Sample.order("a", .new, updated: start + 2),
            try Sample.order("a", .new, updated: start + 1),
            moved,
            try Sample.order("b", .new, updated: start + 3),
            try Sample.order("a", .cancelled, updated: start + 3),
            try Sample.order("a", .new, updated: start + 9),
            try Sample.order("b", .filled, updated: start + 4),
            try Sample.order("a", .cancelled, updated: start + 5),
        ]
    }

    private func write(flushesAfter: (Int) -> Bool) throws -> (hash: ContentHash, rows: [[String?]])
    {
        let directory = try TemporaryDirectory()
        let writer = try DeskWriter(path: directory.desk, identity: Sample.identity)
        for (index, word) in try words().enumerated() {
            try writer.add(
                order: word,
                strategy: "s\(index)",
                at: Sample.place(UInt64(index + 1))
            )
            if flushesAfter(index) { try writer.flush() }
        }
        let hash = try writer.finish(lastSequence: SequenceNumber(8))
        let rows = try DeskReader(path: directory.desk).query(
            """
            SELECT order_id, order_link_id, side, type, time_in_force, position_index, quantity, status, strategy, created_ms - \(Sample.start),
              updated_ms - \(Sample.start), updates, first_sequence, sequence
            FROM orders ORDER BY order_id
            """
        ).rows
        try writer.close()
        return (hash, rows)
    }

    @Test func `an order's row is the same however its words fall into transactions`() throws {
        let single = try write { _ in true }
        #expect(
            single.rows == [
                [
                    "a", "td-a", "Buy", "Limit", "PostOnly", "0", "0.010", "Cancelled", "s7", "0",
                    "5", "4", "1", "8",
                ],
                [
                    "b", "td-b", "Buy", "Limit", "PostOnly", "0", "0.010", "Filled", "s6", "0", "4",
                    "2", "4", "7",
                ],
            ]
        )
        for cut in 0..<8 {
            let cut = try write { $0 == cut }
            #expect(cut.rows == single.rows)
            #expect(cut.hash == single.hash)
        }
    }

    @Test func `orders whose ids differ in code points alone are two, with sums of their own`()
        throws
    {
        // Swift takes the two for equal, and SQLite does not.
        let spellings = ["caf\u{e9}", "cafe\u{301}"]
        let directory = try TemporaryDirectory()
        let writer = try DeskWriter(path: directory.desk, identity: Sample.identity)
        for (index, spelling) in spellings.enumerated() {
            let place = Sample.place(UInt64(index + 1))
            try writer.add(
                order: try Sample.order(spelling, .filled),
                strategy: spelling,
                at: place
            )
            try writer.add(
                execution: try Sample.execution("e-\(index)"),
                effect: ExecutionEffect(coin: "USDT"),
                strategy: spelling,
                at: place
            )
        }
        try writer.finish(lastSequence: SequenceNumber(2))
        let reader = try DeskReader(path: directory.desk)
        for query in [
            "SELECT hex(order_id), updates FROM orders ORDER BY sequence",
            "SELECT hex(strategy), fills FROM pnl ORDER BY sequence",
        ] {
            #expect(
                try reader.query(query).rows == [["636166C3A9", "1"], ["63616665CC81", "1"]],
                "\(query)"
            )
        }
        try writer.close()
    }
}
