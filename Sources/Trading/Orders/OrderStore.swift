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
        /// What may still move the position, of all orders of the instrument and side.
        var exposure = WideSum()

        init(_ instrument: InstrumentID, _ side: Side) {
            self.instrument = instrument
            self.side = side
        }

        func isOf(_ instrument: InstrumentID, _ side: Side) -> Bool {
            self.side == side && self.instrument == instrument
        }

        static func hash(_ instrument: InstrumentID, _ side: Side) -> UInt64 {
            let kind = UInt64(instrument.category.rawValue) * 2 + (side == .buy ? 1 : 0)
            return Mix.combine(instrument.symbol.fixedHash, kind) | 1
        }
    }

    /// What is known of an order beside itself, at the order's place.
    private struct Note {
        /// Of its ids; 0 without one.
        var linkHash: UInt64
        var idHash: UInt64
        /// As it is in the sums.
        var exposure: Amount
        var direction: Int
        var isOpen: Bool
        var isActive: Bool
    }

    /// Rising serial numbers.
    private(set) var orders: [Order] = []
    /// Serials of orders that may still trade or whose fills are not all reported.
    private(set) var active: [Int] = []
    /// Orders that are not closed.
    private(set) var openCount = 0
    private var nextSerial = 1
    /// Fills of orders that no row has told of yet, the newest last.
    private var early: [EarlyFill] = []
    /// Of the order ids of ``early``, place by place: of hundreds hardly two are the same, and texts are slow to compare.
    private var earlyHashes: [UInt64] = []
    private var notes: [Note] = []
    private var directions: [Direction] = []
    private var hashes = OrderHashes()
    // For look-up only; rebuilt when read from a checkpoint.
    private var byLinkID = OrderIndex()
    private var byOrderID = OrderIndex()
    private var byDirection = OrderIndex()

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

    /// The same for who goes through them in their order: the next places behind the last one are looked at first.
    func place(ofSerial serial: Int, behind last: Int) -> Int? {
        var place = last + 1
        while place < min(orders.count, last + 5) {
            if orders[place].serial == serial { return place }
            place += 1
        }
        return self.place(ofSerial: serial)
    }

    /// Nothing is owed of the order and nothing was, or it is not yet time to ask for it, or no longer.
    mutating func isQuiet(_ place: Int, at time: Timestamp) -> Bool {
        orders[place].isQuiet(at: time)
    }

    func place(linkID: String, orderID: String) -> Int? {
        if !linkID.isEmpty {
            let place = byLinkID.place(OrderIndex.hash(linkID)) {
                orders[$0].orderLinkID == linkID
            }
            if let place { return place }
        }
        guard !orderID.isEmpty else { return nil }
        return byOrderID.place(OrderIndex.hash(orderID)) { orders[$0].orderID == orderID }
    }

    subscript(place: Int) -> Order { orders[place] }

    /// What all orders of one side may still move the position by.
    func exposure(_ instrument: InstrumentID, _ side: Side) throws(NumberError) -> Amount {
        guard let place = known(instrument, side) else { return .zero }
        return try directions[place].exposure.amount()
    }

    private func known(_ instrument: InstrumentID, _ side: Side) -> Int? {
        byDirection.place(Direction.hash(instrument, side)) {
            directions[$0].isOf(instrument, side)
        }
    }

    /// Puts an order in, at the end, and returns its place.
    ///
    /// - Parameter change: what is done to it where it lies, before it is counted.
    @discardableResult @inline(__always)
    mutating func add(
        _ order: consuming Order,
        _ change: (inout Order) -> Void = { _ in }
    ) -> Int {
        if orders.count >= 2 * OrderStore.closedKept + active.count { forget() }
        orders.append(order)
        let place = orders.count - 1
        orders[place].serial = nextSerial
        nextSerial += 1
        change(&orders[place])
        take(place)
        hashes.append()
        return place
    }

    // MARK: Fills before their order

    /// What an order had filled by executions that came before its first row.
    private struct EarlyFill: Hashable, Sendable, Codable {
        var orderID: String
        var quantity: Amount
    }

    /// Orders whose fills are remembered so: takeovers have no row at all.
    private static let earlyKept = 256

    mutating func addEarly(_ quantity: Amount, of orderID: String) {
        guard !orderID.isEmpty else { return }
        let hash = OrderIndex.hash(orderID)
        if let place = earlyPlace(orderID, hash) {
            let (sum, overflow) = early[place].quantity.units.addingReportingOverflow(
                quantity.units
            )
            if !overflow { early[place].quantity = Amount(units: sum) }
            return
        }
        if early.count == OrderStore.earlyKept {
            early.removeFirst()
            earlyHashes.removeFirst()
        }
        early.append(EarlyFill(orderID: orderID, quantity: quantity))
        earlyHashes.append(hash)
    }

    private func earlyPlace(_ orderID: String, _ hash: UInt64) -> Int? {
        var place = earlyHashes.count
        while place > 0 {
            place -= 1
            if earlyHashes[place] == hash, early[place].orderID == orderID { return place }
        }
        return nil
    }

    /// What was filled before the first row, which has come now.
    mutating func takeEarly(_ orderID: String) -> Amount {
        guard let place = earlyPlace(orderID, OrderIndex.hash(orderID)) else { return .zero }
        earlyHashes.remove(at: place)
        return early.remove(at: place).quantity
    }

    // MARK: Sums and look-ups

    /// Counts the order that was appended last.
    private mutating func take(_ place: Int) {
        let figures = orders[place].figures()
        let direction = direction(orders[place].instrument, orders[place].side)
        if figures.isActive { active.append(orders[place].serial) }
        if figures.isOpen { openCount += 1 }
        directions[direction].exposure.add(figures.exposure)
        notes.append(
            Note(
                linkHash: OrderStore.hash(orders[place].orderLinkID),
                idHash: OrderStore.hash(orders[place].orderID),
                exposure: figures.exposure,
                direction: direction,
                isOpen: figures.isOpen,
                isActive: figures.isActive
            )
        )
        index(place)
    }

    private static func hash(_ id: String) -> UInt64 { id.isEmpty ? 0 : OrderIndex.hash(id) }

    /// The place of an instrument's side; the same one mostly as of the order before.
    private mutating func direction(_ instrument: InstrumentID, _ side: Side) -> Int {
        if let note = notes.last, directions[note.direction].isOf(instrument, side) {
            return note.direction
        }
        if let place = known(instrument, side) { return place }
        directions.append(Direction(instrument, side))
        byDirection.insert(Direction.hash(instrument, side), directions.count - 1)
        return directions.count - 1
    }

    /// Changes an order in place and keeps the look-ups and sums right.
    @inline(__always)
    mutating func update<Result>(_ place: Int, _ change: (inout Order) -> Result) -> Result {
        hashes.change(place)
        let result = change(&orders[place])
        if notes[place].idHash == 0, !orders[place].orderID.isEmpty {
            notes[place].idHash = OrderIndex.hash(orders[place].orderID)
            byOrderID.insert(notes[place].idHash, place)
        }
        let figures = orders[place].figures()
        if notes[place].isOpen != figures.isOpen {
            openCount += figures.isOpen ? 1 : -1
            notes[place].isOpen = figures.isOpen
        }
        if notes[place].isActive != figures.isActive {
            toggleActive(orders[place].serial)
            notes[place].isActive = figures.isActive
        }
        let was = notes[place].direction
        let isSame = directions[was].isOf(orders[place].instrument, orders[place].side)
        if !isSame { move(place) }
        if figures.exposure != notes[place].exposure {
            directions[notes[place].direction].exposure.replace(
                notes[place].exposure,
                by: figures.exposure
            )
            notes[place].exposure = figures.exposure
        }
        return result
    }

    /// Counts the order at another instrument or side, as far as it was counted.
    private mutating func move(_ place: Int) {
        let now = direction(orders[place].instrument, orders[place].side)
        directions[notes[place].direction].exposure.subtract(notes[place].exposure)
        directions[now].exposure.add(notes[place].exposure)
        notes[place].direction = now
    }

    private mutating func toggleActive(_ serial: Int) {
        let place = activePlace(serial)
        if place < active.count, active[place] == serial {
            active.remove(at: place)
        } else {
            active.insert(serial, at: place)
        }
    }

    /// Makes the hashes of the orders that changed since the last time.
    mutating func refreshHashes() { hashes.refresh(orders) }

    /// The place of a serial among the active ones, or the one where it belongs.
    private func activePlace(_ serial: Int) -> Int {
        var low = 0
        var high = active.count
        while low < high {
            let middle = (low + high) / 2
            if active[middle] < serial { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Drops the oldest closed orders.
    private mutating func forget() {
        let surplus = orders.count - active.count - OrderStore.closedKept
        guard surplus > 0 else { return }
        var forgotten: [Int] = []
        for place in notes.indices where !notes[place].isActive {
            forgotten.append(place)
            if forgotten.count == surplus { break }
        }
        remove(forgotten)
        hashes.remove(forgotten)
        byLinkID.removeAll()
        byOrderID.removeAll()
        for place in orders.indices { index(place) }
    }

    /// Takes the orders at these rising places out.
    private mutating func remove(_ places: [Int]) {
        guard let first = places.first, let last = places.last else { return }
        // Mostly none of those between may still trade, and what follows moves once, as one piece.
        if last - first == places.count - 1 {
            orders.removeSubrange(first...last)
            notes.removeSubrange(first...last)
            return
        }
        var taken = 0
        for place in first..<orders.count {
            if taken < places.count, places[taken] == place {
                taken += 1
            } else {
                orders.swapAt(place - taken, place)
                notes[place - taken] = notes[place]
            }
        }
        orders.removeLast(taken)
        notes.removeLast(taken)
    }

    private mutating func index(_ place: Int) {
        if notes[place].linkHash != 0 { byLinkID.insert(notes[place].linkHash, place) }
        if notes[place].idHash != 0 { byOrderID.insert(notes[place].idHash, place) }
    }
}

extension OrderStore: Codable {
    private enum Key: String, CodingKey { case orders, nextSerial, early }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        for order in try container.decode([Order].self, forKey: .orders) {
            orders.append(order)
            take(orders.count - 1)
            hashes.append()
        }
        nextSerial = try container.decode(Int.self, forKey: .nextSerial)
        early = try container.decode([EarlyFill].self, forKey: .early)
        earlyHashes = early.map { OrderIndex.hash($0.orderID) }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        if CanonicalPurpose.isHash(encoder) {
            try container.encode(hashes.sum(orders), forKey: .orders)
        } else {
            try container.encode(orders, forKey: .orders)
        }
        try container.encode(nextSerial, forKey: .nextSerial)
        try container.encode(early, forKey: .early)
    }
}
