import Market
import Trading

/// A strategy that does what the id of a public trade says, so that a test can make it ask for anything.
///
/// The id begins with the strategy's name, as in `p: buy 0.010 90000.0`. Besides: `buy 0.010 90000.0`, `sell 0.010 market`, `buy! …` (reduce-only), `amend 0 90001.0`, `amend 0 - 0.020`, `cancel 0`,
/// `timer NAME 250`, `note TEXT`; orders are counted in the order in which they were allowed.
struct Puppet: Strategy {
    struct Parameters: StrategyParameters {
        var symbol = Symbol("BTCUSDT") ?? .none
        var echo = false

        static var declared: [Parameter<Self>] {
            [
                Parameter("symbol", \.symbol, "what to trade"),
                Parameter("echo", \.echo, "notes each occasion"),
            ]
        }
    }

    static let kind = "puppet"

    let parameters: Parameters
    var placed: [String] = []
    var occasions: [String] = []

    init(parameters: Parameters) { self.parameters = parameters }

    private var id: InstrumentID { InstrumentID(.linear, parameters.symbol) }

    private mutating func saw(_ occasion: String, _ desk: inout Desk) {
        occasions.append(occasion)
        if parameters.echo { desk.note(occasion) }
    }

    mutating func started(_ desk: inout Desk) { saw("started", &desk) }

    mutating func bookChanged(_ instrument: InstrumentID, _ desk: inout Desk) {
        saw(desk.book(instrument) == nil ? "stale \(instrument.symbol)" : "book", &desk)
    }

    mutating func orderChanged(_ order: Order, _ desk: inout Desk) {
        saw("order \(order.phase.rawValue) \(order.reason)", &desk)
    }

    mutating func filled(_ fill: Fill, _ desk: inout Desk) {
        saw("filled \(fill.quantity) @ \(fill.price)", &desk)
    }

    mutating func haltChanged(_ desk: inout Desk) {
        saw("halt " + (desk.haltReason ?? "none"), &desk)
    }

    mutating func linkChanged(_ link: LinkEvent, _ desk: inout Desk) {
        saw("link \(link.change.rawValue)", &desk)
    }

    mutating func stopping(_ desk: inout Desk) { saw("stopping", &desk) }

    mutating func timerFired(_ name: String, _ desk: inout Desk) { saw("timer \(name)", &desk) }

    mutating func tradesSeen(
        _ trades: [PublicTrade],
        of instrument: InstrumentID,
        _ desk: inout Desk
    ) {
        for trade in trades where trade.id.hasPrefix(desk.strategy + ": ") {
            act(String(trade.id.dropFirst(desk.strategy.count + 2)), &desk)
        }
    }

    private mutating func act(_ name: String, _ desk: inout Desk) {
        let words = name.split(separator: " ").map(String.init)
        guard let verb = words.first, let scale = desk.instrument(id)?.scale else { return }
        switch verb {
        case "buy", "sell", "buy!", "sell!":
            guard words.count >= 3, let quantity = quantity(words[1], scale) else { return }
            let price = price(words[2], scale)
            guard words[2] == "market" || price != nil else { return }
            let placed = desk.place(
                verb.hasPrefix("buy") ? .buy : .sell,
                quantity,
                of: id,
                at: price,
                words.count > 3 ? TimeInForce(name: words[3]) : .goodTillCancelled,
                reduceOnly: verb.hasSuffix("!")
            )
            if let placed { self.placed.append(placed) }
        case "amend":
            desk.amend(
                order(words),
                price: price(words[2], scale),
                quantity: words.count > 3 ? quantity(words[3], scale) : nil
            )
        case "cancel": desk.cancel(order(words))
        case "timer": desk.setTimer(words[1], afterMilliseconds: Int64(words[2]) ?? 0)
        default: desk.note(name)
        }
    }

    private func order(_ words: [String]) -> String {
        guard words.count > 1, let place = Int(words[1]), place < placed.count else { return "" }
        return placed[place]
    }

    private func price(_ text: String, _ scale: Scale) -> Price? {
        do { return try scale.price(Numeral(text: text)) } catch { return nil }
    }

    private func quantity(_ text: String, _ scale: Scale) -> Quantity? {
        do { return try scale.quantity(Numeral(text: text)) } catch { return nil }
    }
}

extension StrategyConfiguration {
    static func puppet(_ name: String = "p", symbol: String = "BTCUSDT") -> StrategyConfiguration {
        StrategyConfiguration(
            name: name,
            kind: "puppet",
            parameters: [Setting("symbol", symbol)]
        )
    }
}
