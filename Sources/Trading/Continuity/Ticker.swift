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
    /// Connections that deliver it, where they are others than the first alone.
    var slots: [Int]?
    /// When its snapshot was last asked for; `nil` while none is due.
    private(set) var askedAt: Timestamp?
    /// How often in a row it was asked for.
    private(set) var questions = 0

    /// How long a snapshot may take before it is asked for again: 5 s after the first question, twice as long after each
    /// that follows, 320 s at most.
    private var patience: Int64 { 5_000_000_000 << Int64(max(0, min(questions - 1, 6))) }

    init() {}

    /// A connection is lost (`nil`: all of them): the ticker lives on while another delivers it.
    mutating func lose(slot lost: Int?) {
        let others = lost.map { lost in (slots ?? [1]).filter { $0 != lost } } ?? []
        slots = others.isEmpty || others == [1] ? nil : others
        guard others.isEmpty else { return }
        isLive = false
        // A connection that comes back brings it, unasked; what is ignored until then is told anew.
        askedAt = nil
        questions = 0
        ignored = 0
    }

    /// Its snapshot is asked for at this moment.
    mutating func ask(at time: Timestamp) {
        askedAt = time
        questions += 1
    }

    /// True when it was asked for and has not come in the time that it may take.
    func isSnapshotOverdue(at time: Timestamp) -> Bool {
        guard !isLive, let askedAt else { return false }
        return time.nanoseconds - askedAt.nanoseconds >= patience
    }

    /// False for a delta without a snapshot, which changes nothing.
    mutating func merge(_ update: TickerUpdate, slot: Int = 1) -> Bool {
        if update.isSnapshot {
            var others = isLive ? slots ?? [1] : []
            if !others.contains(slot) { others.append(slot) }
            self = Ticker()
            isLive = true
            slots = others == [1] ? nil : others
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
        if !update.cleared.isEmpty { clear(update.cleared) }
        if update.crossSequence != 0 { crossSequence = update.crossSequence }
        return true
    }

    /// A field that came empty says that there is no such value: a price of before must not stand in for it.
    private mutating func clear(_ fields: TickerFields) {
        if fields.contains(TickerFields(.lastPrice)) { lastPrice = nil }
        if fields.contains(TickerFields(.markPrice)) { markPrice = nil }
        if fields.contains(TickerFields(.indexPrice)) { indexPrice = nil }
        if fields.contains(TickerFields(.bidPrice)) { bidPrice = nil }
        if fields.contains(TickerFields(.bidSize)) { bidSize = nil }
        if fields.contains(TickerFields(.askPrice)) { askPrice = nil }
        if fields.contains(TickerFields(.askSize)) { askSize = nil }
        if fields.contains(TickerFields(.fundingRate)) { fundingRate = nil }
        if fields.contains(TickerFields(.nextFundingTime)) { nextFundingTime = nil }
        if fields.contains(TickerFields(.openInterest)) { openInterest = nil }
    }
}
