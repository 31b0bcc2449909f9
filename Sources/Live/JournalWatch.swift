import Journal
import Market

/// Whether records wait too long for the disk, judged by the watermarks alone: the recorder's own threads may be
/// stuck in a call that does not return.
struct JournalWatch {
    /// A record that is not *written* after so many nanoseconds halts new orders.
    let longestWait: Int64
    /// The same for orders that wait for *durable*.
    static let longestSync: Int64 = 1_000_000_000
    /// The disk counts as well again after so many nanoseconds without a record that waited too long.
    static let calm: Int64 = 1_000_000_000

    private(set) var isSlow = false
    /// This record had been appended at `since`.
    private var mark = SequenceNumber.none
    private var since: Int64 = 0
    private var lastLate: Int64 = 0

    init(longestWait: Int64) { self.longestWait = longestWait }

    /// - Parameter now: monotonic nanoseconds.
    mutating func look(_ marks: Watermarks, at now: Int64) {
        if marks.written >= mark {
            if isSlow, now - lastLate >= JournalWatch.calm { isSlow = false }
            mark = marks.appended
            since = now
        } else if now - since >= longestWait {
            isSlow = true
            lastLate = now
        }
    }
}
