public import Market

/// A small market maker: layered quotes around the middle, leaning against its inventory, within a limit.
///
/// Every `requote_ms` it looks at each symbol. A quote that is a little off its target is amended, one that is far
/// off or old is cancelled and placed again. When the inventory reaches `inventory_max` it trades out at market, one
/// quantity past zero, so that it comes to stand on the other side. It is an example: it does not earn money.
public struct Maker: Strategy {
    public static let kind = "maker"

    public struct Parameters: StrategyParameters {
        public var symbols = ParameterList<Symbol>(
            [Symbol("BTCUSDT"), Symbol("ETHUSDT")].compactMap { $0 }
        )
        public var offsetTicks = 2
        public var quantity = PerSymbol<Numeral>(Numeral(mantissa: 1, decimals: 2))
        public var inventoryMax = PerSymbol<Numeral>(Numeral(mantissa: 5, decimals: 2))
        public var levels = 2
        public var stepTicks = 3
        public var skewTicks = 8
        public var amendTicks = 4
        public var requoteMilliseconds: Int64 = 250
        public var lifetimeMilliseconds: Int64 = 1_000

        public init() {
            // Of about the same value in both.
            for (symbol, quantity, inventory) in [
                ("BTCUSDT", Numeral(mantissa: 10, decimals: 3), Numeral(mantissa: 50, decimals: 3)),
                (
                    "ETHUSDT", Numeral(mantissa: 20, decimals: 2),
                    Numeral(mantissa: 100, decimals: 2)
                ),
            ] {
                guard let symbol = Symbol(symbol) else { continue }
                self.quantity.set(quantity, for: symbol)
                inventoryMax.set(inventory, for: symbol)
            }
        }

        public static var declared: [Parameter<Self>] {
            [
                Parameter("symbols", \.symbols, "linear perpetuals to quote"),
                Parameter(
                    "offset_ticks",
                    \.offsetTicks,
                    in: -1_000...10_000,
                    "ticks between the middle and the first quote"
                ),
                Parameter("quantity", \.quantity, "base coin of each quote"),
                Parameter(
                    "inventory_max",
                    \.inventoryMax,
                    "base coin at which the position is traded out, long or short"
                ),
                Parameter("levels", \.levels, in: 1...10, "quotes on each side"),
                Parameter("step_ticks", \.stepTicks, in: 1...10_000, "ticks between two quotes"),
                Parameter(
                    "skew_ticks",
                    \.skewTicks,
                    in: 0...10_000,
                    "ticks that quotes lean against a full inventory"
                ),
                Parameter(
                    "amend_ticks",
                    \.amendTicks,
                    in: 0...10_000,
                    "largest move that is an amendment; beyond it a quote is cancelled"
                ),
                Parameter(
                    "requote_ms",
                    \.requoteMilliseconds,
                    in: 10...60_000,
                    "milliseconds between two looks"
                ),
                Parameter(
                    "lifetime_ms",
                    \.lifetimeMilliseconds,
                    in: 0...3_600_000,
                    "age at which a quote is placed anew; 0 is never"
                ),
            ]
        }
    }

    /// One place in the book that is to be quoted.
    struct Quote: Hashable, Sendable, Codable {
        var symbol: Symbol
        var side: Side
        var level: Int
        /// Empty when nothing stands there.
        var orderLinkID = ""
        /// After a rejection by risk it is left alone until then.
        var restsUntil = Timestamp.zero
    }

    static let timer = "requote"
    /// How long a quote that risk rejected is not asked for again: 1 s.
    static let rest: Int64 = 1_000_000_000

    let parameters: Parameters
    var quotes: [Quote] = []
    /// The order that trades out, by symbol.
    var exits = OrderedTable<Symbol, String>()

    public init(parameters: Parameters) {
        self.parameters = parameters
        for symbol in parameters.symbols.elements {
            for level in 0..<parameters.levels {
                for side in [Side.buy, Side.sell] {
                    quotes.append(Quote(symbol: symbol, side: side, level: level))
                }
            }
        }
    }

    public mutating func started(_ desk: inout Desk) {
        desk.setTimer(Maker.timer, afterMilliseconds: parameters.requoteMilliseconds)
    }

    public mutating func timerFired(_ name: String, _ desk: inout Desk) {
        for symbol in parameters.symbols.elements { requote(symbol, &desk) }
        desk.setTimer(Maker.timer, afterMilliseconds: parameters.requoteMilliseconds)
    }

    public mutating func bookChanged(_ instrument: InstrumentID, _ desk: inout Desk) {
        // A stale book is no ground to stand on.
        if !desk.hasBook(instrument) { cancelAll(instrument.symbol, &desk) }
    }

    public mutating func orderChanged(_ order: Order, _ desk: inout Desk) {
        guard order.isClosed else { return }
        if let place = quotes.firstIndex(where: { $0.orderLinkID == order.orderLinkID }) {
            quotes[place].orderLinkID = ""
        }
        if exits[order.instrument.symbol] == order.orderLinkID {
            exits[order.instrument.symbol] = nil
        }
    }
}
