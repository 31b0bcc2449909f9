public import Market

/// Timers that were set and have not fired: by strategy and name, one each.
public struct Timers: Hashable, Sendable, Codable {
    public struct Timer: Hashable, Sendable, Codable {
        public var strategy: String
        public var name: String
        public var due: Timestamp
    }

    /// Sorted by strategy and name.
    public private(set) var pending: [Timer] = []

    init() {}

    mutating func set(_ strategy: String, _ name: String, due: Timestamp) {
        let timer = Timer(strategy: strategy, name: name, due: due)
        let place =
            pending.firstIndex { ($0.strategy, $0.name) >= (strategy, name) } ?? pending.count
        if place < pending.count, pending[place].strategy == strategy,
            pending[place].name == name
        {
            pending[place] = timer
        } else {
            pending.insert(timer, at: place)
        }
    }

    /// Removes the timer; false when it was set anew meanwhile, or is not set.
    mutating func fire(_ event: TimerEvent) -> Bool {
        let place = pending.firstIndex {
            $0.strategy == event.strategy && $0.name == event.name && $0.due == event.due
        }
        guard let place else { return false }
        pending.remove(at: place)
        return true
    }

    mutating func removeAll() { pending.removeAll() }
}
