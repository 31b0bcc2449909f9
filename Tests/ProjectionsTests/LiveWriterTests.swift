import CSQLite
import GRDB
import Glibc
import Market
import Testing

@testable import Projections

/// What the writer of a live session keeps within bounds, which a rebuild has no need of.
@Suite struct LiveWriterTests {
    /// Bytes of the file's pages that a connection keeps in memory.
    private func pageBytes(of writer: DeskWriter) throws -> Int {
        try writer.queue.inDatabase { database in
            var current: Int32 = 0
            var highest: Int32 = 0
            let code = sqlite3_db_status(
                database.sqliteConnection,
                SQLITE_DBSTATUS_CACHE_USED,
                &current,
                &highest,
                0
            )
            try #require(code == SQLITE_OK)
            return Int(current)
        }
    }

    /// Some 8 MiB of rows.
    private func fill(_ writer: DeskWriter) throws {
        for number in 0..<500 as Range<UInt64> {
            var finding = Sample.finding(.decode, number + 10)
            finding.note = String(repeating: "n", count: 16_000)
            try writer.add(finding: finding, at: Sample.place(number + 10))
        }
        try writer.flush()
    }

    @Test func `a live session keeps no more than 2 MiB of its tables in memory`() throws {
        #expect(DeskWriter.smallCache == 2_048)
        let limit = 2_048 * 1_024
        let rebuilt = try TemporaryDirectory()
        let one = try DeskWriter(path: rebuilt.desk, identity: Sample.identity)
        try fill(one)
        // So much is there to be kept.
        #expect(try pageBytes(of: one) > 2 * limit)

        let live = try TemporaryDirectory()
        let other = try DeskWriter(path: live.desk, identity: Sample.identity)
        try other.goLive()
        try fill(other)
        #expect(fileSize(live.desk) > 2 * limit)
        // Pages have a few bytes of their own beside what stands in them.
        #expect(try pageBytes(of: other) < limit + limit / 4)

        // What was kept before is let go as well.
        try one.goLive()
        #expect(try pageBytes(of: one) < limit + limit / 4)
    }

    /// The file counts the transactions that changed it, big endian at its byte 24.
    private func transactions(_ path: String) throws -> UInt32 {
        let descriptor = try #require(fopen(path, "rb"))
        defer { fclose(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 28)
        let count = fread(&bytes, 1, bytes.count, descriptor)
        try #require(count == bytes.count)
        return bytes[24...].reduce(0) { $0 << 8 | UInt32($1) }
    }

    @Test func `a transaction ends where what it will still write would take too long`() throws {
        let directory = try TemporaryDirectory()
        let writer = try DeskWriter(path: directory.desk, identity: Sample.identity)
        for sequence in 1...128 as ClosedRange<UInt64> {
            try writer.add(
                order: try Sample.order("o-\(sequence)", .new),
                strategy: "maker",
                at: Sample.place(sequence)
            )
        }
        let before = try transactions(directory.desk)
        // One order would take longer than a transaction may: each ends where the clock is read first.
        writer.orderTime = .seconds(1)
        try writer.flush()
        #expect(try transactions(directory.desk) == before + 8)
        #expect(writer.lastSequence.value == 128 && writer.rowsWritten == 128)
        #expect(try DeskReader(path: directory.desk).orders().count == 128)
    }
}
