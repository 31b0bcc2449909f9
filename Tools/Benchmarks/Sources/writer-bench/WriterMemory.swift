import Glibc
import Journal
import Market
import Measuring

/// The most memory that a recorder takes over what the process had before it was opened.
///
/// The messages are in memory before, and are handed over again and again with later times.
enum WriterMemory {
    private static let messagesKept = 50_000

    static func run(_ path: String, messages: String, seconds: Int, rate: Int) throws -> String {
        let messages = try Messages(path: messages, count: messagesKept)
        let options = RecorderOptions()
        try Memory.reset()
        let bare = Memory.now
        let (recorder, ids) = try messages.begin(path, options)
        let opened = Memory.high - bare
        let start = Clock.wall
        var done = 0
        var mostQueued = 0
        let span = (messages.all.last?.time ?? 0) - (messages.all.first?.time ?? 0) + 1
        try messages.bytes.withUnsafeBytes { bytes in
            while Clock.wall - start < seconds * 1_000_000_000 {
                let message = messages.all[done % messagesKept]
                if rate > 0 {
                    let due = start + done * 1_000_000_000 / rate
                    let ahead = due - Clock.wall
                    if ahead > 0 { usleep(UInt32(ahead / 1_000 + 1)) }
                } else {
                    while recorder.queuedBytes > options.queueBytes / 4 { usleep(Appending.pause) }
                }
                try recorder.append(
                    ids[message.stream],
                    time: Timestamp(nanoseconds: message.time + span * Int64(done / messagesKept)),
                    payload: UnsafeRawBufferPointer(
                        rebasing: bytes[message.start..<(message.start + message.count)]
                    )
                )
                mostQueued = max(mostQueued, recorder.queuedBytes)
                done += 1
            }
        }
        let appended = Memory.high - bare
        try recorder.seal()
        return Line(rate > 0 ? "memory-paced" : "memory-flat").adding("n", done)
            .adding("bare_kib", bare).adding("opened_kib", opened).adding("appended_kib", appended)
            .adding("sealed_kib", Memory.high - bare).adding("queued_kib", mostQueued / 1_024).text
    }
}
