/// What is due when, soonest first; equal moments in the order of their ordinals.
///
/// A binary heap. The ordinal makes the order of equal moments a fact of the configuration, not of the calls.
struct Timers: Sendable {
    struct Entry: Sendable {
        var time: Int64
        var task: ScheduledTask
    }

    private var heap: [Entry] = []

    var first: Entry? { heap.first }

    mutating func add(_ task: ScheduledTask, at time: Int64) {
        heap.append(Entry(time: time, task: task))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard Timers.precedes(heap[child], heap[parent]) else { break }
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
        heap[0].time = time
        sink()
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { return }
            if child + 1 < heap.count, Timers.precedes(heap[child + 1], heap[child]) { child += 1 }
            guard Timers.precedes(heap[child], heap[parent]) else { return }
            heap.swapAt(child, parent)
            parent = child
        }
    }

    private static func precedes(_ left: Entry, _ right: Entry) -> Bool {
        left.time != right.time
            ? left.time < right.time : left.task.ordinal < right.task.ordinal
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
    case flushBook(listing: Int32, stream: Int32)
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
        case .flushBook(let listing, let stream): 4 << 40 | Int64(listing) << 8 | Int64(stream)
        case .pushTicker(let listing): 5 << 40 | Int64(listing)
        }
    }
}
