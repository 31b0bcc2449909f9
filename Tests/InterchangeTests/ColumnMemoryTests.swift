import Journal
import Market
import Testing

@testable import Interchange

/// Blocks of columns end by their bytes, not only by their records.
@Suite struct ColumnMemoryTests {
    private struct Written {
        var summary: ColumnsExport.Summary
        var most: Int
        var bytes: [UInt8]
    }

    private func write(
        _ path: String,
        _ tables: [ColumnTable],
        cores: Int,
        depth: Int = 10,
        blockBytes: Int,
        _ scratch: Scratch
    ) async throws -> Written {
        let name = "columns-\(cores)-\(blockBytes)"
        let sink = try ByteSink(path: scratch.path + "/" + name)
        var options = ColumnsExport.Options(tables, RecordSelection(), cores: cores)
        options.depth = depth
        let (summary, most) = try await ColumnsExport.write(
            try Recording.open(path),
            options,
            to: sink,
            blockBytes: blockBytes
        )
        try sink.finish()
        return Written(summary: summary, most: most, bytes: try scratch.bytes(name))
    }

    /// Rows of each batch, and the values of its first column, the records' numbers.
    private func batches(_ bytes: [UInt8]) -> [[UInt64]] {
        func word(_ place: Int) -> UInt64 {
            bytes[place..<(place + 8)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        var batches: [[UInt64]] = []
        var at = 0
        while at + 64 <= bytes.count {
            let body = at + 64
            if word(at + 8) == 2 {
                let data = body + Int(word(body + 40))
                batches.append((0..<Int(word(at + 32))).map { word(data + 8 * $0) })
            }
            at = body + Int(word(at + 24))
        }
        return batches
    }

    @Test(arguments: [1, 4])
    func `large records are in memory a few at a time, and every one is written in its place`(
        cores: Int
    ) async throws {
        let scratch = try Scratch()
        let payload = [UInt8](repeating: 0x78, count: 64 << 10)
        let records = (0..<400).map { _ in (stream: "rest/main/GET/v5/order", payload: payload) }
        let path = try Tape.make(scratch.path + "/large", records)
        let limit = 1 << 20
        let bounded = try await write(path, [.records], cores: cores, blockBytes: limit, scratch)
        let count = bounded.summary.records
        #expect(count > 400 && bounded.summary.rows == [count])
        #expect(batches(bounded.bytes).flatMap { $0 } == Array(1...count))
        // A block ends behind the record that fills it, and is measured a few records later.
        let block = limit + 4 * payload.count
        #expect(bounded.most <= (cores + 3) * block, "\(bounded.most)")
        #expect(bounded.bytes.count > 400 * payload.count)
        let other = try await write(path, [.records], cores: 2, blockBytes: limit, scratch)
        let same = other.bytes == bounded.bytes
        #expect(same, "on two cores as on \(cores)")
        let whole = try await write(path, [.records], cores: 1, blockBytes: 1 << 30, scratch)
        #expect(whole.most > 400 * payload.count, "without the bound it is all of them")
        #expect(batches(whole.bytes) == [Array(1...count)])
    }

    @Test func `rows of a deep book are written in batches of bounded size`() async throws {
        let scratch = try Scratch()
        let path = try Tape.make(scratch.path + "/deep", ColumnsTests.pushes(2_000))
        let limit = 1 << 20
        let deep = try await write(
            path,
            [.book],
            cores: 2,
            depth: 200,
            blockBytes: limit,
            scratch
        )
        let rows = batches(deep.bytes).map(\.count)
        #expect(rows.reduce(0, +) == 1_200 && deep.summary.rows == [1_200])
        #expect(rows.allSatisfy { $0 * 200 * 4 * 16 <= limit }, "\(rows)")
        let whole = try await write(
            path,
            [.book],
            cores: 2,
            depth: 200,
            blockBytes: 1 << 30,
            scratch
        )
        #expect(batches(whole.bytes).count == 1)
        #expect(batches(whole.bytes).flatMap { $0 } == batches(deep.bytes).flatMap { $0 })
    }
}
