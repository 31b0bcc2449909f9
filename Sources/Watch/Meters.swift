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

/// How fast a recording grows, by what it grew within the last hour.
public struct GrowthMeter: Sendable {
    private static let step: Int64 = 60_000_000_000
    private static let shortest: Int64 = 10 * step
    private static let kept = 61
    private static let day: Int64 = 86_400_000_000_000
    private var samples: [(time: Int64, bytes: Int64)] = []

    public init() {}

    /// - Parameter bytes: on the disk so far; of any beginning.
    public mutating func note(bytes: Int64, at now: Int64) {
        if let last = samples.last, now - last.time < GrowthMeter.step { return }
        samples.append((now, bytes))
        if samples.count > GrowthMeter.kept { samples.removeFirst() }
    }

    /// `nil` before ten minutes have been seen.
    public var bytesPerDay: Int64? {
        guard let first = samples.first, let last = samples.last,
            last.time - first.time >= GrowthMeter.shortest
        else { return nil }
        let grown = max(0, last.bytes - first.bytes)
        let (high, low) = grown.multipliedFullWidth(by: GrowthMeter.day)
        let span = last.time - first.time
        guard high < span else { return nil }
        return span.dividingFullWidth((high, low)).quotient
    }

    /// Nanoseconds until `free` bytes are used up; `nil` while that is not known or more than a hundred years off.
    public func timeLeft(free: Int64) -> Int64? {
        guard let daily = bytesPerDay, daily > 0 else { return nil }
        let days = free / daily
        guard days < 36_500 else { return nil }
        let rest = free % daily
        return days * GrowthMeter.day + rest / max(1, daily / 86_400) * 1_000_000_000
    }
}
