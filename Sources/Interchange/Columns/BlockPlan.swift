/// Which blocks are decoded, which wait for those before them, and in which order they are written.
///
/// A block ends by its number of records, and earlier where they grow too large in memory; what is left of it is then
/// cut into blocks of as many records as it had. That hangs on the records alone, so that the blocks are the same on
/// any number of cores.
struct BlockPlan {
    private enum State {
        case due
        case begun
        case done(DecodedBlock)
    }

    private struct Slot {
        let id: Int
        let range: ClosedRange<UInt64>
        var state = State.due
    }

    /// Those that are known by now, the first to be written last.
    private var slots: [Slot] = []
    /// Numbers behind those of all slots.
    private var rest: ClosedRange<UInt64>?
    private let records: UInt64
    /// So many are begun and not written, one more where the first is not among them.
    private let ahead: Int
    private var ids = 0

    init(_ range: ClosedRange<UInt64>?, records: UInt64, ahead: Int) {
        rest = range
        self.records = records
        self.ahead = ahead
    }

    var isEmpty: Bool { slots.isEmpty && rest == nil }

    /// Bytes of the blocks that are decoded and not written.
    var bytes: Int {
        slots.suffix(ahead + 1).reduce(0) { sum, slot in
            if case .done(let block) = slot.state { return sum + block.bytes }
            return sum
        }
    }

    /// The next block to decode; `nil` while enough are under way.
    mutating func begin() -> (id: Int, range: ClosedRange<UInt64>)? {
        var begun = 0
        for place in slots.indices.reversed() {
            if case .due = slots[place].state {
                // What comes first is never held up by what waits for it.
                guard begun < ahead || place == slots.count - 1 else { return nil }
                slots[place].state = .begun
                return (slots[place].id, slots[place].range)
            }
            begun += 1
            if begun > ahead { return nil }
        }
        guard begun < ahead, let all = rest else { return nil }
        let last = min(all.lowerBound + records - 1, all.upperBound)
        rest = last < all.upperBound ? (last + 1)...all.upperBound : nil
        let slot = Slot(id: newID(), range: all.lowerBound...last, state: .begun)
        slots.insert(slot, at: 0)
        return (slot.id, slot.range)
    }

    mutating func finish(_ id: Int, _ block: DecodedBlock) {
        guard let place = slots.lastIndex(where: { $0.id == id }) else { return }
        slots[place].state = .done(block)
        guard var first = block.rest else { return }
        let range = slots[place].range
        let size = first - range.lowerBound
        var pieces: [Slot] = []
        while first <= range.upperBound {
            let last = min(first + size - 1, range.upperBound)
            pieces.append(Slot(id: newID(), range: first...last))
            first = last + 1
        }
        slots.insert(contentsOf: pieces.reversed(), at: place)
    }

    /// The block that is written next, once it is decoded.
    mutating func takeFirst() -> DecodedBlock? {
        guard let first = slots.last, case .done(let block) = first.state else { return nil }
        slots.removeLast()
        return block
    }

    private mutating func newID() -> Int {
        ids += 1
        return ids
    }
}
