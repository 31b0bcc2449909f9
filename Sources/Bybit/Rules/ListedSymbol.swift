public import Market

/// What a rule looks at of an instrument.
public struct ListedSymbol: Hashable, Sendable {
    public var symbol: Symbol
    public var baseCoin: String
    /// Open for trading: what is before its launch or being delivered sends nothing worth a subscription.
    public var isTrading: Bool
    /// Unix milliseconds; 0 for what is not delivered.
    public var deliveryMilliseconds: Int64

    public init(
        symbol: Symbol,
        baseCoin: String,
        isTrading: Bool = true,
        deliveryMilliseconds: Int64 = 0
    ) {
        self.symbol = symbol
        self.baseCoin = baseCoin
        self.isTrading = isTrading
        self.deliveryMilliseconds = deliveryMilliseconds
    }

    public init(_ instrument: Instrument) {
        self.init(
            symbol: instrument.id.symbol,
            baseCoin: instrument.baseCoin,
            isTrading: instrument.status.isEmpty || instrument.status == "Trading",
            deliveryMilliseconds: instrument.deliveryTime.milliseconds
        )
    }

    public init(_ instrument: SpreadInstrument) {
        self.init(
            symbol: instrument.symbol,
            baseCoin: instrument.baseCoin,
            isTrading: instrument.status == "Trading",
            deliveryMilliseconds: instrument.deliveryMilliseconds
        )
    }

    /// Open at that moment, and delivered within the window where there is one.
    func isOpen(at now: Int64, within: Int64?) -> Bool {
        guard isTrading else { return false }
        if deliveryMilliseconds > 0, deliveryMilliseconds <= now { return false }
        guard let within else { return true }
        return deliveryMilliseconds > 0 && deliveryMilliseconds - now <= within
    }
}
