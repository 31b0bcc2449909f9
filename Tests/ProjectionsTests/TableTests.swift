import Market
import Projections
import Testing

@Suite struct TableTests {
    private func build(
        _ directory: TemporaryDirectory,
        _ body: (DeskWriter) throws -> Void
    ) throws -> DeskReader {
        let writer = try DeskWriter(path: directory.desk, identity: Sample.identity)
        try body(writer)
        try writer.finish(lastSequence: SequenceNumber(1_000))
        try writer.close()
        return try DeskReader(path: directory.desk)
    }

    struct News: Sendable {
        var status: OrderStatus
        var updated: Int64
        var isLate = false
    }

    static let cases: [(news: [News], status: OrderStatus, updates: Int64)] = [
        // The newest word stands.
        ([News(status: .new, updated: 1), News(status: .filled, updated: 2)], .filled, 2),
        // Older news is late.
        (
            [
                News(status: .new, updated: 1), News(status: .partiallyFilled, updated: 5),
                News(status: .new, updated: 3),
            ], .partiallyFilled, 2
        ),
        // A closed order never opens again, whatever its time.
        ([News(status: .cancelled, updated: 4), News(status: .new, updated: 9)], .cancelled, 1),
        // The engine knows better.
        (
            [News(status: .new, updated: 1), News(status: .new, updated: 1, isLate: true)], .new, 1
        ),
        // The same again is news of the same state.
        ([News(status: .filled, updated: 2), News(status: .filled, updated: 2)], .filled, 2),
    ]

    @Test(arguments: cases)
    func `an order stands as the exchange last told it`(
        news: [News],
        status: OrderStatus,
        updates: Int64
    ) throws {
        let directory = try TemporaryDirectory()
        let reader = try build(directory) { writer in
            for (index, item) in news.enumerated() {
                try writer.add(
                    order: try Sample.order("1", item.status, updated: item.updated),
                    strategy: "maker",
                    isLate: item.isLate,
                    at: Sample.place(UInt64(index) + 10)
                )
            }
        }
        let orders = try reader.orders()
        #expect(orders.map(\.order.value.status) == [status])
        #expect(orders.map(\.updates) == [updates])
        #expect(orders.map(\.firstSequence) == [SequenceNumber(10)])
        #expect(try reader.history(ofOrder: "1").map(\.value.status) == news.map(\.status))
        #expect(try reader.history(ofOrder: "td-1").count == news.count)
        let late = try reader.query("SELECT sum(late) FROM order_history").rows
        #expect(late == [[String(Int64(news.count) - updates)]])
    }

    @Test func `rows come back as they were added`() throws {
        let directory = try TemporaryDirectory()
        var order = try Sample.order("1", .other("Odd"))
        order.averagePrice = try Sample.number("90000.1")
        order.filledValue = try Sample.amount("12.000000000000000001")
        order.filledFee = try Sample.amount("-0.5")
        order.type = .market
        order.reduceOnly = true
        let execution = try Sample.execution("7")
        let effect = ExecutionEffect(
            coin: "USDT",
            realised: try Sample.amount("1"),
            fee: try Sample.amount("2"),
            funding: try Sample.amount("-3")
        )
        let position = try Sample.position(size: "-0.010", unrealised: nil)
        let flow = WalletFlow(coin: "USDT", kind: "transfer", amount: .zero, balance: .zero)
        let place = Sample.place(1)
        let reader = try build(directory) { writer in
            try writer.add(order: order, strategy: "maker", at: place)
            try writer.add(execution: execution, effect: effect, strategy: "maker", at: place)
            try writer.add(position: position, at: place)
            try writer.add(exchangePosition: try Sample.exchangePosition(), at: place)
            try writer.add(wallet: try Sample.wallet(), at: place)
            try writer.add(flow: flow, at: place)
            try writer.add(transaction: try Sample.transaction("t"), at: place)
            // Two of one record, as when outputs are computed anew from their input.
            try writer.add(output: .verdict(Sample.verdict(2)), at: Sample.place(2, account: ""))
            try writer.add(
                output: .verdict(Sample.verdict(2, holds: true)),
                at: Sample.place(2, account: "")
            )
            try writer.add(
                output: .finding(Sample.finding(.audit, 3)),
                at: Sample.place(3, account: "")
            )
        }
        #expect(
            try reader.orders().map(\.order)
                == [Stored(value: order, provenance: place, strategy: "maker")]
        )
        #expect(
            try reader.executions().map(\.execution)
                == [Stored(value: execution, provenance: place, strategy: "maker")]
        )
        #expect(try reader.executions().map(\.effect) == [effect])
        #expect(try reader.positions() == [Stored(value: position, provenance: place)])
        #expect(try reader.walletFlows() == [Stored(value: flow, provenance: place)])
        #expect(
            try reader.exchangePositions()
                == [Stored(value: try Sample.exchangePosition(), provenance: place)]
        )
        #expect(try reader.wallets() == [Stored(value: try Sample.wallet(), provenance: place)])
        #expect(
            try reader.transactions()
                == [Stored(value: try Sample.transaction("t"), provenance: place)]
        )
        #expect(
            try reader.verdicts(rejectedOnly: true) == [
                Stored(
                    value: Sample.verdict(2),
                    provenance: Sample.place(2, account: ""),
                    strategy: "maker"
                )
            ]
        )
        #expect(try reader.verdicts().map(\.value.isAllowed) == [false, true])
        #expect(
            try reader.findings(kind: .audit) == [
                Stored(value: Sample.finding(.audit, 3), provenance: Sample.place(3, account: ""))
            ]
        )
        #expect(try reader.findings(kind: .gap).isEmpty)
    }

    @Test func `texts of any length are kept, and those of the row before are not taken for them`()
        throws
    {
        let directory = try TemporaryDirectory()
        // Empty, short, as much as lies side by side, and far more.
        let lengths = [0, 3, 16_000, 500, 16_384, 40_000, 1]
        func finding(_ place: Int) -> Finding {
            var finding = Sample.finding(.audit, UInt64(place) + 1)
            finding.subject = String(repeating: "s", count: lengths[place])
            finding.expected = String(repeating: "é", count: lengths[place] / 2)
            finding.seen = "\(place)"
            finding.note = String(repeating: "n", count: lengths[lengths.count - 1 - place])
            return finding
        }
        let reader = try build(directory) { writer in
            for place in lengths.indices {
                try writer.add(
                    finding: finding(place),
                    at: Sample.place(UInt64(place) + 1, account: "")
                )
            }
        }
        #expect(try reader.findings(kind: .audit).map(\.value) == lengths.indices.map(finding))
    }

    @Test func `a command is told with what it asks`() throws {
        let directory = try TemporaryDirectory()
        let due = Timestamp(nanoseconds: 1_795_377_600_250_000_000)
        let actions: [Command.Action] = [
            .place(
                OrderRequest(
                    instrument: Sample.bitcoin,
                    orderLinkID: "a",
                    side: .sell,
                    quantity: try Sample.number("0.010"),
                    price: nil
                )
            ),
            .amend(
                AmendRequest(
                    instrument: Sample.bitcoin,
                    orderLinkID: "a",
                    price: try Sample.number("9.50")
                )
            ),
            .cancel(CancelRequest(instrument: Sample.ether, orderLinkID: "a", orderID: "x")),
            .lookUp(.openOrders(.linear)),
            .lookUp(.page(.executions, query: "category=linear", cursor: "c1")),
            .lookUp(.orderHistoryByID(Sample.bitcoin, orderID: "x-9")),
            .resubscribe(Sample.bitcoin, topic: "orderbook.50"),
            .setTimer(name: "requote", due: due),
        ]
        let reader = try build(directory) { writer in
            for (index, action) in actions.enumerated() {
                let sequence = UInt64(index) + 10
                try writer.add(
                    output: .command(
                        Command(strategy: "maker", cause: .first, ordinal: index, action: action)
                    ),
                    at: Sample.place(sequence)
                )
            }
        }
        let rows = try reader.query(
            "SELECT action, symbol, order_link_id, quantity, price, detail FROM commands"
        ).rows
        let ids = try reader.query("SELECT order_id FROM commands WHERE detail = 'order history'")
        #expect(ids.rows == [["x-9"]])
        #expect(
            rows == [
                ["place", "BTCUSDT", "a", "0.010", nil, ""],
                ["amend", "BTCUSDT", "a", nil, "9.50", ""],
                ["cancel", "ETHUSDT", "a", nil, nil, ""],
                ["look-up", "", "", nil, nil, "open orders"],
                ["look-up", "", "", nil, nil, "page /v5/execution/list?category=linear from c1"],
                ["look-up", "BTCUSDT", "", nil, nil, "order history"],
                ["resubscribe", "BTCUSDT", "", nil, nil, "orderbook.50"],
                ["set-timer", "", "", nil, nil, "requote 2026-11-22T20:00:00.250000000Z"],
            ]
        )
        #expect(try reader.commands(DeskFilter(symbols: [])).isEmpty)
        #expect(try reader.commands().map(\.value.ordinal) == Array(0..<8))
    }

    @Test func `a gap lasts from its first record until its socket or stream is back`() throws {
        let directory = try TemporaryDirectory()
        let reader = try build(directory) { writer in
            func link(_ change: LinkEvent.Change, _ socket: String, _ sequence: UInt64) throws {
                var link = LinkEvent()
                link.change = change
                link.socket = socket
                link.count = change == .shed ? 12 : 0
                try writer.add(link: link, at: Sample.place(sequence))
            }
            try link(.connected, "private/main", 1)
            try link(.disconnected, "private/main", 2)
            try link(.disconnected, "public/linear", 3)
            try link(.ready, "private/main", 4)
            try link(.disconnected, "private/main", 5)
            try link(.shed, "public/linear", 6)
            try writer.add(finding: Sample.finding(.gap, 7), at: Sample.place(7))
            try writer.add(finding: Sample.finding(.reconciled, 8), at: Sample.place(8))
            try writer.add(finding: Sample.finding(.decode, 9), at: Sample.place(9))
            try link(.absent, "public/spot", 10)
        }
        let gaps = try reader.gaps().map(\.value)
        #expect(
            gaps.map(\.kind) == [
                "disconnected", "disconnected", "disconnected", "shed", "gap", "absent",
            ]
        )
        // What no run recorded is over when it is told of.
        #expect(
            gaps.map(\.ended?.value) == [4, nil, nil, nil, 8, 10]
        )
        #expect(gaps.map(\.count) == [0, 0, 0, 12, 0, 0])
    }

    @Test func `a finding of each kind is found by it`() throws {
        let directory = try TemporaryDirectory()
        let kinds = Finding.Kind.allCases
        let reader = try build(directory) { writer in
            for (number, kind) in kinds.enumerated() {
                let sequence = UInt64(number) + 10
                try writer.add(
                    finding: Sample.finding(kind, sequence),
                    at: Sample.place(sequence)
                )
            }
        }
        #expect(try reader.findings().map(\.value.kind) == kinds)
        for kind in kinds { #expect(try reader.findings(kind: kind).map(\.value.kind) == [kind]) }
        let ties = try reader.query("SELECT count(*) FROM findings WHERE kind = 'opening-tie'")
        #expect(ties.rows == [["1"]])
    }
}
