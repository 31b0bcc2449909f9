import Market

/// What is to happen at which moment of a simulated run; of one moment in the order in which it was put down.
struct RunAgenda {
    /// What it is of lies apart, so that tasks are put in order without being copied.
    indirect enum Task {
        /// A request reaches the exchange.
        case arrival(Command.Action, sent: Timestamp, after: SequenceNumber)
        /// Something of the exchange reaches the client.
        case delivery(Delivery)
        case timer(TimerEvent)
    }

    final class Delivery {
        let stream: StreamName
        var event: Event
        /// It comes on the private socket, and is lost while that is down.
        let isPush: Bool

        init(stream: StreamName, event: consuming Event, isPush: Bool) {
            self.stream = stream
            self.event = event
            self.isPush = isPush
        }
    }

    private struct Entry {
        var time: Int64
        var number: UInt64
        var task: Task

        static func < (left: Entry, right: Entry) -> Bool {
            (left.time, left.number) < (right.time, right.number)
        }
    }

    /// A binary heap.
    private var entries: [Entry] = []
    private var count: UInt64 = 0

    var next: Int64? { entries.first?.time }

    /// The next one is something that the client gets.
    var isDelivery: Bool {
        guard let first = entries.first else { return false }
        if case .arrival = first.task { return false }
        return true
    }

    mutating func add(_ task: Task, at time: Int64) {
        count += 1
        entries.append(Entry(time: time, number: count, task: task))
        var place = entries.count - 1
        while place > 0 {
            let parent = (place - 1) / 2
            guard entries[place] < entries[parent] else { return }
            entries.swapAt(place, parent)
            place = parent
        }
    }

    mutating func take() -> Task? {
        guard let first = entries.first else { return nil }
        let last = entries.removeLast()
        guard !entries.isEmpty else { return first.task }
        entries[0] = last
        var place = 0
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2]
            where child < entries.count && entries[child] < entries[least] {
                least = child
            }
            guard least != place else { return first.task }
            entries.swapAt(place, least)
            place = least
        }
    }

    mutating func removeTimers() {
        let kept = entries.filter { if case .timer = $0.task { false } else { true } }
        // A sorted array is a heap.
        entries = kept.sorted { $0 < $1 }
    }
}
