public import Market

/// The merged ticker of an instrument: a field that a push leaves out is unchanged.
public struct Ticker: Hashable, Sendable, Codable {
    public internal(set) var lastPrice: Numeral?
    public internal(set) var markPrice: Numeral?
    public internal(set) var indexPrice: Numeral?
    public internal(set) var bidPrice: Numeral?
    public internal(set) var bidSize: Numeral?
    public internal(set) var askPrice: Numeral?
    public internal(set) var askSize: Numeral?
    public internal(set) var fundingRate: Numeral?
    /// Unix milliseconds.
    public internal(set) var nextFundingTime: Int64?
    public internal(set) var openInterest: Numeral?
    public internal(set) var crossSequence: Int64 = 0
    /// True between a snapshot and the loss of its connection.
    public internal(set) var isLive = false
    /// Changes that came since without a snapshot to change.
    var ignored: Int64 = 0

    init() {}

    /// False for a delta without a snapshot, which changes nothing.
    mutating func merge(_ update: TickerUpdate) -> Bool {
        if update.isSnapshot {
            self = Ticker()
            isLive = true
        }
        guard isLive else {
            ignored += 1
            return false
        }
        if let value = update.lastPrice { lastPrice = value }
        if let value = update.markPrice { markPrice = value }
        if let value = update.indexPrice { indexPrice = value }
        if let value = update.bidPrice { bidPrice = value }
        if let value = update.bidSize { bidSize = value }
        if let value = update.askPrice { askPrice = value }
        if let value = update.askSize { askSize = value }
        if let value = update.fundingRate { fundingRate = value }
        if let value = update.nextFundingTime { nextFundingTime = value }
        if let value = update.openInterest { openInterest = value }
        if update.crossSequence != 0 { crossSequence = update.crossSequence }
        return true
    }
}
