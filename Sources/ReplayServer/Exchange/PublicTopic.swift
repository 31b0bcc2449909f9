import Market
import Simulation

/// A public topic as a client names it, and the stream of the exchange that feeds it.
///
/// - Source: `orderbook.{depth}.{symbol}`, `publicTrade.{symbol}`, `tickers.{symbol}`, `kline.{interval}.{symbol}`,
///   `allLiquidation.{symbol}`.
enum PublicTopic: Hashable {
    case stream(PublicStream)

    /// `nil` for a topic that no path has.
    init?(_ text: String, on category: Category) {
        let parts = text.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, let last = parts.last, let symbol = Symbol(String(last)) else {
            return nil
        }
        let id = InstrumentID(category, symbol)
        switch (parts[0], parts.count) {
        case ("orderbook", 3):
            // By its text: pushes carry the topic as Bybit writes it, and `050` is another text.
            let depths = PublicTopic.depths(of: category)
            guard let depth = depths.first(where: { String($0) == parts[1] }) else { return nil }
            self = .stream(.book(id, depth: depth))
        case ("publicTrade", 2): self = .stream(.trades(id))
        case ("tickers", 2): self = .stream(.ticker(id))
        // The exchange keeps candles of one minute.
        case ("kline", 3) where parts[1] == "1": self = .stream(.candle(id))
        case ("allLiquidation", 2) where category == .linear || category == .inverse:
            self = .stream(.liquidations(id))
        default: return nil
        }
    }

    private static func depths(of category: Category) -> [Int] {
        switch category {
        case .linear, .inverse, .spot: [1, 50, 200, 1_000]
        case .option: [25, 100]
        case .spread: [25]
        }
    }
}

/// A private topic as a client names it: `order`, or `order.linear` for one category.
struct PrivateTopic: Hashable {
    enum Kind: String {
        case order
        case execution
        case fastExecution = "execution.fast"
        case position
        case wallet
        case greeks
        /// Arms cancel-on-disconnect; nothing is pushed on it.
        case disconnection = "dcp"
    }

    var kind: Kind
    /// `nil` for all categories.
    var category: Category?

    init?(_ text: String) {
        if let kind = Kind(rawValue: text), kind != .disconnection {
            self.kind = kind
            return
        }
        guard let dot = text.lastIndex(of: ".") else { return nil }
        let rest = text[text.index(after: dot)...]
        guard let kind = Kind(rawValue: String(text[..<dot])) else { return nil }
        self.kind = kind
        if kind == .disconnection {
            guard ["future", "spot", "option"].contains(rest) else { return nil }
            return
        }
        guard let category = Category(name: rest), category != .spread,
            kind != .wallet, kind != .greeks, kind != .position || category != .spot
        else { return nil }
        self.category = category
    }

    func takes(_ kind: Kind, _ category: Category?) -> Bool {
        self.kind == kind && (self.category == nil || self.category == category)
    }
}
