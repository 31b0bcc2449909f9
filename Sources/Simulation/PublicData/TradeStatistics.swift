import Market

/// Last price, candles and the figures of 24 hours, folded from a listing's trades.
struct TradeStatistics: Sendable {
    /// One minute in raw units.
    struct Minute: Hashable, Sendable {
        var start: Int64
        var open: Int64
        var high: Int64
        var low: Int64
        var close: Int64
        var volume: Int128 = 0
        var turnover: Int128 = 0

        init(start: Int64, price: Int64) {
            self.start = start
            open = price
            high = price
            low = price
            close = price
        }
    }

    static let minute: Int64 = 60_000
    /// Minutes of 24 hours.
    static let minutesKept = 1440

    private(set) var last: Int64
    private(set) var tickDirection = "ZeroPlusTick"
    private(set) var current: Minute
    private(set) var closed: [Minute] = []
    /// Over the closed minutes of the last 24 hours; computed when one closes.
    private var closedHigh: Int64
    private var closedLow: Int64
    private var closedVolume: Int128 = 0
    private var closedTurnover: Int128 = 0
    private var ever: (volume: Int128, turnover: Int128) = (0, 0)
    /// Price × quantity in raw units → turnover needs both scales.
    private let scale: Scale

    init(price: Int64, milliseconds: Int64, scale: Scale) {
        last = price
        self.scale = scale
        current = Minute(
            start: milliseconds - milliseconds % TradeStatistics.minute,
            price: price
        )
        closedHigh = price
        closedLow = price
    }

    var high: Int64 { max(closedHigh, current.high) }
    var low: Int64 { min(closedLow, current.low) }
    var volume: Amount { amount(closedVolume + current.volume, scale.quantityDecimals) }
    var turnover: Amount {
        amount(closedTurnover + current.turnover, scale.quantityDecimals + scale.priceDecimals)
    }
    /// Since the start.
    var totalVolume: Amount { amount(ever.volume, scale.quantityDecimals) }
    var totalTurnover: Amount {
        amount(ever.turnover, scale.quantityDecimals + scale.priceDecimals)
    }
    /// Price an hour ago, or at the beginning.
    var hourAgo: Int64 { closed.suffix(60).first?.open ?? current.open }
    /// Price 24 hours ago, or at the beginning.
    var previous: Int64 { closed.first?.open ?? current.open }

    /// Fraction by which the last price differs from ``previous``, cut to four decimals.
    var change: Numeral {
        guard previous != 0 else { return .zero }
        let change = Int128(last - previous) * 10_000 / Int128(previous)
        return Numeral(mantissa: Int64(clamping: change), decimals: 4)
    }

    mutating func trade(price: Int64, quantity: Int64) {
        if price > last {
            tickDirection = "PlusTick"
        } else if price < last {
            tickDirection = "MinusTick"
        } else if tickDirection == "PlusTick" {
            tickDirection = "ZeroPlusTick"
        } else if tickDirection == "MinusTick" {
            tickDirection = "ZeroMinusTick"
        }
        last = price
        current.high = max(current.high, price)
        current.low = min(current.low, price)
        current.close = price
        current.volume += Int128(quantity)
        current.turnover += Int128(quantity) * Int128(price)
        ever.volume += Int128(quantity)
        ever.turnover += Int128(quantity) * Int128(price)
    }

    /// Ends the current minute and begins the next.
    mutating func closeMinute() {
        closed.append(current)
        if closed.count > TradeStatistics.minutesKept { closed.removeFirst() }
        closedHigh = last
        closedLow = last
        closedVolume = 0
        closedTurnover = 0
        for minute in closed {
            closedHigh = max(closedHigh, minute.high)
            closedLow = min(closedLow, minute.low)
            closedVolume += minute.volume
            closedTurnover += minute.turnover
        }
        current = Minute(start: current.start + TradeStatistics.minute, price: last)
    }

    /// - Parameter milliseconds: when it is told.
    func candle(_ minute: Minute, isConfirmed: Bool, at milliseconds: Int64) -> Candle {
        Candle(
            startMilliseconds: minute.start,
            endMilliseconds: minute.start + TradeStatistics.minute - 1,
            interval: "1",
            open: scale.numeral(Price(units: minute.open)),
            high: scale.numeral(Price(units: minute.high)),
            low: scale.numeral(Price(units: minute.low)),
            close: scale.numeral(Price(units: minute.close)),
            volume: amount(minute.volume, scale.quantityDecimals),
            turnover: amount(minute.turnover, scale.quantityDecimals + scale.priceDecimals),
            isConfirmed: isConfirmed,
            timeMilliseconds: milliseconds
        )
    }

    /// Sums of a day are far within an `Amount`; what were not would be shown as its largest value.
    private func amount(_ units: Int128, _ decimals: Int) -> Amount {
        Amount.scaledClamping(units, decimals: decimals)
    }
}
