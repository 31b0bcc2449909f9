import Glibc
import Journal
import Market
import Measuring

/// Whole recordings: scanned, verified, opened.
enum Reading {
    static func scan(_ path: String) throws -> String {
        let wall = Clock.wall
        let cpu = Clock.cpu
        let (records, _) = try walk(try Recording.open(path).cursor())
        return Line("scan", count: records, wall: wall, cpu: cpu).text
    }

    private static func walk(_ cursor: Cursor) throws -> (records: Int, sink: UInt64) {
        var records = 0
        var sink: UInt64 = 0
        while let record = try cursor.next() {
            // The first and last byte are looked at.
            if let first = record.payload.first, let last = record.payload.last {
                sink &+= UInt64(first) &+ UInt64(last)
            }
            records += 1
        }
        return (records, sink)
    }

    static func verify(_ path: String) throws -> String {
        let wall = Clock.wall
        let cpu = Clock.cpu
        let result = try Verifier.verify(path)
        guard result.state == .sound else { throw BenchError("\(path) is \(result.state)") }
        return Line("verify", count: Int(result.records), wall: wall, cpu: cpu).text
    }

    /// From nothing to the last record: the process is fresh, the page cache warm, or as cold as this user can make it.
    static func open(_ path: String, isCold: Bool) throws -> String {
        if isCold { try Files.forget(in: path) }
        let wall = Clock.wall
        let cpu = Clock.cpu
        let recording = try Recording.open(path)
        let cursor = try recording.cursor(from: .sequence(recording.last))
        guard try cursor.next()?.sequence == recording.last else {
            throw BenchError("\(path): the last record is not there")
        }
        let count = Int(recording.last.value)
        return Line(isCold ? "open-cold" : "open", count: count, wall: wall, cpu: cpu)
            .adding("resident_kib", Memory.peak).text
    }

    /// Memory that a scan and 500 seeks take, over what the program had before.
    static func memory(_ path: String) throws -> String {
        let before = Memory.peak
        let recording = try Recording.open(path)
        let opened = Memory.peak
        let cursor = try recording.cursor()
        _ = try walk(cursor)
        let scanned = Memory.peak
        var state: UInt64 = 3
        for _ in 0..<500 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            try cursor.seek(
                to: .sequence(SequenceNumber(1 + (state >> 20) % recording.last.value))
            )
            _ = try cursor.next()
        }
        return Line("memory").adding("n", Int(recording.last.value)).adding("before_kib", before)
            .adding("opened_kib", opened - before).adding("scanned_kib", scanned - before)
            .adding("sought_kib", Memory.peak - before).text
    }

    /// What following costs while nothing comes.
    static func idle(_ path: String, seconds: Int) throws -> String {
        let cursor = try Recording.open(path).cursor(
            from: .sequence(SequenceNumber(1 << 62)),
            follows: true
        )
        _ = try cursor.next()
        let wall = Clock.wall
        let cpu = Clock.cpu
        var calls = 0
        while Clock.wall - wall < seconds * 1_000_000_000, !cursor.isAtEnd {
            while try cursor.next() != nil {}
            cursor.rest()
            calls += 1
        }
        return Line("idle", count: calls, wall: wall, cpu: cpu).text
    }
}
