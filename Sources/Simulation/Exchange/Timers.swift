/// What is due when, soonest first; equal moments in the order of their ordinals.
///
/// A binary heap. The ordinal makes the order of equal moments a fact of the configuration, not of the calls.
struct Timers: Sendable {
    struct Entry: Sendable {
        var task: ScheduledTask
        /// Time and ordinal in one number, so that a comparison needs no branch.
        fileprivate var key: UInt128

        fileprivate init(_ task: ScheduledTask, at time: Int64) {
            self.task = task
            key = UInt128(UInt64(max(0, time))) << 64 | UInt128(task.ordinal)
        }

        var time: Int64 { Int64(key >> 64) }

        fileprivate mutating func move(to time: Int64) {
            key = UInt128(UInt64(max(0, time))) << 64 | key & UInt128(UInt64.max)
        }
    }

    private var heap: [Entry] = []

    var first: Entry? { heap.first }

    mutating func add(_ task: ScheduledTask, at time: Int64) {
        heap.append(Entry(task, at: time))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].key < heap[parent].key else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func removeFirst() {
        guard let last = heap.popLast(), !heap.isEmpty else { return }
        heap[0] = last
        sink()
    }

    /// The first task becomes due at `time` instead.
    mutating func moveFirst(to time: Int64) {
        heap[0].move(to: time)
        sink()
    }

    /// The first entry goes down until none below it is sooner; the sooner ones move up into its place.
    private mutating func sink() {
        heap.withUnsafeMutableBufferPointer { heap in
            let entry = heap[0]
            var place = 0
            while true {
                var child = 2 * place + 1
                guard child < heap.count else { break }
                if child + 1 < heap.count {
                    child += heap[child + 1].key < heap[child].key ? 1 : 0
                }
                guard heap[child].key < entry.key else { break }
                heap[place] = heap[child]
                place = child
            }
            heap[place] = entry
        }
    }
}

/// Something that happens at a fixed moment: a minute ends before the market moves, and the market moves before what
/// reports on it.
enum ScheduledTask: Sendable {
    case market(listing: Int32)
    case funding
    case session
    case sample
    case day
    /// A speculator acts.
    case bet
    case deliver(listing: Int32)
    /// New instruments, after those that they follow have gone.
    case calendar(place: Int32)
    case closeCandle(listing: Int32)
    case pushCandle(listing: Int32)
    /// Books are looked at: ``BookFlushes``.
    case flushBooks
    case pushTicker(listing: Int32)

    var ordinal: Int64 {
        switch self {
        case .closeCandle(let listing): Int64(listing)
        case .market(let listing): 1 << 40 | Int64(listing)
        case .deliver(let listing): 2 << 40 | Int64(listing)
        case .calendar(let place): 2 << 40 | 5 << 32 | Int64(place)
        case .session: 2 << 40 | 1 << 32
        case .funding: 2 << 40 | 2 << 32
        case .day: 2 << 40 | 3 << 32
        case .bet: 1 << 40 | 1 << 32
        case .sample: 2 << 40 | 4 << 32
        case .pushCandle(let listing): 3 << 40 | Int64(listing)
        case .flushBooks: 4 << 40
        case .pushTicker(let listing): 5 << 40 | Int64(listing)
        }
    }
}
