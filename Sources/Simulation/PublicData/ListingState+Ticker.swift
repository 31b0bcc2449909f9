import Market

/// The ticker of each category, as it stands.
extension ListingState {
    /// - Parameters:
    ///   - fundingRate: of the next stamp, in 10⁻⁸; `nil` for what has no funding.
    ///   - nextFunding: Unix milliseconds.
    ///   - now: for what depends on the time to delivery.
    func tickerNow(fundingRate: Int64?, nextFunding: Int64?, now: Timestamp) -> TickerUpdate {
        var ticker = TickerUpdate()
        ticker.isSnapshot = true
        ticker.crossSequence = sequence
        ticker.lastPrice = numeral(statistics.last)
        ticker.highPrice24h = numeral(statistics.high)
        ticker.lowPrice24h = numeral(statistics.low)
        ticker.previousPrice24h = numeral(statistics.previous)
        ticker.volume24h = statistics.volume
        if category != .spread {
            ticker.turnover24h = statistics.turnover
            ticker.change24h = statistics.change
        }
        switch category {
        case .spot:
            ticker.indexPrice = numeral(indexPrice)
            ticker.others = [TickerValue(.dollarIndexPrice, numeral(indexPrice))]
        case .spread: addTouch(to: &ticker)
        case .option:
            addTouch(to: &ticker)
            addOption(to: &ticker, now)
        case .linear, .inverse:
            addTouch(to: &ticker)
            ticker.tickDirection = statistics.tickDirection
            ticker.fundingRate = fundingRate.map { Numeral(mantissa: $0, decimals: 8).trimmed }
            ticker.nextFundingTime = nextFunding
            addContract(to: &ticker, now)
        }
        return ticker
    }

    private func numeral(_ price: Int64) -> Numeral { scale.numeral(Price(units: price)) }

    private func addTouch(to ticker: inout TickerUpdate) {
        if let bid = book.bids.last {
            ticker.bidPrice = numeral(bid.price)
            ticker.bidSize = scale.numeral(Quantity(units: bid.total))
        } else {
            ticker.cleared.formUnion([TickerFields(.bidPrice), TickerFields(.bidSize)])
        }
        if let ask = book.asks.last {
            ticker.askPrice = numeral(ask.price)
            ticker.askSize = scale.numeral(Quantity(units: ask.total))
        } else {
            ticker.cleared.formUnion([TickerFields(.askPrice), TickerFields(.askSize)])
        }
    }

    private func addContract(to ticker: inout TickerUpdate, _ now: Timestamp) {
        ticker.markPrice = numeral(mark)
        ticker.indexPrice = numeral(indexPrice)
        let single = openInterest.units / 2
        ticker.openInterest = scale.numeral(Quantity(units: 2 * single)).trimmed
        var others = [
            TickerValue(.previousPrice1h, numeral(statistics.hourAgo)),
            TickerValue(.openInterestValue, worth(2 * single)),
            TickerValue(.singleOpenInterest, scale.numeral(Quantity(units: single)).trimmed),
            TickerValue(.singleOpenInterestValue, worth(single)),
        ]
        if let minutes = instrument.fundingIntervalMinutes {
            others.append(
                TickerValue(
                    .fundingIntervalHours,
                    Numeral(mantissa: Int64(minutes / 60), decimals: 0)
                )
            )
            others.append(TickerValue(.fundingCap, listing.terms.upperFundingRate))
        }
        if instrument.deliveryTime > .zero { addDelivery(to: &ticker, &others, now) }
        ticker.others = others
    }

    private func addDelivery(
        to ticker: inout TickerUpdate,
        _ others: inout [TickerValue],
        _ now: Timestamp
    ) {
        ticker.deliveryTime = instrument.deliveryTime.milliseconds
        others.append(TickerValue(.basis, numeral(mark - indexPrice)))
        let left = instrument.deliveryTime.nanoseconds - now.nanoseconds
        if indexPrice > 0, left > 0 {
            // Six decimals, and of a year of 365 days eight.
            let basis = Int128(mark - indexPrice)
            let rate = basis * 1_000_000 / Int128(indexPrice)
            others.append(
                TickerValue(.basisRate, Numeral(mantissa: Int64(clamping: rate), decimals: 6))
            )
            let yearly =
                basis * 100_000_000 / Int128(indexPrice) * Int128(VolatilitySurface.year)
                / Int128(left)
            others.append(
                TickerValue(.basisRateYear, Numeral(mantissa: Int64(clamping: yearly), decimals: 8))
            )
        }
        others.append(TickerValue(.deliveryFeeRate, listing.terms.deliveryFeeRate))
        addPrediction(&others, left)
    }

    /// What delivery would be at now, in the last half hour.
    private func addPrediction(_ others: inout [TickerValue], _ left: Int64) {
        guard left <= 1_800_000_000_000 else { return }
        others.append(TickerValue(.predictedDeliveryPrice, numeral(indexPrice)))
    }

    private func addOption(to ticker: inout TickerUpdate, _ now: Timestamp) {
        ticker.markPrice = numeral(mark)
        ticker.indexPrice = numeral(indexPrice)
        ticker.openInterest = scale.numeral(Quantity(units: openInterest.units)).trimmed
        var others = [
            TickerValue(.totalVolume, Numeral(rounding: statistics.totalVolume)),
            TickerValue(.totalTurnover, Numeral(rounding: statistics.totalTurnover)),
        ]
        if let figures = source.figures {
            others += [
                TickerValue(.markVolatility, figures.volatility),
                TickerValue(.underlyingPrice, figures.underlyingPrice),
                TickerValue(.delta, figures.delta), TickerValue(.gamma, figures.gamma),
                TickerValue(.vega, figures.vega), TickerValue(.theta, figures.theta),
                TickerValue(.bidVolatility, volatility(at: book.bestBid, figures)),
                TickerValue(.askVolatility, volatility(at: book.bestAsk, figures)),
            ]
        }
        addPrediction(&others, instrument.deliveryTime.nanoseconds - now.nanoseconds)
        ticker.others = others
    }

    /// The volatility at which a price would be fair: the mark's, and the rest of the price over vega; 0 where there is no
    /// price or vega is too small to say.
    func volatility(at price: Int64?, _ figures: OptionFigures) -> Numeral {
        let nothing = Numeral(mantissa: 0, decimals: 0)
        guard let price, figures.vega.mantissa > 0,
            let middle = try? figures.volatility.units(decimals: 4)
        else { return nothing }
        // Vega is per point and has eight decimals.
        let distance =
            Int128(price - mark) * PowerOfTen.int128(10 - min(10, scale.priceDecimals))
            / Int128(figures.vega.mantissa)
        let sum = Int128(middle) + distance
        guard (1...50_000).contains(sum) else { return nothing }
        return Numeral(mantissa: Int64(sum), decimals: 4)
    }

    /// Of an open quantity at the mark price, two decimals (inverse: eight).
    private func worth(_ quantity: Int64) -> Numeral {
        let value = valuation.worth(price: mark, quantity: quantity)
        let decimals = valuation.isInverse ? 8 : 2
        return Numeral(
            mantissa: Int64(
                clamping: value.units / PowerOfTen.int128(Amount.decimals - decimals)
            ),
            decimals: UInt8(decimals)
        )
    }
}
