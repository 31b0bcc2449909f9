import Bybit
import Market

/// What topics are expected to bring, for a session file's check: an estimate, to plan a disk by.
///
/// Each figure says where it is from (``Source``). *Session*: counted in the recorded mainnet session of 2026-08-09 (42 s,
/// BTCUSDT and DOGEUSDT linear, ETHUSDT spot), a quiet Sunday. *Synthetic*: counted on the built-in exchange (55 s of
/// `serve --synthetic --symbols 4 --seed 3`, coin BTC), whose calm regime was measured against that session. *Assumed*:
/// nothing of it came in either. A wild day has five times as much and more.
struct TopicRates {
    /// Where a figure is from.
    enum Source: String, CaseIterable {
        case session
        case synthetic
        case assumed

        var words: String {
            switch self {
            case .session: "counted in a recorded session"
            case .synthetic: "counted on the built-in exchange"
            case .assumed: "assumed"
            }
        }
    }

    /// Messages in a thousand seconds.
    var millihertz: Int64 = 0
    /// Bytes of payload in a thousand seconds.
    var bytes: Int64 = 0
    /// Topics by where their figures are from.
    private(set) var sources: [Source: Int] = [:]

    /// The journal's compression of such a mix, chunks of 64 KiB at level 3: 4.5 bytes of payload for one on the disk, in
    /// hundredths.
    static let compression: Int64 = 450
    /// Bytes on the disk in a day that do not depend on the market: a tick a second, the clock, the lists.
    static let own: Int64 = 12 << 20

    private struct Rate {
        var millihertz: Int64
        var bytes: Int64
        var source: Source

        init(_ millihertz: Int64, _ bytes: Int64, _ source: Source) {
            self.millihertz = millihertz
            self.bytes = bytes
            self.source = source
        }
    }

    mutating func add(_ topic: String, _ category: Category) {
        let rate = TopicRates.rate(topic, category)
        millihertz += rate.millihertz
        bytes += rate.millihertz * rate.bytes
        sources[rate.source, default: 0] += 1
    }

    mutating func add(_ other: TopicRates) {
        millihertz += other.millihertz
        bytes += other.bytes
        sources.merge(other.sources) { $0 + $1 }
    }

    /// Messages a second, in hundredths.
    var centihertz: Int64 { millihertz / 10 }

    /// Bytes that a day takes on the disk, without ``own``.
    var bytesPerDay: Int64 { bytes / 1_000 * 86_400 * 100 / TopicRates.compression }

    private static func rate(_ topic: String, _ category: Category) -> Rate {
        let parts = topic.split(separator: ".").map(String.init)
        switch parts.first {
        case "orderbook": return book(parts.count > 1 ? parts[1] : "", category)
        case "tickers":
            return switch category {
            case .linear: Rate(4_130, 184, .session)
            case .spot: Rate(940, 316, .session)
            case .inverse: Rate(1_200, 196, .synthetic)
            case .option: Rate(1_270, 676, .synthetic)
            case .spread: Rate(1_050, 292, .synthetic)
            }
        case "publicTrade":
            return switch category {
            case .linear: Rate(390, 810, .session)
            case .spot: Rate(160, 257, .session)
            case .inverse: Rate(90, 507, .synthetic)
            // Of all options of a coin.
            case .option: Rate(16_400, 396, .synthetic)
            case .spread: Rate(750, 328, .synthetic)
            }
        case "kline":
            return switch category {
            case .inverse: Rate(110, 313, .synthetic)
            case .spot: Rate(240, 290, .session)
            default: Rate(400, 290, .session)
            }
        case "priceLimit":
            return switch category {
            case .inverse: Rate(600, 114, .synthetic)
            case .spot: Rate(50, 116, .synthetic)
            default: Rate(870, 116, .synthetic)
            }
        case "insurance": return Rate(20, 364, .synthetic)
        case "adlAlert": return Rate(1_020, 1_604, .synthetic)
        // `allLiquidation` was silent in both, and so is `system.status`.
        default: return Rate(20, 250, .assumed)
        }
    }

    private static func book(_ depth: String, _ category: Category) -> Rate {
        switch (depth, category) {
        case ("200", .linear): Rate(9_400, 415, .session)
        case ("200", .spot): Rate(5_890, 263, .session)
        case ("1", .linear): Rate(6_110, 187, .synthetic)
        case ("1", .inverse): Rate(780, 186, .synthetic)
        case ("1", .spot): Rate(1_840, 193, .synthetic)
        case ("50", .linear): Rate(12_400, 250, .synthetic)
        case ("50", .inverse): Rate(1_380, 250, .synthetic)
        case ("50", .spot): Rate(7_290, 200, .synthetic)
        case ("200", .inverse): Rate(1_890, 431, .synthetic)
        case ("1000", .linear): Rate(4_980, 1_033, .synthetic)
        case ("1000", .inverse): Rate(1_890, 453, .synthetic)
        case ("1000", .spot): Rate(4_780, 302, .synthetic)
        case ("full", .spot): Rate(4_760, 260, .synthetic)
        case ("rpi", .linear): Rate(8_130, 326, .synthetic)
        case ("rpi", .inverse): Rate(1_380, 274, .synthetic)
        case ("rpi", .spot): Rate(5_640, 229, .synthetic)
        case ("25", .option): Rate(1_220, 225, .synthetic)
        case ("100", .option): Rate(1_150, 229, .synthetic)
        case ("25", .spread): Rate(3_270, 216, .synthetic)
        default: Rate(8_000, 300, .assumed)
        }
    }

    /// `2 topics counted in a recorded session, 1 assumed`.
    var origin: String {
        let parts = Source.allCases.compactMap { source -> String? in
            guard let count = sources[source], count > 0 else { return nil }
            return "\(Columns.count(count, "topic")) \(source.words)"
        }
        return parts.joined(separator: ", ")
    }
}
