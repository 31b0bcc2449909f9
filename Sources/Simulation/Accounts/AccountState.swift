import Market

/// One account: orders, positions and rows.
///
/// Its money is in ``Books``.
struct AccountState: Sendable {
    let id: AccountID
    let alias: String
    /// Account whose sub-account this is.
    let parent: AccountID?
    var fees: FeeSchedule
    /// Two for each listing: one-way or hedge long, hedge short.
    var positions: [OpenPosition]
    /// By listing, in hundredths.
    var leverages: [Int64]
    /// By listing: true in hedge mode.
    var hedged: [Bool]
    /// By coin of ``Books``.
    var coins: [CoinState] = []
    /// Open orders by listing; those that wait apart.
    var activeCount: [Int]
    var waitingCount: [Int]
    /// Value traded, for the fee tier.
    var volume = TradedVolume()
    /// Pool of open orders; the one in a free place is not open.
    var orders: [AccountOrder] = []
    private var free: [Int] = []
    private var lastSerial: Int64 = 0
    /// Open orders, oldest first, and so by serial, which the exchange's id says.
    private var open: [(serial: Int64, slot: Int)] = []
    /// By the client's id; look-ups only.
    private var slotByLink: [String: Int] = [:]
    /// Link ids of open and remembered orders, which may not be used again.
    private var usedLinks: Set<String> = []
    /// Last states of closed orders, and executions, as they were told.
    var closed: History<OrderRecord>
    var executions: History<ExecutionRecord>
    var log: History<LogRecord>
    var nextExecution: Int64 = 0
    var nextFlow: Int64 = 0

    init(
        id: AccountID,
        configuration: AccountConfiguration,
        parent: AccountID?,
        listings: Int,
        historyMax: Int
    ) {
        self.id = id
        alias = configuration.alias
        self.parent = parent
        fees = configuration.fees
        positions = Array(repeating: OpenPosition(), count: 2 * listings)
        leverages = Array(repeating: Int64(configuration.leverage) * 100, count: listings)
        hedged = Array(repeating: false, count: listings)
        activeCount = Array(repeating: 0, count: listings)
        waitingCount = Array(repeating: 0, count: listings)
        closed = History(limit: historyMax)
        executions = History(limit: historyMax)
        log = History(limit: historyMax)
    }

    /// Makes room for one more listing.
    mutating func addListing(leverage: Int64) {
        positions.append(OpenPosition())
        positions.append(OpenPosition())
        leverages.append(leverage)
        hedged.append(false)
        activeCount.append(0)
        waitingCount.append(0)
    }

    func isUsed(link: String) -> Bool { !link.isEmpty && usedLinks.contains(link) }

    var openCount: Int { open.count }

    /// Open orders, oldest first.
    var openSlots: [Int] { open.map(\.slot) }

    /// Appends what rests on a listing, oldest first.
    ///
    /// Changes nothing: it is `mutating` so that the state is read where it lies.
    mutating func appendResting(
        on listing: Int,
        to levels: inout [SimulatedExchange.RecordedLevel]
    ) {
        for place in open {
            let order = orders[place.slot]
            guard order.listing == listing, order.isOpen, !order.isWaiting else { continue }
            levels.append(
                SimulatedExchange.RecordedLevel(
                    order.side,
                    Price(units: order.price),
                    Quantity(units: order.leaves)
                )
            )
        }
    }

    func slot(serial: Int64) -> Int? { place(serial: serial).map { open[$0].slot } }

    /// Where an order stands among those that are open.
    private func place(serial: Int64) -> Int? {
        // Most are looked for while they are young.
        if let last = open.last, last.serial == serial { return open.count - 1 }
        var low = 0
        var high = open.count
        while low < high {
            let middle = (low + high) / 2
            if open[middle].serial < serial { low = middle + 1 } else { high = middle }
        }
        return low < open.count && open[low].serial == serial ? low : nil
    }

    func slot(orderLinkID: String) -> Int? {
        orderLinkID.isEmpty ? nil : slotByLink[orderLinkID]
    }

    mutating func nextSerial() -> Int64 {
        lastSerial += 1
        return lastSerial
    }

    /// Gives an order its number and a place.
    mutating func add(_ order: AccountOrder) -> Int {
        let slot: Int
        if let place = free.popLast() {
            slot = place
            orders[slot] = order
        } else {
            slot = orders.count
            orders.append(order)
        }
        let serial = nextSerial()
        orders[slot].open(serial)
        open.append((serial, slot))
        let link = order.orderLinkID
        if !link.isEmpty {
            slotByLink[link] = slot
            usedLinks.insert(link)
        }
        if order.isWaiting {
            waitingCount[order.listing] += 1
        } else {
            activeCount[order.listing] += 1
        }
        return slot
    }

    /// Moves a closed order's last state into the history and frees its slot.
    mutating func close(slot: Int, _ record: OrderRecord) {
        let order = record.order
        if order.isWaiting {
            waitingCount[order.listing] -= 1
        } else {
            activeCount[order.listing] -= 1
        }
        if let place = place(serial: order.serial) { open.remove(at: place) }
        if !order.orderLinkID.isEmpty { slotByLink[order.orderLinkID] = nil }
        orders[slot].close()
        free.append(slot)
        remember(record)
    }

    /// Adds a state to the history of closed orders; the link id of one that is forgotten may be used again.
    mutating func remember(_ record: OrderRecord) {
        if !usedLinks.isEmpty, let old = closed.leaving, !old.orderLinkID.isEmpty {
            usedLinks.remove(old.orderLinkID)
        }
        closed.append(record)
    }
}
