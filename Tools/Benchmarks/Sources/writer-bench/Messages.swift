import Journal
import Market
import Measuring

/// Messages in memory that the process has touched, so that handing them over faults no page of the file.
struct Messages {
    struct Message {
        var time: Int64
        /// Place in ``Messages/streams``.
        var stream: Int
        var start: Int
        var count: Int
    }

    private(set) var all: [Message] = []
    private(set) var streams: [String] = []
    private(set) var bytes: [UInt8] = []

    init(path: String, count: Int) throws {
        var places: [String: Int] = [:]
        for line in try Lines(path: path) {
            guard all.count < count else { break }
            let place = places[line.stream] ?? streams.count
            if place == streams.count {
                places[line.stream] = place
                streams.append(line.stream)
            }
            all.append(
                Message(
                    time: line.time,
                    stream: place,
                    start: bytes.count,
                    count: line.payload.count
                )
            )
            bytes.append(contentsOf: line.payload)
        }
        guard all.count == count else {
            throw BenchError("\(path) has \(all.count) messages, \(count) were asked for")
        }
    }

    /// A new recording with every stream announced.
    func begin(
        _ path: String,
        _ options: RecorderOptions = RecorderOptions()
    ) throws -> (Recorder, [StreamID]) {
        let recorder = try Recorder.open(path, options: options)
        try recorder.start(
            time: Timestamp(nanoseconds: all.first?.time ?? 0),
            payload: Array("{}".utf8)
        )
        return (recorder, try streams.map { try recorder.stream(named: $0) })
    }
}
