import Bybit
import Market

/// Candles that no socket brought: which lists have what was missed while a stream of candles was away.
///
/// A stream is away from the moment when no socket carries it until one does, or a frame of its socket found no room.
/// The lists are asked for when it is back; their answers are records, and the exchange's last word on candles that
/// were open when it went. Times are the exchange's, Unix milliseconds.
///
/// - Source: protocol reference §11.1, step 5.
struct MissedCandles {
    /// `kline.1.BTCUSDT` of a category.
    struct Stream: Hashable {
        let instrument: InstrumentID
        /// As in the topic: minutes, or `D`, `W`, `M`.
        let interval: String

        /// `nil` for a topic that is none of candles.
        init?(_ category: Category, topic: String) {
            let words = topic.split(separator: ".", maxSplits: 2)
            guard words.count == 3, words[0] == "kline", let symbol = Symbol(String(words[2]))
            else { return nil }
            instrument = InstrumentID(category, symbol)
            interval = String(words[1])
        }

        /// The longest that one of its candles lasts, milliseconds; 0 for an interval that the protocol does not have.
        var duration: Int64 {
            let minute: Int64 = 60_000
            return switch interval {
            case "D": 1_440 * minute
            case "W": 7 * 1_440 * minute
            case "M": 31 * 1_440 * minute
            default: (Int64(interval).flatMap { (1...1_440).contains($0) ? $0 : nil } ?? 0) * minute
            }
        }
    }

    /// Candles that one answer holds.
    static let page = 1_000
    /// Within so long behind a candle's end its last push comes, milliseconds: one that ended shortly before the stream went
    /// may lack it.
    static let settling: Int64 = 5_000
    /// Lists of one stream at the most: beyond, the oldest are left out; of candles of a minute that is a week.
    static let pagesMost: Int64 = 10

    /// Lists that are to be asked for: candles that begin from `start` on, up to `end`.
    private struct Gap {
        let stream: Stream
        /// From when on the stream was away.
        let since: Int64
        var start: Int64
        let end: Int64
    }

    /// For look-up only; never walked in an order that matters.
    private var awaySince: [Stream: Int64] = [:]
    private var carried: Set<Stream> = []
    /// One of a stream, in the order in which they came back.
    private var gaps: [Gap] = []

    /// No run before this one carried these from that moment on.
    mutating func absent(_ streams: [Stream], since milliseconds: Int64) {
        for stream in streams where !carried.contains(stream) && awaySince[stream] == nil {
            awaySince[stream] = milliseconds
        }
    }

    /// What came of these since that moment was not kept, whoever carries them now.
    mutating func interrupted(_ streams: [Stream], _ milliseconds: Int64) {
        for stream in streams where carried.remove(stream) != nil {
            goAway(stream, at: milliseconds)
        }
    }

    private mutating func goAway(_ stream: Stream, at milliseconds: Int64) {
        // What was not asked for yet is missed on.
        let place = gaps.firstIndex { $0.stream == stream }
        awaySince[stream] = place.map { gaps.remove(at: $0).since } ?? milliseconds
    }

    /// What is carried may have changed.
    ///
    /// - Parameters:
    ///   - wanted: what is no longer wanted is no longer missed.
    ///   - now: by whatever socket, in the order in which lists are to be asked for.
    mutating func look(wanted: Set<Stream>, carried now: [Stream], at milliseconds: Int64) {
        let next = Set(now)
        for stream in carried where !next.contains(stream) { goAway(stream, at: milliseconds) }
        awaySince = awaySince.filter { wanted.contains($0.key) }
        gaps.removeAll { !wanted.contains($0.stream) }
        for stream in now where !carried.contains(stream) {
            guard let since = awaySince.removeValue(forKey: stream) else { continue }
            let duration = stream.duration
            guard duration > 0, milliseconds >= since else { continue }
            let most = MissedCandles.pagesMost * Int64(MissedCandles.page) * duration
            // From the candle on that was open when the stream went, or had just ended.
            let start = max(
                since - duration - MissedCandles.settling,
                milliseconds - most + 1,
                0
            )
            gaps.append(Gap(stream: stream, since: since, start: start, end: milliseconds))
        }
        carried = next
    }

    /// The questions to put now, at most so many.
    mutating func take(_ most: Int) -> [RESTRequest] {
        var requests: [RESTRequest] = []
        while requests.count < most, let gap = gaps.first {
            let span = gap.stream.duration * Int64(MissedCandles.page)
            let end = min(gap.end, gap.start + span - 1)
            requests.append(.candles(gap.stream, from: gap.start, to: end))
            if end < gap.end { gaps[0].start = end + 1 } else { gaps.removeFirst() }
        }
        return requests
    }
}

extension RESTRequest {
    /// Candles that begin in these milliseconds, both included; at most ``MissedCandles/page``.
    ///
    /// - Source: bybit-v5 §6.2.
    fileprivate static func candles(
        _ stream: MissedCandles.Stream,
        from start: Int64,
        to end: Int64
    ) -> RESTRequest {
        let query = Query(stream.instrument).with("interval", stream.interval)
            .with("start", start).with("end", end).with("limit", MissedCandles.page)
        return RESTRequest(endpoint: Endpoint(path: "/v5/market/kline"), query: query.text)
    }
}
