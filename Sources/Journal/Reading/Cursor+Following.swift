import Glibc
import Market

/// What is being written while it is read.
extension Cursor {
    /// True when nothing will come behind the last record given.
    ///
    /// Without following that is so as soon as ``next()`` has given `nil`; with it when the seal has been read.
    public var isAtEnd: Bool {
        guard place >= end, position >= layout.names.count else { return false }
        return !follows || !layout.isLive || live?.isEnded == true
    }

    /// Waits until more may be there: 1 ms after a record was given, then longer each time, 25 ms at most.
    public func rest() {
        var time = timespec(tv_sec: 0, tv_nsec: pause)
        nanosleep(&time, nil)
        pause = min(pause * 2, Cursor.longestRest)
    }

    static let shortestRest = 1_000_000
    private static let longestRest = 25_000_000

    func follow() throws(JournalError) -> Bool {
        if live == nil { live = try LiveReader(layout) }
        guard let live, let first = try live.advance(into: chunk) else { return false }
        try registerNew(live.segment)
        begin()
        firstWanted = max(firstWanted, first)
        pause = Cursor.shortestRest
        return true
    }
}
