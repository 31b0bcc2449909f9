import Market

@testable import Trading

/// A session at its opening: answers and rows with the exchange's times, in milliseconds since ``base``.
struct OpeningBench {
    static let base = Bench.start / 1_000_000
    static let inverse = InstrumentID(.inverse, Symbol("BTCUSD") ?? .none)
    static let spot = InstrumentID(.spot, Symbol("BTCUSDT") ?? .none)
    static let option = InstrumentID(.option, Symbol("BTC-26DEC26-90000-C-USDT") ?? .none)

    var bench: Bench

    init() throws {
        bench = try Bench(strategies: [.puppet()])
        bench.begin()
        try bench.instruments()
        connect()
    }

    mutating func connect() {
        bench.link(.connected, "private/main")
        bench.link(.ready, "private/main")
    }

    var ledger: Ledger { bench.engine.ledger }

    func balance(_ coin: String) -> String {
        ledger.wallets[coin]?.balance?.description ?? "none"
    }

    func size(_ instrument: InstrumentID = Bench.btc) -> String {
        ledger.position(instrument).size.description
    }

    var ties: [Finding] { bench.outputs.findings(.openingTie) }

    // MARK: Answers

    /// Open orders and executions, which the opening needs too.
    mutating func rest(_ executions: [ExecutionReport] = []) {
        bench.reply(.openOrders)
        bench.reply(.executions) { $0.executions = executions }
    }

    mutating func positions(_ rows: [PositionUpdate], at milliseconds: Int64) {
        for (list, category) in [
            ("category=inverse", Market.Category.inverse), ("category=option", .option),
            ("category=linear&settleCoin=USDT", .linear),
            ("category=linear&settleCoin=USDC", .linear),
        ] {
            let isSecond = list.hasSuffix("USDC")
            bench.reply(.positions, query: list) {
                $0.exchangeMilliseconds = Self.base + milliseconds
                $0.positions = isSecond ? [] : rows.filter { $0.instrument.category == category }
            }
        }
    }

    mutating func wallet(_ balances: [(String, String)], at milliseconds: Int64) throws {
        let rows = try balances.map {
            WalletUpdate(coin: $0.0, walletBalance: try Amount(text: $0.1))
        }
        bench.reply(.wallet, query: "accountType=UNIFIED") {
            $0.exchangeMilliseconds = Self.base + milliseconds
            $0.wallets = rows
        }
    }

    mutating func log(_ rows: [TransactionRow]) {
        // As the exchange lists them: newest first.
        let list = Array(rows.reversed())
        bench.reply(.transactionLog, query: "accountType=UNIFIED", after: 1) {
            $0.transactions = list
            $0.reply.sent = $0.reply.received
        }
    }

    /// The exchange's last words, and time for what differs to be told.
    mutating func settle(_ balances: [(String, String)]) throws {
        let rows = try balances.map {
            WalletUpdate(coin: $0.0, walletBalance: try Amount(text: $0.1))
        }
        bench.feed("private/main/wallet") {
            $0.kind = .wallets
            $0.exchangeMilliseconds = Self.base + 90_000
            $0.wallets = rows
        }
        for _ in 0..<8 { bench.tick() }
    }

    // MARK: Rows

    static func fill(
        _ id: String,
        _ side: Side = .buy,
        _ quantity: String = "0.010",
        at milliseconds: Int64,
        price: String = "90000",
        fee: String = "0.18",
        realised: String? = nil,
        closed: String? = nil,
        seq: Int64
    ) throws -> ExecutionReport {
        var row = try Row.fill(
            id,
            side: side,
            quantity: quantity,
            price: price,
            fee: fee,
            realised: realised,
            seq: seq,
            milliseconds: base + milliseconds
        )
        row.closedQuantity = try closed.map { try Numeral(text: $0) }
        return row
    }

    /// Sells a third of 0.030 at a gain of 1 USDT, of which the fee leaves 0.8198.
    static func sale(at milliseconds: Int64) throws -> ExecutionReport {
        try fill(
            "e1",
            .sell,
            at: milliseconds,
            price: "90100",
            fee: "0.1802",
            realised: "1",
            closed: "0.010",
            seq: 7
        )
    }

    /// What the log has of ``sale(at:)``, to which a balance of 10,000 led.
    static func flow(of sale: ExecutionReport) throws -> TransactionRow {
        try row(
            "t1",
            "TRADE",
            of: sale,
            cash: "1",
            change: "0.8198",
            leaves: "10000.8198",
            at: sale.timeMilliseconds - base
        )
    }

    /// The delivery of a dated contract at a gain of 200 USDT and a fee of 9.1, and the position that it ends.
    static func delivery(
        at milliseconds: Int64,
        seq: Int64
    ) throws -> (end: ExecutionReport, held: PositionUpdate) {
        let dated = InstrumentID(.linear, Symbol("BTCUSDT-25DEC26") ?? .none)
        var end = try fill(
            "d1",
            .sell,
            "0.2",
            at: milliseconds,
            price: "91000",
            fee: "9.1",
            realised: "200",
            seq: seq
        )
        end.instrument = dated
        end.type = .delivery
        var held = try Row.position(.buy, "0.2", entry: "90000", seq: 6)
        held.instrument = dated
        return (end, held)
    }

    static func row(
        _ id: String,
        _ type: String = "TRANSFER_IN",
        of execution: ExecutionReport? = nil,
        coin: String = "USDT",
        cash: String? = nil,
        change: String,
        leaves balance: String,
        at milliseconds: Int64
    ) throws -> TransactionRow {
        TransactionRow(
            id: id,
            type: type,
            category: execution?.instrument.category,
            symbol: execution?.instrument.symbol.description ?? "",
            coin: coin,
            tradeID: execution?.executionID ?? "",
            cashFlow: try Amount(text: cash ?? change),
            change: try Amount(text: change),
            balance: try Amount(text: balance),
            timeMilliseconds: base + milliseconds
        )
    }

    /// Two transfers of one coin, one behind the other: 10,000 became 9,995 and then 9,992.
    static func transfersOut(at milliseconds: (Int64, Int64)) throws -> [TransactionRow] {
        [
            try row("a", "TRANSFER_OUT", change: "-5", leaves: "9995", at: milliseconds.0),
            try row("b", "TRANSFER_OUT", change: "-3", leaves: "9992", at: milliseconds.1),
        ]
    }

    /// In, out and in again within one millisecond: 10,000 became 10,010, then 10,006, then 10,011.
    static func transfers(at milliseconds: Int64) throws -> [TransactionRow] {
        [
            try row("a", change: "10", leaves: "10010", at: milliseconds),
            try row("b", "TRANSFER_OUT", change: "-4", leaves: "10006", at: milliseconds),
            try row("c", change: "5", leaves: "10011", at: milliseconds),
        ]
    }
}
