import Market
import Projections
import Testing

@Suite struct ExactTests {
    @Test(arguments: [
        "0", "0.000000000000000001", "-0.000000000000000001", "12.345678901234567891",
        "99999999999999999999.999999999999999999", "-99999999999999999999.999999999999999999",
        "100000000000000000000", "0.1", "-1234567.5",
    ])
    func `money is stored to its last digit and comes back the same`(text: String) throws {
        let directory = try TemporaryDirectory()
        let writer = try DeskWriter(path: directory.desk, identity: Sample.identity)
        let amount = try Sample.amount(text)
        let place = Sample.place(1)
        let effect = ExecutionEffect(coin: "USDT", realised: amount)
        try writer.add(
            execution: try Sample.execution("1"),
            effect: effect,
            strategy: "maker",
            at: place
        )
        try writer.finish(lastSequence: place.sequence)
        let file = try RawDatabase(directory.desk)
        #expect(
            try file.rows("SELECT realised, typeof(realised) FROM executions") == [[text, "text"]]
        )
        #expect(try file.rows("SELECT realised, typeof(realised) FROM pnl") == [[text, "text"]])
        let reader = try DeskReader(path: directory.desk)
        #expect(try reader.executions().map(\.effect) == [effect])
    }

    @Test(arguments: [
        "90000.10", "0.0000000000001", "26000000000000", "0", "-0.00", "999999999999999999",
        "0.000000000000000001", "-12.50",
    ])
    func `prices and quantities keep the text that came`(text: String) throws {
        let directory = try TemporaryDirectory()
        let writer = try DeskWriter(path: directory.desk, identity: Sample.identity)
        var order = try Sample.order("1", .new)
        order.price = try Sample.number(text)
        order.quantity = try Sample.number(text)
        try writer.add(order: order, strategy: "maker", at: Sample.place(1))
        try writer.finish(lastSequence: SequenceNumber(1))
        let file = try RawDatabase(directory.desk)
        let rows = try file.rows("SELECT price, quantity, typeof(price) FROM orders")
        #expect(rows == [[text, text, "text"]])
    }

    @Test func `no column is REAL and no stored value is`() throws {
        let directory = try TemporaryDirectory()
        let writer = try DeskWriter(path: directory.desk, identity: Sample.identity)
        try Sample.fill(writer, through: 400)
        writer.add(
            valuation: try Sample.position(size: "0.5", unrealised: "7"),
            at: Sample.place(400)
        )
        try writer.finish(lastSequence: SequenceNumber(400))

        let file = try RawDatabase(directory.desk)
        let tables = try file.rows(
            "SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name"
        )
        #expect(
            tables.map { $0[0] } == [
                "commands", "exchange_positions", "executions", "findings", "gaps", "meta",
                "order_history", "orders", "pnl", "positions", "round_trips", "transactions",
                "valuations",
                "verdict_checks", "verdicts", "wallet_flows", "wallets",
            ]
        )
        for table in tables {
            let name = try #require(table[0])
            #expect(try #require(table[1]).contains("STRICT"), "\(name)")
            let columns = try file.rows("SELECT name, type FROM pragma_table_info('\(name)')")
            for column in columns {
                let title = try #require(column[0])
                #expect(["INTEGER", "TEXT"].contains(column[1]), "\(name).\(title)")
                let types = try file.rows("SELECT DISTINCT typeof(\(title)) FROM \(name)")
                for type in types {
                    #expect(["integer", "text", "null"].contains(type[0]), "\(name).\(title)")
                }
            }
            // A table without rows would prove nothing.
            #expect(try file.rows("SELECT count(*) > 0 FROM \(name)") == [["1"]], "\(name)")
        }
    }

    @Test func `each row names its record`() throws {
        let directory = try TemporaryDirectory()
        let writer = try DeskWriter(path: directory.desk, identity: Sample.identity)
        try Sample.fill(writer, through: 64)
        try writer.finish(lastSequence: SequenceNumber(64))
        let file = try RawDatabase(directory.desk)
        let tables = try file.rows(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'meta'"
        )
        for table in tables {
            let name = try #require(table[0])
            let column = name == "round_trips" ? "opened_sequence" : "sequence"
            let rows = try file.rows(
                "SELECT count(*) FROM \(name) WHERE \(column) < 1 OR \(column) > 64"
            )
            #expect(rows == [["0"]], "\(name)")
        }
    }

    @Test func `a sum that does not fit is an error, never a wrong number`() throws {
        let directory = try TemporaryDirectory()
        let writer = try DeskWriter(path: directory.desk, identity: Sample.identity)
        for sequence in 1...2 as ClosedRange<UInt64> {
            try writer.add(
                execution: try Sample.execution(String(sequence)),
                effect: ExecutionEffect(coin: "USDT", realised: Amount(units: .max)),
                strategy: "maker",
                at: Sample.place(sequence)
            )
        }
        #expect(
            throws: ProjectionError.number(
                .overflow,
                subject: "pnl of linear BTCUSDT, record 2"
            )
        ) {
            try writer.finish(lastSequence: SequenceNumber(2))
        }
        let reader = try DeskReader(path: directory.desk)
        #expect(try reader.executions().isEmpty)
    }
}
