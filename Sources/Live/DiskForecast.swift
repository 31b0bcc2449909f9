/// How fast a session fills the disk, and how long that can go on.
public struct DiskForecast: Hashable, Sendable {
    /// What all recordings of the session's row take, bytes.
    public var used: UInt64
    /// What they may take; `nil`: no limit of their own.
    public var budget: UInt64?
    /// What the file system still has for this user.
    public var free: UInt64
    /// What must stay free there.
    public var reserve: UInt64
    /// Whether the oldest goes when there is no more room.
    public var prunes: Bool
    /// What segments grew by, in bytes a day, measured over the last hours; `nil` in the first minute.
    public var bytesPerDay: UInt64?

    public init(
        used: UInt64,
        budget: UInt64? = nil,
        free: UInt64,
        reserve: UInt64 = 0,
        prunes: Bool = false,
        bytesPerDay: UInt64? = nil
    ) {
        self.used = used
        self.budget = budget
        self.free = free
        self.reserve = reserve
        self.prunes = prunes
        self.bytesPerDay = bytesPerDay
    }

    /// Bytes that may still be written before the rule for a full disk acts.
    public var room: UInt64 {
        let ofDisk = free > reserve ? free - reserve : 0
        guard let budget else { return ofDisk }
        return min(ofDisk, budget > used ? budget - used : 0)
    }

    /// Bytes that are missing below the budget and the reserve; 0 while there is room.
    public var missing: UInt64 {
        let above = budget.map { used > $0 ? used - $0 : 0 } ?? 0
        return max(above, free < reserve ? reserve - free : 0)
    }

    /// Days until there is no room; `nil` where nothing grows, where it is not measured yet, and where pruning keeps
    /// the budget before the disk is full.
    public var daysLeft: Double? {
        guard let bytesPerDay, bytesPerDay > 0 else { return nil }
        if prunes {
            let ofDisk = free > reserve ? free - reserve : 0
            guard let budget else { return nil }
            let growth = budget > used ? budget - used : 0
            guard ofDisk < growth else { return nil }
            return Double(ofDisk) / Double(bytesPerDay)
        }
        return Double(room) / Double(bytesPerDay)
    }

    /// ``daysLeft`` in nanoseconds; `nil` also where it is more than a hundred years.
    var nanosecondsLeft: Int64? {
        guard let daysLeft, daysLeft < 36_500 else { return nil }
        return Int64(daysLeft * 86_400e9)
    }

    /// Days of recordings that stay on the disk where the oldest goes; `nil` elsewhere and where nothing grows.
    public var daysKept: Double? {
        guard prunes, let bytesPerDay, bytesPerDay > 0 else { return nil }
        let ofDisk = used + (free > reserve ? free - reserve : 0)
        return Double(min(budget ?? ofDisk, ofDisk)) / Double(bytesPerDay)
    }
}

/// The growth of a session's segments over the last hours.
struct DiskRate {
    private struct Sample {
        var time: Int64
        var bytes: UInt64
    }

    /// Samples are a minute apart and as old as this, nanoseconds.
    static let span: Int64 = 6 * 3_600_000_000_000
    static let interval: Int64 = 60_000_000_000

    private var samples: [Sample] = []

    /// - Parameters:
    ///   - bytes: written to segments since the session began; never fewer than before.
    ///   - time: monotonic nanoseconds.
    mutating func add(_ bytes: UInt64, at time: Int64) {
        if let last = samples.last, time - last.time < DiskRate.interval { return }
        samples.append(Sample(time: time, bytes: bytes))
        // One before the span stays, so that the span is always covered.
        while samples.count > 2, time - samples[1].time >= DiskRate.span { samples.removeFirst() }
    }

    /// Bytes a day; `nil` before two samples.
    var bytesPerDay: UInt64? {
        guard let first = samples.first, let last = samples.last, last.time > first.time,
            last.bytes >= first.bytes
        else { return nil }
        let day = 86_400_000_000_000.0
        let rate = Double(last.bytes - first.bytes) / Double(last.time - first.time) * day
        return UInt64(min(rate, Double(Int64.max)))
    }
}
