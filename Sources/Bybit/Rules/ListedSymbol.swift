public import Market

/// What a rule looks at of an instrument.
public struct ListedSymbol: Hashable, Sendable {
    public var symbol: Symbol
    public var baseCoin: String
    /// What prices and turnover of spot are in; empty where nobody has to know.
    public var quoteCoin: String
    /// Open for trading: what is before its launch or being delivered sends nothing worth a subscription.
    public var isTrading: Bool
    /// Unix milliseconds; 0 for what is not delivered.
    public var deliveryMilliseconds: Int64

    public init(
        symbol: Symbol,
        baseCoin: String,
        quoteCoin: String = "",
        isTrading: Bool = true,
        deliveryMilliseconds: Int64 = 0
    ) {
        self.symbol = symbol
        self.baseCoin = baseCoin
        self.quoteCoin = quoteCoin
        self.isTrading = isTrading
        self.deliveryMilliseconds = deliveryMilliseconds
    }

    public init(_ instrument: Instrument) {
        self.init(
            symbol: instrument.id.symbol,
            baseCoin: instrument.baseCoin,
            quoteCoin: instrument.quoteCoin,
            isTrading: ListedSymbol.isTrading(instrument),
            deliveryMilliseconds: instrument.deliveryTime.milliseconds
        )
    }

    public init(_ instrument: SpreadInstrument) {
        self.init(
            symbol: instrument.symbol,
            baseCoin: instrument.baseCoin,
            quoteCoin: instrument.quoteCoin,
            isTrading: instrument.status == "Trading",
            deliveryMilliseconds: instrument.deliveryMilliseconds
        )
    }

    /// Before its launch a contract trades too, once its auction is over.
    ///
    /// - Source: bybit-v5 §3.1, rule 8.
    private static func isTrading(_ instrument: Instrument) -> Bool {
        switch instrument.status {
        case "", "Trading": true
        case "PreLaunch": instrument.auctionPhase == "ContinuousTrading"
        default: false
        }
    }

    /// Open at that moment, and delivered within the window where there is one.
    func isOpen(at now: Int64, within: Int64?) -> Bool {
        guard isTrading else { return false }
        if deliveryMilliseconds > 0, deliveryMilliseconds <= now { return false }
        guard let within else { return true }
        return deliveryMilliseconds > 0 && deliveryMilliseconds - now <= within
    }

    /// The first moment after `now` at which ``isOpen(at:within:)`` says something else by time alone; `nil`: never.
    func change(after now: Int64, within: Int64?) -> Int64? {
        guard isTrading, deliveryMilliseconds > now else { return nil }
        guard let within, deliveryMilliseconds - within > now else { return deliveryMilliseconds }
        return deliveryMilliseconds - within
    }
}
