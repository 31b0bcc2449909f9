import Glibc
import Journal
import Market
import Measuring

/// The messages appended to a new recording as fast as the recorder takes them, from `open` to the seal.
enum Appending {
    /// Microseconds until the queue is looked at again, as in the live path.
    static let pause: UInt32 = 5_000

    static func run(_ path: String, messages: String, count: Int) throws -> String {
        let messages = try Messages(path: messages, count: count)
        let queue = RecorderOptions().queueBytes
        let wall = Clock.wall
        let cpu = Clock.cpu
        let (recorder, ids) = try messages.begin(path)
        try messages.bytes.withUnsafeBytes { bytes in
            for message in messages.all {
                // As a stalled socket would: a queue that is half full lowers the level.
                while recorder.queuedBytes > queue / 4 { usleep(Appending.pause) }
                try recorder.append(
                    ids[message.stream],
                    time: Timestamp(nanoseconds: message.time),
                    payload: UnsafeRawBufferPointer(
                        rebasing: bytes[message.start..<(message.start + message.count)]
                    )
                )
            }
        }
        try recorder.seal()
        let line = Line("append", count: count, wall: wall, cpu: cpu)
        return line.adding("in", messages.bytes.count)
            .adding("out", try Files.bytes(in: path, ending: ".mcap"))
            .adding("syncs", Int(recorder.statistics.syncs)).text
    }
}

/// The recording compacted as `tapedeck compact` does by default.
enum Compacting {
    static func run(_ path: String) throws -> String {
        let wall = Clock.wall
        let cpu = Clock.cpu
        let outcomes = try Compactor().compact(path)
        guard outcomes.allSatisfy({ $0.action == .compacted }) else {
            throw BenchError("\(path): not every segment was compacted")
        }
        let records = outcomes.reduce(0) { $0 + $1.records }
        return Line("compact", count: Int(records), wall: wall, cpu: cpu)
            .adding("out", try Files.bytes(in: path, ending: ".mcap")).text
    }
}
