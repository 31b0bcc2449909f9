import JSON
import Market

/// A row of `instruments-info`, for what an instrument does not hold. - Source: bybit-v5 §6.3.
extension InstrumentFacts: WireRow {
    static func blank(category: Category) -> InstrumentFacts {
        InstrumentFacts(instrument: InstrumentID(category, .none))
    }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.time("launchTime", &launchMilliseconds)
        coder.nested("leverageFilter") { coder in
            coder.number("minLeverage", &leverageMin, .omitted)
            coder.number("maxLeverage", &leverageMax, .omitted)
            coder.number("leverageStep", &leverageStep, .omitted)
        }
        coder.tag("optionsType", &optionType)
        coder.number("upperFundingRate", &fundingRateMax, .omitted)
        coder.number("lowerFundingRate", &fundingRateMin, .omitted)
        coder.flag("isPreListing", &isPreListing)
        coder.nested("preListingInfo") { coder in
            coder.tag("curAuctionPhase", &auctionPhase)
            coder.rows("phases", &auctionPhases)
        }
        coder.nested("riskParameters") { coder in
            coder.number("priceLimitRatioX", &priceLimitRatioX, .omitted)
            coder.number("priceLimitRatioY", &priceLimitRatioY, .omitted)
        }
    }

    /// Reads what stands beside each of `instruments`: as many facts, in the same order.
    ///
    /// - Parameter list: the rows that they were read from; those that became no instrument are passed over.
    static func readAll(
        _ list: JSONValue,
        of instruments: [Instrument],
        into details: inout [Detail],
        findings: inout Findings
    ) {
        guard list.isArray else { return }
        var own = Findings()
        var place = 0
        for element in list.elements {
            guard place < instruments.count else { break }
            let id = instruments[place].id
            guard element["symbol"]?.string == id.symbol.description else { continue }
            place += 1
            var facts =
                read(element, category: id.category, form: .list, findings: &own)
                ?? blank(category: id.category)
            facts.instrument = id
            // One for each instrument: they are told apart by their places.
            details.append(.instrumentFacts(facts))
        }
        // The instrument's own walk looks into some of these objects too: what is none is told once.
        for finding in own.list where !findings.list.contains(finding) {
            findings.add(finding.field, finding.reason)
        }
    }
}

/// An item of `phases`. - Source: bybit-v5 §6.3.
extension AuctionPhase: WireRow {
    static func blank(category: Category) -> AuctionPhase { AuctionPhase() }

    mutating func code<Coder: WireCoder>(_ coder: inout Coder) {
        coder.text("phase", &name, .optional)
        coder.time("startTime", &startMilliseconds)
        coder.time("endTime", &endMilliseconds)
    }
}
