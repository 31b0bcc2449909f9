/// What is left of the exchange's quotas, by its own answers: the least of each group within ten seconds.
public struct QuotaMeter: Sendable {
    private struct Group: Sendable {
        var name: String
        var limit: Int
        /// Rising in both: an older one that left more says nothing.
        var seen: [(time: Int64, left: Int)] = []
    }

    private static let window: Int64 = 10_000_000_000
    /// Groups of endpoints are few; what the exchange answers cannot make more of them than we ask for.
    private static let groupsMax = 64
    private var groups: [Group] = []

    public init() {}

    /// An answer of the exchange; nothing where it says nothing of a quota.
    public mutating func note(group: String, limit: Int?, left: Int?, at now: Int64) {
        guard let limit, let left, (1...100_000).contains(limit), left >= 0 else { return }
        let place: Int
        if let known = groups.firstIndex(where: { $0.name == group }) {
            place = known
        } else {
            guard groups.count < QuotaMeter.groupsMax else { return }
            place = groups.firstIndex { $0.name > group } ?? groups.count
            groups.insert(Group(name: group, limit: limit), at: place)
        }
        groups[place].limit = limit
        while let last = groups[place].seen.last, last.left >= left {
            groups[place].seen.removeLast()
        }
        groups[place].seen.append((now, left))
        forget(place, now)
    }

    private mutating func forget(_ place: Int, _ now: Int64) {
        groups[place].seen.removeAll { now - $0.time >= QuotaMeter.window }
    }

    /// Of every group that was ever used; one that was not used lately has all of it left.
    public mutating func readings(at now: Int64) -> [Reading.Quota] {
        groups.indices.map { place in
            forget(place, now)
            let group = groups[place]
            let left = group.seen.first?.left ?? group.limit
            return Reading.Quota(
                group: group.name,
                limit: group.limit,
                left: min(left, group.limit)
            )
        }
    }
}
