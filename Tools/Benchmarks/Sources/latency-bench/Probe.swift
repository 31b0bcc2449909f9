import Market
import Trading

/// Places one order far from the market at a change of a book, cancels it when it is open, and so on; notes when it was
/// called, which only a benchmark may.
struct Probe: Strategy {
    struct Parameters: StrategyParameters {
        var places = true
        var symbol = ""
        static var declared: [Parameter<Self>] {
            [
                Parameter("places", \.places, "whether it places orders at all"),
                Parameter("symbol", \.symbol, "the only one in which it does; empty: all"),
            ]
        }
    }

    static let kind = "probe"

    let parameters: Parameters
    /// Where it places orders; `nil`: everywhere.
    let symbol: Symbol?
    /// Instruments with an order on its way or open.
    var busy: [InstrumentID] = []

    init(parameters: Parameters) {
        self.parameters = parameters
        symbol = Symbol(parameters.symbol)
    }

    mutating func bookChanged(_ instrument: InstrumentID, _ desk: inout Desk) {
        Stamps.note(desk.cause.value)
        guard parameters.places, symbol == nil || symbol == instrument.symbol,
            !busy.contains(instrument),
            let best = desk.book(instrument)?.bestBid,
            let terms = desk.instrument(instrument)
        else { return }
        // A tenth below: it rests.
        let ticks = best.price.units / 10 * 9 / terms.tickSize.units
        let price = Price(units: ticks * terms.tickSize.units)
        let quantity = Quantity(units: (terms.quantityMin ?? terms.quantityStep).units * 100)
        guard desk.place(.buy, quantity, of: instrument, at: price, .postOnly) != nil else {
            return
        }
        busy.append(instrument)
    }

    mutating func orderChanged(_ order: Order, _ desk: inout Desk) {
        if order.isClosed {
            busy.removeAll { $0 == order.instrument }
        } else if order.phase == .open {
            desk.cancel(order.orderLinkID)
        }
    }

    mutating func stopping(_ desk: inout Desk) { Stamps.write() }
}
