public import Market

/// What is listed, what comes and what goes.
extension SimulatedExchange {
    /// What is listed and not yet delivered.
    public var listings: [Listing] {
        facts.lazy.filter { quotes[$0.index].isLive }.map(\.listing)
    }

    /// What has been delivered; its status is `Closed`.
    public var deliveredListings: [Listing] {
        facts.lazy.filter { !quotes[$0.index].isLive }.map { listing($0.index) }
    }

    /// Delivered ones too.
    public func listing(_ id: InstrumentID) -> Listing? { index(of: id).map { listing($0) } }

    private func listing(_ index: Int) -> Listing {
        var listing = facts[index].listing
        if !quotes[index].isLive { listing.instrument.status = "Closed" }
        return listing
    }

    /// True while orders on it are refused; false for what is not listed.
    public func isHalted(_ id: InstrumentID) -> Bool {
        index(of: id).map { quotes[$0].isHalted } ?? false
    }

    /// What a calendar lists now.
    mutating func listDue(_ place: Int, into output: inout ExchangeOutput) {
        var calendar = calendars[place]
        let new = calendar.list(
            index: { id in index(of: id).map { Price(units: quotes[$0].index) } },
            isListed: { index(of: $0) != nil }
        )
        calendars[place] = calendar
        for listing in new {
            do throws(SimulationError) {
                try list(listing)
                output.append(.listed(listing.instrument.id), at: now)
            } catch {
                output.append(.notListed(listing.instrument.id, error), at: now)
            }
        }
        guard let next = calendar.next else { return }
        timers.add(.calendar(place: Int32(place)), at: max(next, now).nanoseconds)
    }

    /// Lists one more instrument from now on.
    public mutating func list(_ listing: Listing) throws(SimulationError) {
        try add(listing)
        for account in accountStates.indices {
            accountStates[account].addListing(leverage: 1_000)
        }
        open(states.count - 1)
    }

    mutating func add(_ listing: Listing) throws(SimulationError) {
        let index = states.count
        let id = listing.instrument.id
        guard indexByInstrument[id] == nil else { throw .duplicateListing(id) }
        if id.category == .option, listing.terms.option == nil { throw .optionWithoutTerms(id) }
        let source = try source(for: listing)
        let made = ListingFacts(
            listing,
            index: index,
            settleCoin: coin(listing.instrument.settleCoin),
            baseCoin: coin(listing.instrument.baseCoin),
            legs: id.category == .spread ? try legs(of: listing) : nil
        )
        var state = ListingState(
            made,
            index: source.reference.index.units,
            start: now,
            historyMax: configuration.historyMax
        )
        state.valuedAt = source.reference
        indexByInstrument[id] = index
        fundingMinutes = SimulationConfiguration.shared(
            fundingMinutes,
            listing.instrument.fundingIntervalMinutes
        )
        facts.append(made)
        quotes.append(ListingQuote(source))
        sources.append(source)
        states.append(state)
    }

    private func legs(
        of listing: Listing
    ) throws(SimulationError) -> (first: Int, second: Int) {
        let combination = listing.instrument
        guard let legs = listing.terms.legs, let first = index(of: legs.first),
            let second = index(of: legs.second), first != second,
            legs.first.category == .linear,
            legs.second.category == .linear || legs.second.category == .spot
        else { throw .legsInvalid(combination.id) }
        for leg in [facts[first].instrument, facts[second].instrument] {
            guard leg.baseCoin == combination.baseCoin, leg.quoteCoin == combination.quoteCoin,
                combination.scale.priceDecimals <= facts[first].scale.priceDecimals,
                leg.scale.quantityDecimals >= combination.scale.quantityDecimals
            else { throw .legsInvalid(combination.id) }
        }
        return (first, second)
    }

    /// Place of a coin in the books and in every account.
    mutating func coin(_ name: String) -> Int {
        let place = books.index(of: name)
        for account in accountStates.indices {
            while accountStates[account].coins.count <= place {
                accountStates[account].coins.append(CoinState())
            }
        }
        return place
    }

    private func source(for listing: Listing) throws(SimulationError) -> any MarketSource {
        switch listing.market {
        case .given(let source): return source
        case .synthetic(let parameters):
            guard parameters.isValid(for: listing.instrument) else {
                throw .marketOutOfRange(listing.instrument.id)
            }
            return SyntheticMarket(
                parameters: parameters,
                instrument: listing.instrument,
                seed: configuration.seed,
                driver: driver(of: parameters),
                now: now
            )
        }
    }

    /// The price of the coin as another listing follows it, so that nothing is computed twice; from the start where there
    /// is none.
    private func driver(of parameters: SyntheticParameters) -> PriceDriver {
        if now > configuration.start {
            for place in sources.indices where quotes[place].isLive {
                if let market = sources[place] as? SyntheticMarket,
                    market.parameters.follows(parameters)
                {
                    return market.driver
                }
            }
        }
        return PriceDriver(
            seed: configuration.seed,
            parameters: parameters,
            start: configuration.start
        )
    }
}
