/// Which topics have fallen silent on a socket that lives: each is judged by its own past.
///
/// A book of a busy market brings data each second, one of a quiet market each few minutes, and both may be so for days.
/// So a topic is silent when it brings nothing for ten times as long as it ever did within the last half hour to hour.
struct TopicSilence: Sendable {
    /// What a topic has done; moments and lengths are nanoseconds.
    private struct Past: Sendable {
        var heard: Int64
        /// Seconds in which it brought data, up to ``enough``.
        var count = 0
        var longest: Int64 = 0
        /// Of the half hour before.
        var longestBefore: Int64 = 0
        var turned: Int64
    }

    /// A topic that is silent for longer than it should be.
    struct Silent: Sendable {
        var name: String
        var age: Int64
        /// The age from which on it is silent.
        var limit: Int64
    }

    /// Before a topic has brought data in so many seconds nothing is known of it.
    static let enough = 60
    private static let factor: Int64 = 10
    private static let window: Int64 = 1_800_000_000_000

    private var pasts: [String: Past] = [:]
    /// The one that is furthest beyond its limit, or closest to it; `nil` where none is known well enough.
    private(set) var worst: Silent?
    /// How many are beyond theirs.
    private(set) var count = 0

    /// - Parameter least: nothing shorter is silence.
    mutating func take(_ reading: Reading, least: Int64, at now: Int64) {
        var next: [String: Past] = [:]
        next.reserveCapacity(reading.topics.count)
        worst = nil
        count = 0
        for topic in reading.topics {
            guard topic.socket < reading.sockets.count else { continue }
            let socket = reading.sockets[topic.socket]
            var past = pasts[topic.name] ?? Past(heard: topic.heard, turned: now)
            let isLive = socket.isReady && now - socket.heard < least / 2
            guard isLive else {
                // Of a socket that is down the socket's own silence tells; what follows is no gap of the topic.
                past.heard = max(past.heard, now)
                next[topic.name] = past
                continue
            }
            if topic.heard > past.heard {
                past.longest = max(past.longest, topic.heard - past.heard)
                past.heard = topic.heard
                past.count = min(past.count + 1, TopicSilence.enough)
            }
            if now - past.turned >= TopicSilence.window {
                past.longestBefore = past.longest
                past.longest = 0
                past.turned = now
            }
            judge(topic, past, least, now)
            next[topic.name] = past
        }
        pasts = next
    }

    private mutating func judge(_ topic: Reading.Topic, _ past: Past, _ least: Int64, _ now: Int64)
    {
        guard past.count >= TopicSilence.enough else { return }
        let usual = max(past.longest, past.longestBefore)
        let limit = max(
            least,
            usual > Int64.max / TopicSilence.factor ? .max : usual * TopicSilence.factor
        )
        let age = max(0, now - past.heard)
        if age >= limit { count += 1 }
        // Further beyond: age to limit, compared without dividing.
        let isWorse =
            worst.map {
                Int128(age) * Int128($0.limit) > Int128($0.age) * Int128(limit)
            } ?? true
        if isWorse { worst = Silent(name: topic.name, age: age, limit: limit) }
    }
}
