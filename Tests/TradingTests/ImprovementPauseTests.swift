import Market
import Testing

@testable import Trading

/// Sockets and rules of the book with price improvements, and how often it is asked for.
@Suite struct ImprovementPauseTests {
    private func isKept(_ bench: Bench) throws -> Bool {
        try bench.improvementState().improvement != nil
    }

    // MARK: Sockets and rules

    @Test func `a lost socket makes it stale; when it is back a snapshot is waited for`() throws {
        var bench = try Bench.improved()
        #expect(bench.link(.disconnected, "public/linear").commands.isEmpty)
        #expect(try bench.improvementFeed().freshness == .stale)
        #expect(bench.improvementAsked(seconds: 20) == [])
        bench.link(.ready, "public/linear")
        #expect(bench.improvementAsked(seconds: 6) == [5])
        try bench.improvementSnapshot(u: 300)
        #expect(try bench.improvementFeed().freshness == .live)
        #expect(bench.improvementAsked(seconds: 20) == [])
        let shed = bench.link(.shed, "public/linear", count: 12)
        #expect(shed.commands.map(\.action).contains(Bench.improvementQuestion))
    }

    @Test func `what another connection gives as well is no gap`() throws {
        var bench = try Bench.improved()
        #expect(try bench.improvementSnapshot(u: 100, slot: "@2").isEmpty)
        for slot in ["", "@2"] { #expect(try bench.improvement(u: 101, slot: slot).isEmpty) }
        bench.link(.disconnected, "public/linear")
        #expect(try bench.improvementFeed().freshness == .live)
        #expect(try bench.improvement(u: 102, slot: "@2").isEmpty)
        #expect(try bench.improvementFeed().updateID == 102)
    }

    @Test func `one that the rules do not pick any more is none, and is not asked for`() throws {
        var bench = try Bench.improved()
        try bench.improvement(u: 103)
        bench.improvementRules(added: false)
        #expect(try !isKept(bench))
        #expect(try bench.improvementState().feed?.freshness == .live)
        // What was on its way changes nothing.
        #expect(try bench.improvement(u: 105).isEmpty)
        bench.link(.disconnected, "public/linear")
        bench.link(.ready, "public/linear")
        #expect(try !isKept(bench))
        #expect(bench.improvementAsked(seconds: 20) == [])
        bench.improvementRules(added: true)
        #expect(try bench.improvementSnapshot(u: 300).isEmpty)
        #expect(try bench.improvementFeed().freshness == .live)
        #expect(try bench.improvement(u: 302).commands.map(\.action) == [Bench.improvementQuestion])
    }

    // MARK: The pause

    @Test func `a snapshot that does not come is asked for ever more seldom`() throws {
        var bench = try Bench.improved()
        try bench.improvement(u: 103)
        #expect(bench.improvementAsked(seconds: 40) == [5, 15, 35])
    }

    @Test func `a topic that leaves out u for good is not subscribed anew with each push`() throws {
        var bench = try Bench.improved()
        var update: Int64 = 100
        var isAsked = false
        var outputs: [Output] = []
        // Ten minutes, ten pushes a second: each change skips one, and each question is answered.
        for step in 1...6_000 {
            update += 2
            var answer: [Output]
            if isAsked {
                answer = try bench.improvementSnapshot(u: update, after: 100)
            } else {
                answer = try bench.improvement(u: update, after: 100)
            }
            if step % 10 == 0 { answer += bench.tick(after: 0) }
            isAsked = answer.commands.contains { $0.action == Bench.improvementQuestion }
            outputs += answer
        }
        #expect(outputs.commands.count { $0.action == Bench.improvementQuestion } == 7)
        // Each gap is told all the same.
        #expect(outputs.findings(.gap).count == 8)
    }

    @Test func `a gap soon after another waits, one of a quarter of an hour later does not`() throws
    {
        var bench = try Bench.improved()
        #expect(try bench.improvement(u: 103).commands.count == 1)
        try bench.improvementSnapshot(u: 200)
        let soon = try bench.improvement(u: 203)
        #expect(soon.findings(.gap).count == 1 && soon.commands.isEmpty)
        #expect(bench.improvementAsked(seconds: 7) == [5])
        try bench.improvementSnapshot(u: 300)
        #expect(try bench.improvement(u: 303, after: 900_000).commands.count == 1)
        // And from there on as at first.
        try bench.improvementSnapshot(u: 400)
        try bench.improvement(u: 403)
        #expect(bench.improvementAsked(seconds: 7) == [5])
    }
}
