import Market
import Projections
import Testing

@Suite struct ProfitAndLossTests {
    private struct Fill {
        var id: String
        var instrument: InstrumentID
        var strategy: String
        var hours: Int64
        var realised: String
        var fee: String
        var funding = "0"
        var type = ExecutionType.trade
    }

    private let fills = [
        Fill(
            id: "1",
            instrument: Sample.bitcoin,
            strategy: "maker",
            hours: 0,
            realised: "1.000000000000000001",
            fee: "0.1"
        ),
        Fill(
            id: "2",
            instrument: Sample.bitcoin,
            strategy: "taker",
            hours: 1,
            realised: "-3",
            fee: "0.2"
        ),
        // The same execution again, from a look-up.
        Fill(
            id: "2",
            instrument: Sample.bitcoin,
            strategy: "taker",
            hours: 1,
            realised: "-3",
            fee: "0.2"
        ),
        Fill(
            id: "3",
            instrument: Sample.ether,
            strategy: "maker",
            hours: 5,
            realised: "2.5",
            fee: "-0.01"
        ),
        Fill(
            id: "4",
            instrument: Sample.ether,
            strategy: "maker",
            hours: 6,
            realised: "0",
            fee: "0",
            funding: "0.7",
            type: .funding
        ),
    ]

    private func build(_ directory: TemporaryDirectory, flushed: Bool) throws -> DeskReader {
        var writer = try DeskWriter(path: directory.desk, identity: Sample.identity)
        for (index, fill) in fills.enumerated() {
            let sequence = UInt64(index) + 1
            try writer.add(
                execution: try Sample.execution(
                    fill.id,
                    type: fill.type,
                    instrument: fill.instrument,
                    milliseconds: Sample.start + fill.hours * 3_600_000
                ),
                effect: ExecutionEffect(
                    coin: "USDT",
                    realised: try Sample.amount(fill.realised),
                    fee: try Sample.amount(fill.fee),
                    funding: try Sample.amount(fill.funding)
                ),
                strategy: fill.strategy,
                at: Sample.place(sequence)
            )
            if flushed {
                // Sums go on where the file has them.
                try writer.finish(lastSequence: SequenceNumber(sequence))
                try writer.close()
                writer = try DeskWriter(path: directory.desk, identity: Sample.identity)
            }
        }
        let last = Sample.place(9)
        try writer.add(position: try Sample.position(size: "0.5", unrealised: "7"), at: last)
        try writer.add(
            position: try Sample.position(size: "0.2", unrealised: "3"),
            strategy: "maker",
            at: last
        )
        try writer.add(
            position: try Sample.position(size: "0.3", unrealised: "4"),
            strategy: "taker",
            at: last
        )
        try writer.add(
            position: try Sample.position(size: "0", unrealised: nil, instrument: Sample.ether),
            at: last
        )
        try writer.finish(lastSequence: last.sequence)
        return try DeskReader(path: directory.desk)
    }

    @Test(
        arguments: [
            (
                DeskReader.Grouping.symbol,
                [
                    "linear BTCUSDT -1.999999999999999999 0.3 0 7 -2.299999999999999999 2",
                    "linear ETHUSDT 2.5 -0.01 0.7 0 1.81 1",
                ]
            ),
            (
                .strategy,
                [
                    "maker 3.500000000000000001 0.09 0.7 3 2.710000000000000001 2",
                    "taker -3 0.2 0 4 -3.2 1",
                ]
            ),
            (.account, ["main 0.500000000000000001 0.29 0.7 7 -0.489999999999999999 3"]),
            (
                .day,
                [
                    "2026-11-22 -1.999999999999999999 0.3 0 - -2.299999999999999999 2",
                    "2026-11-23 2.5 -0.01 0.7 - 1.81 1",
                ]
            ),
        ],
        [false, true]
    )
    func `P&L is the exact sum of what the ledger computed, each execution once`(
        expected: (by: DeskReader.Grouping, lines: [String]),
        flushed: Bool
    ) throws {
        let directory = try TemporaryDirectory()
        let reader = try build(directory, flushed: flushed)
        let lines = try reader.profitAndLoss(by: expected.by).map { row in
            "\(row.group) \(row.realised) \(row.fees) \(row.funding) "
                + "\(row.unrealised?.description ?? "-") \(row.net) \(row.fills)"
        }
        #expect(lines == expected.lines)
    }

    @Test func `a filter narrows the sums`() throws {
        let directory = try TemporaryDirectory()
        let reader = try build(directory, flushed: false)
        let rows = try reader.profitAndLoss(by: .symbol, DeskFilter(strategy: "taker"))
        #expect(rows.map(\.group) == ["linear BTCUSDT"])
        #expect(rows.map(\.unrealised) == [try Sample.amount("4")])
        #expect(try reader.profitAndLoss(by: .day, DeskFilter(account: "other")).isEmpty)
        let ether = try reader.profitAndLoss(
            by: .account,
            DeskFilter(symbols: [Sample.ether.symbol])
        )
        #expect(ether.map(\.realised) == [try Sample.amount("2.5")])
    }

    @Test func `a fee in another coin is a row of that coin`() throws {
        let directory = try TemporaryDirectory()
        let writer = try DeskWriter(path: directory.desk, identity: Sample.identity)
        for number in 1...2 {
            try writer.add(
                execution: try Sample.execution("\(number)"),
                effect: ExecutionEffect(
                    coin: "USDT",
                    realised: try Sample.amount("5"),
                    otherFees: [
                        ExecutionEffect.OtherFee(coin: "MNT", amount: try Sample.amount("30"))
                    ]
                ),
                strategy: "maker",
                at: Sample.place(UInt64(number))
            )
        }
        try writer.finish(lastSequence: SequenceNumber(2))
        let reader = try DeskReader(path: directory.desk)
        for grouping in DeskReader.Grouping.allCases {
            let rows = try reader.profitAndLoss(by: grouping)
            #expect(rows.map(\.coin) == ["MNT", "USDT"], "\(grouping)")
            #expect(rows.map(\.realised.description) == ["0", "10"])
            #expect(rows.map(\.fees.description) == ["60", "0"])
            #expect(rows.map(\.net.description) == ["-60", "10"])
            #expect(rows.map(\.fills) == [0, 2])
            #expect(rows.first?.turnover.isZero == true)
        }
    }

    @Test func `an open position without a mark price leaves unrealised unknown`() throws {
        let directory = try TemporaryDirectory()
        let writer = try DeskWriter(path: directory.desk, identity: Sample.identity)
        try writer.add(
            execution: try Sample.execution("1"),
            effect: ExecutionEffect(coin: "USDT"),
            strategy: "maker",
            at: Sample.place(1)
        )
        try writer.add(
            position: try Sample.position(size: "0.1", unrealised: nil),
            at: Sample.place(1)
        )
        try writer.finish(lastSequence: SequenceNumber(1))
        let reader = try DeskReader(path: directory.desk)
        #expect(try reader.profitAndLoss(by: .symbol).map(\.unrealised) == [nil])
    }
}

/// Funding and delivery by who held the position, and a strategy's own P&L beside the account's.
@Suite struct SharedProfitAndLossTests {
    @Test func `funding and delivery count for those who held, and the rest for nobody's order`()
        throws
    {
        let directory = try TemporaryDirectory()
        let writer = try DeskWriter(path: directory.desk, identity: Sample.identity)
        try writer.add(
            execution: try Sample.execution("1", type: .funding),
            effect: ExecutionEffect(
                coin: "USDT",
                funding: try Sample.amount("0.100000000000000001"),
                parts: [
                    ExecutionEffect.Part(
                        strategy: "maker",
                        realised: .zero,
                        fee: .zero,
                        funding: try Sample.amount("0.075")
                    ),
                    ExecutionEffect.Part(
                        strategy: "external",
                        realised: .zero,
                        fee: .zero,
                        funding: try Sample.amount("0.025")
                    ),
                ]
            ),
            strategy: "external",
            at: Sample.place(1)
        )
        try writer.add(
            execution: try Sample.execution("2"),
            effect: ExecutionEffect(
                coin: "USDT",
                realised: try Sample.amount("10"),
                ownRealised: .zero,
                fee: try Sample.amount("1")
            ),
            strategy: "maker",
            at: Sample.place(2)
        )
        try writer.add(
            sums: LedgerSums(
                instrument: Sample.bitcoin,
                coin: "USDT",
                isBefore: false,
                realised: .zero,
                ownRealised: try Sample.amount("3")
            ),
            strategy: "maker",
            at: Sample.place(3)
        )
        try writer.finish(lastSequence: SequenceNumber(3))
        let reader = try DeskReader(path: directory.desk)
        let byStrategy = try reader.profitAndLoss(by: .strategy)
        #expect(byStrategy.map(\.group) == ["external", "maker"])
        #expect(
            byStrategy.map(\.funding.description) == ["0.025000000000000001", "0.075"]
        )
        #expect(byStrategy.map(\.realised.description) == ["0", "3"])
        let whole = try reader.profitAndLoss(by: .symbol)
        #expect(whole.map(\.funding.description) == ["0.100000000000000001"])
        #expect(whole.map(\.realised.description) == ["10"])
    }
}
