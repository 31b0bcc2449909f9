import Market

/// An order of an account while it is open: numbers mostly, since it is copied often.
struct AccountOrder: Sendable {
    /// Number of arrival on the account, from 1, of which its id is made; 0 of one that is not open.
    private(set) var serial: Int64 = 0
    var account: Int
    var listing: Int
    var side: Side
    var type: OrderKind
    var timeInForce: Lifetime
    var status = OrderState.new
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
    /// Last price of the listing when it arrived.
    var lastPrice: Int64 = 0
    /// P&L of what it closed, less its own fees and their share of the opening fees.
    var closedPnL: Amount = .zero

    init(
        account: Int,
        listing: Int,
        orderLinkID: String,
        side: Side,
        type: OrderKind,
        timeInForce: Lifetime,
        price: Int64,
        quantity: Int64,
        reduceOnly: Bool,
        createdMilliseconds: Int64
    ) {
        self.account = account
        self.listing = listing
        self.side = side
        self.type = type
        self.timeInForce = timeInForce
        self.price = price
        self.quantity = quantity
        self.reduceOnly = reduceOnly
        self.createdMilliseconds = createdMilliseconds
        updatedMilliseconds = createdMilliseconds
        if !orderLinkID.isEmpty { self.orderLinkID = orderLinkID }
    }

    var isOpen: Bool { serial != 0 }

    mutating func open(_ number: Int64) { serial = number }

    /// Nothing of it is left but its place.
    mutating func close() {
        serial = 0
        rare = nil
    }

    /// It is to wait before it acts.
    mutating func wait(for stop: Stop) {
        self.stop = stop
        isWaiting = true
        status = .untriggered
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
        /// The client's id of the order that brought it; empty for one that was set on the position.
        var parentLinkID = ""
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

    /// What the legs of a combination's order have done.
    struct Legs: Sendable {
        var first: Leg
        var second: Leg
    }

    struct Leg: Sendable {
        var listing: Int
        /// Of its last fill.
        var price: Int64
        var filled: Int64 = 0
        var filledValue: Amount = .zero
        var filledFee: Amount = .zero
        var closedPnL: Amount = .zero
    }

    /// What few orders have, and what is seldom read.
    private struct RareParts: Sendable {
        var orderLinkID = ""
        var stop: Stop?
        var exits: Exits?
        var budget: Amount?
        var selfMatchID = ""
        var legs: Legs?

        var isEmpty: Bool {
            orderLinkID.isEmpty && stop == nil && exits == nil && budget == nil
                && selfMatchID.isEmpty && legs == nil
        }
    }

    /// Behind one reference: orders are copied often.
    private final class Rare: Sendable {
        let parts: RareParts

        init(_ parts: RareParts) { self.parts = parts }
    }

    private mutating func setRare(_ change: (inout RareParts) -> Void) {
        var parts = rare?.parts ?? RareParts()
        change(&parts)
        rare = parts.isEmpty ? nil : Rare(parts)
    }

    /// The client's; empty without one.
    private(set) var orderLinkID: String {
        get { rare?.parts.orderLinkID ?? "" }
        set { setRare { $0.orderLinkID = newValue } }
    }
    /// What it waits for, or waited for.
    var stop: Stop? {
        get { rare?.parts.stop }
        set { setRare { $0.stop = newValue } }
    }
    var stopKind: StopKind? { rare?.parts.stop?.kind }
    /// Exits of what it opens.
    var exits: Exits? {
        get { rare?.parts.exits }
        set { setRare { $0.exits = newValue } }
    }
    /// Of a spot market order by value: what it may spend or shall earn, in the quote coin.
    var budget: Amount? {
        get { rare?.parts.budget }
        set { setRare { $0.budget = newValue } }
    }
    /// The order of its own account that ended it; empty for all others.
    var selfMatchID: String {
        get { rare?.parts.selfMatchID ?? "" }
        set { setRare { $0.selfMatchID = newValue } }
    }
    var hasLegs: Bool { rare?.parts.legs != nil }
    /// Of a combination's order that has traded.
    var legs: Legs? {
        get { rare?.parts.legs }
        set { setRare { $0.legs = newValue } }
    }

    /// Counted among the orders that wait for their trigger, until it has been pulled.
    var isWaiting = false

    var leaves: Int64 { quantity - filled }

    mutating func fill(_ quantity: Int64, worth value: Amount, at milliseconds: Int64) {
        filled += quantity
        filledValue = filledValue.plus(value)
        status = leaves == 0 ? .filled : .partiallyFilled
        updatedMilliseconds = milliseconds
    }

    /// What one fill of it is, once it has been counted.
    func trade(at price: Int64, _ quantity: Int64, isMaker: Bool) -> AccountTrade {
        AccountTrade(
            account: account,
            listing: listing,
            position: positionPlace,
            side: side,
            price: price,
            quantity: quantity,
            isMaker: isMaker,
            order: TradeOrder(serial: serial),
            orderLinkID: orderLinkID,
            orderPrice: self.price,
            orderQuantity: self.quantity,
            leaves: budget == nil ? leaves : 0,
            orderType: type,
            createType: createType,
            stop: stopKind
        )
    }

    /// Books what a fill has cost and closed.
    mutating func book(fee: Amount, closed: Amount) {
        filledFee = filledFee.plus(fee)
        closedPnL = closedPnL.plus(closed)
    }

    /// Which of a listing's two positions it works on.
    var positionPlace: Int { 2 * listing + (positionIndex == 2 ? 1 : 0) }
}
