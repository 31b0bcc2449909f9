import Bybit
import Market
import Testing

@testable import Live

/// What a session asks about its account: limits of risk, which the exchange tells of a contract at a time, and what it is.
@Suite struct AccountQuestionsTests {
    private static func contract(_ name: String) throws -> InstrumentID {
        InstrumentID(.linear, try #require(Symbol(name)))
    }

    @Test func `a contract's limits are asked for once, and another's when it is held`() throws {
        let bitcoin = try Self.contract("BTCUSDT")
        let ether = try Self.contract("ETHUSDT")
        var questions = LimitQuestions()
        #expect(questions.take([bitcoin], at: 1) == [bitcoin])
        // While its answer is awaited, however long, and once it has come.
        #expect(questions.take([bitcoin], at: 1_000).isEmpty)
        #expect(questions.take([bitcoin, ether], at: 1_001) == [ether])
        questions.ended(bitcoin, isAnswered: true, at: 1_002)
        #expect(questions.take([bitcoin, ether], at: 100_000).isEmpty)
    }

    @Test func `what was refused is asked for again, a few times, until it is answered`() throws {
        let bitcoin = try Self.contract("BTCUSDT")
        var questions = LimitQuestions()
        var asked: [Int] = []
        for second in 0..<86_400 where !questions.take([bitcoin], at: second).isEmpty {
            asked.append(second)
            questions.ended(bitcoin, isAnswered: false, at: second)
        }
        #expect(asked == [0, 60, 180, 420, 900])

        questions = LimitQuestions()
        _ = questions.take([bitcoin], at: 0)
        questions.ended(bitcoin, isAnswered: false, at: 3)
        #expect(questions.take([bitcoin], at: 62).isEmpty)
        #expect(questions.take([bitcoin], at: 63) == [bitcoin])
        questions.ended(bitcoin, isAnswered: true, at: 64)
        #expect(questions.take([bitcoin], at: 86_400).isEmpty)
    }

    @Test func `the end of a question of before a roll is taken in the recording behind it`() throws
    {
        let bitcoin = try Self.contract("BTCUSDT")
        // The recording begins with questions of its own, and the answer may come before or behind the first of them.
        var questions = LimitQuestions()
        questions.ended(bitcoin, isAnswered: false, at: 5)
        #expect(questions.take([bitcoin], at: 5) == [bitcoin])
        questions.ended(bitcoin, isAnswered: false, at: 6)
        questions.ended(bitcoin, isAnswered: true, at: 7)
        #expect(questions.take([bitcoin], at: 86_400).isEmpty)
    }

    @Test func `whether cancel-on-disconnect is on is asked for once it may be`() {
        let path = DisconnectWatch.question
        let before = AccountSnapshot.surroundings([.linear], asksProtection: false)
        #expect(!before.contains { $0.path == path })
        var questions = AccountQuestions<RESTRequest>()
        #expect(questions.take(before, at: 1) == before)
        let then = AccountSnapshot.surroundings([.linear], asksProtection: true)
        #expect(questions.take(then, at: 2).map(\.path) == [path])
    }

    @Test func `each part of what the account is is asked for by itself until it is answered`() {
        let parts = ["/v5/account/info?", "/v5/account/fee-rate?category=linear"]
        var questions = AccountQuestions<String>()
        #expect(!questions.hasAsked)
        // In the order in which they are given.
        #expect(questions.take(parts, at: 1) == parts)
        #expect(questions.hasAsked)
        questions.ended(parts[0], isAnswered: true, at: 2)
        questions.ended(parts[1], isAnswered: false, at: 2)
        #expect(questions.take(parts, at: 61).isEmpty)
        #expect(questions.take(parts, at: 62) == [parts[1]])
        // A category that was added to the session file meanwhile has a part of its own.
        let added = "/v5/account/fee-rate?category=spot"
        #expect(questions.take(parts + [added], at: 63) == [added])
    }
}
