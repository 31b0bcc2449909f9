import Market

/// All orders that matter: those that may still trade, and the last closed ones, so that late rows find theirs.
struct OrderStore: Sendable {
    /// Closed orders that are kept; a row that comes later than that is told as a finding.
    static let closedKept = 512

    /// Rising serial numbers.
    private(set) var orders: [Order] = []
    /// Serials of orders that may still trade or whose fills are not all reported.
    private(set) var active: [Int] = []
    private var nextSerial = 1
    /// Wrapping sum over the orders that are not active: they hardly change, and are not walked for each hash.
    private var restHash: UInt64 = 0
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

    @discardableResult
    mutating func add(_ order: Order) -> Int {
        if orders.count >= 2 * OrderStore.closedKept + active.count { forget() }
        var order = order
        order.serial = nextSerial
        nextSerial += 1
        orders.append(order)
        active.append(order.serial)
        index(order)
        return orders.count - 1
    }

    /// Changes an order in place and keeps the look-ups and the list of active ones right.
    mutating func update<Result>(_ place: Int, _ change: (inout Order) -> Result) -> Result {
        let hadID = !orders[place].orderID.isEmpty
        let before = activeIndex(orders[place].serial) == nil ? hash(orders[place]) : 0
        let result = change(&orders[place])
        if !hadID, !orders[place].orderID.isEmpty {
            byOrderID[orders[place].orderID] = orders[place].serial
        }
        let serial = orders[place].serial
        let isActive = !orders[place].isClosed || orders[place].exposure.units > 0
        let index = activeIndex(serial)
        if isActive, index == nil {
            active.insert(serial, at: active.firstIndex { $0 > serial } ?? active.count)
        } else if !isActive, let index {
            active.remove(at: index)
        }
        restHash &+= (isActive ? 0 : hash(orders[place])) &- before
        return result
    }

    private func hash(_ order: Order) -> UInt64 {
        do {
            return try CanonicalEncoder().hash(order)
        } catch {
            // Nothing in an order is refused.
            return 0
        }
    }

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
        for order in orders {
            if surplus > 0, activeIndex(order.serial) == nil {
                surplus -= 1
                restHash &-= hash(order)
                if !order.orderLinkID.isEmpty { byLinkID[order.orderLinkID] = nil }
                if !order.orderID.isEmpty { byOrderID[order.orderID] = nil }
            } else {
                kept.append(order)
            }
        }
        orders = kept
    }

    private mutating func index(_ order: Order) {
        if !order.orderLinkID.isEmpty { byLinkID[order.orderLinkID] = order.serial }
        if !order.orderID.isEmpty { byOrderID[order.orderID] = order.serial }
    }
}

extension OrderStore: Codable {
    private enum Key: String, CodingKey { case orders, active, nextSerial, rest }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        orders = try container.decode([Order].self, forKey: .orders)
        active = try container.decode([Int].self, forKey: .active)
        nextSerial = try container.decode(Int.self, forKey: .nextSerial)
        for order in orders {
            index(order)
            if activeIndex(order.serial) == nil { restHash &+= hash(order) }
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        if CanonicalPurpose.isHash(encoder) {
            try container.encode(restHash, forKey: .rest)
            for serial in active {
                if let place = place(ofSerial: serial) {
                    try container.encode(orders[place], forKey: .orders)
                }
            }
        } else {
            try container.encode(orders, forKey: .orders)
        }
        try container.encode(active, forKey: .active)
        try container.encode(nextSerial, forKey: .nextSerial)
    }
}
