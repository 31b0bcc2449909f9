public import Market

extension SimulatedExchange {
    /// Begins to compute a public stream; doing so twice changes nothing.
    ///
    /// - Returns: false when the instrument or depth does not exist.
    @discardableResult
    public mutating func activate(_ stream: PublicStream) -> Bool {
        guard let index = index(of: stream.instrument) else { return false }
        switch stream {
        case .book(_, let depth):
            guard let place = states[index].place(depth: depth) else { return false }
            activateBook(index, place)
        case .improvementBook:
            guard let place = states[index].place(depth: 50, isImprovement: true) else {
                return false
            }
            activateBook(index, place)
        case .trades: states[index].sendsTrades = true
        case .liquidations: states[index].sendsLiquidations = true
        case .ticker: activateTicker(index)
        case .candle: activateCandles(index)
        }
        return true
    }

    /// Ends a public stream.
    ///
    /// A depth keeps counting `u` where it stopped.
    public mutating func deactivate(_ stream: PublicStream) {
        guard let index = index(of: stream.instrument) else { return }
        switch stream {
        case .book(_, let depth):
            guard let place = states[index].place(depth: depth) else { return }
            states[index].streams[place].isActive = false
        case .improvementBook:
            guard let place = states[index].place(depth: 50, isImprovement: true) else { return }
            states[index].streams[place].isActive = false
        case .trades: states[index].sendsTrades = false
        case .liquidations: states[index].sendsLiquidations = false
        case .ticker: states[index].ticker.isActive = false
        case .candle: states[index].candles.stop()
        }
    }

    /// Begins `u` of a book at 1 again; whoever drives the exchange sends each subscriber a snapshot.
    ///
    /// - Returns: false for what is no book, and when nobody is subscribed to it.
    public mutating func restartUpdateIDs(of stream: PublicStream) -> Bool {
        guard let index = index(of: stream.instrument) else { return false }
        let found: Int? =
            switch stream {
            case .book(_, let depth): states[index].place(depth: depth)
            case .improvementBook: states[index].place(depth: 50, isImprovement: true)
            case .trades, .ticker, .candle, .liquidations: nil
            }
        guard let place = found, states[index].streams[place].isActive else { return false }
        states[index].streams[place].restart()
        return true
    }

    private mutating func activateBook(_ index: Int, _ place: Int) {
        guard !states[index].streams[place].isActive else { return }
        let moment = states[index].moment(now.nanoseconds)
        states[index].streams[place].activate(states[index].book, at: moment)
        guard !states[index].streams[place].isScheduled else { return }
        states[index].streams[place].isScheduled = true
        bookFlushes.add(
            BookFlushes.Entry(
                listing: Int32(index),
                stream: Int32(place),
                due: following(states[index].streams[place].interval)
            )
        )
        guard !bookFlushes.isScheduled else { return }
        bookFlushes.isScheduled = true
        schedule(.flushBooks, every: BookFlushes.tick)
    }

    private mutating func activateTicker(_ index: Int) {
        guard !states[index].ticker.isActive else { return }
        states[index].ticker.isActive = true
        states[index].ticker.begin(with: ticker(index))
        guard !states[index].ticker.isScheduled else { return }
        states[index].ticker.isScheduled = true
        schedule(
            .pushTicker(listing: Int32(index)),
            every: TickerStream.interval(facts[index].id.category)
        )
    }

    private mutating func activateCandles(_ index: Int) {
        guard !states[index].candles.isActive else { return }
        states[index].candles.begin(with: states[index].statistics)
        guard !states[index].candles.isScheduled else { return }
        states[index].candles.isScheduled = true
        timers.add(.pushCandle(listing: Int32(index)), at: nextCandlePush(index))
    }

    // MARK: - What a new subscriber gets first

    /// The book as subscribers of this depth hold it: later deltas continue from here.
    ///
    /// - Parameter isImprovement: the RPI book, of depth 50.
    /// - Returns: a snapshot with the stream's own `u`; `nil` when the stream is not active.
    public func bookSnapshot(
        _ id: InstrumentID,
        depth: Int,
        isImprovement: Bool = false
    ) -> BookUpdate? {
        guard let index = index(of: id),
            let place = states[index].place(depth: depth, isImprovement: isImprovement),
            states[index].streams[place].isActive
        else { return nil }
        return states[index].streams[place].snapshot(scale: facts[index].scale)
    }

    /// All fields of the ticker as they stand now; also the row of REST.
    public func tickerSnapshot(_ id: InstrumentID) -> TickerUpdate? { index(of: id).map(ticker) }

    /// The open one-minute candle.
    public func currentCandle(_ id: InstrumentID) -> Candle? {
        index(of: id).map {
            let statistics = states[$0].statistics
            return statistics.candle(
                statistics.current,
                isConfirmed: false,
                at: now.milliseconds
            )
        }
    }

    private func ticker(_ index: Int) -> TickerUpdate {
        let figures = facts[index].category == .option ? sources[index].figures : nil
        guard facts[index].hasFunding else {
            return states[index].tickerNow(
                quotes[index],
                figures,
                dollarIndex: facts[index].category == .spot ? sources[index].dollarIndex : nil,
                fundingRate: nil,
                nextFunding: nil,
                now: now
            )
        }
        let stamp = followingStamp(of: index)
        return states[index].tickerNow(
            quotes[index],
            figures,
            dollarIndex: nil,
            fundingRate: sources[index].fundingRate(
                period: stamp / configuration.fundingInterval
            ),
            nextFunding: stamp / 1_000_000,
            now: now
        )
    }

    // MARK: - Pushes

    mutating func pushTicker(_ index: Int, into output: inout ExchangeOutput) -> Int64? {
        guard states[index].ticker.isActive, quotes[index].isLive else {
            states[index].ticker.isScheduled = false
            return nil
        }
        let id = facts[index].id
        let full = ticker(index)
        if let update = states[index].ticker.difference(to: full, category: id.category) {
            output.append(.ticker(id, update), at: now)
        }
        return following(TickerStream.interval(id.category))
    }

    mutating func pushCandle(_ index: Int, into output: inout ExchangeOutput) -> Int64? {
        let rows = states[index].candles.rows(
            of: states[index].statistics,
            at: now,
            repeatSeconds: facts[index].terms.candleRepeatSeconds,
            repeatsFirst: facts[index].category == .spot,
            isLive: quotes[index].isLive
        )
        if facts[index].category == .spot {
            // Each row is a message of its own.
            for row in rows { output.append(.candles(facts[index].id, [row]), at: now) }
        } else if !rows.isEmpty {
            output.append(.candles(facts[index].id, rows), at: now)
        }
        guard states[index].candles.isActive, quotes[index].isLive else {
            states[index].candles.isScheduled = false
            return nil
        }
        return nextCandlePush(index)
    }

    /// The listing's own moment of each second.
    private func nextCandlePush(_ index: Int) -> Int64 {
        let second = following(CandleStream.interval)
        let next = second.addingReportingOverflow(facts[index].candlePhase)
        guard !next.overflow else { return .max }
        let before = next.partialValue - CandleStream.interval
        return before > now.nanoseconds ? before : next.partialValue
    }

    mutating func closeCandle(_ index: Int) {
        states[index].candles.end(states[index].statistics.current)
        states[index].statistics.closeMinute()
    }
}
