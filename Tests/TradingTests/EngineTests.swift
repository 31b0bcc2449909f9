import Market
import Testing
import Trading

@Suite struct EngineTests {
    /// A busy session on a made-up market: quotes, fills, a gap, a lost socket, refusals.
    private func session(
        _ strategies: [StrategyConfiguration],
        rounds: Int = 30,
        limits: [Setting] = [Setting("open_orders", "7")]
    ) throws -> Town {
        var town = try Town(strategies: strategies, limits: limits)
        try town.run(rounds: rounds)
        return town
    }

    private func replay(
        _ bench: Bench,
        _ engine: Engine? = nil,
        from start: Int = 0
    ) throws -> Bench {
        var copy = bench
        copy.outputs = []
        if let engine {
            copy.engine = engine
        } else {
            copy.engine = try Engine(
                configuration: bench.engine.configuration,
                registry: Bench.registry
            )
        }
        for input in bench.inputs[start...] {
            copy.apply(input)
        }
        return copy
    }

    private static let maker = StrategyConfiguration(name: "maker", kind: "maker")

    @Test func `the same records lead to the same outputs and the same state`() throws {
        let live = try session([EngineTests.maker, .puppet("p")]).bench
        let again = try replay(live)
        #expect(again.outputs == live.outputs)
        #expect(again.outputs.texts == live.outputs.texts)
        #expect(again.engine.stateReport() == live.engine.stateReport())
        #expect(live.outputs.placed.count > 50)
    }

    @Test func `a round trip of the state in mid-session changes no later command`() throws {
        let live = try session([EngineTests.maker, .puppet("p")]).bench
        for cut in stride(from: 1, to: live.inputs.count, by: live.inputs.count / 9) {
            var first = try replay(live, nil, from: live.inputs.count)
            for input in live.inputs[..<cut] {
                first.apply(input)
            }
            let restored = try Engine(
                checkpoint: try first.engine.checkpoint(),
                registry: Bench.registry
            )
            #expect(restored.stateReport() == first.engine.stateReport())
            #expect(try restored.differences(from: first.engine).isEmpty)
            let rest = try replay(live, restored, from: cut)
            #expect(first.outputs + rest.outputs == live.outputs)
            #expect(rest.engine.stateReport() == live.engine.stateReport())
        }
    }

    @Test func `a parameter changed by one tick leads to other commands`() throws {
        let live = try session([EngineTests.maker]).bench
        var configuration = live.engine.configuration
        configuration.strategies[0].parameters = [Setting("offset_ticks", "3")]
        let other = try Engine(configuration: configuration, registry: Bench.registry)
        let replayed = try replay(live, other)
        let first = zip(live.outputs.commands, replayed.outputs.commands).first { $0 != $1 }
        guard case .place(let was)? = first?.0.action, case .place(let isNow)? = first?.1.action
        else {
            Issue.record("the first difference is no order")
            return
        }
        #expect(was.price != isNow.price)
        #expect(was.orderLinkID == isNow.orderLinkID)
        #expect(replayed.engine.stateReport().rollingHash != live.engine.stateReport().rollingHash)
    }

    @Test func `a difference of two engines names the fields`() throws {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        let before = bench.engine
        try bench.book("BTCUSDT", u: 101, bids: [("90000.0", "9")])
        try bench.act("timer later 100")
        let paths = try before.differences(from: bench.engine).map(\.path)
        #expect(paths.contains("books.states.values[0].feeds[0].book.bids[0][1]"))
        #expect(paths.contains("books.states.values[0].feeds[0].updateID"))
        #expect(paths.contains("timers.pending[0].name"))
        #expect(paths.contains { $0.hasPrefix("strategies.p.occasions[") })
        #expect(!paths.contains { $0.hasPrefix("orders") || $0.hasPrefix("ledger") })
    }

    @Test func `state is told after the first input at or past each multiple`() throws {
        var bench = try Bench()
        var told: [UInt64] = []
        for sequence in [1, 16_383, 16_385, 16_386, 32_768, 32_769, 100_000, 100_001] as [UInt64] {
            bench.sequence = sequence - 1
            for case .state(let report) in bench.tick() { told.append(report.cause.value) }
        }
        #expect(told == [16_385, 32_768, 100_000])
    }

    @Test func `the rolling hash follows the outputs and not the state reports`() throws {
        var left = try Bench(strategies: [.puppet()])
        var right = left
        try left.ready()
        try right.ready()
        #expect(left.engine.stateReport().rollingHash == right.engine.stateReport().rollingHash)
        let before = left.engine.stateReport().rollingHash
        try left.book("BTCUSDT", u: 101)
        #expect(left.engine.stateReport().rollingHash == before)
        left.sequence = 20_000
        left.tick()
        #expect(left.engine.stateReport().rollingHash == before)
        left.operate("mark", "x")
        #expect(left.engine.stateReport().rollingHash != before)
    }

    @Test func `each part of the state has a hash of its own`() throws {
        var bench = try Bench(strategies: [.puppet("a"), .puppet("b")])
        try bench.ready()
        func hashes() -> [String: UInt64] {
            let pairs = bench.engine.stateReport().components.map { ($0.name, $0.hash) }
            return Dictionary(uniqueKeysWithValues: pairs)
        }
        func changed(_ before: [String: UInt64]) -> [String] {
            hashes().filter { before[$0.key] != $0.value }.keys.sorted()
        }
        var before = hashes()
        #expect(
            before.keys.sorted() == [
                "books", "desk", "orders", "positions", "risk", "strategies.a", "strategies.b",
                "wallet",
            ]
        )
        bench.execution(try Row.fill("e1", quantity: "0.010", price: "90000", seq: 1))
        #expect(changed(before) == ["positions", "wallet"])
        before = hashes()
        try bench.wallet("9000")
        #expect(changed(before) == ["wallet"])
        before = hashes()
        bench.order(try Row.order("", "New", orderID: "app"))
        #expect(changed(before) == ["orders"])
        before = hashes()
        try bench.book("BTCUSDT", u: 101, bids: [("1.0", "1")])
        #expect(changed(before) == ["books", "strategies.a", "strategies.b"])
    }

    @Test func `strategies are called in their order and see each other's effect on risk`() throws {
        var bench = try Bench(strategies: [.puppet("b"), .puppet("a")])
        try bench.ready()
        let answer = try bench.feed("public/linear/publicTrade.BTCUSDT") { event in
            event.kind = .publicTrades
            event.symbol = Bench.btc.symbol
            for deed in ["a: buy 0.001 89990.0", "b: buy 0.001 89990.0", "a: cancel 0"] {
                event.trades.append(
                    PublicTrade(
                        symbol: event.symbol,
                        price: try Numeral(text: "90000"),
                        size: try Numeral(text: "1"),
                        side: .buy,
                        timeMilliseconds: 1,
                        id: deed,
                        crossSequence: 1
                    )
                )
            }
        }
        #expect(answer.verdicts.map(\.strategy) == ["b", "a", "a"])
        #expect(answer.verdicts.map(\.ordinal) == [0, 1, 2])
        #expect(answer.commands.map(\.ordinal) == [0, 1, 2])
        #expect(Set(answer.placed.map(\.orderLinkID)).count == 2)
    }

    @Test func `a timer fires once, and one that was set anew fires at its new time only`() throws {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        let first = try bench.act("timer t 100").commands
        guard case .setTimer("t", let due)? = first.first?.action else {
            Issue.record("no timer was set")
            return
        }
        #expect(due == bench.time.advanced(nanoseconds: 100_000_000))
        try bench.act("timer t 200")
        #expect(bench.engine.timers.count == 1)
        let before = bench.engine.stateReport()
        bench.timer("p", "t", due: due)
        #expect(bench.engine.stateReport().components == before.components)
        let later = try #require(bench.engine.timers.first?.due)
        bench.timer("p", "t", due: later)
        #expect(bench.engine.timers.isEmpty)
        #expect(bench.engine.stateReport().components != before.components)
    }

    @Test func `outputs are written with fixed keys and exact texts`() throws {
        var bench = try Bench(strategies: [.puppet()], limits: [Setting("order_quantity", "0.5")])
        try bench.ready()
        let texts = try bench.act("buy 0.010 89990.0 PostOnly").texts
        let linkID = ClientOrderID.make(
            session: bench.engine.configuration.session,
            strategy: "p",
            cause: bench.engine.cause,
            ordinal: 0
        )
        #expect(
            texts == [
                #"{"strategy":"p","cause":15,"ordinal":0,"category":"linear","symbol":"BTCUSDT","#
                    + #""intent":"place Buy 0.010 @ 89990.0 PostOnly","allowed":true,"checks":["#
                    + #"{"limit":"halted","ceiling":"no","observed":"no","unit":"","holds":true},"#
                    + #"{"limit":"order_quantity","ceiling":"0.5","observed":"0.01","unit":"BTC","holds":true}]}"#,
                #"{"strategy":"p","cause":15,"ordinal":0,"action":"place","category":"linear","#
                    + #""symbol":"BTCUSDT","order_link_id":"\#(linkID)","side":"Buy","type":"Limit","#
                    + #""time_in_force":"PostOnly","quantity":"0.010","price":"89990.0","reduce_only":false}"#,
            ]
        )
        let state = Output.state(bench.engine.stateReport()).payload
        #expect(String(decoding: state, as: UTF8.self).hasPrefix(#"{"cause":15,"rolling_hash":""#))
        #expect(StateReport.hexadecimal(0xab) == "00000000000000ab")
    }

    @Test func `a checkpoint that was cut is refused`() throws {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        let bytes = try bench.engine.checkpoint()
        for count in stride(from: 0, to: bytes.count, by: 97) {
            #expect(throws: EngineError.self) {
                try Engine(checkpoint: Array(bytes[..<count]), registry: Bench.registry)
            }
        }
        #expect(throws: EngineError.self) { try Engine(checkpoint: bytes, registry: .standard) }
    }
}
