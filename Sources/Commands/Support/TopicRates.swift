import Bybit
import Market

/// What topics are expected to bring, for a session file's check: an estimate, to plan a disk by.
///
/// Figures of a liquid symbol. Those marked *session* were counted in the recorded mainnet session of 2026-08-09 (42 s, of
/// BTCUSDT and DOGEUSDT linear, ETHUSDT spot), which was a quiet Sunday. The others are counted on the synthetic market,
/// whose calm regime was measured against that session. A wild day has five times as much and more.
///
/// | topic | messages/s | bytes | from |
/// | --- | --- | --- | --- |
/// | `orderbook.1` | 20 | 200 | synthetic |
/// | `orderbook.25` | 10 | 200 | synthetic |
/// | `orderbook.50` | 20 | 250 | synthetic |
/// | `orderbook.100` | 6 | 260 | synthetic |
/// | `orderbook.200` | 9.4 linear, 5.9 spot | 415, 263 | session |
/// | `orderbook.1000` | 4.9 | 600 | synthetic |
/// | `orderbook.full`, `orderbook.rpi` | 4.9, 8 | 700, 300 | synthetic |
/// | `tickers` | 4.1 linear, 0.9 spot | 184, 316 | session |
/// | `publicTrade` | 0.4 linear, 0.2 spot | 800, 257 | session |
/// | `kline` | 0.4 | 290 | session |
/// | `priceLimit` | 3.3 | 130 | the page's interval |
/// | `allLiquidation`, `insurance`, `adlAlert` | 0.02 | 250 | guess |
struct TopicRates {
    /// Messages in a thousand seconds.
    var millihertz: Int64 = 0
    /// Bytes of payload in a thousand seconds.
    var bytes: Int64 = 0

    /// The journal's compression of such a mix, chunks of 64 KiB at level 3: 4.5 bytes of payload for one on the disk, in
    /// hundredths.
    static let compression: Int64 = 450
    /// Bytes on the disk in a day that do not depend on the market: a tick a second, the clock, the lists.
    static let own: Int64 = 12 << 20

    private struct Rate {
        var millihertz: Int64
        var bytes: Int64
    }

    mutating func add(_ topic: String, _ category: Category) {
        let rate = TopicRates.rate(topic, category)
        millihertz += rate.millihertz
        bytes += rate.millihertz * rate.bytes
    }

    mutating func add(_ other: TopicRates) {
        millihertz += other.millihertz
        bytes += other.bytes
    }

    /// Messages a second, in hundredths.
    var centihertz: Int64 { millihertz / 10 }

    /// Bytes that a day takes on the disk, without ``own``.
    var bytesPerDay: Int64 { bytes / 1_000 * 86_400 * 100 / TopicRates.compression }

    private static func rate(_ topic: String, _ category: Category) -> Rate {
        let parts = topic.split(separator: ".").map(String.init)
        let isSpot = category == .spot
        // Options and combinations are many, and each is quiet.
        let isQuiet = category == .option || category == .spread
        switch parts.first {
        case "orderbook": return book(parts.count > 1 ? parts[1] : "", isSpot, isQuiet)
        case "tickers":
            if isQuiet { return Rate(millihertz: 1_500, bytes: 560) }
            return isSpot ? Rate(millihertz: 940, bytes: 316) : Rate(millihertz: 4_130, bytes: 184)
        case "publicTrade":
            if isQuiet { return Rate(millihertz: 100, bytes: 300) }
            return isSpot ? Rate(millihertz: 160, bytes: 257) : Rate(millihertz: 390, bytes: 810)
        case "kline": return Rate(millihertz: isSpot ? 240 : 400, bytes: 290)
        case "priceLimit": return Rate(millihertz: 3_300, bytes: 130)
        default: return Rate(millihertz: 20, bytes: 250)
        }
    }

    private static func book(_ depth: String, _ isSpot: Bool, _ isQuiet: Bool) -> Rate {
        let quiet: Int64 = isQuiet ? 4 : 1
        return switch depth {
        case "1": Rate(millihertz: 20_000, bytes: 200)
        case "25": Rate(millihertz: 40_000 / 4 / quiet, bytes: 200)
        case "50": Rate(millihertz: isSpot ? 12_000 : 20_000, bytes: 250)
        case "100": Rate(millihertz: 6_000 / quiet, bytes: 260)
        case "200":
            isSpot ? Rate(millihertz: 5_890, bytes: 263) : Rate(millihertz: 9_400, bytes: 415)
        case "1000": Rate(millihertz: 4_900, bytes: 600)
        case "full": Rate(millihertz: 4_900, bytes: 700)
        default: Rate(millihertz: 8_000, bytes: 300)
        }
    }
}
