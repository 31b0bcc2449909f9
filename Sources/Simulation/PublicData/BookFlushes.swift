import Market

/// When each book that somebody subscribes to is looked at next, in the order of listing and stream.
///
/// One timer serves all of them: most find nothing new, and a timer each would cost more than the look.
struct BookFlushes: Sendable {
    struct Entry: Sendable {
        var listing: Int32
        var stream: Int32
        var due: Int64

        fileprivate var order: Int64 { Int64(listing) << 32 | Int64(stream) }
    }

    /// Nanoseconds; every book's interval is a multiple of it.
    static let tick: Int64 = 10_000_000

    fileprivate(set) var entries: [Entry] = []
    /// True while the timer stands.
    var isScheduled = false

    mutating func add(_ entry: Entry) {
        let place = entries.firstIndex { $0.order > entry.order } ?? entries.count
        entries.insert(entry, at: place)
    }
}

extension SimulatedExchange {
    /// Looks at the books that are due, and lets go of those that nobody subscribes to any more.
    mutating func flushBooks(into output: inout ExchangeOutput) -> Int64? {
        let time = now.nanoseconds
        var kept = 0
        for place in bookFlushes.entries.indices {
            let entry = bookFlushes.entries[place]
            var due: Int64? = entry.due
            if entry.due <= time { due = flushBook(entry, into: &output) }
            guard let due else { continue }
            if kept != place { bookFlushes.entries[kept] = entry }
            bookFlushes.entries[kept].due = due
            kept += 1
        }
        bookFlushes.entries.removeLast(bookFlushes.entries.count - kept)
        bookFlushes.isScheduled = kept > 0
        return kept > 0 ? following(BookFlushes.tick) : nil
    }

    private mutating func flushBook(
        _ entry: BookFlushes.Entry,
        into output: inout ExchangeOutput
    ) -> Int64? {
        let index = Int(entry.listing)
        let place = Int(entry.stream)
        guard states[index].streams[place].isActive, quotes[index].isLive else {
            states[index].streams[place].isScheduled = false
            return nil
        }
        if let update = states[index].flushBook(place, at: now.nanoseconds) {
            output.append(.book(facts[index].id, update), at: now)
        }
        // Without a division where it looks each time, as it does.
        let interval = states[index].streams[place].interval
        let next = entry.due &+ interval
        let isNext = entry.due <= now.nanoseconds && next > now.nanoseconds
        return isNext ? next : following(interval)
    }
}

extension ListingState {
    /// The message of one depth that is due; `nil` when there is nothing new within it.
    fileprivate mutating func flushBook(_ place: Int, at now: Int64) -> BookUpdate? {
        guard streams[place].hasNews(book.changes, at: now) else { return nil }
        let moment = moment(now)
        return streams[place].flush(book, at: moment)
    }
}
