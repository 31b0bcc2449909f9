import Market

/// The ticker of each category, as it stands.
extension ListingState {
    /// - Parameters:
    ///   - fundingRate: of the next stamp, in 10⁻⁸; `nil` for what has no funding.
    ///   - nextFunding: Unix milliseconds.
    ///   - figures: of an option.
    ///   - dollarIndex: of a spot pair, where the source has more digits than the scale.
    ///   - now: for what depends on the time to delivery.
    func tickerNow(
        _ quote: ListingQuote,
        _ figures: OptionFigures?,
        dollarIndex: Numeral?,
        fundingRate: Int64?,
        nextFunding: Int64?,
        now: Timestamp
    ) -> TickerUpdate {
        var ticker = TickerUpdate()
        ticker.isSnapshot = true
        ticker.crossSequence = sequence
        ticker.lastPrice = numeral(statistics.last)
        ticker.highPrice24h = numeral(statistics.high)
        ticker.lowPrice24h = numeral(statistics.low)
        ticker.previousPrice24h = numeral(statistics.previous)
        ticker.volume24h = statistics.volume
        if facts.category != .spread {
            ticker.turnover24h = statistics.turnover
            ticker.change24h = statistics.change
        }
        switch facts.category {
        case .spot:
            // Of a pair that is not quoted in dollars there is none: the field is empty.
            if facts.isQuotedInDollars {
                let price = dollarIndex ?? numeral(quote.index)
                ticker.others = [TickerValue(.dollarIndexPrice, price)]
            }
        case .spread: addTouch(to: &ticker)
        case .option:
            addTouch(to: &ticker)
            addOption(to: &ticker, quote, figures, now)
        case .linear, .inverse:
            addTouch(to: &ticker)
            ticker.tickDirection = statistics.tickDirection
            ticker.fundingRate = fundingRate.map { Numeral(mantissa: $0, decimals: 8).trimmed }
            ticker.nextFundingTime = nextFunding
            addContract(to: &ticker, quote, now)
        }
        return ticker
    }

    private func numeral(_ price: Int64) -> Numeral { facts.scale.numeral(Price(units: price)) }

    private func addTouch(to ticker: inout TickerUpdate) {
        if let bid = book.bids.last {
            ticker.bidPrice = numeral(bid.price)
            ticker.bidSize = facts.scale.numeral(Quantity(units: bid.total))
        } else {
            ticker.cleared.formUnion([TickerFields(.bidPrice), TickerFields(.bidSize)])
        }
        if let ask = book.asks.last {
            ticker.askPrice = numeral(ask.price)
            ticker.askSize = facts.scale.numeral(Quantity(units: ask.total))
        } else {
            ticker.cleared.formUnion([TickerFields(.askPrice), TickerFields(.askSize)])
        }
    }

    private func addContract(to ticker: inout TickerUpdate, _ quote: ListingQuote, _ now: Timestamp)
    {
        ticker.markPrice = numeral(quote.mark)
        ticker.indexPrice = numeral(quote.index)
        let single = openInterest.units / 2
        ticker.openInterest = facts.scale.numeral(Quantity(units: 2 * single)).trimmed
        var others = [
            TickerValue(.previousPrice1h, numeral(statistics.hourAgo)),
            TickerValue(.openInterestValue, worth(2 * single, quote)),
            TickerValue(.singleOpenInterest, facts.scale.numeral(Quantity(units: single)).trimmed),
            TickerValue(.singleOpenInterestValue, worth(single, quote)),
        ]
        if let minutes = facts.instrument.fundingIntervalMinutes {
            others.append(
                TickerValue(
                    .fundingIntervalHours,
                    Numeral(mantissa: Int64(minutes / 60), decimals: 0)
                )
            )
            others.append(TickerValue(.fundingCap, facts.terms.upperFundingRate))
        }
        if facts.instrument.deliveryTime > .zero { addDelivery(to: &ticker, &others, quote, now) }
        ticker.others = others
    }

    private func addDelivery(
        to ticker: inout TickerUpdate,
        _ others: inout [TickerValue],
        _ quote: ListingQuote,
        _ now: Timestamp
    ) {
        ticker.deliveryTime = facts.instrument.deliveryTime.milliseconds
        others.append(TickerValue(.basis, numeral(quote.mark - quote.index)))
        let left = facts.instrument.deliveryTime.nanoseconds - now.nanoseconds
        if quote.index > 0, left > 0 {
            // Six decimals, and of a year of 365 days eight.
            let basis = Int128(quote.mark - quote.index)
            let rate = basis * 1_000_000 / Int128(quote.index)
            others.append(
                TickerValue(.basisRate, Numeral(mantissa: Int64(clamping: rate), decimals: 6))
            )
            let yearly =
                basis * 100_000_000 / Int128(quote.index) * Int128(VolatilitySurface.year)
                / Int128(left)
            others.append(
                TickerValue(.basisRateYear, Numeral(mantissa: Int64(clamping: yearly), decimals: 8))
            )
        }
        others.append(TickerValue(.deliveryFeeRate, facts.terms.deliveryFeeRate))
        addPrediction(&others, quote, left)
    }

    /// What delivery would be at now, in the last half hour.
    private func addPrediction(_ others: inout [TickerValue], _ quote: ListingQuote, _ left: Int64)
    {
        guard left <= 1_800_000_000_000 else { return }
        others.append(TickerValue(.predictedDeliveryPrice, numeral(quote.index)))
    }

    private func addOption(
        to ticker: inout TickerUpdate,
        _ quote: ListingQuote,
        _ figures: OptionFigures?,
        _ now: Timestamp
    ) {
        ticker.markPrice = numeral(quote.mark)
        ticker.indexPrice = numeral(quote.index)
        ticker.openInterest = facts.scale.numeral(Quantity(units: openInterest.units)).trimmed
        var others = [
            TickerValue(.totalVolume, Numeral(rounding: statistics.totalVolume)),
            TickerValue(.totalTurnover, Numeral(rounding: statistics.totalTurnover)),
        ]
        if let figures {
            let decimals = facts.scale.priceDecimals
            others += [
                TickerValue(.markVolatility, figures.volatility),
                TickerValue(.underlyingPrice, figures.underlyingPrice),
                TickerValue(.delta, figures.delta), TickerValue(.gamma, figures.gamma),
                TickerValue(.vega, figures.vega), TickerValue(.theta, figures.theta),
                TickerValue(
                    .bidVolatility,
                    figures.volatility(at: book.bestBid, mark: quote.mark, decimals)
                ),
                TickerValue(
                    .askVolatility,
                    figures.volatility(at: book.bestAsk, mark: quote.mark, decimals)
                ),
            ]
        }
        addPrediction(&others, quote, facts.instrument.deliveryTime.nanoseconds - now.nanoseconds)
        ticker.others = others
    }

    /// Of an open quantity at the mark price, two decimals (inverse: eight).
    private func worth(_ quantity: Int64, _ quote: ListingQuote) -> Numeral {
        let value = facts.valuation.worth(price: quote.mark, quantity: quantity)
        let decimals = facts.valuation.isInverse ? 8 : 2
        return Numeral(
            mantissa: Int64(
                clamping: value.units / PowerOfTen.int128(Amount.decimals - decimals)
            ),
            decimals: UInt8(decimals)
        )
    }
}

extension OptionFigures {
    /// The volatility at which a price would be fair: the mark's, and the rest of the price over vega; 0 where there is no
    /// price or vega is too small to say.
    ///
    /// - Parameter decimals: of both prices, given in their units.
    func volatility(at price: Int64?, mark: Int64, _ decimals: Int) -> Numeral {
        let nothing = Numeral(mantissa: 0, decimals: 0)
        guard let price, vega.mantissa > 0, let middle = try? volatility.units(decimals: 4)
        else { return nothing }
        // Vega is per point and has eight decimals.
        let distance =
            Int128(price - mark) * PowerOfTen.int128(10 - min(10, decimals))
            / Int128(vega.mantissa)
        let sum = Int128(middle) + distance
        guard (1...50_000).contains(sum) else { return nothing }
        return Numeral(mantissa: Int64(sum), decimals: 4)
    }
}
