import Bybit
import Gateway
import Market
import Testing

@testable import Live

/// Questions of the core that fail: the core asks again each second, and they leave ever more seldom.
@Suite struct RepeatedQuestionsTests {
    private static let second: Int64 = 1_000_000_000
    private static let orders = RESTCall(RESTRequest(.openOrders(.linear)))

    private static func order(_ link: String) throws -> RESTCall {
        let id = InstrumentID(.linear, try #require(Symbol("BTCUSDT")))
        return RESTCall(RESTRequest(.order(id, orderLinkID: link)))
    }

    /// The seconds at which a question leaves that the core asks again a second behind each failure.
    private static func departures(
        _ questions: inout RepeatedQuestions,
        _ call: RESTCall,
        from start: Int64 = 0,
        until end: Int64
    ) -> [Int64] {
        var left: [Int64] = []
        var asked: Int64? = start
        for now in start..<end {
            var leaving = questions.take(at: now * second)
            if let due = asked, due <= now {
                asked = nil
                if questions.mayLeave(call, at: now * second) { leaving.append(call) }
            }
            for call in leaving {
                left.append(now)
                questions.ended(call, isSuccess: false, at: now * second)
                asked = now + 1
            }
        }
        return left
    }

    @Test func `what fails on and on leaves ever more seldom, twice a minute in the end`() throws {
        var questions = RepeatedQuestions()
        let left = Self.departures(&questions, Self.orders, until: 160)
        #expect(left == [0, 1, 3, 7, 15, 31, 61, 91, 121, 151])
        // An order whose fate is not known has pauses of its own.
        let order = try Self.order("a")
        #expect(questions.mayLeave(order, at: 152 * Self.second) == true)
        let other = try Self.order("b")
        #expect(questions.mayLeave(other, at: 152 * Self.second) == true)
        #expect(questions.mayLeave(Self.orders, at: 152 * Self.second) == false)
    }

    @Test func `an answer, or a while without a failure, begins with the shortest pause again`() {
        var questions = RepeatedQuestions()
        #expect(Self.departures(&questions, Self.orders, until: 8) == [0, 1, 3, 7])
        questions.ended(Self.orders, isSuccess: true, at: 9 * Self.second)
        #expect(
            Self.departures(&questions, Self.orders, from: 10, until: 18) == [10, 11, 13, 17]
        )
        // The last failure was at 17.
        #expect(
            Self.departures(&questions, Self.orders, from: 137, until: 145)
                == [137, 138, 140, 144]
        )
    }

    @Test func `when the private socket is back, and at the end, nothing waits`() {
        var questions = RepeatedQuestions()
        _ = Self.departures(&questions, Self.orders, until: 16)
        #expect(questions.mayLeave(Self.orders, at: 17 * Self.second) == false)
        #expect(questions.take(at: 18 * Self.second).isEmpty)
        #expect(questions.take(at: 18 * Self.second, all: true) == [Self.orders])
        #expect(questions.mayLeave(Self.orders, at: 19 * Self.second) == false)
        questions.forget()
        #expect(questions.take(at: 19 * Self.second) == [Self.orders])
        #expect(questions.take(at: 100 * Self.second).isEmpty)
        #expect(questions.mayLeave(Self.orders, at: 19 * Self.second) == true)
    }

    @Test func `of one question that waits twice the later leaves, once`() {
        var questions = RepeatedQuestions()
        _ = Self.departures(&questions, Self.orders, until: 16)
        var later = Self.orders
        later.after = SequenceNumber(7)
        #expect(questions.mayLeave(Self.orders, at: 17 * Self.second) == false)
        #expect(questions.mayLeave(later, at: 18 * Self.second) == false)
        #expect(questions.take(at: 31 * Self.second) == [later])
    }

    @Test func `at the end a question leaves once, whether or not it waited`() {
        var questions = RepeatedQuestions()
        _ = Self.departures(&questions, Self.orders, until: 16)
        #expect(questions.mayLeave(Self.orders, at: 17 * Self.second) == false)
        var later = Self.orders
        later.after = SequenceNumber(7)
        #expect(questions.mayLeave(later, at: 18 * Self.second, all: true) == true)
        #expect(questions.take(at: 19 * Self.second, all: true).isEmpty)
    }

    @Test func `a page leaves at once, and one that fails on and on holds its list back`() {
        var questions = RepeatedQuestions()
        let page = RESTCall(Self.orders.request.page(cursor: "c"))
        for now in Int64(0)..<5 {
            #expect(questions.mayLeave(page, at: now * Self.second) == true)
            questions.ended(Self.orders, isSuccess: true, at: now * Self.second)
            questions.ended(page, isSuccess: false, at: now * Self.second)
        }
        #expect(questions.mayLeave(page, at: 5 * Self.second) == true)
        #expect(questions.mayLeave(Self.orders, at: 5 * Self.second) == false)
        #expect(questions.take(at: 19 * Self.second).isEmpty)
        #expect(questions.take(at: 20 * Self.second) == [Self.orders])
    }
}
