import Market
import Projections
import Runtime
import Testing
import Trading

/// Rows of the tables, folded beside an engine that is told of an account.
@Suite struct DeskFoldTests {
    /// An engine, and a fold that looks at it behind each record.
    private struct Folded {
        /// 2026-11-22T20:00:00Z.
        static let base: Int64 = 1_795_377_600_000

        var engine: Engine
        var fold = DeskFold()
        private var sequence: UInt64 = 0

        /// A flat account whose positions and balance are told at 1,000 ms.
        init(balance: String) throws {
            engine = try Engine(
                configuration: EngineConfiguration(session: "2026-11-22T20-00-00Z-1a2b")
            )
            try feed { $0.kind = .sessionStart }
            for change in [LinkEvent.Change.connected, .ready] {
                try feed("link/private/main") {
                    $0.kind = .link
                    $0.link.change = change
                    $0.link.socket = "private/main"
                }
            }
            for endpoint in [Endpoint.openOrders, .executions, .positions] {
                try reply(endpoint) { _ in }
            }
            try reply(.wallet) {
                $0.wallets = [WalletUpdate(coin: "USDT", walletBalance: try Amount(text: balance))]
            }
        }

        /// - Parameter kind: of the record that the fold is told of, where it is another than the engine's.
        /// - Returns: the rows that the record led to.
        @discardableResult
        mutating func feed(
            _ stream: String = "session/tick",
            as kind: Event.Kind? = nil,
            _ fill: (inout Event) throws -> Void
        ) throws -> [DeskRow] {
            sequence += 1
            var event = Event()
            try fill(&event)
            let header = RecordHeader(
                sequence: SequenceNumber(sequence),
                time: Timestamp(nanoseconds: (Self.base + Int64(sequence)) * 1_000_000),
                stream: StreamName(stream)
            )
            var outputs = Outputs()
            engine.apply(event, at: header, outputs: &outputs)
            if let kind {
                event = Event()
                event.kind = kind
            }
            try fold.take(header, event, outputs.elements, engine)
            return fold.rows
        }

        @discardableResult
        mutating func reply(
            _ endpoint: Endpoint,
            _ fill: (inout Event) throws -> Void
        ) throws -> [DeskRow] {
            let last = SequenceNumber(sequence)
            return try feed("rest/main/GET\(endpoint.path)") {
                $0.kind = .reply
                $0.reply.endpoint = endpoint
                $0.reply.outcome = .answered
                $0.reply.httpStatus = 200
                $0.reply.after = last
                $0.reply.query = endpoint == .wallet ? "accountType=UNIFIED" : "category=linear"
                $0.exchangeMilliseconds = Self.base + 1_000
                try fill(&$0)
            }
        }

        /// A buy of 0.010 that costs a fee of 0.18 USDT, long after the opening.
        static func fill() throws -> ExecutionReport {
            ExecutionReport(
                instrument: InstrumentID(.linear, try #require(Symbol("BTCUSDT"))),
                executionID: "e1",
                type: .trade,
                orderID: "x",
                orderLinkID: "",
                side: .buy,
                price: try Numeral(text: "90000"),
                quantity: try Numeral(text: "0.010"),
                value: try Amount(text: "900"),
                fee: try Amount(text: "0.18"),
                feeRate: try Numeral(text: "0.0002"),
                feeCoin: "USDT",
                timeMilliseconds: base + 60_000,
                crossSequence: 7
            )
        }

        /// A transfer that comes in; the log's rows, newest first.
        static func log(
            _ rows: (id: String, change: String, leaves: String)...
        ) throws
            -> [TransactionRow]
        {
            try rows.enumerated().reversed().map { place, row in
                TransactionRow(
                    id: row.id,
                    type: "TRANSFER_IN",
                    category: nil,
                    symbol: "",
                    coin: "USDT",
                    cashFlow: try Amount(text: row.change),
                    change: try Amount(text: row.change),
                    balance: try Amount(text: row.leaves),
                    timeMilliseconds: base + 1_010 + Int64(place)
                )
            }
        }
    }

    private static func flows(_ rows: [DeskRow]) -> [String] {
        rows.compactMap {
            guard case .flow(let flow, _) = $0 else { return nil }
            return "\(flow.coin) \(flow.kind) \(flow.amount) \(flow.balance)"
        }
    }

    /// No record of these kinds tells of an execution; one that waited can be booked with any.
    @Test(arguments: [Event.Kind.tick, .clock, .book, .ticker, .publicTrades, .candles, .none])
    func `what is booked is in the tables whatever record it comes with`(_ kind: Event.Kind) throws
    {
        var folded = try Folded(balance: "10000")
        #expect(try folded.feed(as: kind) { $0.kind = .tick }.isEmpty)
        let fill = try Folded.fill()
        let rows = try folded.feed(as: kind) {
            $0.kind = .executions
            $0.executions = [fill]
        }
        let executions: [String] = rows.compactMap {
            if case .execution(let row, _, _) = $0 { row.executionID } else { nil }
        }
        #expect(executions == ["e1"])
        let sizes: [String] = rows.compactMap {
            if case .position(let row, let strategy) = $0, strategy.isEmpty {
                row.size.description
            } else {
                nil
            }
        }
        #expect(sizes == ["0.01"])
        #expect(Self.flows(rows) == ["USDT fee -0.18 9999.82"])
        #expect(rows.contains { if case .trip = $0 { true } else { false } })
        #expect(try folded.feed(as: kind) { $0.kind = .tick }.isEmpty)
    }

    /// By time both are behind the opening; the second row proves that the balance, which was told, had them.
    @Test func `an opening balance that is lowered later is told as a flow of its own`() throws {
        var folded = try Folded(balance: "10008")
        let first = try Folded.log(("a", "5", "10005"))
        let both = try Folded.log(("a", "5", "10005"), ("b", "3", "10008"))
        var rows = try folded.reply(.transactionLog) { $0.transactions = first }
        #expect(Self.flows(rows) == ["USDT transfer 5 10013"])
        rows = try folded.reply(.transactionLog) { $0.transactions = both }
        #expect(Self.flows(rows) == ["USDT opening -5 10008"])
        rows = try folded.reply(.transactionLog) { $0.transactions = both }
        #expect(Self.flows(rows).isEmpty)
        // What comes behind goes on from the balance as it is now, and the ledger has the same.
        let fill = try Folded.fill()
        rows = try folded.feed("private/main/execution") {
            $0.kind = .executions
            $0.executions = [fill]
        }
        #expect(Self.flows(rows) == ["USDT fee -0.18 10007.82"])
        let wallet = try #require(folded.engine.ledger.wallets["USDT"])
        #expect(wallet.opening?.description == "10003")
        #expect(wallet.balance?.description == "10007.82")
    }
}
