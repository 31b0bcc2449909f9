import Market
import Simulation

/// What a public topic is fed by: one entry of the fan-out, whose subscribers get the same bytes.
enum PublicFeed: Hashable {
    /// Books, trades, tickers and liquidations of one instrument.
    case stream(PublicStream)
    case candles(InstrumentID, CandleInterval)
    /// Trades of all options of a base coin.
    case optionTrades(baseCoin: String)
    case priceLimit(InstrumentID)
    case insurance(RiskPool)
    case deleveraging(RiskPool)
    case systemStatus

    var instrument: InstrumentID? {
        switch self {
        case .stream(let stream): stream.instrument
        case .candles(let id, _), .priceLimit(let id): id
        case .optionTrades, .insurance, .deleveraging, .systemStatus: nil
        }
    }
}

/// The contracts that share insurance, as topics name them.
enum RiskPool: String, Hashable, CaseIterable {
    case tether = "USDT"
    case dollarCoin = "USDC"
    case inverse

    func holds(_ instrument: Instrument) -> Bool {
        switch self {
        case .tether, .dollarCoin:
            instrument.id.category == .linear && instrument.settleCoin == rawValue
        case .inverse: instrument.id.category == .inverse
        }
    }
}

/// A public topic as a client names it.
///
/// - Source: the table of public topics of Bybit's v5 protocol, and the depths of each category.
struct PublicTopic: Hashable {
    var feed: PublicFeed

    /// `nil` for a topic that the path does not have.
    init?(_ text: String, on path: SocketPath) {
        switch path {
        case .systemStatus:
            guard text == "system.status" else { return nil }
            feed = .systemStatus
        case .publicData(let category):
            guard let found = PublicTopic.feed(text, category) else { return nil }
            feed = found
        case .privateData, .trade: return nil
        }
    }

    private static func feed(_ text: String, _ category: Category) -> PublicFeed? {
        let parts = text.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, let last = parts.last, let symbol = Symbol(String(last)) else {
            return nil
        }
        let id = InstrumentID(category, symbol)
        let isContract = category == .linear || category == .inverse
        switch (parts[0], parts.count) {
        case ("orderbook", 3): return book(parts[1], id)
        case ("publicTrade", 2):
            return category == .option
                ? .optionTrades(baseCoin: String(last)) : .stream(.trades(id))
        case ("tickers", 2): return .stream(.ticker(id))
        case ("kline", 3) where isContract || category == .spot:
            guard let interval = CandleInterval(rawValue: String(parts[1])) else { return nil }
            return .candles(id, interval)
        case ("allLiquidation", 2) where isContract: return .stream(.liquidations(id))
        case ("priceLimit", 2) where isContract || category == .spot: return .priceLimit(id)
        case ("insurance", 2) where isContract:
            return RiskPool(rawValue: String(last)).map { .insurance($0) }
        case ("adlAlert", 2) where isContract:
            return RiskPool(rawValue: String(last)).map { .deleveraging($0) }
        default: return nil
        }
    }

    /// By its text: pushes carry the topic as Bybit writes it, and `050` is another text.
    private static func book(_ depth: Substring, _ id: InstrumentID) -> PublicFeed? {
        let depths: [Int] =
            switch id.category {
            case .linear, .inverse, .spot: [1, 50, 200, 1_000]
            case .option: [25, 100]
            case .spread: [25]
            }
        if let known = depths.first(where: { String($0) == depth }) {
            return .stream(.book(id, depth: known))
        }
        switch (depth, id.category) {
        case ("rpi", .linear), ("rpi", .inverse), ("rpi", .spot):
            return .stream(.improvementBook(id))
        case ("full", .spot):
            return .stream(.book(id, depth: BookUpdate.fullDepth))
        default: return nil
        }
    }
}
