import Market

/// The beginning of a full book: its stream has changes alone, and the book that they change comes as a reply.
///
/// Changes wait here until the reply's `seq` and `u` are both those of one of them: that one is in the reply, and those
/// behind it are not.
///
/// - Source: bybit-v5 §3.1, `orderbook.full`.
struct FullBookSync: Sendable, Codable {
    /// What is to be done after a change or a reply.
    enum Step {
        /// The next change, or the reply under way, decides.
        case wait
        /// The book is to be asked for: at once the first time, after a pause when a reply was of no use.
        case ask
        /// The book, and the changes that it does not hold.
        case load(BookUpdate, changes: [BookUpdate])
    }

    /// What a change did to those that wait.
    enum Taken {
        case waits
        /// `u` did not follow, or began again: only this one waits now.
        case begins(expected: Int64)
        /// `u` or `seq` is that of before; left out.
        case old
    }

    /// The most that wait, a minute and a half at one each 200 ms; with one more it begins again.
    private static let most = 512

    private var changes: [BookUpdate] = []
    /// `u` and `seq` of the last change, those that have been left out because the reply holds them included.
    private var last: Int64?
    private var lastSequence: Int64 = 0
    /// A reply that is newer than every change so far.
    private var reply: BookUpdate?
    /// The question is under way, or will be asked at a time that is set.
    private(set) var isAsked = false
    /// Replies in a row that were of no use.
    private(set) var failures = 0

    /// - Parameter failures: of before, which make the first question wait.
    init(failures: Int = 0) { self.failures = failures }

    /// Nanoseconds to the next question: 0.25 s at first, twice as long each time, 32 s at most.
    var pause: Int64 { 250_000_000 << Int64(max(0, min(failures - 1, 7))) }

    mutating func take(_ change: BookUpdate) -> Taken {
        guard let before = last, change.updateID != 1 else {
            begin(with: change)
            return .waits
        }
        if change.updateID <= before { return .old }
        if change.updateID != before + 1 || changes.count >= FullBookSync.most {
            begin(with: change)
            return .begins(expected: before + 1)
        }
        // It is left out as the rule says; the one behind it does not follow then, and begins again.
        if change.crossSequence < lastSequence { return .old }
        changes.append(change)
        last = change.updateID
        lastSequence = change.crossSequence
        return .waits
    }

    private mutating func begin(with change: BookUpdate) {
        changes = [change]
        last = change.updateID
        lastSequence = change.crossSequence
        reply = nil
    }

    /// What follows from the changes and the reply that are here.
    mutating func judge() -> Step {
        guard let book = reply else {
            if isAsked || changes.isEmpty { return .wait }
            isAsked = true
            return .ask
        }
        if let first = changes.first, book.crossSequence < first.crossSequence {
            return useless()
        }
        changes.removeAll { $0.crossSequence < book.crossSequence }
        guard let first = changes.first else { return .wait }
        guard first.crossSequence == book.crossSequence, first.updateID == book.updateID else {
            return useless()
        }
        return .load(book, changes: Array(changes.dropFirst()))
    }

    private mutating func useless() -> Step {
        reply = nil
        failures += 1
        isAsked = true
        return .ask
    }

    /// The book has come.
    mutating func answered(_ book: BookUpdate) -> Step {
        reply = book
        isAsked = false
        return judge()
    }

    /// The question was refused, or its answer cannot be read.
    mutating func refused() -> Step { useless() }
}
