import Glibc
import Journal
import Market
import Measuring

/// A recording of the kit's messages, repeated with later times until there are enough.
enum Making {
    static func run(
        _ path: String,
        messages: String,
        count: Int,
        chunkBytes: Int,
        seals: Bool
    ) throws -> String {
        let lines = try Lines(path: messages)
        var options = RecorderOptions()
        options.chunkBytes = chunkBytes
        options.rollsItself = true
        let recorder = try Recorder.open(path, options: options)
        let wall = Clock.wall
        let cpu = Clock.cpu
        try recorder.start(time: Timestamp(nanoseconds: lines.first), payload: Array("{}".utf8))
        var ids: [String: StreamID] = [:]
        var shift: Int64 = 0
        var last: Int64 = lines.first
        var done = 0
        while done < count {
            for line in lines {
                guard done < count else { break }
                let name = line.stream
                let id: StreamID
                if let known = ids[name] {
                    id = known
                } else {
                    id = try recorder.stream(named: name)
                    ids[name] = id
                }
                while recorder.queuedBytes > options.queueBytes / 4 { usleep(5_000) }
                last = line.time + shift
                let time = Timestamp(nanoseconds: last)
                try recorder.append(id, time: time, payload: line.payload)
                done += 1
            }
            shift = last - lines.first + 1
        }
        if seals { try recorder.seal() } else { try recorder.close() }
        return Line("make", count: count, wall: wall, cpu: cpu).text
    }

    /// Every segment with chunks of 1 MiB, as `tapedeck compact --level` makes them.
    static func compact(_ path: String, level: Int) throws -> String {
        let wall = Clock.wall
        let cpu = Clock.cpu
        var compactor = Compactor()
        compactor.level = Int32(level)
        let outcomes = try compactor.compact(path)
        guard outcomes.allSatisfy({ $0.action == .compacted }) else {
            throw BenchError("\(path): not every segment was compacted")
        }
        let records = outcomes.reduce(0) { $0 + $1.records }
        return Line("compact", count: Int(records), wall: wall, cpu: cpu).text
    }
}
