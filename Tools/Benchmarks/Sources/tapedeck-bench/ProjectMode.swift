import Market
import Projections

/// Invented order updates, executions and positions written to a new `desk.sqlite`; there is no reference in the kit.
enum ProjectMode {
    static func run(records: Int) throws -> String {
        let path = RecordMode.directory + "tapedeck-project"
        try RecordMode.remove(path)
        try RecordMode.make(path)
        guard let symbol = Symbol("BTCUSDT") else { throw BenchError("BTCUSDT is no symbol") }
        let instrument = InstrumentID(.linear, symbol)
        let measurement = Measurement()
        let writer = try DeskWriter(
            path: path + "/desk.sqlite",
            identity: DeskIdentity(recording: "benchmark", program: "benchmark", behaviour: 1)
        )
        for number in 1...records {
            let place = Provenance(
                sequence: SequenceNumber(UInt64(number)),
                time: Timestamp(nanoseconds: 1_795_377_600_000_000_000 + Int64(number) * 1_000_000),
                account: "main"
            )
            // Four words on each order, a fill with its position for each second order.
            let id = "9f1c2d30-\(number / 4)"
            try writer.add(
                order: try order(id, instrument, number),
                strategy: "maker",
                at: place
            )
            guard number % 8 == 0 else { continue }
            try writer.add(
                execution: try execution("e-\(number)", id, instrument, number),
                effect: ExecutionEffect(
                    coin: "USDT",
                    realised: Amount(units: Int128(number) * 1_000_000_000_000_037),
                    fee: try Amount(text: "0.0720008")
                ),
                strategy: "maker",
                at: place
            )
            try writer.add(position: try position(instrument, number), at: place)
        }
        try writer.finish(lastSequence: SequenceNumber(UInt64(records)))
        let rows = writer.rowsWritten
        try writer.close()
        return measurement.line(mode: "project", count: rows)
    }

    private static func order(
        _ id: String,
        _ instrument: InstrumentID,
        _ number: Int
    ) throws -> OrderUpdate {
        OrderUpdate(
            instrument: instrument,
            orderID: id,
            orderLinkID: "td-" + id,
            side: .buy,
            type: .limit,
            timeInForce: .postOnly,
            status: number % 4 == 3 ? .filled : .new,
            price: Numeral(mantissa: 9_000_000 + Int64(number % 10_000), decimals: 2),
            quantity: try Numeral(text: "0.010"),
            averagePrice: try Numeral(text: "90000.1"),
            leavesQuantity: try Numeral(text: "0.006"),
            filledQuantity: try Numeral(text: "0.004"),
            filledValue: try Amount(text: "360.0004"),
            filledFee: try Amount(text: "0.0720008"),
            createdMilliseconds: 1_795_377_600_000,
            updatedMilliseconds: 1_795_377_600_000 + Int64(number)
        )
    }

    private static func execution(
        _ id: String,
        _ order: String,
        _ instrument: InstrumentID,
        _ number: Int
    ) throws -> ExecutionReport {
        ExecutionReport(
            instrument: instrument,
            executionID: id,
            type: .trade,
            orderID: order,
            orderLinkID: "td-" + order,
            side: .buy,
            price: Numeral(mantissa: 9_000_000 + Int64(number % 10_000), decimals: 2),
            quantity: try Numeral(text: "0.004"),
            value: try Amount(text: "360.0004"),
            fee: try Amount(text: "0.0720008"),
            feeRate: try Numeral(text: "0.0002"),
            closedQuantity: try Numeral(text: "0.004"),
            isMaker: true,
            orderPrice: try Numeral(text: "90000.10"),
            orderQuantity: try Numeral(text: "0.004"),
            markPrice: try Numeral(text: "90001.55"),
            timeMilliseconds: 1_795_377_600_000 + Int64(number)
        )
    }

    private static func position(
        _ instrument: InstrumentID,
        _ number: Int
    ) throws -> LedgerPosition {
        LedgerPosition(
            instrument: instrument,
            size: try Numeral(text: "-0.010"),
            entryValue: Amount(units: Int128(number) * 1_000_000_000_000_037),
            entryPrice: try Numeral(text: "90000.1"),
            markPrice: try Numeral(text: "90001.55"),
            coin: "USDT",
            unrealised: try Amount(text: "-1.4500000001"),
            realised: Amount(units: Int128(number) * 1_000_000_000_000_037),
            fees: try Amount(text: "12.345678901"),
            funding: .zero
        )
    }
}
