import Market

/// All orders that matter: those that may still trade, and the last closed ones, so that late rows find theirs.
///
/// What risk and the state's hash ask of all orders is kept up with each change: an account with thousands of open
/// orders costs them no more than one with ten.
struct OrderStore: Sendable {
    /// Closed orders that are kept; a row that comes later than that is told as a finding.
    static let closedKept = 512

    private struct Direction: Hashable {
        var instrument: InstrumentID
        var side: Side

        init(_ instrument: InstrumentID, _ side: Side) {
            self.instrument = instrument
            self.side = side
        }

        init(_ order: Order) { self.init(order.instrument, order.side) }
    }

    /// Rising serial numbers.
    private(set) var orders: [Order] = []
    /// Serials of orders that may still trade or whose fills are not all reported.
    private(set) var active: [Int] = []
    /// Orders that are not closed.
    private(set) var openCount = 0
    private var nextSerial = 1
    /// What may still move the position, of all orders of an instrument and side; never walked.
    private var exposures: [Direction: WideSum] = [:]
    private var hashes = OrderHashes()
    /// For look-up only; rebuilt when read from a checkpoint, never walked.
    private var byLinkID: [String: Int] = [:]
    private var byOrderID: [String: Int] = [:]

    init() {}

    func place(ofSerial serial: Int) -> Int? {
        var low = 0
        var high = orders.count
        while low < high {
            let middle = (low + high) / 2
            if orders[middle].serial < serial { low = middle + 1 } else { high = middle }
        }
        return low < orders.count && orders[low].serial == serial ? low : nil
    }

    func place(linkID: String, orderID: String) -> Int? {
        if !linkID.isEmpty, let serial = byLinkID[linkID] { return place(ofSerial: serial) }
        if !orderID.isEmpty, let serial = byOrderID[orderID] { return place(ofSerial: serial) }
        return nil
    }

    subscript(place: Int) -> Order { orders[place] }

    /// What all orders of one side may still move the position by.
    func exposure(_ instrument: InstrumentID, _ side: Side) throws(NumberError) -> Amount {
        try exposures[Direction(instrument, side)]?.amount() ?? .zero
    }

    @discardableResult
    mutating func add(_ order: Order) -> Int {
        if orders.count >= 2 * OrderStore.closedKept + active.count { forget() }
        var order = order
        order.serial = nextSerial
        nextSerial += 1
        take(order)
        return orders.count - 1
    }

    private mutating func take(_ order: Order) {
        orders.append(order)
        if order.isActive { active.append(order.serial) }
        if !order.isClosed { openCount += 1 }
        index(order)
        exposures[Direction(order), default: WideSum()].add(order.exposure)
        hashes.append()
    }

    /// Changes an order in place and keeps the look-ups and sums right.
    mutating func update<Result>(_ place: Int, _ change: (inout Order) -> Result) -> Result {
        let hadID = !orders[place].orderID.isEmpty
        let wasOpen = !orders[place].isClosed
        let wasActive = orders[place].isActive
        let exposure = orders[place].exposure
        let direction = Direction(orders[place])
        hashes.change(place)
        let result = change(&orders[place])
        if !hadID, !orders[place].orderID.isEmpty {
            byOrderID[orders[place].orderID] = orders[place].serial
        }
        if wasOpen != !orders[place].isClosed { openCount += wasOpen ? -1 : 1 }
        if wasActive != orders[place].isActive { toggleActive(orders[place].serial) }
        let now = Direction(orders[place])
        if exposure != orders[place].exposure || now != direction {
            exposures[direction, default: WideSum()].subtract(exposure)
            exposures[now, default: WideSum()].add(orders[place].exposure)
        }
        return result
    }

    private mutating func toggleActive(_ serial: Int) {
        if let index = activeIndex(serial) {
            active.remove(at: index)
        } else {
            active.insert(serial, at: active.firstIndex { $0 > serial } ?? active.count)
        }
    }

    /// Makes the hashes of the orders that changed since the last time.
    mutating func refreshHashes() { hashes.refresh(orders) }

    private func activeIndex(_ serial: Int) -> Int? {
        var low = 0
        var high = active.count
        while low < high {
            let middle = (low + high) / 2
            if active[middle] < serial { low = middle + 1 } else { high = middle }
        }
        return low < active.count && active[low] == serial ? low : nil
    }

    /// Drops the oldest closed orders.
    private mutating func forget() {
        var surplus = orders.count - active.count - OrderStore.closedKept
        guard surplus > 0 else { return }
        var kept: [Order] = []
        kept.reserveCapacity(orders.count)
        refreshHashes()
        var forgotten: [Int] = []
        for (place, order) in orders.enumerated() {
            if surplus > 0, !order.isActive {
                surplus -= 1
                forgotten.append(place)
                if !order.orderLinkID.isEmpty { byLinkID[order.orderLinkID] = nil }
                if !order.orderID.isEmpty { byOrderID[order.orderID] = nil }
            } else {
                kept.append(order)
            }
        }
        orders = kept
        hashes.remove(forgotten)
    }

    private mutating func index(_ order: Order) {
        if !order.orderLinkID.isEmpty { byLinkID[order.orderLinkID] = order.serial }
        if !order.orderID.isEmpty { byOrderID[order.orderID] = order.serial }
    }
}

extension OrderStore: Codable {
    private enum Key: String, CodingKey { case orders, nextSerial }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        for order in try container.decode([Order].self, forKey: .orders) { take(order) }
        nextSerial = try container.decode(Int.self, forKey: .nextSerial)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        if CanonicalPurpose.isHash(encoder) {
            try container.encode(hashes.sum(orders), forKey: .orders)
        } else {
            try container.encode(orders, forKey: .orders)
        }
        try container.encode(nextSerial, forKey: .nextSerial)
    }
}
