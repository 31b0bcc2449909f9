import Market
import Simulation

/// Mark, index and premium by the minute, and open interest every five, sampled each second of the exchange's time.
///
/// The exchange keeps none of them; the klines of reference prices and the history of open interest are made of this.
final class ReferenceHistory {
    enum Kind: Int, CaseIterable {
        case mark
        case index
        /// (mark − index) ÷ index, eight decimals.
        case premium
    }

    private struct Minute {
        var start: Int64
        var open: Int64
        var high: Int64
        var low: Int64
        var close: Int64
    }

    private struct Interest {
        var milliseconds: Int64
        var value: Numeral
    }

    private static let minutesMax = 1_440
    private static let interestsMax = 2_016

    private var minutes: [InstrumentID: [[Minute]]] = [:]
    private var interests: [InstrumentID: [Interest]] = [:]
    /// What was open when an instrument was first seen: until the next mark this is the newest row.
    private var openings: [InstrumentID: Interest] = [:]

    /// To be called at the start, and each second from then on.
    func sample(_ exchange: borrowing SimulatedExchange) {
        let now = exchange.now.milliseconds
        for listing in exchange.listings {
            let id = listing.instrument.id
            guard id.category == .linear || id.category == .inverse,
                let reference = exchange.reference(id)
            else { continue }
            let premium =
                reference.index.units == 0
                ? 0
                : Int64(
                    clamping: Int128(reference.mark.units - reference.index.units) * 100_000_000
                        / Int128(reference.index.units)
                )
            if minutes[id] == nil, let value = exchange.tickerSnapshot(id)?.openInterest {
                openings[id] = Interest(milliseconds: now, value: value)
            }
            let values = [reference.mark.units, reference.index.units, premium]
            var rows = minutes[id] ?? Array(repeating: [], count: Kind.allCases.count)
            minutes[id] = nil
            for kind in Kind.allCases {
                ReferenceHistory.add(values[kind.rawValue], at: now, to: &rows[kind.rawValue])
            }
            minutes[id] = rows
            if now % 300_000 == 0, let value = exchange.tickerSnapshot(id)?.openInterest {
                interests[id, default: []].append(Interest(milliseconds: now, value: value))
                if interests[id]?.count ?? 0 > ReferenceHistory.interestsMax {
                    interests[id]?.removeFirst(ReferenceHistory.interestsMax / 8)
                    openings[id] = nil
                }
            }
        }
    }

    private static func add(_ value: Int64, at now: Int64, to rows: inout [Minute]) {
        let start = now / 60_000 * 60_000
        if let last = rows.indices.last, rows[last].start == start {
            rows[last].high = max(rows[last].high, value)
            rows[last].low = min(rows[last].low, value)
            rows[last].close = value
            return
        }
        rows.append(Minute(start: start, open: value, high: value, low: value, close: value))
        if rows.count > minutesMax { rows.removeFirst(minutesMax / 8) }
    }

    /// Candles without volume, newest first.
    func candles(
        _ kind: Kind,
        _ instrument: Instrument,
        _ interval: CandleInterval
    ) -> [HistoricalCandle] {
        let rows = minutes[instrument.id]?[kind.rawValue] ?? []
        func numeral(_ units: Int64) -> Numeral {
            kind == .premium
                ? Numeral(mantissa: units, decimals: 8)
                : instrument.scale.numeral(Price(units: units))
        }
        var folded: [Minute] = []
        for row in rows {
            let start = interval.start(of: row.start)
            if let last = folded.indices.last, folded[last].start == start {
                folded[last].high = max(folded[last].high, row.high)
                folded[last].low = min(folded[last].low, row.low)
                folded[last].close = row.close
            } else {
                folded.append(row)
                folded[folded.count - 1].start = start
            }
        }
        return folded.reversed().map { row in
            var candle = HistoricalCandle()
            candle.startMilliseconds = row.start
            candle.open = numeral(row.open)
            candle.high = numeral(row.high)
            candle.low = numeral(row.low)
            candle.close = numeral(row.close)
            return candle
        }
    }

    /// Open interest at multiples of `interval` milliseconds, newest first; the first row is that of the mark before the
    /// instrument was first seen.
    func openInterest(_ id: InstrumentID, every interval: Int64) -> [OpenInterest] {
        var found = (interests[id] ?? []).filter { $0.milliseconds % interval == 0 }
        if var opening = openings[id] {
            opening.milliseconds = opening.milliseconds / interval * interval
            if found.first.map({ opening.milliseconds < $0.milliseconds }) ?? true {
                found.insert(opening, at: 0)
            }
        }
        return found.reversed().map {
            var row = OpenInterest()
            row.openInterest = $0.value
            row.singleOpenInterest = ReferenceHistory.half($0.value)
            row.timeMilliseconds = $0.milliseconds
            return row
        }
    }

    /// One side of it.
    static func half(_ value: Numeral) -> Numeral {
        guard value.mantissa % 2 != 0, value.decimals < 18 else {
            return Numeral(mantissa: value.mantissa / 2, decimals: value.decimals)
        }
        let (tenfold, overflow) = value.mantissa.multipliedReportingOverflow(by: 10)
        return overflow
            ? Numeral(mantissa: value.mantissa / 2, decimals: value.decimals)
            : Numeral(mantissa: tenfold / 2, decimals: value.decimals + 1)
    }
}
