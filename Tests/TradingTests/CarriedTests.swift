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

    private static var batch: [Detail] {
        var taken = AcceptedOrder()
        taken.orderLinkID = "b-1"
        taken.orderID = "x-1"
        var refused = AcceptedOrder()
        refused.orderLinkID = "b-2"
        refused.code = 10_001
        refused.message = "qty is zero"
        var nameless = AcceptedOrder()
        nameless.code = 110_007
        nameless.message = "no balance"
        return [.acceptedOrder(taken), .acceptedOrder(refused), .acceptedOrder(nameless)]
    }

    /// Trap 36: 0 above all says nothing of the items.
    @Test(arguments: [true, false])
    func `each refused order of a batch is told, and none that was taken`(isCarried: Bool) throws {
        var bench = try bench()
        let stream = "rest/k00000000/POST/v5/order/create-batch"
        let told = bench.feed(stream) { event in
            event.kind = .reply
            event.reply.endpoint = .other("/v5/order/create-batch")
            event.reply.httpStatus = 200
            event.reply.code = 0
            event.reply.isCarried = isCarried
            event.details = Self.batch
        }.findings(.refused)
        #expect(told.map(\.subject) == ["b-2", stream])
        #expect(told.map(\.seen) == ["10001 qty is zero", "110007 no balance"])
        #expect(told.allSatisfy { $0.note == "POST /v5/order/create-batch" })
    }

    @Test func `so is that of a batch on the trade socket`() throws {
        var bench = try bench()
        let told = bench.feed("trade/k00000000") { event in
            event.kind = .acknowledgement
            event.acknowledgement.operation = "order.create-batch"
            event.acknowledgement.isSuccess = true
            event.details = Self.batch
        }.findings(.refused)
        #expect(told.map(\.subject) == ["b-2", "trade/k00000000"])
        #expect(told.allSatisfy { $0.note == "order.create-batch" })
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
