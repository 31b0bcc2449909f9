import Glibc
import Market
import Projections
import Testing

@Suite struct RebuildTests {
    @Test func `two rebuilds have the same content, however the rows were batched`() throws {
        let first = try TemporaryDirectory()
        let one = try DeskWriter(path: first.desk, identity: Sample.identity)
        try Sample.fill(one, through: 400)
        let hash = try one.finish(lastSequence: SequenceNumber(400))

        let second = try TemporaryDirectory()
        let other = try DeskWriter(path: second.desk, identity: Sample.identity)
        for sequence in 1...UInt64(400) {
            try Sample.fill(other, from: sequence, through: sequence)
            try other.advance(to: SequenceNumber(sequence))
            try other.flush()
        }
        #expect(try other.finish(lastSequence: SequenceNumber(400)) == hash)

        try one.close()
        let reader = try DeskReader(path: first.desk)
        #expect(try reader.contentHash() == hash)
        #expect(try reader.status().contentHash == hash.description)
        #expect(try reader.status().isComplete)
        #expect(try reader.status().lastSequence == SequenceNumber(400))
        #expect(one.rowsWritten == other.rowsWritten)
        #expect(one.rowsWritten > 400)
    }

    @Test func `readers find their indexes behind a rebuild, and beside a session`() throws {
        let expected: [[String?]] = [
            ["commands_by_link"], ["executions_by_order"], ["gaps_by_subject"],
            ["order_history_by_order"], ["orders_by_link"], ["verdicts_by_cause"],
        ]
        func indexes(_ directory: TemporaryDirectory) throws -> [[String?]] {
            try RawDatabase(directory.desk).rows(
                "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name"
            )
        }
        let rebuilt = try TemporaryDirectory()
        let one = try DeskWriter(path: rebuilt.desk, identity: Sample.identity)
        try Sample.fill(one, through: 100)
        try one.flush()
        #expect(try indexes(rebuilt) == [["gaps_by_subject"]])
        let hash = try one.finish(lastSequence: SequenceNumber(100))
        #expect(try indexes(rebuilt) == expected)
        // A second end leaves them as they are.
        #expect(try one.finish(lastSequence: SequenceNumber(100)) == hash)

        let live = try TemporaryDirectory()
        let other = try DeskWriter(path: live.desk, identity: Sample.identity)
        try other.goLive()
        #expect(try indexes(live) == expected)
        try Sample.fill(other, through: 100)
        #expect(try other.finish(lastSequence: SequenceNumber(100)) == hash)
        #expect(try RawDatabase(live.desk).rows("PRAGMA integrity_check") == [["ok"]])
        #expect(try RawDatabase(rebuilt.desk).rows("PRAGMA integrity_check") == [["ok"]])
    }

    @Test func `one digit more is another content`() throws {
        var hashes: Set<ContentHash> = []
        for text in ["1.5", "1.500000000000000001", "-1.5"] {
            let directory = try TemporaryDirectory()
            let writer = try DeskWriter(path: directory.desk, identity: Sample.identity)
            let place = Sample.place(1)
            try writer.add(
                wallet: WalletUpdate(coin: "USDT", walletBalance: try Sample.amount(text)),
                at: place
            )
            hashes.insert(try writer.finish(lastSequence: place.sequence))
        }
        #expect(hashes.count == 3)
    }

    @Test(arguments: [1, 7, 8, 100, 399])
    func `a writer that starts again goes on where the file ends`(cut: UInt64) throws {
        let whole = try TemporaryDirectory()
        let one = try DeskWriter(path: whole.desk, identity: Sample.identity)
        try Sample.fill(one, through: 400)
        let hash = try one.finish(lastSequence: SequenceNumber(400))

        let directory = try TemporaryDirectory()
        let first = try DeskWriter(path: directory.desk, identity: Sample.identity)
        #expect(first.opening == .created)
        try Sample.fill(first, through: cut)
        try first.finish(lastSequence: SequenceNumber(cut))
        try first.close()

        let second = try DeskWriter(path: directory.desk, identity: Sample.identity)
        #expect(second.opening == .continued(after: SequenceNumber(cut)))
        // From the beginning again: what is there already is passed over.
        try Sample.fill(second, through: 400)
        #expect(try second.finish(lastSequence: SequenceNumber(400)) == hash)
    }

    @Test func `valuations are of the last end only`() throws {
        func end(
            _ writer: DeskWriter,
            _ sequence: UInt64,
            _ unrealised: String
        ) throws -> ContentHash {
            let position = try Sample.position(size: "0.5", unrealised: unrealised)
            writer.add(valuation: position, at: Sample.place(sequence))
            return try writer.finish(lastSequence: SequenceNumber(sequence))
        }
        let directory = try TemporaryDirectory()
        let first = try DeskWriter(path: directory.desk, identity: Sample.identity)
        try Sample.fill(first, through: 100)
        _ = try end(first, 100, "3")
        try first.close()
        let second = try DeskWriter(path: directory.desk, identity: Sample.identity)
        let reader = try DeskReader(path: directory.desk)
        #expect(try reader.valuations().count == 1)
        try Sample.fill(second, through: 200)
        try second.flush()
        #expect(try reader.valuations().isEmpty)
        let hash = try end(second, 200, "-4")
        #expect(try reader.valuations().map(\.value.unrealised) == [try Sample.amount("-4")])
        #expect(
            try reader.profitAndLoss(by: .account).map(\.unrealised) == [try Sample.amount("-4")]
        )

        let whole = try TemporaryDirectory()
        let one = try DeskWriter(path: whole.desk, identity: Sample.identity)
        try Sample.fill(one, through: 200)
        #expect(try end(one, 200, "-4") == hash)
    }

    @Test func `rows of an unfinished record never reach the file`() throws {
        let directory = try TemporaryDirectory()
        let writer = try DeskWriter(path: directory.desk, identity: Sample.identity)
        let reader = try DeskReader(path: directory.desk)
        // More rows than a batch, all of one record but the first.
        try writer.add(wallet: try Sample.wallet(), at: Sample.place(1))
        for _ in 1...5_000 { try writer.add(wallet: try Sample.wallet(), at: Sample.place(2)) }
        #expect(writer.lastSequence == .none)
        try writer.advance(to: SequenceNumber(7))
        #expect(writer.lastSequence == SequenceNumber(6))
        let counts = try reader.query("SELECT sequence, count(*) FROM wallets GROUP BY sequence")
            .rows
        #expect(counts == [["1", "1"], ["2", "5000"]])
        #expect(try reader.status().lastSequence == SequenceNumber(6))
        #expect(try reader.status().isComplete == false)
        try writer.add(wallet: try Sample.wallet(), at: Sample.place(7))
        try writer.flush()
        #expect(try reader.status().lastSequence == SequenceNumber(7))
    }

    @Test func `rows that come out of order are refused`() throws {
        let directory = try TemporaryDirectory()
        let writer = try DeskWriter(path: directory.desk, identity: Sample.identity)
        try writer.add(wallet: try Sample.wallet(), at: Sample.place(5))
        #expect(
            throws: ProjectionError.outOfOrder(
                sequence: SequenceNumber(4),
                after: SequenceNumber(5)
            )
        ) {
            try writer.add(wallet: try Sample.wallet(), at: Sample.place(4))
        }
        // What was written is closed; silence would lose the row.
        try writer.flush()
        #expect(
            throws: ProjectionError.outOfOrder(
                sequence: SequenceNumber(5),
                after: SequenceNumber(5)
            )
        ) {
            try writer.add(wallet: try Sample.wallet(), at: Sample.place(5))
        }
    }

    @Test func `a killed writer leaves whole records, and the next one completes them`()
        async throws
    {
        let directory = try TemporaryDirectory()
        let path = directory.desk
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let writer = try DeskWriter(path: path, identity: Sample.identity)
            try Sample.fill(writer, through: 9_000)
            try writer.flush()
            // Rows in memory, a transaction behind, none of the closing words.
            try Sample.fill(writer, from: 9_001, through: 9_500)
            kill(getpid(), SIGKILL)
        }
        let whole = try TemporaryDirectory()
        let one = try DeskWriter(path: whole.desk, identity: Sample.identity)
        try Sample.fill(one, through: 10_000)
        let hash = try one.finish(lastSequence: SequenceNumber(10_000))

        let writer = try DeskWriter(path: path, identity: Sample.identity)
        #expect(writer.opening == .continued(after: SequenceNumber(9_000)))
        try Sample.fill(writer, through: 10_000)
        #expect(try writer.finish(lastSequence: SequenceNumber(10_000)) == hash)
    }

    @Test func `a journal left by a killed transaction is rolled back`() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.desk
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let writer = try DeskWriter(path: path, identity: Sample.identity)
            try Sample.fill(writer, through: 800)
            try writer.finish(lastSequence: SequenceNumber(800))
            try writer.close()
            // In the middle of a transaction: pages are in the file, the old ones in the rollback journal.
            let database = try RawDatabase(path)
            try database.run("PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = OFF")
            try database.run(
                "PRAGMA cache_size = 2; BEGIN IMMEDIATE; UPDATE orders SET status = 'x'"
            )
            try database.run("UPDATE order_history SET status = 'x'; DELETE FROM executions")
            kill(getpid(), SIGKILL)
        }
        #expect(fileSize(path + "-journal") > 512)
        let writer = try DeskWriter(path: path, identity: Sample.identity)
        #expect(writer.opening == .continued(after: SequenceNumber(800)))
        let whole = try TemporaryDirectory()
        let one = try DeskWriter(path: whole.desk, identity: Sample.identity)
        try Sample.fill(one, through: 800)
        #expect(
            try writer.finish(lastSequence: SequenceNumber(800))
                == one.finish(lastSequence: SequenceNumber(800))
        )
    }
}
