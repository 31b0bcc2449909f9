import Market

/// Whose limits of risk are asked for: each contract's once in a recording, and those that got no answer a few times more.
struct LimitQuestions {
    /// Seconds from a question without an answer to the next one for its contract; twice as long behind each.
    static let pause = 60
    /// Questions for one contract in a recording: what the exchange does not tell is not asked for all day.
    static let mostAsked = 5

    private struct Question {
        var asked = 0
        /// The second from which on it is to be asked; `nil` while an answer is awaited, and when there are no more.
        var due: Int? = 0
    }

    private var questions: [InstrumentID: Question] = [:]

    /// The contracts to ask for at a second of the session, in order; whoever takes them asks.
    mutating func take(_ contracts: Set<InstrumentID>, at second: Int) -> [InstrumentID] {
        var taken: [InstrumentID] = []
        for contract in contracts.sorted() {
            var question = questions[contract] ?? Question()
            guard let due = question.due, due <= second else { continue }
            question.asked += 1
            question.due = nil
            questions[contract] = question
            taken.append(contract)
        }
        return taken
    }

    /// A question has ended, with the limits or without.
    mutating func ended(_ contract: InstrumentID, isAnswered: Bool, at second: Int) {
        guard var question = questions[contract] else { return }
        let isOver = isAnswered || question.asked >= LimitQuestions.mostAsked
        question.due = isOver ? nil : second + LimitQuestions.pause << (question.asked - 1)
        questions[contract] = question
    }
}
