import Testing

@testable import Gateway

/// How many connections one address may begin at a WebSocket host.
@Suite struct ConnectionBudgetTests {
    private static let second: Int64 = 1_000_000_000

    @Test func `in any five minutes there are at most so many, of each host`() {
        var budget = ConnectionBudget(most: 10)
        var begun: [Int64] = []
        // Forty sockets that try again and again, as in ten minutes of maintenance.
        for tick in 0..<7_200 {
            let now = Int64(tick) * Self.second / 4
            for _ in 0..<40 where budget.take("stream", now: now) == nil { begun.append(now) }
        }
        for (place, time) in begun.enumerated() {
            let within = begun[place...].prefix { $0 - time < 300 * Self.second }.count
            #expect(within <= 9)
        }
        // One of the ten is kept for the account.
        #expect(begun.count == 54)
        #expect(budget.take("other", now: 0) == nil)
    }

    @Test func `the moment that is named is the first with room`() {
        var budget = ConnectionBudget(most: 2)
        #expect(budget.take("a", now: 0) == nil)
        #expect(budget.take("a", now: 5) == nil)
        #expect(budget.take("a", now: 6) == 300 * Self.second)
        #expect(budget.take("a", now: 300 * Self.second - 1) == 300 * Self.second)
        #expect(budget.take("a", now: 300 * Self.second) == nil)
        #expect(budget.take("a", now: 300 * Self.second) == 300 * Self.second + 5)
    }

    @Test func `one that was given back is none, and a bot's counts without being asked`() {
        var budget = ConnectionBudget(most: 2)
        #expect(budget.take("a", now: 0) == nil)
        budget.giveBack("a", begun: 0)
        budget.note("a", now: 1)
        budget.note("a", now: 2)
        budget.note("a", now: 3)
        // Room again when two of the three are past.
        #expect(budget.take("a", now: 4) == 300 * Self.second + 2)
        budget.giveBack("a", begun: 3)
        #expect(budget.take("a", now: 4) == 300 * Self.second + 2)
        var free = ConnectionBudget(most: nil)
        for _ in 0..<10_000 { #expect(free.take("a", now: 0) == nil) }
    }

    @Test func `sockets of the account have room of their own, and bots leave some to ours`() {
        var budget = ConnectionBudget(most: 400)
        for _ in 0..<350 { #expect(budget.take("a", now: 0) == nil) }
        #expect(budget.take("a", now: 1) == 300 * Self.second)
        for _ in 0..<50 { #expect(budget.take("a", isPrivate: true, now: 1) == nil) }
        // Public ones and the account's together are the budget.
        #expect(budget.take("a", isPrivate: true, now: 1) == 300 * Self.second)
        // A bot that connects again and again.
        for _ in 0..<410 { budget.note("b", now: 0) }
        for _ in 0..<15 { #expect(budget.take("b", now: 1) == nil) }
        // Market data leaves the last of it to the account, and with the exchange's own limit in sight nobody begins one.
        #expect(budget.take("b", now: 1) != nil)
        for _ in 0..<55 { #expect(budget.take("b", isPrivate: true, now: 1) == nil) }
        #expect(budget.take("b", isPrivate: true, now: 1) != nil)
    }

    @Test(arguments: [100, 150, 400])
    func `ours stay within the budget, and the account never waits behind public ones`(most: Int) {
        let kept = most / 8
        for bots in stride(from: 0, through: most + most / 16, by: 25) {
            var budget = ConnectionBudget(most: most)
            for _ in 0..<bots { budget.note("a", now: 0) }
            // Sockets of the account that come between as many public ones as there is room for.
            var begun = 0
            for number in 0..<kept {
                while begun < number * most / kept, budget.take("a", now: 1) == nil { begun += 1 }
                #expect(
                    budget.take("a", isPrivate: true, now: 1) == nil,
                    "\(number) with \(bots) bots"
                )
            }
            while budget.take("a", now: 2) == nil { begun += 1 }
            begun += kept
            while budget.take("a", isPrivate: true, now: 2) == nil { begun += 1 }
            #expect(begun <= most, "\(begun) with \(bots) bots")
        }
    }

    @Test func `what is given back is that of the same owner`() {
        var budget = ConnectionBudget(most: 16)
        for _ in 0..<14 { #expect(budget.take("a", now: 0) == nil) }
        for _ in 0..<2 { #expect(budget.take("a", isPrivate: true, now: 0) == nil) }
        budget.giveBack("a", isPrivate: true, begun: 0)
        #expect(budget.take("a", now: 1) != nil)
        #expect(budget.take("a", isPrivate: true, now: 1) == nil)
        budget.giveBack("a", begun: 0)
        #expect(budget.take("a", now: 1) != nil)
        #expect(budget.take("a", isPrivate: true, now: 1) == nil)
    }

    @Test func `the exchange in a box has no such limit, and all others leave a fifth of it`()
        throws
    {
        let box = RateLimiter.Settings(try Destination.endpoint(base: "http://127.0.0.1:1"))
        #expect(box.connections == nil && !box.assumesQuotas)
        let real = RateLimiter.Settings(Destination(.mainnet))
        #expect(real.connections == 400 && real.assumesQuotas)
    }

    @Test func `a session with a share has its part of it, beside one that has all`() throws {
        var trader = RateLimiter.Settings(Destination(.mainnet))
        trader.share = 100
        var recorder = RateLimiter.Settings(Destination(.mainnet))
        recorder.share = 10
        #expect(trader.connections == 400 && recorder.connections == 100)
        for (share, most) in [(1, 100), (20, 100), (30, 150), (50, 250), (79, 395), (99, 400)] {
            recorder.share = share
            #expect(recorder.connections == most)
            #expect(RateLimiter.Settings(share: share).connections == most)
        }
        var box = RateLimiter.Settings(try Destination.endpoint(base: "http://127.0.0.1:1"))
        box.share = 10
        #expect(box.connections == nil)
    }
}
