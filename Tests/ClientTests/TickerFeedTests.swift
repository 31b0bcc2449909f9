import Testing

@testable import TapedeckClient

/// A ticker whose pushes cannot all be read: its snapshot is asked for until one can.
@Suite struct TickerFeedTests {
    private static let topic = "tickers.BTCUSDT"
    private static let second: Int64 = 1_000_000_000

    private static func time(_ seconds: Int64) -> Timestamp {
        Timestamp(nanoseconds: 1_767_225_600_000_000_000 + seconds * second)
    }

    private static func push(_ type: String, _ fields: String) -> String {
        #"{"topic":"\#(topic)","type":"\#(type)","data":{"symbol":"BTCUSDT",\#(fields)},"cs":1,"ts":1}"#
    }

    private static let snapshot = push("snapshot", #""lastPrice":"90000.5","bid1Price":"90000""#)
    private static let delta = push("delta", #""lastPrice":"90001""#)
    private static let unreadable = String(snapshot.dropLast(30))

    /// What a push does to the feed: what is told, and whether the topic is subscribed anew.
    private static func take(_ feed: TopicFeed, _ frame: String, at seconds: Int64) -> PushEffect {
        var event = Event()
        Array(frame.utf8).withUnsafeBytes { MessageDecoder().decode(feed.route, $0, into: &event) }
        let effect = feed.take(event, at: time(seconds))
        if effect.isGap { feed.expectSnapshot(from: time(seconds)) }
        return effect
    }

    private static func feed() -> TopicFeed {
        TopicFeed(TopicKey(category: .linear, name: topic))
    }

    private static func isUnreadable(_ effect: PushEffect) -> Bool {
        if case .unreadable? = effect.content { true } else { false }
    }

    @Test func `a first snapshot that cannot be read is asked for again`() throws {
        let feed = Self.feed()
        let first = Self.take(feed, Self.unreadable, at: 0)
        #expect(Self.isUnreadable(first) && first.isGap)
        // Changes of what is not known change nothing, and the snapshot is asked for once more.
        #expect(Self.take(feed, Self.delta, at: 1).content == nil)
        #expect(
            !feed.isSnapshotOverdue(at: Self.time(4)) && feed.isSnapshotOverdue(at: Self.time(5))
        )
        guard case .ticker(let ticker)? = Self.take(feed, Self.snapshot, at: 6).content else {
            Issue.record("no ticker")
            return
        }
        #expect(ticker.lastPrice.map { "\($0)" } == "90000.5")
        #expect(feed.tickerState?.isLive == true && !feed.isSnapshotOverdue(at: Self.time(1_000)))
    }

    @Test func `one that can never be read is asked for ever more seldom`() {
        let feed = Self.feed()
        var asked: [Int64] = []
        for now in 0..<1_000 {
            let isGap = Self.take(feed, Self.unreadable, at: Int64(now)).isGap
            if !isGap, feed.isSnapshotOverdue(at: Self.time(Int64(now))) {
                feed.expectSnapshot(from: Self.time(Int64(now)))
                asked.append(Int64(now))
            } else if isGap {
                asked.append(Int64(now))
            }
        }
        #expect(asked == [0, 5, 15, 35, 75, 155, 315, 635, 955])
        // A new connection begins anew.
        _ = feed.lose()
        #expect(Self.take(feed, Self.unreadable, at: 1_000).isGap)
    }

    @Test func `a change without a snapshot waits for one`() {
        let feed = Self.feed()
        #expect(Self.take(feed, Self.delta, at: 0).content == nil)
        #expect(feed.isSnapshotOverdue(at: Self.time(5)))
    }

    @Test func `trades that cannot be read ask for nothing`() {
        let feed = TopicFeed(TopicKey(category: .linear, name: "publicTrade.BTCUSDT"))
        let frame = #"{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":1,"data":[{"T":"#
        let effect = Self.take(feed, frame, at: 0)
        #expect(Self.isUnreadable(effect) && !effect.isGap)
        #expect(!feed.isSnapshotOverdue(at: Self.time(1_000)))
    }
}
