import Market
import Testing
import Trading

@Suite struct MakerTests {
    private func town(_ parameters: [(String, String)] = [], limits: [Setting] = []) throws -> Town
    {
        try Town(
            strategies: [
                StrategyConfiguration(
                    name: "maker",
                    kind: "maker",
                    parameters: parameters.map { Setting($0.0, $0.1) }
                )
            ],
            limits: limits
        )
    }

    private func quotes(_ outputs: [Output], _ side: Side) -> [String] {
        outputs.placed.filter { $0.instrument == Bench.btc && $0.side == side }
            .compactMap { $0.price?.description }
    }

    @Test func `it quotes layers on both sides as far from the middle as it is told`() throws {
        var town = try town()
        let timer = try #require(town.bench.engine.timers.first)
        let answer = town.bench.timer("maker", timer.name, due: timer.due)
        // 90,000.0 × 90,000.1: the middle is a tick for the bid and rounds to the same one for the ask.
        #expect(quotes(answer, .buy) == ["89999.8", "89999.5"])
        #expect(quotes(answer, .sell) == ["90000.2", "90000.5"])
        #expect(answer.placed.allSatisfy { $0.timeInForce == .postOnly })
        #expect(answer.placed.map(\.quantity.description).contains("0.20"))
    }

    @Test func `in fifteen seconds it does all that a demonstration needs`() throws {
        var town = try town(limits: [Setting("open_orders", "7")])
        try town.run(rounds: 60)
        let commands = town.bench.outputs.commands
        var cancels = 0
        var amends = 0
        for command in commands {
            switch command.action {
            case .cancel: cancels += 1
            case .amend: amends += 1
            default: continue
            }
        }
        #expect(town.bench.outputs.placed.count >= 100)
        #expect(cancels >= 20)
        #expect(amends >= 5)
        #expect(town.fills >= 20)
        #expect(town.bench.outputs.verdicts.filter { !$0.isAllowed }.count >= 3)
        #expect(town.bench.outputs.placed.contains { $0.type == .market })
    }

    @Test func `at its inventory's limit it trades out past zero and quotes nothing meanwhile`()
        throws
    {
        var town = try town([("symbols", "BTCUSDT"), ("inventory_max", "0.020")])
        var timer = try #require(town.bench.engine.timers.first)
        let placed = town.bench.timer("maker", timer.name, due: timer.due).placed
        let buys = placed.filter { $0.side == .buy }
        for (place, buy) in buys.enumerated() {
            town.bench.order(
                try Row.order(buy.orderLinkID, "New", price: buy.price?.description ?? "")
            )
            town.bench.execution(
                try Row.fill(
                    "e\(place)",
                    buy.orderLinkID,
                    quantity: "0.010",
                    price: buy.price?.description ?? "",
                    seq: Int64(place + 1)
                )
            )
            town.bench.order(try Row.order(buy.orderLinkID, "Filled", filled: "0.010", at: 2_000))
        }
        #expect(town.bench.engine.ledger.position(Bench.btc).size.description == "0.02")
        timer = try #require(town.bench.engine.timers.first)
        let answer = town.bench.timer("maker", timer.name, due: timer.due)
        #expect(answer.placed.map(\.type) == [.market])
        #expect(answer.placed.first?.side == .sell)
        #expect(answer.placed.first?.quantity.description == "0.030")
        let exit = try #require(answer.placed.first?.orderLinkID)
        town.bench.execution(
            try Row.fill("exit", exit, side: .sell, quantity: "0.030", price: "90000.0", seq: 9)
        )
        town.bench.order(
            try Row.order(exit, "Filled", side: .sell, quantity: "0.030", filled: "0.030")
        )
        #expect(town.bench.engine.ledger.position(Bench.btc).size.description == "-0.01")
        timer = try #require(town.bench.engine.timers.first)
        #expect(!town.bench.timer("maker", timer.name, due: timer.due).placed.isEmpty)
    }

    @Test func `a stale book ends its quotes`() throws {
        var town = try town([("symbols", "BTCUSDT")])
        let timer = try #require(town.bench.engine.timers.first)
        for request in town.bench.timer("maker", timer.name, due: timer.due).placed {
            town.bench.order(
                try Row.order(
                    request.orderLinkID,
                    "New",
                    side: request.side,
                    price: request.price?.description ?? ""
                )
            )
        }
        let answer = try town.bench.book("BTCUSDT", u: 999)
        #expect(answer.verdicts.filter { $0.intent.hasPrefix("cancel") }.count == 4)
        let next = try #require(town.bench.engine.timers.first)
        #expect(town.bench.timer("maker", next.name, due: next.due).placed.isEmpty)
    }

    @Test func `a quote that moved a little is amended, one that moved far is cancelled`() throws {
        for (shift, word) in [(Int64(3), "amend"), (40, "cancel")] {
            var town = try town([("symbols", "BTCUSDT"), ("levels", "1")])
            var timer = try #require(town.bench.engine.timers.first)
            for request in town.bench.timer("maker", timer.name, due: timer.due).placed {
                town.bench.order(
                    try Row.order(
                        request.orderLinkID,
                        "New",
                        side: request.side,
                        price: request.price?.description ?? ""
                    )
                )
            }
            let bid = Price(units: 900_000 + shift).text(decimals: 1)
            let ask = Price(units: 900_001 + shift).text(decimals: 1)
            try town.bench.book(
                "BTCUSDT",
                u: 900,
                snapshot: true,
                bids: [(bid, "1")],
                asks: [(ask, "1")]
            )
            timer = try #require(town.bench.engine.timers.first)
            let answer = town.bench.timer("maker", timer.name, due: timer.due)
            #expect(answer.verdicts.count == 2)
            #expect(answer.verdicts.allSatisfy { $0.intent.hasPrefix(word) })
        }
    }

    @Test func `a halted desk is not asked`() throws {
        var town = try town()
        town.bench.operate("halt", "test")
        let timer = try #require(town.bench.engine.timers.first)
        #expect(town.bench.timer("maker", timer.name, due: timer.due).verdicts.isEmpty)
    }
}
