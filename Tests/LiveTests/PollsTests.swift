import Testing

@testable import Live

/// Lists and ranks of the exchange: asked at their period, sooner where there was no answer, and one at a time.
@Suite struct PollsTests {
    private static let second: Int64 = 1_000_000_000
    private static let period = 300 * second

    @Test func `what is answered is asked at its period, and what is new at once`() {
        var polls = Polls<String>(period: Self.period)
        #expect(polls.take(["linear", "spot"], at: 0) == ["linear", "spot"])
        polls.ended("linear", isAnswered: true, at: 2 * Self.second)
        polls.ended("spot", isAnswered: true, at: 3 * Self.second)
        #expect(polls.take(["linear", "spot"], at: 301 * Self.second).isEmpty)
        #expect(
            polls.take(["linear", "spot", "option"], at: 302 * Self.second) == ["linear", "option"]
        )
        #expect(polls.take(["linear", "spot"], at: 303 * Self.second) == ["spot"])
    }

    @Test func `what gets no answer is asked again, ever more seldom, until it does`() {
        var polls = Polls<String>(period: 86_400 * Self.second)
        var asked: [Int64] = []
        for now in 0..<300 {
            let time = Int64(now) * Self.second
            guard !polls.take(["ranks"], at: time).isEmpty else { continue }
            asked.append(Int64(now))
            polls.ended("ranks", isAnswered: now >= 240, at: time)
        }
        #expect(asked == [0, 1, 3, 7, 15, 31, 63, 123, 183, 243])
        #expect(polls.take(["ranks"], at: 86_642 * Self.second).isEmpty)
        #expect(polls.take(["ranks"], at: 86_643 * Self.second) == ["ranks"])
        // A failure later begins with the shortest pause again.
        polls.ended("ranks", isAnswered: false, at: 86_650 * Self.second)
        #expect(polls.take(["ranks"], at: 86_651 * Self.second) == ["ranks"])
    }

    @Test func `a pause is never longer than the period`() {
        var polls = Polls<String>(period: 2 * Self.second)
        var now: Int64 = 0
        for _ in 0..<10 {
            #expect(polls.take(["linear"], at: now) == ["linear"])
            polls.ended("linear", isAnswered: false, at: now)
            now += 2 * Self.second
        }
    }

    @Test
    func `one is never under way twice, and is asked once more where it was wanted meanwhile`() {
        var polls = Polls<String>(period: Self.period)
        #expect(polls.take(["linear"], at: 0) == ["linear"])
        // A new day begins while pages of the old one still come.
        polls.hasten(at: Self.second)
        #expect(polls.take(["linear"], at: 2 * Self.second).isEmpty)
        polls.ended("linear", isAnswered: true, at: 3 * Self.second)
        #expect(polls.take(["linear"], at: 3 * Self.second) == ["linear"])
        polls.ended("linear", isAnswered: true, at: 4 * Self.second)
        #expect(polls.take(["linear"], at: 5 * Self.second).isEmpty)
        polls.hasten(at: 6 * Self.second)
        #expect(polls.take(["linear"], at: 6 * Self.second) == ["linear"])
    }
}
