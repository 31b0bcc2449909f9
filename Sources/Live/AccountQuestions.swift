import Market

/// Questions about the account that are asked once in a recording, and a few times more where they got no answer.
struct AccountQuestions<Subject: Hashable> {
    /// Seconds from a question without an answer to the next one on its subject; twice as long behind each.
    static var pause: Int { 60 }
    /// Questions on a subject in a recording: what the exchange does not tell is not asked for all day.
    static var mostAsked: Int { 5 }

    private struct Question {
        var asked = 0
        /// The second from which on it is to be asked; `nil` while an answer is awaited, and when there are no more.
        var due: Int? = 0
    }

    /// For look-up only; never walked.
    private var questions: [Subject: Question] = [:]

    /// Something was asked in this recording.
    var hasAsked: Bool { !questions.isEmpty }

    /// Those of the subjects that are to be asked for at a second of the session, in their order; whoever takes them asks.
    mutating func take(_ subjects: some Sequence<Subject>, at second: Int) -> [Subject] {
        var taken: [Subject] = []
        for subject in subjects {
            var question = questions[subject] ?? Question()
            guard let due = question.due, due <= second else { continue }
            question.asked += 1
            question.due = nil
            questions[subject] = question
            taken.append(subject)
        }
        return taken
    }

    /// A question has ended, with an answer or without.
    mutating func ended(_ subject: Subject, isAnswered: Bool, at second: Int) {
        guard var question = questions[subject] else { return }
        let isOver = isAnswered || question.asked >= Self.mostAsked
        question.due = isOver ? nil : second + Self.pause << (question.asked - 1)
        questions[subject] = question
    }
}

/// Whose limits of risk are asked for.
typealias LimitQuestions = AccountQuestions<InstrumentID>
