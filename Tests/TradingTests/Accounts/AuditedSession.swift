import Market
import Trading

/// A day of an account in six products, with the exchange's own word on all of it: what a self-audit is told.
///
/// The figures are the exchange's, worked out by hand; the engine is what is tried.
struct AuditedSession {
    var bench: Bench

    init(_ fault: LedgerFault = .none) throws {
        bench = try Bench(fault: fault)
        bench.begin()
        try bench.instruments()
        try bench.reconcile(balance: "100000")
    }

    /// All that has been fed, folded anew with an audit beside it.
    func audited() throws -> (audit: SelfAudit, engine: Engine) {
        var engine = try Engine(
            configuration: bench.engine.configuration,
            registry: Bench.registry
        )
        var audit = SelfAudit()
        for (event, header) in bench.inputs {
            var outputs = Outputs()
            audit.compareBook(event, header, engine)
            engine.apply(event, at: header, outputs: &outputs)
            audit.take(event, header, engine)
        }
        audit.finish(engine)
        return (audit, engine)
    }

    static let spot = InstrumentID(.spot, Symbol("BTCUSDT") ?? .none)
    static let start = Bench.start / 1_000_000 + 60_000

    /// Fills, a reversal, funding, a leg, an extra fee, a spot fill.
    mutating func trade() throws {
        var rows = [
            try Row.fill("e1", quantity: "0.040", price: "90300", fee: "0.7224", realised: "0"),
            try Row.fill(
                "e2",
                side: .sell,
                quantity: "0.060",
                price: "91000",
                fee: "1.092",
                realised: "28",
                seq: 2
            ),
            try Row.fill(
                "e3",
                quantity: "0.020",
                price: "90500",
                fee: "0.362",
                realised: "10",
                seq: 3
            ),
            try Row.fill(
                "leg",
                symbol: "ETHUSDT",
                quantity: "2",
                price: "3000",
                rate: "0.0001",
                fee: "0.6",
                realised: "0"
            ),
        ]
        rows[0].closedQuantity = .zero
        rows[1].closedQuantity = try Numeral(text: "0.040")
        rows[2].closedQuantity = try Numeral(text: "0.020")
        rows[2].extraFees = [
            ExtraFee(coin: "USDT", type: "GST", amount: try Amount(text: "0.05"))
        ]
        rows[3].type = .futureSpread
        bench.execution(rows[0])
        bench.position(try Row.position(.buy, "0.040", entry: "90300", seq: 1))
        bench.execution(
            try Row.funding(
                "f1",
                side: .buy,
                quantity: "0.040",
                mark: "90500",
                rate: "0.0001",
                paid: "0.362"
            )
        )
        bench.execution(rows[1])
        var short = try Row.position(.sell, "0.020", entry: "91000", seq: 2)
        short.markPrice = try Numeral(text: "90900")
        short.unrealisedPnL = try Amount(text: "2")
        bench.position(short)
        for _ in 0..<6 { bench.tick() }
        bench.execution(rows[2], rows[3])
        bench.position(try Row.position(nil, "0", entry: nil, seq: 3))
        bench.position(
            try Row.position(.buy, "2", entry: "3000", seq: 1, symbol: "ETHUSDT")
        )
        var buy = try Row.fill("s1", quantity: "0.5", price: "90000", rate: "0.001", fee: "0.0005")
        buy.instrument = AuditedSession.spot
        buy.feeCoin = "BTC"
        bench.execution(buy)
    }

    /// What the exchange's wallets hold after ``trade()``.
    mutating func tellWallets(usdt: String = "55034.8116", btc: String = "0.4995") throws {
        try bench.feed("private/main/wallet") {
            $0.kind = .wallets
            $0.wallets = [
                WalletUpdate(coin: "USDT", walletBalance: try Amount(text: usdt)),
                WalletUpdate(coin: "BTC", walletBalance: try Amount(text: btc)),
            ]
        }
        for _ in 0..<8 { bench.tick() }
    }

    /// The transaction log of all of it.
    mutating func tellLog(_ more: [TransactionRow] = [], without: Set<String> = []) throws {
        let rows = [
            try row("e1", "TRADE", "BTCUSDT", change: "-0.7224"),
            try row("f1", "SETTLEMENT", "BTCUSDT", change: "-0.362"),
            try row("e2", "TRADE", "BTCUSDT", change: "26.908"),
            try row("e3", "TRADE", "BTCUSDT", change: "9.588"),
            try row("leg", "TRADE", "ETHUSDT", change: "-0.6"),
            try row("s1", "TRADE", "BTCUSDT", category: .spot, change: "-45000"),
            try row("s1", "TRADE", "BTCUSDT", category: .spot, coin: "BTC", change: "0.4995"),
        ].filter { !without.contains($0.tradeID) }
        bench.reply(.transactionLog, query: "accountType=UNIFIED", after: 1) {
            $0.transactions = rows + more
            $0.reply.sent = $0.reply.received
        }
        for _ in 0..<8 { bench.tick() }
    }

    /// As many rows of interest as are asked for, a whole unit of the coin each.
    mutating func moreFlows(_ count: Int) throws {
        try tellLog(
            (1...count).map {
                try row("i\($0)", "INTEREST", "", category: nil, change: "-1")
            }
        )
    }

    func row(
        _ trade: String,
        _ type: String,
        _ symbol: String,
        category: Market.Category? = .linear,
        coin: String = "USDT",
        change: String
    ) throws -> TransactionRow {
        let amount = try Amount(text: change)
        return TransactionRow(
            id: "log-\(trade)-\(coin)",
            type: type,
            category: category,
            symbol: symbol,
            coin: coin,
            tradeID: trade,
            cashFlow: type == "SETTLEMENT" ? .zero : amount,
            funding: type == "SETTLEMENT" ? amount : .zero,
            change: amount,
            balance: .zero,
            timeMilliseconds: AuditedSession.start + 500
        )
    }
}
