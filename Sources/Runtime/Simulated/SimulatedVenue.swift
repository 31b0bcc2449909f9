import Market
import Simulation
import Trading

/// The exchange's side of a simulated run: the recorded market without the recorded session, and an account that trades
/// in it.
struct SimulatedVenue {
    private(set) var exchange: SimulatedExchange
    let account: AccountID
    let queue: QueueModel
    private(set) var attribution = Attribution()
    private var markets: [VenueMarket]
    /// Look-ups only.
    private var places: [InstrumentID: Int] = [:]
    /// What the exchange has told and nobody has taken.
    private var output = ExchangeOutput()
    private var levels: [SimulatedExchange.RecordedLevel] = []
    private var resting: [SimulatedExchange.RecordedLevel] = []
    private let takesOut: Bool

    /// - Parameters:
    ///   - deposits: what the account begins with.
    ///   - takesOut: the recorded session's own orders and fills are taken out; false for tests of what that is worth.
    init?(
        _ survey: RecordingSurvey,
        queue: QueueModel,
        deposits: [AccountConfiguration.Deposit],
        takesOut: Bool
    ) throws(SimulationError) {
        self.queue = queue
        self.takesOut = takesOut
        markets = []
        var listings: [Listing] = []
        for (id, depth) in zip(survey.depths.keys, survey.depths.values) {
            // Without a depth in sight there is no queue to stand in; options and combinations are not simulated.
            guard depth != BookUpdate.fullDepth, id.category != .option, id.category != .spread,
                let instrument = survey.instruments[id], let price = survey.prices[id]
            else { continue }
            var terms = Simulation.ContractTerms(
                launchMilliseconds: 0,
                symbolID: listings.count + 1,
                priceScale: instrument.scale.priceDecimals
            )
            // Not recorded, so that none are assumed.
            terms.priceLimitRatioX = .zero
            terms.priceLimitRatioY = .zero
            listings.append(
                Listing(
                    instrument: instrument,
                    terms: terms,
                    market: .given(RecordedSource(reference: price))
                )
            )
            places[id] = markets.count
            markets.append(
                VenueMarket(
                    instrument,
                    depth: depth,
                    own: takesOut ? survey.own : OwnActivity(),
                    isUnmarked: !survey.marked.contains(id)
                )
            )
        }
        guard !listings.isEmpty else { return nil }
        let minutes = listings.compactMap(\.instrument.fundingIntervalMinutes).min() ?? 480
        exchange = try SimulatedExchange(
            SimulationConfiguration(
                seed: 0,
                start: survey.begins,
                listings: listings,
                accounts: [SimulatedVenue.account(survey, deposits)],
                fundingInterval: Int64(max(1, minutes)) * 60_000_000_000
            )
        )
        account = exchange.accounts[0]
        attribution.unreadable = takesOut ? survey.own.unreadable : 0
    }

    /// At the rates that the session has paid, else those of a new account.
    private static func account(
        _ survey: RecordingSurvey,
        _ deposits: [AccountConfiguration.Deposit]
    ) -> AccountConfiguration {
        func rate(isMaker: Bool) -> Numeral? {
            let row = survey.executions.first {
                $0.type == .trade && $0.isMaker == isMaker && $0.instrument.category != .spot
            }
            guard let rate = row?.feeRate, let units = try? rate.units(decimals: 8),
                abs(units) <= 1_000_000
            else { return nil }
            return rate
        }
        let usual = AccountConfiguration(alias: "simulated", deposits: deposits)
        guard rate(isMaker: true) != nil || rate(isMaker: false) != nil else { return usual }
        return AccountConfiguration(
            alias: "simulated",
            deposits: deposits,
            makerRate: rate(isMaker: true) ?? Numeral(mantissa: 2, decimals: 4),
            takerRate: rate(isMaker: false) ?? Numeral(mantissa: 55, decimals: 5)
        )
    }

    func simulates(_ id: InstrumentID) -> Bool { places[id] != nil }

    /// Own fills that are left without a public trade, once the market has gone by.
    mutating func finish(trades: Set<InstrumentID>) {
        for market in markets where trades.contains(market.instrument.id) {
            attribution.fillsNotFound += market.fills.count { !$0.isTaken }
        }
    }

    mutating func advance(to time: Int64) {
        exchange.advance(to: Timestamp(nanoseconds: time), into: &output)
    }

    /// Takes what the exchange has told since the last time.
    mutating func takeOutput() -> [TimedEvent] {
        guard !output.events.isEmpty else { return [] }
        defer { output.removeAll() }
        return output.events
    }

    // MARK: - Requests

    mutating func place(_ request: OrderRequest) -> OrderReply {
        exchange.place(request, for: account, into: &output)
    }

    mutating func amend(_ request: AmendRequest) -> OrderReply {
        var own = request
        // The exchange's ids of the recorded session mean nothing here.
        own.orderID = ""
        return exchange.amend(own, for: account, into: &output)
    }

    mutating func cancel(_ request: CancelRequest) -> OrderReply {
        var own = request
        own.orderID = ""
        return exchange.cancel(own, for: account, into: &output)
    }

    mutating func open(_ size: Quantity, entryValue: Amount, of id: InstrumentID) {
        exchange.open(size, entryValue: entryValue, of: id, for: account)
    }

    mutating func deposit(_ amount: Amount, of coin: String) {
        exchange.deposit(amount, of: coin, to: account)
        output.removeAll()
    }

    // MARK: - The market

    /// The market's moment of a record: matched, and rewritten into what a client would have been sent.
    mutating func market(_ item: MarketItem, offset: Int64) {
        let id = InstrumentID(
            item.event.category,
            item.event.symbol.isNone
                ? item.event.trades.first?.symbol ?? .none : item.event.symbol
        )
        guard let place = places[id] else { return }
        switch item.event.kind {
        case .book: book(item, place)
        case .publicTrades: trades(item, place)
        case .ticker: ticker(item.event.ticker, place)
        default: break
        }
    }

    private mutating func ticker(_ ticker: TickerUpdate, _ place: Int) {
        let instrument = markets[place].instrument
        guard ticker.markPrice != nil || ticker.indexPrice != nil || ticker.fundingRate != nil,
            let before = exchange.reference(instrument.id)
        else { return }
        var prices = before
        if let mark = ticker.markPrice {
            let units = ReferencePrices.units(mark, instrument)
            if units > 0 { prices.mark = Price(units: units) }
        }
        if let index = ticker.indexPrice {
            let units = ReferencePrices.units(index, instrument)
            if units > 0 { prices.index = Price(units: units) }
        }
        let rate = ticker.fundingRate.flatMap { try? $0.units(decimals: 8) }
        exchange.recordPrices(prices, fundingRate: rate, of: instrument.id, into: &output)
    }

    private mutating func trades(_ item: MarketItem, _ place: Int) {
        let instrument = markets[place].instrument
        var others: [PublicTrade] = []
        others.reserveCapacity(item.event.trades.count)
        for trade in item.event.trades {
            guard let price = try? instrument.scale.price(trade.price),
                let quantity = try? instrument.scale.quantity(trade.size)
            else {
                others.append(trade)
                continue
            }
            if let fill = takeFill(trade, price.units, quantity.units, place) {
                // What hit the session's order was there without it, and is met by what rests now; what the session took
                // itself was not.
                guard fill.isMaker else { continue }
                if exchange.rests(against: trade.side, to: price, of: instrument.id) {
                    exchange.recordTrade(
                        trade.side,
                        quantity,
                        at: price,
                        of: instrument.id,
                        into: &output
                    )
                }
                continue
            }
            others.append(trade)
            // Agreed elsewhere: it met no book.
            if trade.isBlockTrade { continue }
            exchange.recordTrade(
                trade.side,
                quantity,
                at: price,
                of: instrument.id,
                into: &output
            )
        }
        if others.count < item.event.trades.count {
            item.event.trades = others
            if others.isEmpty { item.isWithheld = true }
        }
    }

    /// The own fill that a public trade tells of.
    private mutating func takeFill(
        _ trade: PublicTrade,
        _ price: Int64,
        _ quantity: Int64,
        _ place: Int
    ) -> OwnActivity.Fill? {
        guard !markets[place].fills.isEmpty else { return nil }
        let fills = markets[place].fills
        var low = 0
        var high = fills.count
        while low < high {
            let middle = (low + high) / 2
            if fills[middle].crossSequence < trade.crossSequence {
                low = middle + 1
            } else {
                high = middle
            }
        }
        var index = low
        while index < fills.count, fills[index].crossSequence == trade.crossSequence {
            let fill = fills[index]
            let side = fill.isMaker ? fill.side.opposite : fill.side
            if !fill.isTaken, fill.price == price, fill.quantity == quantity, side == trade.side {
                markets[place].fills[index].isTaken = true
                if fill.isMaker {
                    attribution.makerFills += 1
                } else {
                    attribution.takerFills += 1
                }
                return fill
            }
            index += 1
        }
        return nil
    }
}

// MARK: - Books

extension SimulatedVenue {
    private mutating func book(_ item: MarketItem, _ place: Int) {
        let update = item.event.book
        // Other depths show the recorded session as it was: they are not fed.
        guard update.depth == markets[place].feed.depth else {
            item.isWithheld = true
            return
        }
        var errors: [(field: String, error: NumberError)] = []
        let outcome = markets[place].feed.apply(update, slot: item.stream.slot, errors: &errors)
        guard outcome == .changed, errors.isEmpty,
            markets[place].feed.book.scale == markets[place].instrument.scale
        else { return }
        let isWhole = update.isSnapshot || update.updateID == 1
        dueChanges(update, place)
        collect(update, isWhole, place)
        let id = markets[place].instrument.id
        let touched = levels
        for index in levels.indices {
            levels[index].quantity = Quantity(units: left(levels[index], place))
        }
        exchange.recordLevels(
            levels,
            of: id,
            isWhole: isWhole,
            worst: markets[place].worst,
            queue,
            into: &output
        )
        if markets[place].isUnmarked, let middle = markets[place].middle {
            exchange.recordPrices(
                ReferencePrices(mark: middle, index: middle),
                fundingRate: nil,
                of: id,
                into: &output
            )
        }
        show(touched, isWhole, place, &item.event.book)
    }

    /// Own changes up to the push's moment; of the same millisecond those alone that its levels tell of.
    private mutating func dueChanges(_ update: BookUpdate, _ place: Int) {
        levels.removeAll(keepingCapacity: true)
        let changes = markets[place].changes
        let now =
            update.matchTimeMilliseconds > 0 ? update.matchTimeMilliseconds : Int64.max
        var next = markets[place].nextChange
        var later: [OwnActivity.Change] = []
        while next < changes.count, changes[next].milliseconds <= now {
            let change = changes[next]
            let side = change.side
            // What follows on a change that waits, waits with it.
            let isDue =
                change.milliseconds < now
                || !later.contains { $0.side == side && $0.price == change.price }
                    && isInside(update, change, place)
            if isDue {
                markets[place].apply(change)
                if !levels.contains(where: { $0.side == side && $0.price.units == change.price }) {
                    levels.append(
                        SimulatedExchange.RecordedLevel(side, Price(units: change.price), .zero)
                    )
                }
            } else {
                later.append(change)
            }
            next += 1
        }
        guard next > markets[place].nextChange else { return }
        // Those of this millisecond that wait stand before what follows.
        let first = next - later.count
        for (index, change) in later.enumerated() { markets[place].changes[first + index] = change }
        markets[place].nextChange = first
    }

    /// Whether a push shows the book after an own change of its own millisecond, as far as its levels can tell.
    ///
    /// No level has less than the session has in it: an order that does not fit has not come yet, and one that would not
    /// fit any more has gone, though it came and went between two pushes and no level was touched.
    private func isInside(
        _ update: BookUpdate,
        _ change: OwnActivity.Change,
        _ place: Int
    ) -> Bool {
        let market = markets[place]
        let recorded = market.recorded(change.side, change.price)
        let own = market.own(change.side, change.price)
        let isTold = update.isSnapshot || touches(update, change, market.instrument.scale)
        return change.delta > 0
            ? isTold && recorded >= own + change.delta : isTold || recorded < own
    }

    private func touches(
        _ update: BookUpdate,
        _ change: OwnActivity.Change,
        _ scale: Scale
    ) -> Bool {
        (change.side == .buy ? update.bids : update.asks).contains {
            (try? scale.price($0.price).units) == change.price
        }
    }

    /// All prices that the push touches, besides those of own changes, each once.
    private mutating func collect(_ update: BookUpdate, _ isWhole: Bool, _ place: Int) {
        let own = levels.count
        func add(_ side: Side, _ price: Price) {
            for level in levels[..<own] where level.side == side && level.price == price { return }
            levels.append(SimulatedExchange.RecordedLevel(side, price, .zero))
        }
        if isWhole {
            for level in markets[place].feed.book.bids { add(.buy, level.price) }
            for level in markets[place].feed.book.asks { add(.sell, level.price) }
            return
        }
        let scale = markets[place].instrument.scale
        for level in update.bids {
            if let price = try? scale.price(level.price) { add(.buy, price) }
        }
        for level in update.asks {
            if let price = try? scale.price(level.price) { add(.sell, price) }
        }
    }

    /// The recorded quantity at a price less the session's own.
    private mutating func left(_ level: SimulatedExchange.RecordedLevel, _ place: Int) -> Int64 {
        let recorded = markets[place].recorded(level.side, level.price.units)
        let own = markets[place].own(level.side, level.price.units)
        guard own > 0 else { return recorded }
        if recorded < own {
            // Out of sight it is no wonder.
            let worst = markets[place].worst
            let isOut =
                level.side == .buy
                ? worst.bid.map { level.price < $0 } ?? false
                : worst.ask.map { level.price > $0 } ?? false
            if !isOut { attribution.shortLevels += 1 }
            return 0
        }
        attribution.levels += 1
        return recorded - own
    }

    /// Rewrites a push: without the recorded session, with what the account has resting now.
    private mutating func show(
        _ touched: [SimulatedExchange.RecordedLevel],
        _ isWhole: Bool,
        _ place: Int,
        _ update: inout BookUpdate
    ) {
        let instrument = markets[place].instrument
        resting.removeAll(keepingCapacity: true)
        exchange.appendResting(account, on: instrument.id, to: &resting)
        let before = markets[place].shown
        let isPlain =
            resting.isEmpty && before.isEmpty && markets[place].hidden.isEmpty
            && markets[place].changes.isEmpty
        // Nobody of ours was or is there: the push stands as it came.
        if isPlain { return }
        var bestBid = Int64.min
        var bestAsk = Int64.max
        for level in resting {
            if level.side == .buy {
                bestBid = max(bestBid, level.price.units)
            } else {
                bestAsk = min(bestAsk, level.price.units)
            }
        }
        var prices = touched
        func note(_ side: Side, _ price: Price) {
            if !prices.contains(where: { $0.side == side && $0.price == price }) {
                prices.append(SimulatedExchange.RecordedLevel(side, price, .zero))
            }
        }
        for level in before { note(level.side, level.price) }
        for level in resting { note(level.side, level.price) }
        for level in markets[place].hidden { note(level.side, Price(units: level.price)) }
        hideCrossed(bestBid, bestAsk, place, note)
        update.bids.removeAll(keepingCapacity: true)
        update.asks.removeAll(keepingCapacity: true)
        markets[place].hidden.removeAll(keepingCapacity: true)
        for level in prices {
            let price = level.price.units
            var quantity = max(
                0,
                markets[place].recorded(level.side, price) - markets[place].own(level.side, price)
            )
            if level.side == .buy ? price >= bestAsk : price <= bestBid {
                if quantity > 0 { markets[place].hidden.append((level.side, price)) }
                quantity = 0
            }
            for own in resting where own.side == level.side && own.price == level.price {
                quantity += own.quantity.units
            }
            if isWhole, quantity == 0 { continue }
            let row = LevelNumerals(
                price: instrument.scale.numeral(level.price),
                size: instrument.scale.numeral(Quantity(units: quantity))
            )
            if level.side == .buy { update.bids.append(row) } else { update.asks.append(row) }
        }
        markets[place].shown = resting
    }

    /// Recorded levels that a resting order of the account stands in the way of.
    private func hideCrossed(
        _ bestBid: Int64,
        _ bestAsk: Int64,
        _ place: Int,
        _ note: (Side, Price) -> Void
    ) {
        for level in markets[place].feed.book.asks {
            guard level.price.units <= bestBid else { break }
            note(.sell, level.price)
        }
        for level in markets[place].feed.book.bids {
            guard level.price.units >= bestAsk else { break }
            note(.buy, level.price)
        }
    }

    /// The book as a client is shown it now, whole: what answers a new subscription.
    func snapshot(_ id: InstrumentID) -> BookUpdate? {
        guard let place = places[id], markets[place].feed.freshness == .live else { return nil }
        let market = markets[place]
        var update = BookUpdate()
        update.isSnapshot = true
        update.depth = market.feed.depth
        update.updateID = market.feed.updateID
        update.crossSequence = market.feed.crossSequence
        update.matchTimeMilliseconds = market.feed.matchTimeMilliseconds
        func rows(_ side: Side) -> [LevelNumerals] {
            var levels: [Level] = []
            for level in side == .buy ? market.feed.book.bids : market.feed.book.asks {
                if market.hidden.contains(where: {
                    $0.side == side && $0.price == level.price.units
                }) {
                    continue
                }
                let left = level.size.units - market.own(side, level.price.units)
                if left > 0 {
                    levels.append(Level(price: level.price, size: Quantity(units: left)))
                }
            }
            for own in market.shown where own.side == side {
                if let index = levels.firstIndex(where: { $0.price == own.price }) {
                    levels[index].size.units += own.quantity.units
                } else {
                    levels.append(Level(price: own.price, size: own.quantity))
                }
            }
            return levels.map {
                LevelNumerals(
                    price: market.instrument.scale.numeral($0.price),
                    size: market.instrument.scale.numeral($0.size)
                )
            }
        }
        update.bids = rows(.buy)
        update.asks = rows(.sell)
        return update
    }

    func middle(_ id: InstrumentID) -> Price? { places[id].flatMap { markets[$0].middle } }
}
