public import Market

/// What ranks a symbol among those of its category: figures of the last 24 hours, as its ticker has them.
///
/// Turnover is told in another coin in each category: of linear contracts in the quote coin, of inverse ones in the base
/// coin, whose volume is in dollars then; of spot in the quote coin, which differs from pair to pair.
///
/// - Source: bybit-v5 §3.3, `turnover24h` and `volume24h`.
public struct DayFigures: Hashable, Sendable {
    public var symbol: Symbol
    public var turnover: Amount
    public var volume: Amount
    /// `nil` where nothing was traded yet.
    public var lastPrice: Numeral?

    public init(
        symbol: Symbol,
        turnover: Amount,
        volume: Amount = .zero,
        lastPrice: Numeral? = nil
    ) {
        self.symbol = symbol
        self.turnover = turnover
        self.volume = volume
        self.lastPrice = lastPrice
    }

    /// The symbols of a category, the highest turnover in dollars first.
    ///
    /// Equal ones stand in the order of their symbols, so that the same figures always rank the same. What has no
    /// turnover in dollars, for want of a price or of room for the number, comes last.
    ///
    /// - Parameter listed: rows of the category's list, for the quote coins of spot.
    public static func ranked(
        _ figures: [DayFigures],
        _ category: Category,
        listed: [ListedSymbol]
    ) -> [Symbol] {
        let values: [Amount?]
        switch category {
        case .linear, .option, .spread: values = figures.map(\.turnover)
        case .inverse: values = figures.map(\.volume)
        case .spot:
            let prices = QuotePrices(figures, listed: listed)
            values = figures.map { prices.dollars($0) }
        }
        return zip(figures, values).sorted { left, right in
            switch (left.1, right.1) {
            case (let left?, let right?) where left != right: return left > right
            case (.some, nil): return true
            case (nil, .some): return false
            default: return left.0.symbol < right.0.symbol
            }
        }.map { $0.0.symbol }
    }
}

/// What quote coins of spot are worth in USDT, by the same answer that has the turnovers.
private struct QuotePrices {
    /// A coin that is worth `numerator` ÷ `denominator` USDT.
    private struct Price {
        var numerator: Int128
        var denominator: Int128
    }

    private static let dollar = "USDT"
    /// For look-up only, as all of these.
    private var quotes: [Symbol: String] = [:]
    private var prices = [QuotePrices.dollar: Price(numerator: 1, denominator: 1)]

    init(_ figures: [DayFigures], listed: [ListedSymbol]) {
        for row in listed { quotes[row.symbol] = row.quoteCoin }
        var lastPrices: [Symbol: Numeral] = [:]
        for row in figures { lastPrices[row.symbol] = row.lastPrice }
        for row in listed where !row.quoteCoin.isEmpty && prices[row.quoteCoin] == nil {
            let coin = row.quoteCoin
            if let price = QuotePrices.price(lastPrices, coin + QuotePrices.dollar) {
                prices[coin] = price
            } else if let price = QuotePrices.price(lastPrices, QuotePrices.dollar + coin) {
                prices[coin] = Price(numerator: price.denominator, denominator: price.numerator)
            }
        }
    }

    private static func price(_ lastPrices: [Symbol: Numeral], _ name: String) -> Price? {
        guard let symbol = Symbol(name), let price = lastPrices[symbol], price.mantissa > 0 else {
            return nil
        }
        return Price(
            numerator: Int128(price.mantissa),
            denominator: PowerOfTen.int128(Int(price.decimals))
        )
    }

    /// `nil` where the quote coin has no price, or the product no room.
    func dollars(_ figures: DayFigures) -> Amount? {
        guard let quote = quotes[figures.symbol], let price = prices[quote] else { return nil }
        return try? figures.turnover.scaled(
            by: price.numerator,
            over: price.denominator,
            rounding: .halfEven
        )
    }
}
