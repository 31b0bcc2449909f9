import Bybit
import Foundation
import Journal
import Market
import Simulation
import Testing
import Trading

@testable import Runtime

/// A recorded market that clients of today trade on, without sockets.
@Suite struct ServedMarketTests {
    static let book = "orderbook.50.BTCUSDT"
    static let start = Timestamp(nanoseconds: 1_900_000_000_000_000_000)

    /// The market, an exchange that it moves, and what both have said.
    private struct Play {
        let market: ServedMarket
        var exchange: SimulatedExchange
        let account: AccountID
        let shift: Int64
        var output = ExchangeOutput()
        var pushes: [ServedMarket.Push] = []

        init(_ session: TruthSession) throws { try self.init(session.recording()) }

        init(_ recording: Recording) throws {
            market = try ServedMarket(recording)
            exchange = try market.exchange(start: start, aliases: ["main"])
            account = try #require(exchange.account(alias: "main"))
            shift = start.nanoseconds - market.first.nanoseconds
        }

        /// False at the end.
        mutating func step(to limit: Timestamp? = nil) -> Bool {
            let push = market.step(
                to: limit ?? Timestamp(nanoseconds: .max),
                shift: shift,
                &exchange,
                &output
            )
            if let push { pushes.append(push) }
            return push != nil
        }

        mutating func finish() {
            while step() {}
        }

        func bestBid() throws -> LevelNumerals {
            try #require(exchange.orderBook(TruthSession.instrument, limit: 1)?.bids.first)
        }

        /// The account's order to buy, which trades with nobody when it comes.
        mutating func rest(at price: Numeral) throws {
            let reply = exchange.place(
                OrderRequest(
                    instrument: TruthSession.instrument,
                    orderLinkID: "mine",
                    side: .buy,
                    type: .limit,
                    timeInForce: .postOnly,
                    quantity: try Numeral(text: "7.777"),
                    price: price,
                    reduceOnly: false
                ),
                for: account,
                into: &output
            )
            #expect(reply.isAccepted, "\(reply)")
        }
    }

    private static func payloads(
        _ session: TruthSession,
        _ takes: (StreamKind) -> Bool
    ) throws -> [[UInt8]] {
        var payloads: [[UInt8]] = []
        let cursor = try session.recording().cursor()
        while let record = try cursor.next() {
            if takes(cursor.name(of: record.stream).kind) { payloads.append(Array(record.payload)) }
        }
        return payloads
    }

    private static func isPublic(_ kind: StreamKind) -> Bool {
        if case .publicTopic = kind { true } else { false }
    }

    @Test func `what a session without orders recorded is pushed byte for byte`() throws {
        let session = try TruthSession(seconds: 5, limits: [Setting("open_orders", "0")])
        var play = try Play(session)
        play.finish()
        #expect(play.market.isOver && play.market.failure == nil)
        let recorded = try Self.payloads(session, Self.isPublic)
        #expect(recorded.count > 100)
        #expect(play.pushes.map(\.bytes) == recorded)
        #expect(play.pushes.last?.sequence == play.market.position)
    }

    @Test func `nothing of the recorded session's orders and fills is pushed or matched`() throws {
        let session = try SimulatedTests.session.get()
        var play = try Play(session)
        play.finish()
        // A message that is left without a trade is not pushed; of the others those trades are missing that were fills.
        let count = { (payloads: [[UInt8]]) in
            payloads.map { String(decoding: $0, as: UTF8.self) }
                .filter { $0.contains("publicTrade.") }
                .reduce(0) { $0 + $1.matches(of: #/"BT":/#).count }
        }
        let recorded = count(try Self.payloads(session, Self.isPublic))
        let taken =
            play.market.attribution.makerFills + play.market.attribution.takerFills
        #expect(taken > 5)
        #expect(count(play.pushes.map(\.bytes)) == recorded - taken)
        #expect(play.market.attribution.levels > 100)

        // What the last push left is what the exchange matches with, level by level.
        let state = try #require(play.market.state(of: .linear, Self.book))
        let told = try Self.decoded(state)
        let there = try #require(play.exchange.orderBook(TruthSession.instrument, limit: 50))
        #expect(told.isSnapshot && told.bids.count > 20)
        #expect(Self.text(told.bids.prefix(20)) == Self.text(there.bids.prefix(20)))
        #expect(Self.text(told.asks.prefix(20)) == Self.text(there.asks.prefix(20)))
    }

    private static func decoded(_ payload: [UInt8]) throws -> BookUpdate {
        var event = Event()
        let route = StreamRoute(StreamName("public/linear/" + book))
        payload.withUnsafeBytes { MessageDecoder().decode(route, $0, into: &event) }
        return event.book
    }

    private static func text(_ levels: ArraySlice<LevelNumerals>) -> [String] {
        levels.map { "\($0.price) \($0.size.trimmed)" }
    }

    @Test func `a client's order rests in the recorded book, is shown in it and filled by it`()
        throws
    {
        var play = try Play(SimulatedTests.session.get())
        var told: BookUpdate?
        while play.step(), told.map({ $0.bids.count < 20 }) ?? true {
            told = try play.market.state(of: .linear, Self.book).map(Self.decoded)
        }
        let best = try play.bestBid()
        let scale = try #require(play.exchange.listing(TruthSession.instrument)).instrument.scale
        // One tick before everybody, or with them where there is no room.
        let price = scale.numeral(Price(units: try scale.price(best.price).units))
        try play.rest(at: price)
        play.output.removeAll()
        let from = play.pushes.count
        var fills: [ExecutionReport] = []
        while fills.isEmpty, play.step() {
            for told in play.output.events {
                if case .execution(_, let record) = told.event { fills.append(record.row) }
            }
            play.output.removeAll()
        }
        let shown = play.pushes[from...].filter { $0.topic == Self.book }
            .map { String(decoding: $0.bytes, as: UTF8.self) }
        // Others' quantity at the price and ours: more than ours alone.
        let sizes = shown.flatMap {
            $0.matches(of: #/\["([0-9.]+)","([0-9.]+)"\]/#).compactMap { match in
                match.output.1 == price.description ? Decimal(string: String(match.output.2)) : nil
            }
        }
        #expect(sizes.contains { $0 >= Decimal(string: "7.777") ?? 0 }, "\(sizes.prefix(5))")
        let fill = try #require(fills.first)
        #expect(fill.isMaker && fill.orderLinkID == "mine" && fill.price == price)
        // By the exchange's clock, which is not the recording's.
        #expect(fill.timeMilliseconds > Self.start.milliseconds)
    }

    @Test
    func `a slice goes on from the books that stood before it, and ends where the whole does`()
        throws
    {
        let session = try SimulatedTests.session.get()
        let folder = try ScratchFolder()
        let slice = try session.slice(at: 0.5, in: folder)
        #expect(slice.first > .first)
        var whole = try Play(session)
        whole.finish()
        var part = try Play(slice)
        // There before anything is pushed, without the session's own orders.
        let state = try #require(part.market.state(of: .linear, Self.book))
        #expect(try Self.decoded(state).bids.count > 20)
        #expect(
            try #require(part.exchange.orderBook(TruthSession.instrument, limit: 50)).bids.count
                > 20
        )
        part.finish()
        #expect(part.pushes.count > 100 && part.pushes.count < whole.pushes.count)
        let last = try [part, whole].map { play in
            try Self.decoded(#require(play.market.state(of: .linear, Self.book)))
        }
        #expect(last[0].updateID == last[1].updateID)
        #expect(Self.text(last[0].bids.prefix(20)) == Self.text(last[1].bids.prefix(20)))
        #expect(Self.text(last[0].asks.prefix(20)) == Self.text(last[1].asks.prefix(20)))
        #expect(part.market.attribution.shortLevels * 20 < part.market.attribution.levels)
        // The account has the session's position, which is not nothing.
        let held = try #require(
            part.exchange.position(part.account, TruthSession.instrument)
        )
        #expect(!held.size.isZero)
    }

    @Test func `a slice is simulated on from the session's state, and not with other settings`()
        throws
    {
        let folder = try ScratchFolder()
        let slice = try SimulatedTests.session.get().slice(at: 0.5, in: folder)
        let simulator = Simulator(registry: .standard)
        var plan = SimulationPlan()
        #expect(throws: SimulatedError.self) { try simulator.run(slice, plan) }
        plan.beginsVerbatim = true
        let same = try simulator.run(slice, plan)
        let replay = try Replay(registry: .standard).run(slice)
        #expect(replay.word == "identical")
        #expect(same.simulatedFrom == nil && same.digest == replay.stateHash)
        let order = try #require(same.orders.dropFirst(4).first)
        plan.without = [order.orderLinkID]
        let without = try simulator.run(slice, plan)
        #expect(without.simulatedFrom == order.record)
        #expect(without.orders.count > 6)
        plan.limits = [Setting("open_orders", "1")]
        #expect(throws: SimulatedError.self) { try simulator.run(slice, plan) }
    }

    @Test func `an account begins with what the session began with, not with what it came to`()
        throws
    {
        let play = try Play(SimulatedTests.session.get())
        let held = play.exchange.position(play.account, TruthSession.instrument)
        #expect(held?.size.isZero == true)
        let ledger = try Walk(registry: .standard).run(
            SimulatedTests.session.get().recording(),
            isPast: { _, _ in false },
            visit: { _, _ in true }
        )?.engine.ledger
        #expect(ledger?.position(TruthSession.instrument).size != .zero)
    }

    /// Rests with the best bid after some pushes, until the end; what the account traded.
    private static func fills(_ play: inout Play, after pushes: Int) throws -> [String] {
        while play.pushes.count < pushes, play.step() {}
        try play.rest(at: play.bestBid().price)
        play.finish()
        return play.output.events.compactMap { told in
            guard case .execution(_, let record) = told.event else { return nil }
            return "\(record.row.timeMilliseconds) \(record.row.quantity) \(record.row.price)"
        }
    }

    @Test func `what two connections recorded happens once, and is pushed once`() throws {
        let session = try SimulatedTests.session.get()
        let folder = try ScratchFolder()
        var one = try Play(session)
        var fills: [String] = []
        // Not every best bid is traded at.
        var pushes = 0
        while fills.isEmpty, pushes < 600 {
            pushes += 30
            one = try Play(session)
            fills = try Self.fills(&one, after: pushes)
        }
        #expect(!fills.isEmpty)
        var two = try Play(session.doubled(in: folder))
        let same = try Self.fills(&two, after: pushes)
        #expect(same == fills)
        #expect(two.market.attribution == one.market.attribution)
        #expect(two.pushes.map(\.bytes) == one.pushes.map(\.bytes))
    }

    @Test func `topics have a state once they were pushed, and none that are not recorded`() throws
    {
        var play = try Play(SimulatedTests.session.get())
        let ticker = "tickers.BTCUSDT"
        #expect(play.market.has(.linear, ticker) && play.market.has(.linear, Self.book))
        #expect(!play.market.has(.linear, "orderbook.50.ETHUSDT"))
        #expect(!play.market.has(.inverse, ticker))
        #expect(play.market.state(of: .linear, ticker) == nil)
        #expect(play.market.state(of: .linear, Self.book) == nil)
        play.finish()
        let state = try #require(play.market.state(of: .linear, ticker))
        let text = String(decoding: state, as: UTF8.self)
        #expect(text.contains(#""type":"snapshot""#) && text.contains(#""markPrice":""#))
        #expect(play.market.state(of: .linear, "publicTrade.BTCUSDT") == nil)
        #expect(play.market.nextPush() == nil)
    }

    @Test func `time goes as far as it is let, and each push comes when it came`() throws {
        var play = try Play(SimulatedTests.session.get())
        let first = try #require(play.market.nextPush())
        let isEarly = play.step(to: first.advanced(nanoseconds: -1))
        #expect(!isEarly && play.pushes.isEmpty)
        let isThere = play.step(to: first)
        #expect(isThere)
        #expect(play.exchange.now.nanoseconds == first.nanoseconds + play.shift)
        // However it is stepped, the exchange says the same.
        var other = try Play(SimulatedTests.session.get())
        play.finish()
        var limit = other.market.first
        while !other.market.isOver {
            limit = limit.advanced(nanoseconds: 7_000_000)
            while other.step(to: limit) {}
        }
        #expect(other.pushes.map(\.bytes) == play.pushes.map(\.bytes))
    }
}
