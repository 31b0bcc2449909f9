import Market

/// What is to happen when, on a virtual clock; of one moment in the order in which it was put down.
struct Agenda {
    private var items: [(time: Int64, number: Int, body: () -> Void)] = []
    private var count = 0

    /// Nanoseconds; `nil` when nothing is left.
    var next: Int64? { items.last?.time }

    mutating func add(at time: Int64, _ body: @escaping () -> Void) {
        count += 1
        var place = items.count
        // Latest first, so that the next one is taken from the end.
        while place > 0, items[place - 1].time <= time { place -= 1 }
        items.insert((time, count, body), at: place)
    }

    mutating func take() -> (time: Int64, body: () -> Void)? {
        items.popLast().map { ($0.time, $0.body) }
    }
}
