import Market

/// An order of an account while it is open.
struct AccountOrder: Sendable {
    /// Number of arrival on the account; newest is highest.
    var serial: Int64
    var listing: Int
    var orderID: String
    var orderLinkID: String
    var side: Side
    var type: OrderType
    var timeInForce: TimeInForce
    var status: OrderStatus
    /// Limit, or the protection price of a market order.
    var price: Int64
    var quantity: Int64
    var filled: Int64 = 0
    var filledValue: Amount = .zero
    var filledFee: Amount = .zero
    var rejectReason = RejectReason.none
    var cancelType = CancelType.unknown
    var createType = CreateType.user
    var reduceOnly: Bool
    var closeOnTrigger = false
    /// 0 one-way, 1 hedge long, 2 hedge short.
    var positionIndex: Int8 = 0
    var selfMatch = SelfMatchPrevention.none
    var createdMilliseconds: Int64
    var updatedMilliseconds: Int64
    /// Place in the matching book; none while it does not rest.
    var handle: Int32 = MatchingBook.none
    /// Marked for a row once the match is over.
    var isTouched = false
    private var rare: Rare?
    /// What its waiting holds of the wallet (spot, `tpslOrder`).
    var locksWhileWaiting = false

    init(
        serial: Int64,
        listing: Int,
        orderID: String,
        orderLinkID: String,
        side: Side,
        type: OrderType,
        timeInForce: TimeInForce,
        status: OrderStatus,
        price: Int64,
        quantity: Int64,
        reduceOnly: Bool,
        createdMilliseconds: Int64
    ) {
        self.serial = serial
        self.listing = listing
        self.orderID = orderID
        self.orderLinkID = orderLinkID
        self.side = side
        self.type = type
        self.timeInForce = timeInForce
        self.status = status
        self.price = price
        self.quantity = quantity
        self.reduceOnly = reduceOnly
        self.createdMilliseconds = createdMilliseconds
        updatedMilliseconds = createdMilliseconds
    }

    /// The wish of a conditional order.
    struct Stop: Sendable {
        var kind: StopKind
        var price: Int64
        var rises: Bool
        var by: TriggerSource
        /// A trailing stop's distance; 0 for others.
        var distance: Int64 = 0
        /// A trailing stop follows once the price has been at its activation.
        var isFollowing = false
        /// Serial of the order whose fill made it; its twin has the same.
        var pair: Int64 = 0
    }

    struct Exits: Sendable {
        var takeProfit: Exit?
        var stopLoss: Exit?
        var mode: ExitMode
    }

    struct Exit: Sendable {
        var price: Int64
        var by: TriggerSource
        var limit: Int64?
    }

    /// What few orders have, behind one reference: orders are copied often.
    private final class Rare: Sendable {
        let stop: Stop?
        let exits: Exits?
        let budget: Amount?

        init?(_ stop: Stop?, _ exits: Exits?, _ budget: Amount?) {
            guard stop != nil || exits != nil || budget != nil else { return nil }
            self.stop = stop
            self.exits = exits
            self.budget = budget
        }
    }

    /// What it waits for, or waited for.
    var stop: Stop? {
        get { rare?.stop }
        set { rare = Rare(newValue, exits, budget) }
    }
    /// Exits of what it opens.
    var exits: Exits? {
        get { rare?.exits }
        set { rare = Rare(stop, newValue, budget) }
    }
    /// Of a spot market order by value: what it may spend or shall earn, in the quote coin.
    var budget: Amount? {
        get { rare?.budget }
        set { rare = Rare(stop, exits, newValue) }
    }

    /// Counted among the orders that wait for their trigger, until it has been pulled.
    var isWaiting = false

    var leaves: Int64 { quantity - filled }

    /// Which of a listing's two positions it works on.
    var positionPlace: Int { 2 * listing + (positionIndex == 2 ? 1 : 0) }

    func row(_ state: ListingFacts) -> OrderUpdate {
        let scale = state.scale
        let isByValue = budget != nil
        let wanted =
            budget.map { Numeral(rounding: $0) } ?? scale.numeral(Quantity(units: quantity))
        let left = status.isClosed || isByValue ? 0 : leaves
        var row = OrderUpdate(
            instrument: state.id,
            orderID: orderID,
            orderLinkID: orderLinkID,
            side: side,
            type: type,
            timeInForce: timeInForce,
            status: status,
            price: scale.numeral(Price(units: price)),
            quantity: wanted,
            averagePrice: state.valuation.average(of: filledValue, quantity: filled),
            leavesQuantity: scale.numeral(Quantity(units: left)),
            filledQuantity: scale.numeral(Quantity(units: filled)),
            filledValue: filledValue,
            filledFee: filledFee,
            rejectReason: rejectReason.rawValue,
            cancelType: cancelType.rawValue,
            reduceOnly: reduceOnly,
            positionIndex: Int(positionIndex),
            createdMilliseconds: createdMilliseconds,
            updatedMilliseconds: updatedMilliseconds
        )
        row.details = details(state)
        return row
    }

    /// `nil` for a plain order, whose row says nothing more.
    private func details(_ state: ListingFacts) -> OrderDetails? {
        guard
            stop != nil || exits != nil || closeOnTrigger || selfMatch != .none
                || createType != .user || state.id.category == .spot
        else { return nil }
        let scale = state.scale
        func numeral(_ units: Int64?) -> Numeral? { units.map { scale.numeral(Price(units: $0)) } }
        let isSpot = state.id.category == .spot
        return OrderDetails(
            stopOrderType: stop?.kind.rawValue ?? "",
            createType: createType.rawValue,
            triggerPrice: numeral(stop?.price),
            triggerBy: stop?.by.rawValue ?? "",
            triggerDirection: stop.map { $0.rises ? 1 : 2 } ?? 0,
            takeProfit: numeral(exits?.takeProfit?.price),
            stopLoss: numeral(exits?.stopLoss?.price),
            takeProfitLimit: numeral(exits?.takeProfit?.limit),
            stopLossLimit: numeral(exits?.stopLoss?.limit),
            takeProfitBy: exits?.takeProfit?.by.rawValue ?? "",
            stopLossBy: exits?.stopLoss?.by.rawValue ?? "",
            exitMode: exits?.mode.rawValue ?? "",
            closeOnTrigger: closeOnTrigger,
            selfMatchPrevention: selfMatch.rawValue,
            marketUnit: isSpot && type == .market ? (budget == nil ? "baseCoin" : "quoteCoin") : "",
            feeCoin: isSpot
                ? (side == .buy ? state.instrument.baseCoin : state.instrument.quoteCoin)
                : state.instrument.settleCoin
        )
    }
}
