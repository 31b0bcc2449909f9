public import Market

/// What the fills of an instrument count in: by which rule price and quantity become money, and in which coins.
public struct ContractTerms: Hashable, Sendable, Codable {
    public var category: Category
    public var baseCoin: String
    /// The coin of spot's prices.
    public var quoteCoin: String
    /// The coin of P&L and, mostly, of fees: quote for spot and linear, base for inverse.
    public var settleCoin: String

    public init(category: Category, baseCoin: String, quoteCoin: String, settleCoin: String) {
        self.category = category
        self.baseCoin = baseCoin
        self.quoteCoin = quoteCoin
        self.settleCoin = settleCoin
    }

    public init(_ instrument: Instrument) {
        self.init(
            category: instrument.id.category,
            baseCoin: instrument.baseCoin,
            quoteCoin: instrument.quoteCoin,
            // An inverse contract pays in its base coin, whatever a listing leaves out.
            settleCoin: instrument.settleCoin.isEmpty
                ? (instrument.id.category == .inverse ? instrument.baseCoin : instrument.quoteCoin)
                : instrument.settleCoin
        )
    }

    /// What the name of an instrument says of its coins, for rows that come before its listing; `nil` when it says
    /// nothing certain.
    public init?(name instrument: InstrumentID) {
        let text = instrument.symbol.description
        // Dated names begin with the coin (or pair) and a dash: `BTC-26DEC25`, `BTCUSDT-26DEC25`.
        let parts = text.split(separator: "-").map(String.init)
        let head = parts.first ?? text
        switch instrument.category {
        case .linear:
            if let base = ContractTerms.base(of: head, quote: "USDT") {
                self.init(.linear, base, "USDT", "USDT")
            } else if let base = ContractTerms.base(of: head, quote: "PERP") {
                self.init(.linear, base, "USDC", "USDC")
            } else if parts.count > 1 {
                self.init(.linear, head, "USDC", "USDC")
            } else {
                return nil
            }
        case .inverse:
            // `BTCUSD`, and quarterly `BTCUSDH26`.
            guard let range = text.firstRange(of: "USD"), range.lowerBound > text.startIndex else {
                return nil
            }
            let base = String(text[..<range.lowerBound])
            self.init(.inverse, base, "USD", base)
        case .option:
            guard parts.count >= 4 else { return nil }
            let coin = parts.count > 4 ? parts[4] : "USDC"
            self.init(.option, head, coin, coin)
        case .spot:
            for quote in ["USDT", "USDC", "EUR", "BTC", "ETH", "BRL", "TRY"] {
                guard let base = ContractTerms.base(of: text, quote: quote) else { continue }
                self.init(.spot, base, quote, quote)
                return
            }
            return nil
        case .spread: return nil
        }
    }

    private init(_ category: Category, _ base: String, _ quote: String, _ settle: String) {
        self.init(category: category, baseCoin: base, quoteCoin: quote, settleCoin: settle)
    }

    private static func base(of text: String, quote: String) -> String? {
        guard text.hasSuffix(quote), text.count > quote.count else { return nil }
        return String(text.dropLast(quote.count))
    }

    var valuation: Valuation { category == .inverse ? .inverse : .linear }
}

/// How a price and a quantity make a value.
public enum Valuation: UInt8, Hashable, Sendable, Codable {
    /// Quantity × price, in the quote coin: linear contracts, options, spot.
    case linear
    /// Quantity ÷ price, in the base coin: inverse contracts, whose quantity counts US dollars.
    case inverse

    /// The value, rounded half to even at 10⁻¹⁸ where it does not come out even.
    public func value(_ price: Numeral, _ quantity: Amount) throws(NumberError) -> Amount {
        switch self {
        case .linear: return try Amount.value(price, quantity)
        case .inverse:
            return try quantity.scaled(
                by: PowerOfTen.int128(Int(price.decimals)),
                over: Int128(price.mantissa),
                rounding: .halfEven
            )
        }
    }
}
