import Foundation
import Gateway
import Journal
import Live
import Market
import Testing
import Trading

/// Orders that are decided at the very roll: their record is in the new recording, which has not begun on the disk yet.
@Suite struct RollOrderTests {
    @Test(arguments: SessionConfiguration.OrderDurability.allCases)
    func `an order that waits for its record at a roll leaves once, when that is kept`(
        durability: SessionConfiguration.OrderDurability
    ) async throws {
        let folder = try TemporaryFolder()
        let advance = ClockAdvance()
        var registry = StrategyRegistry.standard
        registry.register(Eager.self)
        let live = try await LiveSession(in: folder, registry: registry) {
            $0.key = .builtIn(key: LiveSession.key.0, secret: Array(LiveSession.key.1.utf8))
            $0.subscriptions = [.init(.linear, "orderbook.50.BTCUSDT")]
            $0.strategies = [StrategyConfiguration(name: "eager", kind: Eager.kind, parameters: [])]
            $0.orderDurability = durability
            // A busy machine is no reason to give one up here.
            $0.longestWait = 60_000_000_000
            $0.mayTrade = true
            $0.advance = advance
        }
        #expect(await live.session.waitUntilReady(seconds: 60))
        for _ in 1...4 {
            let commands = await live.session.status().counts.commands
            try await live.eventually { $0.counts.commands > commands + 10 }
            let now = await live.session.status().time.nanoseconds
            let left = DayRollTests.day - now % DayRollTests.day
            advance.pass(nanoseconds: left - DayRollTests.before)
            await live.session.lookAtDay()
            try await live.eventually { $0.rolls.next != nil }
            // Nobody looks at the day: the next frame rolls, and an order is the answer to it.
            try await live.roll { advance.pass(nanoseconds: DayRollTests.before) }
        }
        let commands = await live.session.status().counts.commands
        try await live.eventually { $0.counts.commands > commands + 10 }
        _ = try await live.session.stop(reason: "the test is over")

        let recordings = try live.recordings()
        #expect(recordings.count == 5)
        var decided: [String] = []
        var sent: [String: Int] = [:]
        /// Inputs between the beginning of a recording and its first order.
        var distances: [Int] = []
        for recording in recordings {
            var inputs: Int? = 0
            let cursor = try recording.cursor()
            while let record = try cursor.next() {
                let name = cursor.name(of: record.stream)
                let text = String(decoding: record.payload, as: UTF8.self)
                if name.kind == .command, text.contains(#""action":"place""#) {
                    decided.append(try Self.linkID(text, #/"order_link_id":"([^"]+)"/#))
                    if let count = inputs { distances.append(count) }
                    inputs = nil
                } else if name.text == "rest/main/POST/v5/order/create" {
                    sent[try Self.linkID(text, #/"orderLinkId":"([^"]+)"/#), default: 0] += 1
                    #expect(text.contains(#""outcome":"answered""#), "\(text)")
                } else if name.kind != .sessionChannel, name.kind != .command {
                    inputs = inputs.map { $0 + 1 }
                }
            }
        }
        #expect(decided.count > 20 && Set(decided).count == decided.count)
        #expect(sent.count == decided.count && sent.values.allSatisfy { $0 == 1 })
        #expect(Set(sent.keys) == Set(decided))
        // Behind `session/start` the frame that rolled, and its order: most rolls are by a frame, some by a tick.
        #expect(distances.count == 5 && distances.dropFirst().contains { $0 <= 4 }, "\(distances)")
    }

    private static func linkID(
        _ text: String,
        _ pattern: Regex<(Substring, Substring)>
    ) throws -> String {
        String(try #require(text.firstMatch(of: pattern), "\(text)").output.1)
    }
}

/// Orders at every change of the book: one that rests, and an end to the one before.
private struct Eager: Strategy {
    static let kind = "eager"
    private var last = ""

    init(parameters: NoParameters) {}

    mutating func bookChanged(_ instrument: InstrumentID, _ desk: inout Desk) {
        guard desk.haltReason(instrument) == nil, let bid = desk.book(instrument)?.bestBid,
            let tick = desk.instrument(instrument)?.tickSize.units
        else { return }
        if !last.isEmpty { desk.cancel(last) }
        let price = Price(units: bid.price.units * 98 / 100 / tick * tick)
        let quantity = Quantity(units: 10)
        if let placed = desk.place(.buy, quantity, of: instrument, at: price, .postOnly) {
            last = placed
        }
    }
}
