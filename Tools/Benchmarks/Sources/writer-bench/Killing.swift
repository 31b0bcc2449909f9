import Glibc
import Journal
import Market
import Measuring

/// A large recording that ends as `kill -9` leaves it.
///
/// Its first run holds chance bytes, which no compression makes slow to write, in chunks so small that a segment has as many
/// of them as one of real messages. The second run is the kit's messages.
enum Killing {
    private static let fillerChunk = 22 << 10
    private static let fillerPayload = 2_000

    /// Appends until the segments hold so many MiB and the last of them, of messages, is nearly full, then kills this
    /// process: the opening of an unsealed recording reads its last segment whole.
    static func run(_ path: String, messages: String, mebibytes: Int) throws -> Never {
        let options = RecorderOptions()
        let lines = try Lines(path: messages)
        let time = try fill(path, bytes: UInt64(mebibytes) << 20, from: lines.first)
        let recorder = try Recorder.open(path, options: options)
        try recorder.start(time: Timestamp(nanoseconds: time), payload: Array("{}".utf8))
        var ids: [String: StreamID] = [:]
        var shift = time - lines.first
        while true {
            var last = time
            for line in lines {
                while recorder.queuedBytes > options.queueBytes / 4 { usleep(Appending.pause) }
                let id = try ids[line.stream] ?? recorder.stream(named: line.stream)
                ids[line.stream] = id
                last = line.time + shift
                try recorder.append(
                    id,
                    time: Timestamp(nanoseconds: last),
                    payload: line.payload
                )
                if recorder.statistics.segmentBytes > options.segmentBytes / 16 * 15 {
                    kill(getpid(), SIGKILL)
                }
            }
            shift = last - lines.first + 1
        }
    }

    /// - Returns: the time of the last record.
    private static func fill(_ path: String, bytes: UInt64, from first: Int64) throws -> Int64 {
        var options = RecorderOptions()
        options.chunkBytes = fillerChunk
        options.compressionLevel = 1
        let recorder = try Recorder.open(path, options: options)
        try recorder.start(time: Timestamp(nanoseconds: first), payload: Array("{}".utf8))
        let id = try recorder.stream(named: "public/linear/filler")
        var state: UInt64 = 42
        let chance = (0..<(4 << 20)).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state
        }
        var time = first
        try chance.withUnsafeBytes { chance in
            while recorder.statistics.segmentBytes < bytes - options.segmentBytes {
                while recorder.queuedBytes > options.queueBytes / 4 { usleep(Appending.pause) }
                time += 1_000
                let start = Int(time % Int64(chance.count - fillerPayload))
                let payload = UnsafeRawBufferPointer(
                    rebasing: chance[start..<(start + fillerPayload)]
                )
                try recorder.append(id, time: Timestamp(nanoseconds: time), payload: payload)
            }
        }
        try recorder.close()
        return time
    }
}
