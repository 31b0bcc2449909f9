import Market
import Testing

@testable import Trading

/// Public trades that a lost connection did not bring, and the list of recent trades that may have them.
@Suite struct MissedTradeTests {
    private static let subject = "linear BTCUSDT trades"
    private static let question = LookUp.recentTrades(Bench.btc)

    private func bench() throws -> Bench {
        var bench = try Bench(strategies: [.puppet()])
        try bench.ready()
        return bench
    }

    private func trade(_ number: Int, at milliseconds: Int64? = nil) -> PublicTrade {
        PublicTrade(
            symbol: Bench.btc.symbol,
            price: Numeral(mantissa: Int64(90_000 + number), decimals: 0),
            size: Numeral(mantissa: 1, decimals: 0),
            side: .buy,
            timeMilliseconds: milliseconds ?? Int64(number) * 10,
            id: "t\(number)",
            crossSequence: Int64(number)
        )
    }

    @discardableResult
    private func push(_ bench: inout Bench, _ numbers: [Int], slot: String = "") -> [Output] {
        bench.feed("public/linear/publicTrade.BTCUSDT" + slot) {
            $0.kind = .publicTrades
            $0.symbol = Bench.btc.symbol
            $0.trades = numbers.map { trade($0) }
        }
    }

    private func reconnect(_ bench: inout Bench, _ socket: String = "public/linear") {
        bench.link(.disconnected, socket)
        bench.link(.connected, socket)
        bench.link(.ready, socket)
    }

    /// The list as the exchange gives it: the newest first.
    @discardableResult
    private func list(
        _ bench: inout Bench,
        _ trades: [PublicTrade],
        code: Int64 = 0,
        after: SequenceNumber? = nil
    ) -> [Output] {
        bench.reply(
            .recentTrades,
            code: code,
            query: "category=linear&symbol=BTCUSDT&limit=1000",
            after: 1
        ) {
            $0.symbol = Bench.btc.symbol
            $0.trades = code == 0 ? trades.reversed() : []
            if let after { $0.reply.after = after }
        }
    }

    /// Trades 1 to 3 came, then the socket was lost, then 7 came.
    private func missing(_ bench: inout Bench) {
        push(&bench, [1, 2, 3])
        reconnect(&bench)
        push(&bench, [7])
    }

    @Test func `what was missed is asked for once a trade has come, and told when it is there`()
        throws
    {
        var bench = try bench()
        push(&bench, [1, 2, 3])
        reconnect(&bench)
        // As long as no trade has come, there is none that could have been missed for good.
        for _ in 0..<5 { #expect(bench.tick().lookUps.isEmpty) }
        push(&bench, [7])
        #expect(bench.tick().lookUps == [Self.question])
        for _ in 0..<5 { #expect(bench.tick().lookUps.isEmpty) }
        let told = list(&bench, (1...8).map { trade($0) }).findings
        #expect(told.count == 1)
        let finding = try #require(told.first)
        #expect(finding.kind == .gap && finding.subject == Self.subject)
        #expect(finding.expected == "trades after t3 up to t7")
        #expect(finding.seen == "3 missed")
        #expect(finding.note.hasPrefix("filled"))
        for _ in 0..<5 { #expect(bench.tick().lookUps.isEmpty) }
    }

    @Test func `strategies are told of none of them, and the last trade stays the newest`() throws {
        var bench = try bench()
        missing(&bench)
        bench.tick()
        var late = (1...8).map { trade($0) }
        late[4].id = "p: note late"
        let answer = list(&bench, late)
        #expect(answer.findings(.strategy).isEmpty && answer.findings(.gap).count == 1)
        #expect(bench.engine.desk.lastTrade(Bench.btc)?.description == "90007")
    }

    @Test func `a list that does not reach back says what it has, and that it is not all`() throws {
        var bench = try bench()
        missing(&bench)
        bench.tick()
        let finding = try #require(list(&bench, (5...8).map { trade($0) }).findings(.gap).first)
        #expect(finding.seen == "2 missed, and those of before them")
        #expect(finding.note.hasPrefix("not filled"))
    }

    @Test func `where nothing was missed that is said`() throws {
        var bench = try bench()
        push(&bench, [1, 2, 3])
        reconnect(&bench)
        push(&bench, [4])
        bench.tick()
        let told = list(&bench, (1...4).map { trade($0) }).findings
        #expect(told.map(\.kind) == [.reconciled] && told.first?.subject == Self.subject)
    }

    @Test func `trades of one millisecond are told apart by their ids, in any order`() throws {
        var bench = try bench()
        let event = { (numbers: [Int]) in numbers.map { trade($0, at: $0 < 4 ? 100 : 200) } }
        func push(_ numbers: [Int], _ bench: inout Bench) {
            bench.feed("public/linear/publicTrade.BTCUSDT") {
                $0.kind = .publicTrades
                $0.symbol = Bench.btc.symbol
                $0.trades = event(numbers)
            }
        }
        push([1, 2], &bench)
        reconnect(&bench)
        push([6, 5], &bench)
        bench.tick()
        // 3 and 4 were missed; the list orders the others its own way.
        let told = list(&bench, event([2, 3, 1, 5, 4, 6])).findings
        #expect(told.first?.seen == "2 missed")
    }

    @Test func `a list that is behind the stream, or refused, is asked for again, three times`()
        throws
    {
        var bench = try bench()
        missing(&bench)
        #expect(bench.tick().lookUps == [Self.question])
        #expect(list(&bench, (1...4).map { trade($0) }).findings.isEmpty)
        #expect(bench.tick().lookUps == [Self.question])
        #expect(list(&bench, [], code: 10_006).findings.map(\.kind) == [.refused])
        #expect(bench.tick().lookUps == [Self.question])
        let told = list(&bench, (1...4).map { trade($0) }).findings
        #expect(told.first?.note.hasPrefix("not filled") == true)
        for _ in 0..<5 { #expect(bench.tick().lookUps.isEmpty) }
    }

    @Test func `an answer to a question of before the gap does not close it`() throws {
        var bench = try bench()
        let early = SequenceNumber(bench.sequence)
        missing(&bench)
        bench.tick()
        #expect(list(&bench, (1...8).map { trade($0) }, after: early).findings.isEmpty)
        #expect(bench.tick().lookUps == [Self.question])
    }

    @Test func `what another connection delivers is no gap, and a push that cannot be read is one`()
        throws
    {
        var bench = try bench()
        push(&bench, [1, 2, 3])
        push(&bench, [1, 2, 3], slot: "@2")
        reconnect(&bench)
        push(&bench, [4], slot: "@2")
        push(&bench, [4, 5])
        #expect(bench.tick().lookUps.isEmpty)
        bench.feed("public/linear/publicTrade.BTCUSDT") { $0.kind = .malformed }
        push(&bench, [6], slot: "@2")
        #expect(bench.tick().lookUps.isEmpty)
        bench.feed("public/linear/publicTrade.BTCUSDT@2") { $0.kind = .malformed }
        push(&bench, [8], slot: "@2")
        #expect(bench.tick().lookUps == [Self.question])
    }

    @Test func `a reconnect of many topics asks for four lists a second`() throws {
        var bench = try bench()
        let symbols = (0..<10).map { "A\($0)USDT" }
        func push(_ milliseconds: Int64, _ bench: inout Bench) {
            for symbol in symbols {
                var trade = trade(1, at: milliseconds)
                trade.symbol = Symbol(symbol) ?? .none
                trade.id = "t\(milliseconds)"
                bench.feed("public/linear/publicTrade.\(symbol)") {
                    $0.kind = .publicTrades
                    $0.symbol = trade.symbol
                    $0.trades = [trade]
                }
            }
        }
        push(1, &bench)
        reconnect(&bench)
        push(2, &bench)
        #expect((0..<4).map { _ in bench.tick().lookUps.count } == [4, 4, 2, 0])
    }

    @Test func `a run that ends in between asks again, and no gap is without an end`() throws {
        var bench = try bench()
        missing(&bench)
        bench.tick()
        bench.begin()
        #expect(bench.tick().lookUps == [Self.question])
        for number in 10..<30 {
            reconnect(&bench)
            push(&bench, [number])
        }
        let given = bench.outputs.findings(.gap).filter { $0.subject == Self.subject }
        #expect(given.count == 21 - TradeFeed.gapsMost)
        bench.tick()
        #expect(list(&bench, (1...40).map { trade($0) }).findings.count == TradeFeed.gapsMost)
    }

    @Test func `the state is the same from a checkpoint in between`() throws {
        var bench = try bench()
        missing(&bench)
        bench.tick()
        var other = bench
        other.engine = try Engine(checkpoint: bench.engine.checkpoint(), registry: Bench.registry)
        #expect(other.engine.stateReport() == bench.engine.stateReport())
        let trades = (1...8).map { trade($0) }
        #expect(list(&bench, trades).texts == list(&other, trades).texts)
        #expect(other.engine.stateReport() == bench.engine.stateReport())
    }
}
