import CSQLite
import Glibc
import Market
import Projections
import Synchronization
import Testing

/// The writer on a thread of its own: who adds rows never waits for a reader of the file.
@Suite struct WorkerTests {
    private func batch(_ sequence: UInt64) throws -> DeskBatch {
        DeskBatch(
            place: Sample.place(sequence),
            rows: [
                .order(
                    try Sample.order("o-\(sequence)", .new),
                    strategy: "maker",
                    isLate: false
                )
            ]
        )
    }

    private func worker(
        _ directory: TemporaryDirectory,
        _ whenFull: DeskWorker.WhenFull,
        kept: @escaping @Sendable () -> SequenceNumber = { SequenceNumber(.max) }
    ) throws -> DeskWorker {
        let path = directory.desk
        return try DeskWorker(
            whenFull: whenFull,
            make: { () throws(ProjectionError) in
                try DeskWriter(path: path, identity: Sample.identity)
            },
            kept: kept
        )
    }

    @Test func `rows from a worker are the rows from a writer`() throws {
        let direct = try TemporaryDirectory()
        let writer = try DeskWriter(path: direct.desk, identity: Sample.identity)
        for sequence in 1...300 {
            for row in try batch(UInt64(sequence)).rows {
                try writer.add(row, at: Sample.place(UInt64(sequence)))
            }
        }
        let expected = try writer.finish(lastSequence: SequenceNumber(300))
        for whenFull in [DeskWorker.WhenFull.wait, .giveUp] {
            let directory = try TemporaryDirectory()
            let worker = try worker(directory, whenFull)
            for sequence in 1...300 { #expect(worker.add([try batch(UInt64(sequence))])) }
            #expect(try worker.finish(SequenceNumber(300)) == expected)
            #expect(try DeskReader(path: directory.desk).status().isComplete)
        }
    }

    @Test func `rows of records that the journal does not keep yet wait`() throws {
        let directory = try TemporaryDirectory()
        let kept = Atomic<UInt64>(5)
        let shared = Shared(kept)
        let worker = try worker(directory, .giveUp) { shared.value }
        for sequence in 1...10 { #expect(worker.add([try batch(UInt64(sequence))])) }
        var reached = SequenceNumber.none
        for _ in 0..<12_000 where reached.value < 5 {
            usleep(10_000)
            reached = (try? DeskReader(path: directory.desk).status().lastSequence) ?? .none
        }
        #expect(reached.value == 5)
        usleep(200_000)
        #expect(try DeskReader(path: directory.desk).status().lastSequence.value == 5)
        _ = try worker.finish(SequenceNumber(10))
        #expect(try DeskReader(path: directory.desk).orders().count == 10)
    }

    private final class Shared: Sendable {
        private let limit: Atomic<UInt64>
        init(_ limit: consuming Atomic<UInt64>) { self.limit = limit }
        var value: SequenceNumber { SequenceNumber(limit.load(ordering: .relaxed)) }
    }

    @Test func `with a lock that is never given back rows wait up to a bound, and then are let go`()
        throws
    {
        let directory = try TemporaryDirectory()
        let worker = try worker(directory, .giveUp)
        #expect(worker.add([try batch(1)]))
        var reached = false
        for _ in 0..<12_000 where !reached {
            usleep(10_000)
            reached = (try? DeskReader(path: directory.desk).status().lastSequence.value) == 1
        }
        var reader: OpaquePointer?
        try #require(
            sqlite3_open_v2(directory.desk, &reader, SQLITE_OPEN_READONLY, nil) == SQLITE_OK
        )
        try #require(
            sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM meta", nil, nil, nil) == SQLITE_OK
        )
        // Each call comes back at once; the last one says that it is over.
        var sequence: UInt64 = 2
        let rows = try (0..<4_096).map { try batch(UInt64($0)).rows[0] }
        while worker.failure == nil, sequence < 1_000 {
            worker.add([DeskBatch(place: Sample.place(sequence), rows: rows)])
            sequence += 1
        }
        #expect(worker.failure == .behind)
        #expect(throws: ProjectionError.behind) { try worker.finish(SequenceNumber(sequence)) }
        sqlite3_close(reader)
        // What was there is whole, and the next writer goes on from it.
        #expect(try DeskReader(path: directory.desk).status().lastSequence.value >= 1)
    }
}
