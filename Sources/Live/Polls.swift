/// Questions that are asked again and again: each at its period, sooner after a failure, and never twice at once.
///
/// Times are monotonic nanoseconds.
struct Polls<Question: Hashable> {
    private struct Poll {
        /// From when on it is to be asked.
        var due: Int64
        /// From its last failure to the next time; 0 after an answer.
        var pause: Int64 = 0
        var isUnderWay = false
    }

    /// The first pause after a failure, and the longest: a network that is up again is found within a minute.
    static var pauses: ClosedRange<Int64> { 1_000_000_000...60_000_000_000 }

    /// From an answer to the next time.
    let period: Int64
    /// For look-up only; never walked in an order that matters.
    private var polls: [Question: Poll] = [:]

    init(period: Int64) { self.period = period }

    /// Those of the questions that are due, in their order; whoever takes them asks.
    ///
    /// One that is new is due at once.
    mutating func take(_ questions: some Sequence<Question>, at now: Int64) -> [Question] {
        var taken: [Question] = []
        for question in questions {
            var poll = polls[question] ?? Poll(due: now)
            guard !poll.isUnderWay, poll.due <= now else { continue }
            poll.isUnderWay = true
            // Whatever is wanted from here on is wanted behind this.
            poll.due = .max
            polls[question] = poll
            taken.append(question)
        }
        return taken
    }

    /// A question that was taken has ended.
    ///
    /// - Parameter isAnswered: the answer is there, with all its pages.
    mutating func ended(_ question: Question, isAnswered: Bool, at now: Int64) {
        guard var poll = polls[question], poll.isUnderWay else { return }
        poll.isUnderWay = false
        let pauses = Self.pauses
        poll.pause =
            isAnswered ? 0 : min(pauses.upperBound, max(pauses.lowerBound, 2 * poll.pause))
        poll.due = min(poll.due, now + (isAnswered ? period : min(period, poll.pause)))
        polls[question] = poll
    }

    /// All are due at once; one that is under way is asked once more behind its end.
    mutating func hasten(at now: Int64) {
        for question in polls.keys { polls[question]?.due = now }
    }
}
