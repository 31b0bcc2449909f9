import Market

/// What the last events of a stream were, which the next ones are near to.
struct EventNeighbour {
    private var updateID: Int64 = 0
    private var crossSequence: Int64 = 0
    private var depth: Int64 = 0
    private var bid: Int64 = 0
    private var ask: Int64 = 0
    private var trade: Int64 = 0

    /// - Parameter time: when the record came, Unix milliseconds.
    mutating func code<Coder: EventCoder>(
        _ coder: inout Coder,
        _ event: inout Event,
        near time: Int64
    ) {
        coder.integer(&event.exchangeMilliseconds, near: time)
        switch event.kind {
        case .book: code(&coder, &event.book, near: event.exchangeMilliseconds)
        case .publicTrades: code(&coder, &event)
        case .ticker: code(&coder, &event.ticker)
        default: coder.fail()
        }
    }

    private mutating func code<Coder: EventCoder>(
        _ coder: inout Coder,
        _ book: inout BookUpdate,
        near time: Int64
    ) {
        coder.flag(&book.isSnapshot)
        var depth = Int64(book.depth)
        coder.integer(&depth, behind: &self.depth)
        book.depth = Int(depth)
        coder.integer(&book.updateID, behind: &updateID)
        coder.integer(&book.crossSequence, behind: &crossSequence)
        coder.integer(&book.matchTimeMilliseconds, near: time)
        coder.levels(&book.bids, near: &bid)
        coder.levels(&book.asks, near: &ask)
    }

    private mutating func code<Coder: EventCoder>(_ coder: inout Coder, _ event: inout Event) {
        let time = event.exchangeMilliseconds
        var count = event.trades.count
        coder.count(&count)
        for place in 0..<count {
            if Coder.isReading {
                event.trades.append(EventNeighbour.blank(event.symbol))
            }
            code(&coder, &event.trades[place], near: time)
            if coder.hasFailed { return }
        }
    }

    private static func blank(_ symbol: Symbol) -> PublicTrade {
        PublicTrade(
            symbol: symbol,
            price: .zero,
            size: .zero,
            side: .buy,
            timeMilliseconds: 0,
            id: "",
            crossSequence: 0
        )
    }

    private mutating func code<Coder: EventCoder>(
        _ coder: inout Coder,
        _ trade: inout PublicTrade,
        near time: Int64
    ) {
        var form = TradeForm(trade)
        coder.byte(&form.bits)
        coder.numeral(&trade.price, near: self.trade)
        self.trade = trade.price.mantissa
        coder.numeral(&trade.size)
        coder.integer(&trade.timeMilliseconds, near: time)
        coder.integer(&trade.crossSequence, behind: &crossSequence)
        coder.text(&trade.id)
        guard Coder.isReading else { return }
        if !form.give(to: &trade) { coder.fail() }
    }

    private mutating func code<Coder: EventCoder>(
        _ coder: inout Coder,
        _ ticker: inout TickerUpdate
    ) {
        coder.flag(&ticker.isSnapshot)
        coder.numeral(&ticker.lastPrice)
        coder.numeral(&ticker.markPrice)
        coder.numeral(&ticker.indexPrice)
        coder.numeral(&ticker.bidPrice)
        coder.numeral(&ticker.bidSize)
        coder.numeral(&ticker.askPrice)
        coder.numeral(&ticker.askSize)
        coder.numeral(&ticker.fundingRate)
        coder.integer(&ticker.nextFundingTime)
        coder.numeral(&ticker.openInterest)
        coder.numeral(&ticker.highPrice24h)
        coder.numeral(&ticker.lowPrice24h)
        coder.numeral(&ticker.previousPrice24h)
        coder.numeral(&ticker.change24h)
        coder.amount(&ticker.volume24h)
        coder.amount(&ticker.turnover24h)
        coder.text(&ticker.tickDirection)
        coder.integer(&ticker.deliveryTime)
        coder.text(&ticker.preListingPhase)
        coder.word(&ticker.cleared.rawValue)
        coder.integer(&ticker.crossSequence, behind: &crossSequence)
        var count = ticker.others.count
        coder.count(&count)
        for place in 0..<count {
            if Coder.isReading { ticker.others.append(TickerValue(.lastPrice, .zero)) }
            var field = ticker.others[place].field.rawValue
            coder.byte(&field)
            guard let known = TickerField(rawValue: field) else { return coder.fail() }
            ticker.others[place].field = known
            coder.numeral(&ticker.others[place].value)
            if coder.hasFailed { return }
        }
    }
}

/// The words of a trade in one byte.
private struct TradeForm {
    private static let sells: UInt8 = 1
    private static let block: UInt8 = 2
    private static let improvement: UInt8 = 4
    private static let directions = ["", "PlusTick", "ZeroPlusTick", "MinusTick", "ZeroMinusTick"]
    private static let directionShift: UInt8 = 4

    var bits: UInt8

    init(_ trade: PublicTrade) {
        bits =
            (trade.side == .sell ? TradeForm.sells : 0)
            | (trade.isBlockTrade ? TradeForm.block : 0)
            | (trade.isRPI ? TradeForm.improvement : 0)
            | TradeForm.direction(trade) << TradeForm.directionShift
    }

    /// A place that has no word where the trade's is none of ours.
    static func direction(_ trade: PublicTrade) -> UInt8 {
        UInt8(directions.firstIndex(of: trade.tickDirection) ?? directions.count)
    }

    /// False for bits that no trade has.
    func give(to trade: inout PublicTrade) -> Bool {
        let direction = Int(bits >> TradeForm.directionShift)
        guard direction < TradeForm.directions.count else { return false }
        trade.side = bits & TradeForm.sells != 0 ? .sell : .buy
        trade.isBlockTrade = bits & TradeForm.block != 0
        trade.isRPI = bits & TradeForm.improvement != 0
        trade.tickDirection = TradeForm.directions[direction]
        return true
    }
}

extension Event {
    /// All that it says can be written as decoded; else its bytes are kept and decoded anew.
    ///
    /// - Parameter symbol: of the events of this stream.
    func isCompact(_ symbol: Symbol) -> Bool {
        guard findings.isEmpty, self.symbol == symbol else { return false }
        switch kind {
        case .book:
            return book.bidImprovements.isEmpty && book.askImprovements.isEmpty
                && !book.isImprovement
        case .publicTrades:
            return trades.allSatisfy { $0.isCompact(symbol) }
        case .ticker: return true
        default: return false
        }
    }
}

extension PublicTrade {
    fileprivate func isCompact(_ symbol: Symbol) -> Bool {
        self.symbol == symbol && terms == nil && TradeForm.isKnown(self)
    }
}

extension TradeForm {
    fileprivate static func isKnown(_ trade: PublicTrade) -> Bool {
        Int(direction(trade)) < directions.count
    }
}
