import Market
import Testing

@testable import Trading

/// Where the answers and what they may have in them are closer together than the exchange's clocks are.
@Suite struct OpeningTieTests {
    /// Balances and positions, both told at 1,000 ms.
    private func opened(
        _ balances: [(String, String)] = [("USDT", "10000")],
        _ positions: [PositionUpdate] = []
    ) throws -> OpeningBench {
        var opening = try OpeningBench()
        opening.rest()
        opening.positions(positions, at: 1_000)
        try opening.wallet(balances, at: 1_000)
        return opening
    }

    // MARK: Flows of the transaction log

    /// The balance says on which side a deposit is, whatever the clocks say.
    @Test(arguments: [700, 999, 1_000, 1_001, 1_300] as [Int64])
    func `a deposit is counted once, by what the balance was before and behind it`(
        at time: Int64
    ) throws {
        for isInside in [false, true] {
            var opening = try opened(isInside ? [("BTC", "10")] : [])
            let row = try OpeningBench.row("d1", coin: "BTC", change: "10", leaves: "10", at: time)
            for _ in 0..<3 { opening.log([row]) }
            #expect(opening.balance("BTC") == "10")
            try opening.settle([("BTC", "10")])
            #expect(opening.bench.outputs.findings(.audit).isEmpty)
            #expect(opening.ties.isEmpty)
        }
    }

    @Test func `of several flows of one millisecond those that led to the balance are in it`()
        throws
    {
        let rows = try OpeningBench.transfers(at: 1_000)
        for (count, balance) in ["10000", "10010", "10006", "10011"].enumerated() {
            var opening = try opened([("USDT", balance)])
            opening.log(rows)
            #expect(opening.balance("USDT") == "10011", "\(count)")
            #expect(opening.ties.isEmpty)
            opening.log(rows)
            #expect(opening.balance("USDT") == "10011", "\(count), told again")
        }
    }

    @Test func `where the balance comes again nothing is on both sides`() throws {
        // In and out again: told by two answers, the second of which would fit on either side.
        var opening = try opened([])
        let first = try OpeningBench.row("a", coin: "BTC", change: "10", leaves: "10", at: 990)
        let second = try OpeningBench.row(
            "b",
            "TRANSFER_OUT",
            coin: "BTC",
            change: "-10",
            leaves: "0",
            at: 995
        )
        opening.log([first])
        #expect(opening.balance("BTC") == "10")
        opening.log([first, second])
        #expect(opening.balance("BTC") == "0")
        #expect(opening.ties.isEmpty)
    }

    /// Both rows are in the balance that was listed, and the clock of balances is behind the one of the log.
    @Test func `what time had put behind the opening the log proves to be in it`() throws {
        let rows = try OpeningBench.transfersOut(at: (1_010, 1_020))
        var opening = try opened([("USDT", "9992")])
        opening.log([rows[0]])
        #expect(opening.balance("USDT") == "9987")
        #expect(opening.ties.map(\.subject) == ["transaction a opening"])
        for _ in 0..<2 {
            opening.log(rows)
            #expect(opening.balance("USDT") == "9992")
        }
        #expect(opening.ledger.wallets["USDT"]?.opening?.description == "9997")
        #expect(opening.ties.count == 1)
        try opening.settle([("USDT", "9992")])
        #expect(opening.bench.outputs.findings(.audit).isEmpty)
    }

    /// The log's pages come newest first, and only both together say what was before the balance that was listed.
    @Test func `what time had put into the opening the log proves to be behind it`() throws {
        let rows = try OpeningBench.transfersOut(at: (990, 995))
        var opening = try opened()
        opening.log([rows[1]])
        #expect(opening.balance("USDT") == "10000")
        #expect(opening.ties.map(\.subject) == ["transaction b opening"])
        opening.log([rows[0]])
        #expect(opening.balance("USDT") == "9992")
        opening.log(rows)
        #expect(opening.balance("USDT") == "9992")
        #expect(opening.ledger.wallets["USDT"]?.opening?.description == "10000")
        try opening.settle([("USDT", "9992")])
        #expect(opening.bench.outputs.findings(.audit).isEmpty)
    }

    @Test func `a row is proved where balances lead to it without a gap, and not else`() throws {
        let rows = try OpeningBench.transfers(at: 1_000)
        // Two pages of one millisecond, the newer one first.
        var paged = try opened([("USDT", "10006")])
        paged.log([rows[2]])
        paged.log(Array(rows[..<2]))
        #expect(paged.balance("USDT") == "10011")
        #expect(paged.ties.isEmpty)
        // The order that was found is kept: a later row is linked to the last of them.
        let next = try OpeningBench.row("d", change: "1", leaves: "10012", at: 1_002)
        paged.log([next])
        #expect(paged.balance("USDT") == "10012")
        #expect(paged.ties.isEmpty)
        // The row in between has not been told: what time says of the far one is no proof.
        var cut = try opened([("USDT", "10006")])
        cut.log([rows[2], try OpeningBench.row("e", change: "1", leaves: "10099", at: 1_001)])
        #expect(cut.balance("USDT") == "10012")
        #expect(cut.ties.map(\.subject) == ["transaction e opening"])
    }

    /// In and out of one millisecond: which came first no balance says, since either order leads to where it began.
    @Test func `what is proved in one order only is not proved`() throws {
        let into = try OpeningBench.row("b", change: "5", leaves: "10000", at: 1_000)
        let out = try OpeningBench.row("a", "TRANSFER_OUT", change: "-5", leaves: "9995", at: 1_000)
        var opening = try opened([("USDT", "9995")])
        opening.log([into])
        #expect(opening.ties.isEmpty && opening.balance("USDT") == "10000")
        opening.log([out])
        #expect(opening.ties.map(\.subject) == ["transaction a opening"])
    }

    /// A list does not say what a fill realised, the log's first answer does, and its second that the opening has it.
    @Test func `a fill that waited for the log and is then proved to be in the opening`() throws {
        let held = try Row.position(.buy, "0.020", entry: "90000", seq: 7)
        var opening = try opened([("USDT", "10005.8198")], [held])
        var fill = try OpeningBench.sale(at: 1_050)
        fill.realisedPnL = nil
        opening.bench.reply(.executions) { $0.executions = [fill] }
        #expect(opening.ledger.opening?.owed.count == 1)
        let first = try OpeningBench.flow(of: fill)
        let second = try OpeningBench.row("t2", change: "5", leaves: "10005.8198", at: 1_060)
        opening.log([first])
        #expect(opening.balance("USDT") == "10006.6396")
        opening.log([first, second])
        #expect(opening.balance("USDT") == "10005.8198")
        try opening.settle([("USDT", "10005.8198")])
        #expect(opening.bench.outputs.findings(.audit).isEmpty)
    }

    @Test func `what no balance says time decides, and a finding says so, once`() throws {
        for (time, balance) in [(999, "10000"), (1_000, "10010")] as [(Int64, String)] {
            var opening = try opened()
            // Another row is missing between the listed balance and this one.
            let row = try OpeningBench.row("d1", change: "10", leaves: "10777", at: time)
            opening.log([row])
            opening.log([row])
            #expect(opening.balance("USDT") == balance)
            #expect(opening.ties.map(\.subject) == ["transaction d1 opening"])
            let side = time < 1_000 ? "in the wallet" : "behind the wallet"
            #expect(opening.ties.map(\.seen) == [side])
        }
    }

    @Test func `beyond the reach of the clocks time decides alone`() throws {
        var opening = try opened()
        opening.log([
            try OpeningBench.row("old", change: "10", leaves: "10000", at: 499),
            try OpeningBench.row("new", change: "7", leaves: "10007", at: 1_501),
        ])
        #expect(opening.balance("USDT") == "10007")
        #expect(opening.ties.isEmpty && opening.ledger.opening?.rows.isEmpty == true)
    }

    // MARK: Fills

    /// What both answers have of the fill is not what its time says, in all ways: the cross sequence says it of its size, the
    /// log of its flow.
    @Test(arguments: [900, 1_000, 1_100] as [Int64], [false, true])
    func `the log puts the flow of a fill on its side`(at time: Int64, isSizeInside: Bool) throws {
        for isFlowInside in [false, true] {
            let held = try Row.position(
                .buy,
                isSizeInside ? "0.020" : "0.030",
                entry: "90000",
                seq: isSizeInside ? 7 : 6
            )
            var opening = try opened([("USDT", isFlowInside ? "10000.8198" : "10000")], [held])
            let fill = try OpeningBench.sale(at: time)
            opening.bench.execution(fill)
            #expect(opening.size() == "0.02")
            #expect(opening.ties.map(\.subject) == ["linear BTCUSDT execution e1 opening"])
            let row = try OpeningBench.flow(of: fill)
            for _ in 0..<3 {
                opening.log([row])
                opening.bench.execution(fill)
            }
            #expect(opening.size() == "0.02")
            #expect(opening.balance("USDT") == "10000.8198")
            #expect(opening.ties.count == 1)
            try opening.settle([("USDT", "10000.8198")])
            #expect(opening.bench.outputs.findings(.audit).isEmpty)
        }
    }

    @Test(arguments: [false, true])
    func `a fill of spot whose flow the log puts right`(isInside: Bool) throws {
        var opening = try opened(
            isInside ? [("USDT", "55000"), ("BTC", "0.5")] : [("USDT", "100000")]
        )
        // Time says the other side.
        let time: Int64 = isInside ? 1_050 : 950
        var fill = try OpeningBench.fill("s1", .buy, "0.5", at: time, fee: "0", seq: 7)
        fill.instrument = OpeningBench.spot
        fill.feeRate = nil
        opening.bench.execution(fill)
        opening.log([
            try OpeningBench.row(
                "t1",
                "TRADE",
                of: fill,
                change: "-45000",
                leaves: "55000",
                at: time
            ),
            try OpeningBench.row(
                "t2",
                "TRADE",
                of: fill,
                coin: "BTC",
                change: "0.5",
                leaves: "0.5",
                at: time
            ),
        ])
        #expect(opening.balance("USDT") == "55000")
        #expect(opening.balance("BTC") == "0.5")
        #expect(opening.ties.count == 1)
    }

    @Test func `a fill whose size time alone decides is told`() throws {
        for time in [900, 1_100] as [Int64] {
            var opening = try opened()
            opening.bench.execution(try OpeningBench.fill("e1", at: time, seq: 7))
            #expect(opening.size() == (time < 1_000 ? "0" : "0.01"))
            let side = time < 1_000 ? "in" : "behind"
            #expect(opening.ties.map(\.seen) == ["\(side) the position, \(side) the wallet"])
        }
    }

    @Test func `a fill of ours is behind the opening, and no log row turns it`() throws {
        var opening = try opened()
        try opening.bench.book(
            "BTCUSDT",
            u: 1,
            snapshot: true,
            bids: [("90000.0", "1")],
            asks: [("90000.1", "1")]
        )
        let linkID = try opening.bench.placed("buy 0.030 89990.0")
        var ours = try OpeningBench.fill("e1", at: 990, seq: 7)
        ours.orderLinkID = linkID
        ours.orderID = "x-" + linkID
        opening.bench.execution(ours)
        #expect(opening.size() == "0.01" && opening.balance("USDT") == "9999.82")
        opening.log([
            try OpeningBench.row("t1", "TRADE", of: ours, change: "-0.18", leaves: "10000", at: 990)
        ])
        try opening.bench.wallet("10000")
        opening.bench.tick()
        #expect(opening.size() == "0.01" && opening.balance("USDT") == "9999.82")
        #expect(opening.ties.isEmpty)
    }

    @Test func `history of an hour before is no matter of doubt`() throws {
        var opening = try opened()
        try opening.bench.reply(.executions) {
            $0.executions = [try OpeningBench.fill("old", at: -3_600_000, seq: 3)]
        }
        opening.log([try OpeningBench.row("d", change: "10", leaves: "9000", at: -3_600_000)])
        #expect(opening.size() == "0" && opening.balance("USDT") == "10000")
        #expect(opening.ties.isEmpty)
        let known = try #require(opening.ledger.opening)
        #expect(known.fills.isEmpty && known.rows.isEmpty && known.owed.isEmpty)
    }

    @Test func `a position that is ahead of our executions proves nothing`() throws {
        var opening = try opened()
        opening.bench.position(try Row.position(.buy, "0.020", entry: "90000", seq: 8))
        opening.bench.execution(try OpeningBench.fill("e1", at: 1_600, seq: 7))
        opening.bench.execution(try OpeningBench.fill("e2", at: 1_700, seq: 8))
        #expect(opening.size() == "0.02" && opening.balance("USDT") == "9999.64")
        opening.bench.execution(try OpeningBench.fill("e2", at: 1_700, seq: 8))
        #expect(opening.size() == "0.02")
        try opening.settle([("USDT", "9999.64")])
        #expect(opening.bench.outputs.findings(.audit).isEmpty && opening.ties.isEmpty)
    }
}
