import Market

/// Places of orders by one of their ids.
///
/// Open addressing over hashes of 64 bits; the caller compares the id where the hash is the same. For look-up only, never
/// walked.
struct OrderIndex: Sendable {
    private struct Slot {
        var hash: UInt64 = 0
        /// From 1; 0 is free.
        var place: UInt32 = 0
    }

    private var slots = [Slot](repeating: Slot(), count: 64)
    private var count = 0

    init() {}

    /// Never 0, which stands for no id.
    @inline(never)
    static func hash(_ id: String) -> UInt64 { Mix.wide(id).0 | 1 }

    /// The place of the one whose id it is, by `isIt`; the newest of those with the same id.
    @inline(__always)
    func place(_ hash: UInt64, _ isIt: (Int) -> Bool) -> Int? {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash >> 1) & mask
        var found: Int?
        while slots[slot].place != 0 {
            if slots[slot].hash == hash {
                let place = Int(slots[slot].place) - 1
                if place > found ?? -1, isIt(place) { found = place }
            }
            slot = (slot + 1) & mask
        }
        return found
    }

    mutating func insert(_ hash: UInt64, _ place: Int) {
        if 2 * (count + 1) > slots.count { grow() }
        put(Slot(hash: hash, place: UInt32(place + 1)))
        count += 1
    }

    /// Keeps the memory.
    mutating func removeAll() {
        for slot in slots.indices { slots[slot] = Slot() }
        count = 0
    }

    private mutating func put(_ item: Slot) {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: item.hash >> 1) & mask
        while slots[slot].place != 0 { slot = (slot + 1) & mask }
        slots[slot] = item
    }

    private mutating func grow() {
        let old = slots
        slots = [Slot](repeating: Slot(), count: 2 * old.count)
        for item in old where item.place != 0 { put(item) }
    }
}
