import Testing

/// Each topic as the exchange published it, and which runs of it each socket recorded.
///
/// Within a connection nothing is missing. What is missing was published between two connections of a socket: behind the
/// last frame of the one, of which a record says that it was lost, and before the subscription of the next.
struct PublishedRuns {
    /// Of all sockets: pushes from the first recorded one of a topic to the end of the market.
    private(set) var published = 0
    private(set) var recorded = 0
    private(set) var missing = 0
    /// Pushes that not even one of the sockets beside each other has.
    private(set) var onNone = 0

    private struct Place: Hashable {
        var socket: String
        var topic: String
    }

    private let frames: [String: [[UInt8]]]
    private var first: [Place: Int] = [:]
    private var last: [Place: Int] = [:]
    /// When the last connection of a socket was subscribed, on the exchange's clock.
    private var subscribed: [String: Int] = [:]
    private var seen: [String: Set<Int>] = [:]

    init(_ published: [String: [[UInt8]]], _ recording: RecordedSockets) {
        frames = published
        let places = published.mapValues { frames in
            Dictionary(grouping: frames.indices, by: { frames[$0] })
        }
        for connection in recording.connections where connection.socket.hasPrefix("public/") {
            take(connection, places)
        }
        for (place, end) in last {
            let all = frames[place.topic] ?? []
            // A topic on which nothing has come since the last connection was subscribed.
            expectGap((end + 1)..<all.count, place)
            self.published += all.count - (first[place] ?? 0)
        }
        for (topic, all) in frames {
            let begin = first.filter { $0.key.topic == topic }.map(\.value).min() ?? all.count
            onNone += all.count - begin - (seen[topic]?.count ?? 0)
        }
    }

    private mutating func take(
        _ connection: RecordedSockets.Connection,
        _ places: [String: [[UInt8]: [Int]]]
    ) {
        let category = connection.socket.dropFirst(7).prefix { $0 != "@" }
        let data = connection.frames.compactMap { frame in
            Topic.of(frame).map { (topic: "\(category)/\($0)", frame: frame) }
        }
        guard let begin = data.first else { return }
        // All topics are subscribed in one request, and of some a snapshot comes at once.
        subscribed[connection.socket] = Self.time(begin.frame)
        for (topic, rows) in Dictionary(grouping: data, by: \.topic) {
            let place = Place(socket: connection.socket, topic: topic)
            let run = Self.run(
                rows.map(\.frame),
                of: topic,
                in: places[topic] ?? [:],
                after: last[place] ?? -1
            )
            guard let begin = run.first, let end = run.last else { continue }
            if let before = last[place] { expectGap((before + 1)..<begin, place) }
            if first[place] == nil { first[place] = begin }
            last[place] = end
            recorded += run.count
            seen[topic, default: []].formUnion(run)
        }
    }

    /// These pushes are on no record: they must be of before the socket was subscribed again.
    private mutating func expectGap(_ gap: Range<Int>, _ place: Place) {
        guard let newest = gap.last, let frame = frames[place.topic]?[newest] else { return }
        missing += gap.count
        let time = Self.time(frame)
        let subscribed = subscribed[place.socket] ?? 0
        #expect(time > 0 && time <= subscribed, "\(place): \(gap.count) pushes are missing")
    }

    private static let mark = Array(#""ts":"#.utf8)

    /// When the exchange pushed it, Unix milliseconds; 0 where it does not say.
    private static func time(_ frame: [UInt8]) -> Int {
        guard let start = frame.firstRange(of: mark)?.upperBound else { return 0 }
        let digits = frame[start...].prefix { (0x30...0x39).contains($0) }
        return Int(String(decoding: digits, as: UTF8.self)) ?? 0
    }

    /// The places of a connection's frames, which must be one run; of most topics a subscriber gets a frame of its own first.
    private static func run(
        _ frames: [[UInt8]],
        of topic: String,
        in places: [[UInt8]: [Int]],
        after last: Int
    ) -> [Int] {
        let isTrades = topic.contains("publicTrade")
        var run: [Int] = []
        for (number, frame) in frames.enumerated() {
            let from = run.last ?? last
            guard let place = places[frame]?.first(where: { $0 > from }) else {
                let isOwn = number == 0 && !isTrades
                #expect(isOwn, "\(topic): frame \(number) of a connection was never published")
                continue
            }
            if let before = run.last {
                #expect(place == before + 1, "\(topic): \(place - before - 1) pushes are missing")
            }
            run.append(place)
        }
        return run
    }
}
