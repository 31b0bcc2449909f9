import Market
import Testing
import Trading

/// What bots ask and do by themselves, through the proxy.
@Suite struct CarriedTests {
    private func bench() throws -> Bench {
        var bench = try Bench()
        bench.begin()
        try bench.instruments()
        return bench
    }

    /// The end of a request that a bot made.
    private func carried(
        _ bench: inout Bench,
        _ endpoint: Endpoint,
        cursor: String = "",
        code: Int64 = 0,
        orderLinkID: String = ""
    ) -> [Output] {
        let after = SequenceNumber(bench.sequence)
        return bench.feed("rest/k00000000/\(endpoint.method)\(endpoint.path)") { event in
            event.kind = .reply
            event.reply.endpoint = endpoint
            event.reply.httpStatus = 200
            event.reply.code = code
            event.reply.query = "category=linear&symbol=ETHUSDT"
            event.reply.nextPageCursor = cursor
            event.reply.orderLinkID = orderLinkID
            event.reply.after = after
            event.reply.isCarried = true
        }
    }

    @Test
    func
        `a list that a bot asked for is no part of a reconciliation, and no page of it is fetched`()
        throws
    {
        var bench = try bench()
        bench.link(.ready, "private/main")
        for endpoint in [Endpoint.openOrders, .executions, .positions, .wallet] {
            let told = carried(&bench, endpoint, cursor: "next")
            #expect(told.lookUps.isEmpty)
        }
        #expect(!bench.engine.isReconciled)
        bench.reply(.wallet, query: "accountType=UNIFIED")
        bench.reply(.positions)
        bench.reply(.openOrders)
        bench.reply(.executions)
        #expect(bench.engine.isReconciled)
        let listed = carried(&bench, .instruments, cursor: "next")
        #expect(listed.lookUps.isEmpty)
    }

    @Test func `what was refused is told, and is the bot's to look up`() throws {
        var bench = try bench()
        for endpoint in [Endpoint.createOrder, .amendOrder, .cancelOrder] {
            let told = carried(&bench, endpoint, code: 110_001, orderLinkID: "theirs")
            #expect(told.findings(.refused).count == 1)
        }
        for _ in 0..<20 {
            let later = bench.tick()
            #expect(later.commands.isEmpty)
        }
    }

    @Test(arguments: [true, false])
    func `a book that a bot subscribes is not asked for again after a gap`(isCarried: Bool) throws {
        var bench = try bench()
        bench.feed("link/public/linear") { event in
            event.kind = .link
            event.link.change = .connected
            event.link.socket = "public/linear"
            event.link.isCarried = isCarried
        }
        try bench.book(
            "BTCUSDT",
            u: 1,
            snapshot: true,
            bids: [("90000.0", "1")],
            asks: [("90000.1", "1")]
        )
        let gap = try bench.book("BTCUSDT", u: 7, bids: [("90000.0", "2")], asks: [])
        #expect(gap.findings(.gap).count == 1)
        #expect(gap.commands.isEmpty == isCarried)
    }
}
