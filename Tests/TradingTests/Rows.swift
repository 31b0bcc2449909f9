import Market
import Trading

/// Rows of the exchange with as little said as needed.
enum Row {
    static func order(
        _ linkID: String,
        _ status: String,
        symbol: String = "BTCUSDT",
        side: Side = .buy,
        quantity: String = "0.010",
        price: String = "90000.0",
        filled: String = "0",
        at milliseconds: Int64 = 1_000,
        reason: String = "EC_NoError",
        orderID: String? = nil
    ) throws -> OrderUpdate {
        OrderUpdate(
            instrument: Bench.id(symbol),
            orderID: orderID ?? "x-" + linkID,
            orderLinkID: linkID,
            side: side,
            type: .limit,
            timeInForce: .goodTillCancelled,
            status: OrderStatus(name: status),
            price: try Numeral(text: price),
            quantity: try Numeral(text: quantity),
            filledQuantity: try Numeral(text: filled),
            rejectReason: reason,
            createdMilliseconds: 1_000,
            updatedMilliseconds: milliseconds
        )
    }

    static func fill(
        _ id: String,
        _ linkID: String = "",
        symbol: String = "BTCUSDT",
        side: Side = .buy,
        quantity: String,
        price: String,
        rate: String = "0.0002",
        fee: String? = nil,
        realised: String? = nil,
        seq: Int64 = 1,
        milliseconds: Int64? = nil
    ) throws -> ExecutionReport {
        let size = try Numeral(text: quantity)
        let value = try Amount.value(Numeral(text: price), Amount(size))
        let charged = try Amount.value(Numeral(text: rate), value)
        return ExecutionReport(
            instrument: Bench.id(symbol),
            executionID: id,
            type: .trade,
            orderID: linkID.isEmpty ? "" : "x-" + linkID,
            orderLinkID: linkID,
            side: side,
            price: try Numeral(text: price),
            quantity: size,
            value: value,
            fee: try fee.map { try Amount(text: $0) } ?? charged,
            feeRate: try Numeral(text: rate),
            feeCoin: "USDT",
            realisedPnL: try realised.map { try Amount(text: $0) },
            timeMilliseconds: milliseconds ?? Bench.start / 1_000_000 + 60_000 + seq,
            crossSequence: seq
        )
    }

    static func funding(
        _ id: String,
        side: Side,
        quantity: String,
        mark: String,
        rate: String,
        paid: String
    ) throws -> ExecutionReport {
        ExecutionReport(
            instrument: Bench.btc,
            executionID: id,
            type: .funding,
            orderID: "f-" + id,
            orderLinkID: "",
            side: side,
            price: try Numeral(text: mark),
            quantity: try Numeral(text: quantity),
            value: try Amount.value(Numeral(text: mark), Amount(Numeral(text: quantity))),
            fee: try Amount(text: paid),
            feeRate: try Numeral(text: rate),
            feeCoin: "USDT",
            timeMilliseconds: Bench.start / 1_000_000 + 120_000
        )
    }

    static func position(
        _ side: Side?,
        _ size: String,
        entry: String?,
        seq: Int64,
        symbol: String = "BTCUSDT"
    ) throws -> PositionUpdate {
        PositionUpdate(
            instrument: Bench.id(symbol),
            side: side,
            size: try Numeral(text: size),
            entryPrice: try entry.map { try Numeral(text: $0) },
            updatedMilliseconds: 1,
            crossSequence: seq
        )
    }
}

extension [Output] {
    var commands: [Command] {
        compactMap { if case .command(let command) = $0 { command } else { nil } }
    }

    var verdicts: [Verdict] {
        compactMap { if case .verdict(let verdict) = $0 { verdict } else { nil } }
    }

    var findings: [Finding] {
        compactMap { if case .finding(let finding) = $0 { finding } else { nil } }
    }

    func findings(_ kind: Finding.Kind) -> [Finding] { findings.filter { $0.kind == kind } }

    var placed: [OrderRequest] {
        commands.compactMap { if case .place(let request) = $0.action { request } else { nil } }
    }

    var lookUps: [LookUp] {
        commands.compactMap { if case .lookUp(let lookUp) = $0.action { lookUp } else { nil } }
    }

    var texts: [String] { map { String(decoding: $0.payload, as: UTF8.self) } }
}
