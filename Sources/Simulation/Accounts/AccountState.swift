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
    var rejectReason = "EC_NoError"
    var cancelType = "UNKNOWN"
    var reduceOnly: Bool
    var createdMilliseconds: Int64
    var updatedMilliseconds: Int64
    /// Place in the matching book; none while it does not rest.
    var handle: Int32 = MatchingBook.none
    /// Marked for a row once the match is over.
    var isTouched = false

    var leaves: Int64 { quantity - filled }

    func row(_ instrument: Instrument) -> OrderUpdate {
        let scale = instrument.scale
        return OrderUpdate(
            instrument: instrument.id,
            orderID: orderID,
            orderLinkID: orderLinkID,
            side: side,
            type: type,
            timeInForce: timeInForce,
            status: status,
            price: scale.numeral(Price(units: price)),
            quantity: scale.numeral(Quantity(units: quantity)),
            averagePrice: scale.average(of: filledValue, quantity: filled),
            leavesQuantity: scale.numeral(Quantity(units: status.isClosed ? 0 : leaves)),
            filledQuantity: scale.numeral(Quantity(units: filled)),
            filledValue: filledValue,
            filledFee: filledFee,
            rejectReason: rejectReason,
            cancelType: cancelType,
            reduceOnly: reduceOnly,
            positionIndex: 0,
            createdMilliseconds: createdMilliseconds,
            updatedMilliseconds: updatedMilliseconds
        )
    }
}

/// One account: orders, positions and rows.
///
/// Its money is in ``Books``.
struct AccountState: Sendable {
    let id: AccountID
    let alias: String
    let makerRate: Numeral
    let takerRate: Numeral
    let leverage: Int
    /// One for each listing.
    var positions: [OpenPosition]
    /// Pool of open orders; a free place has no identity.
    var orders: [AccountOrder?] = []
    private var free: [Int] = []
    private(set) var openCount = 0
    private var lastSerial: Int64 = 0
    /// Both identities of open orders; look-ups only.
    private var slotByID: [String: Int] = [:]
    private var slotByLink: [String: Int] = [:]
    /// Link ids of open and remembered orders, which may not be used again.
    private var usedLinks: Set<String> = []
    var closed: History<OrderUpdate>
    var executions: History<ExecutionReport>
    var log: History<TransactionRow>
    /// Realised P&L, fees and funding of all time, by coin of ``Books``.
    var realised: [Amount] = []
    var nextExecution: Int64 = 0
    var nextFlow: Int64 = 0

    init(id: AccountID, configuration: AccountConfiguration, listings: Int, historyMax: Int) {
        self.id = id
        alias = configuration.alias
        makerRate = configuration.makerRate
        takerRate = configuration.takerRate
        leverage = configuration.leverage
        positions = Array(repeating: OpenPosition(), count: listings)
        closed = History(limit: historyMax)
        executions = History(limit: historyMax)
        log = History(limit: historyMax)
    }

    func isUsed(link: String) -> Bool { !link.isEmpty && usedLinks.contains(link) }

    /// The slot of an open order; the exchange's id wins over the client's.
    func slot(orderID: String, orderLinkID: String) -> Int? {
        if !orderID.isEmpty { return slotByID[orderID] }
        return orderLinkID.isEmpty ? nil : slotByLink[orderLinkID]
    }

    mutating func nextSerial() -> Int64 {
        lastSerial += 1
        return lastSerial
    }

    mutating func add(_ order: AccountOrder) -> Int {
        let slot: Int
        if let place = free.popLast() {
            slot = place
            orders[slot] = order
        } else {
            slot = orders.count
            orders.append(order)
        }
        slotByID[order.orderID] = slot
        if !order.orderLinkID.isEmpty {
            slotByLink[order.orderLinkID] = slot
            usedLinks.insert(order.orderLinkID)
        }
        openCount += 1
        return slot
    }

    /// Moves a closed order's last row into the history and frees its slot.
    mutating func close(slot: Int, row: OrderUpdate) {
        orders[slot] = nil
        free.append(slot)
        openCount -= 1
        slotByID[row.orderID] = nil
        if !row.orderLinkID.isEmpty { slotByLink[row.orderLinkID] = nil }
        for old in closed.append(row) where !old.orderLinkID.isEmpty {
            usedLinks.remove(old.orderLinkID)
        }
    }

    /// Open orders, oldest first.
    var openSlots: [Int] {
        orders.indices.filter { orders[$0] != nil }
            .sorted { (orders[$0]?.serial ?? 0) < (orders[$1]?.serial ?? 0) }
    }
}
