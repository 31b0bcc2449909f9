public import Market
public import Trading

/// A strategy with one intent: one order, which it amends and cancels at set times.
///
/// When it is told that the order was never placed or was refused it places another one: if that is not true there are
/// two orders for one intent.
public struct Lifer: Strategy {
    public struct Parameters: StrategyParameters {
        public var isBuy = true
        public var ticks = 0
        public var thousandths = 10
        public var timeInForce = "GTC"
        public var amendAfter = 0
        public var amendTicks = 0
        public var amendThousandths = 0
        public var cancelAfter = 0

        public init() {}

        public static var declared: [Parameter<Self>] {
            [
                Parameter("buy", \.isBuy, "side"), Parameter("ticks", \.ticks, "from 90,000"),
                Parameter("thousandths", \.thousandths, "quantity"),
                Parameter("time_in_force", \.timeInForce, "word"),
                Parameter("amend_after", \.amendAfter, "milliseconds; 0 for never"),
                Parameter("amend_ticks", \.amendTicks, "from 90,000"),
                Parameter("amend_thousandths", \.amendThousandths, "quantity; 0 keeps it"),
                Parameter("cancel_after", \.cancelAfter, "milliseconds; 0 for never"),
            ]
        }
    }

    public static let kind = "lifer"
    public static let instrument = InstrumentID(.linear, Symbol("BTCUSDT") ?? .none)
    /// Milliseconds from the session's start to the order.
    public static let placeAfter: Int64 = 3_000

    let parameters: Parameters
    /// Client order ids of the intent's orders; more than one where the first was told to be none.
    var orders: [String] = []
    var amendTries = 0
    var hasAmended = false
    public private(set) var fills: [String] = []

    public init(parameters: Parameters) { self.parameters = parameters }

    private func price(_ ticks: Int) -> Price {
        let towards = Int64(parameters.isBuy ? ticks : -ticks)
        return Price(units: 900_000 + towards)
    }

    public mutating func started(_ desk: inout Desk) {
        desk.setTimer("place", afterMilliseconds: Lifer.placeAfter)
    }

    public mutating func timerFired(_ name: String, _ desk: inout Desk) {
        switch name {
        case "place": place(&desk)
        case "amend": amend(&desk)
        case "cancel": cancel(&desk)
        default: break
        }
    }

    private mutating func place(_ desk: inout Desk) {
        guard desk.haltReason(Lifer.instrument) == nil else {
            return desk.setTimer("place", afterMilliseconds: 500)
        }
        let placed = desk.place(
            parameters.isBuy ? .buy : .sell,
            Quantity(units: Int64(parameters.thousandths)),
            of: Lifer.instrument,
            at: price(parameters.ticks),
            TimeInForce(name: parameters.timeInForce)
        )
        guard let placed else { return }
        orders.append(placed)
        if parameters.amendAfter > 0, orders.count == 1 {
            desk.setTimer("amend", afterMilliseconds: Int64(parameters.amendAfter))
        }
        if parameters.cancelAfter > 0 {
            desk.setTimer("cancel", afterMilliseconds: Int64(parameters.cancelAfter))
        }
    }

    private mutating func amend(_ desk: inout Desk) {
        guard !hasAmended, let order = orders.last.flatMap({ desk.order($0) }), !order.isClosed,
            amendTries < 40
        else { return }
        amendTries += 1
        let quantity = Int64(parameters.amendThousandths)
        hasAmended = desk.amend(
            order.orderLinkID,
            price: price(parameters.amendTicks),
            quantity: quantity > 0 ? Quantity(units: quantity) : nil
        )
        if !hasAmended { desk.setTimer("amend", afterMilliseconds: 400) }
    }

    private mutating func cancel(_ desk: inout Desk) {
        guard let order = orders.last.flatMap({ desk.order($0) }), !order.isClosed else { return }
        desk.cancel(order.orderLinkID)
        desk.setTimer("cancel", afterMilliseconds: 1_500)
    }

    public mutating func orderChanged(_ order: Order, _ desk: inout Desk) {
        guard order.isClosed, order.orderLinkID == orders.last, orders.count < 3,
            order.status == nil || order.status == .rejected
        else { return }
        desk.setTimer("place", afterMilliseconds: 200)
    }

    public mutating func filled(_ fill: Fill, _ desk: inout Desk) { fills.append(fill.executionID) }
}
