import Market
import Trading

/// A strategy that trades everything it sees, at set times: it rests, takes, turns round, reduces and cancels, and what
/// it does is a matter of the record in hand alone.
struct DayTrader: Strategy {
    struct Parameters: StrategyParameters {
        var stepMilliseconds = 2_000
        /// `category symbol lot`, with commas between.
        var products = ""

        static var declared: [Parameter<Self>] {
            [
                Parameter("step_ms", \.stepMilliseconds, "between two thoughts"),
                Parameter("products", \.products, "category symbol lot, with commas between"),
            ]
        }
    }

    static let kind = "day-trader"

    private struct Line: Codable {
        var category: String
        var symbol: String
        var lot: Int64

        var id: InstrumentID? {
            guard let category = Category(name: category), let symbol = Symbol(symbol) else {
                return nil
            }
            return InstrumentID(category, symbol)
        }
    }

    private let step: Int
    private var lines: [Line] = []
    private var thoughts: UInt64 = 0
    private(set) var fills = 0

    init(parameters: Parameters) {
        step = parameters.stepMilliseconds
        for text in parameters.products.split(separator: ",") {
            let words = text.split(separator: " ")
            guard words.count == 3, let lot = Int64(words[2]) else { continue }
            lines.append(Line(category: String(words[0]), symbol: String(words[1]), lot: lot))
        }
    }

    mutating func started(_ desk: inout Desk) {
        desk.setTimer("think", afterMilliseconds: Int64(step))
    }

    mutating func timerFired(_ name: String, _ desk: inout Desk) {
        desk.setTimer("think", afterMilliseconds: Int64(step))
        thoughts += 1
        let word = Mix.combine(thoughts, UInt64(lines.count))
        guard !lines.isEmpty else { return }
        let line = lines[Int(word % UInt64(lines.count))]
        guard let id = line.id else { return }
        if word >> 8 % 4 == 0, let old = desk.orders.first { desk.cancel(old.orderLinkID) }
        guard let book = desk.book(id), let bid = book.bestBid, let ask = book.bestAsk,
            let instrument = desk.instrument(id)
        else { return }
        let side: Side = word >> 16 % 2 == 0 ? .buy : .sell
        let quantity = Quantity(units: line.lot * Int64(1 + word >> 24 % 8))
        let tick = instrument.tickSize.units
        switch word >> 32 % 8 {
        case 0, 1:
            // Rests behind the touch.
            let price = side == .buy ? bid.price.units - 2 * tick : ask.price.units + 2 * tick
            guard id.category != .option || price > 0 else { return }
            desk.place(side, quantity, of: id, at: Price(units: price))
        case 2, 3, 4:
            // Takes several levels, and what is left of it rests: filled in parts.
            let price = side == .buy ? ask.price.units + 2 * tick : bid.price.units - 2 * tick
            guard id.category != .option || price > 0 else { return }
            desk.place(side, quantity, of: id, at: Price(units: price))
        case 5:
            desk.place(side, quantity, of: id, at: nil)
        default:
            turnRound(id, line.lot, desk.position(id), &desk)
        }
    }

    /// Closes what it holds and goes as far to the other side: through zero in one order.
    private func turnRound(
        _ id: InstrumentID,
        _ lot: Int64,
        _ position: Position,
        _ desk: inout Desk
    ) {
        guard id.category != .spot, let book = desk.book(id) else { return }
        let decimals = book.scale.quantityDecimals
        guard let held = Quantity(amount: position.size, decimals: decimals), held.units != 0 else {
            return
        }
        desk.place(
            held.units > 0 ? .sell : .buy,
            Quantity(units: abs(held.units) + lot),
            of: id,
            at: nil
        )
    }

    mutating func filled(_ fill: Fill, _ desk: inout Desk) { fills += 1 }
}

extension Quantity {
    /// Of an exact amount; nil where it is finer than the scale or does not fit.
    init?(amount: Amount, decimals: Int) {
        let unit = PowerOfTen.int128(Amount.decimals - decimals)
        guard amount.units % unit == 0, let units = Int64(exactly: amount.units / unit) else {
            return nil
        }
        self.init(units: units)
    }
}
