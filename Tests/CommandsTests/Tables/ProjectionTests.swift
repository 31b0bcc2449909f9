import Foundation
import Journal
import Market
import Projections
import Runtime
import Testing
import Trading

/// Read models of a user's own, and the example of one.
@Suite struct ProjectionTests {
    /// Counts records of each stream.
    struct Streams: Projection {
        static let name = "streams"
        static let columns: [ProjectionColumn] = [.key("stream"), .integer("records")]
        var counts = OrderedTable<String, Int>()

        mutating func fold(
            _ event: Event,
            of record: ProjectedRecord,
            into rows: inout ProjectionRows
        ) throws {
            let count = (counts[record.header.stream.text] ?? 0) + 1
            counts[record.header.stream.text] = count
            rows.set(record.header.stream.text, count)
        }
    }

    /// The same by another version, with a row a record.
    struct Later: Projection {
        static let name = "streams"
        static let version = 2
        static let columns: [ProjectionColumn] = [.text("stream"), .integer("bytes")]

        mutating func fold(
            _ event: Event,
            of record: ProjectedRecord,
            into rows: inout ProjectionRows
        ) throws {
            rows.set(record.header.stream.text, record.payload.count)
        }
    }

    struct Wrong: Projection {
        static let name = "wrong"
        static let columns: [ProjectionColumn] = [.key("stream"), .integer("records")]

        mutating func fold(
            _ event: Event,
            of record: ProjectedRecord,
            into rows: inout ProjectionRows
        ) throws {
            rows.set(1, record.header.stream.text)
        }
    }

    private static func table(_ path: String) throws -> [[ReadOnlyQuery.Cell]] {
        let query = try ReadOnlyQuery(path: path, sql: "SELECT * FROM streams ORDER BY stream")
        var rows: [[ReadOnlyQuery.Cell]] = []
        while let row = try query.next() { rows.append(row) }
        return rows
    }

    @Test func `a projection goes on from its checkpoint, and comes out as one from the beginning`()
        async throws
    {
        let folder = try TemporaryFolder()
        let path = try await SyntheticSession.record(in: folder, seconds: 2)
        let recording = try Recording.open(path)
        var part = ProjectionBuild()
        part.through = SequenceNumber(recording.last.value / 2)
        let first = try part.update(recording, with: Streams.self)
        #expect(first.behind == .none)
        let half = try Self.table(first.path)

        let second = try ProjectionBuild().update(recording, with: Streams.self)
        #expect(second.behind == part.through)
        let whole = try Self.table(second.path)
        #expect(whole != half)
        let third = try ProjectionBuild().update(recording, with: Streams.self)
        #expect(third.behind == recording.last)

        try FileManager.default.removeItem(atPath: first.path)
        try ProjectionBuild().update(recording, with: Streams.self)
        #expect(try Self.table(first.path) == whole)

        // Another version, and a damaged file, begin anew.
        let later = try ProjectionBuild().update(recording, with: Later.self)
        #expect(later.behind == .none)
        #expect(UInt64(try Self.table(later.path).count) == recording.last.value)
        try Data(repeating: 0x41, count: 4_096).write(to: URL(filePath: first.path))
        #expect(try ProjectionBuild().update(recording, with: Streams.self).behind == .none)
        #expect(try Self.table(first.path) == whole)
    }

    @Test func `a row that does not fit the table is told with its record`() async throws {
        let folder = try TemporaryFolder()
        let path = try await SyntheticSession.record(in: folder, seconds: 1)
        let recording = try Recording.open(path)
        #expect(
            throws: ProjectionError.projection(
                name: "wrong",
                reason: "record 1: column stream takes TEXT, and got integer(1)"
            )
        ) { try ProjectionBuild().update(recording, with: Wrong.self) }
    }

    @Test func `the example has its table beside the whole command line`() async throws {
        let folder = try TemporaryFolder()
        let path = try await SyntheticSession.record(in: folder, seconds: 3) { path in
            let trades = "public/linear/publicTrade.BTCUSDT"
            return try await !Program.run(["cat", path, "--stream", trades, "--raw"]).lines.isEmpty
        }
        let program = URL(filePath: Program.path).deletingLastPathComponent()
            .appending(path: "projection-example").path
        let outcome = try await Program.run(
            [
                "sql", path, "SELECT symbol, volume, trades FROM volume", "--projection", "volume",
                "--json",
            ],
            program: program,
            in: folder.path
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(
            outcome.lines.contains { $0.contains("\"symbol\":\"BTCUSDT\"") },
            "\(outcome.output)"
        )
        let unknown = try await Program.run(
            ["sql", path, "SELECT 1", "--projection", "nothing"],
            program: program,
            in: folder.path
        )
        #expect(unknown.status == 64)
        #expect(unknown.errors.contains("volume"))
    }
}
