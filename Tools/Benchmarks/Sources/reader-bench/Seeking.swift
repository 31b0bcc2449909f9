import Glibc
import Journal
import Market
import Measuring

/// Seeks to random places, each timed alone up to its first record.
///
/// The clock is the thread's, so that other work on the machine is not taken for the reader's.
enum Seeking {
    static func run(_ path: String, byTime: Bool, count: Int) throws -> String {
        let recording = try Recording.open(path)
        let cursor = try recording.cursor()
        let last = recording.last.value
        let started = recording.manifest.started.nanoseconds
        let span = UInt64(recording.manifest.ended.nanoseconds - started) + 1
        var state: UInt64 = 42
        var times: [Int] = []
        let warm = count / 5
        for index in 0..<(count + warm) {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let start: CursorStart =
                byTime
                ? .time(Timestamp(nanoseconds: started + Int64((state >> 8) % span)))
                : .sequence(SequenceNumber(1 + (state >> 8) % last))
            let before = Clock.thread
            try cursor.seek(to: start)
            let record = try cursor.next()
            let after = Clock.thread
            try check(record, start)
            if index >= warm { times.append(after - before) }
        }
        times.sort()
        return Line("seek-\(byTime ? "time" : "number")").adding("n", Int(last))
            .adding("p50", times[count / 2]).adding("p99", times[count * 99 / 100])
            .adding("max", times[count - 1]).text
    }

    private static func check(_ record: Record?, _ start: CursorStart) throws {
        guard let record else { throw BenchError("no record from \(start)") }
        switch start {
        case .beginning: break
        case .sequence(let number):
            guard record.sequence == number else { throw BenchError("not \(number)") }
        case .time(let time):
            guard record.time >= time else { throw BenchError("a record before \(time)") }
        }
    }
}
