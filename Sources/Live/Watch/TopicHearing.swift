/// When each topic that speaks again and again was last heard: a store of one number at a frame, and nothing else.
///
/// It outlives the table of streams, which each recording has anew. Confined to the session's loop.
final class TopicHearing {
    /// Of the session's clock, nanoseconds; by the place that ``place(of:number:)`` gave.
    private var heard: [Int64] = []
    private var places: [Key: Int] = [:]

    private struct Key: Hashable {
        /// Of the socket among the session's.
        var number: Int
        var topic: String
    }

    /// Books and tickers of what does not expire: they change all the time, or are said again when they do not.
    ///
    /// Trades, liquidations, candles and news are silent for as long as nothing happens.
    static func speaks(_ topic: some Collection<UInt8>) -> Bool {
        let isFeed = topic.starts(with: "orderbook.".utf8) || topic.starts(with: "tickers.".utf8)
        guard isFeed, !topic.contains(where: { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") })
        else { return false }
        // `BTC-25DEC26-90000-C`, `BTCUSDT-25DEC26`, `BTCUSDZ26`, combinations: they fall silent when they expire.
        let end = Array(topic.suffix(3))
        let isDated =
            end.count == 3 && (0x41...0x5a).contains(end[0])
            && end[1...].allSatisfy { (0x30...0x39).contains($0) }
        return !isDated
    }

    /// Where a topic is noted; −1 for one whose silence says nothing.
    func place(of topic: some Collection<UInt8>, number: Int) -> Int {
        guard TopicHearing.speaks(topic) else { return -1 }
        let key = Key(number: number, topic: String(decoding: topic, as: UTF8.self))
        if let known = places[key] { return known }
        places[key] = heard.count
        heard.append(0)
        return heard.count - 1
    }

    @inline(__always)
    func note(_ place: Int, at time: Int64) { heard[place] = time }

    /// When it was last heard; `nil` where it never was.
    func last(_ topic: String, number: Int) -> Int64? {
        guard let place = places[Key(number: number, topic: topic)], heard[place] != 0 else {
            return nil
        }
        return heard[place]
    }
}
