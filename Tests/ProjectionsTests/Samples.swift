import Glibc
import Market
import Projections

/// A directory of its own for each test, removed with everything in it.
final class TemporaryDirectory {
    let path: String

    init() throws {
        var template = Array("/tmp/tapedeck-projections-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.flatMap { mkdtemp($0) } != nil
        }
        guard made else { throw POSIXFailure(code: errno) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    struct POSIXFailure: Error { var code: Int32 }

    var desk: String { path + "/desk.sqlite" }

    var names: [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    deinit {
        for name in names { unlink(path + "/" + name) }
        rmdir(path)
    }
}

/// Writes bytes into a file at an offset; a negative one counts from the end.
func overwrite(_ path: String, at offset: Int, with bytes: [UInt8]) throws {
    let descriptor = open(path, O_RDWR | O_CREAT, 0o600)
    defer { close(descriptor) }
    let size = Int(lseek(descriptor, 0, SEEK_END))
    let count = pwrite(descriptor, bytes, bytes.count, offset < 0 ? size + offset : offset)
    guard count == bytes.count else { throw TemporaryDirectory.POSIXFailure(code: errno) }
}

func fileSize(_ path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
}

enum Sample {
    static let identity = DeskIdentity(recording: "r-1", program: "0.1 (abc)", behaviour: 1)
    static let bitcoin = InstrumentID(.linear, Symbol("BTCUSDT") ?? .none)
    static let ether = InstrumentID(.linear, Symbol("ETHUSDT") ?? .none)
    /// 2026-11-22T20:00:00Z.
    static let start: Int64 = 1_795_377_600_000

    static func number(_ text: String) throws -> Numeral { try Numeral(text: text) }
    static func amount(_ text: String) throws -> Amount { try Amount(text: text) }

    static func place(_ sequence: UInt64, account: String = "main") -> Provenance {
        Provenance(
            sequence: SequenceNumber(sequence),
            time: Timestamp(nanoseconds: (start + Int64(sequence)) * 1_000_000),
            account: account
        )
    }

    static func order(
        _ id: String,
        _ status: OrderStatus,
        updated: Int64 = start,
        instrument: InstrumentID = bitcoin
    ) throws -> OrderUpdate {
        OrderUpdate(
            instrument: instrument,
            orderID: id,
            orderLinkID: "td-" + id,
            side: .buy,
            type: .limit,
            timeInForce: .postOnly,
            status: status,
            price: try number("90000.10"),
            quantity: try number("0.010"),
            averagePrice: nil,
            leavesQuantity: try number("0.010"),
            createdMilliseconds: start,
            updatedMilliseconds: updated
        )
    }

    static func execution(
        _ id: String,
        type: ExecutionType = .trade,
        instrument: InstrumentID = bitcoin,
        milliseconds: Int64 = start
    ) throws -> ExecutionReport {
        ExecutionReport(
            instrument: instrument,
            executionID: id,
            type: type,
            orderID: "o-" + id,
            orderLinkID: "td-" + id,
            side: .sell,
            price: try number("90000.10"),
            quantity: try number("0.004"),
            value: try amount("360.0004"),
            fee: try amount("0.0720008"),
            feeRate: try number("0.0002"),
            feeCoin: "USDT",
            realisedPnL: nil,
            closedQuantity: try number("0.004"),
            isMaker: true,
            leavesQuantity: .zero,
            orderPrice: try number("90000.10"),
            orderQuantity: try number("0.004"),
            markPrice: try number("90001.55"),
            timeMilliseconds: milliseconds,
            crossSequence: 77
        )
    }

    static func position(
        size: String,
        unrealised: String?,
        instrument: InstrumentID = bitcoin
    ) throws -> LedgerPosition {
        LedgerPosition(
            instrument: instrument,
            size: try number(size),
            entryValue: try amount("900.001"),
            entryPrice: try number("90000.1"),
            markPrice: try number("90001.55"),
            coin: "USDT",
            unrealised: try unrealised.map { try amount($0) },
            realised: try amount("1.5"),
            fees: try amount("0.25"),
            funding: try amount("-0.001")
        )
    }

    /// Records `first ... last` of an invented session: each kind of row, several to a record, some records without.
    static func fill(_ writer: DeskWriter, from first: UInt64 = 1, through last: UInt64) throws {
        for sequence in first...last {
            let place = place(sequence)
            let id = String(sequence)
            switch sequence % 8 {
            case 0:
                try writer.add(order: try order(id, .new), strategy: "maker", at: place)
                try writer.add(order: try order(id + "b", .new), strategy: "", at: place)
            case 1:
                try writer.add(
                    execution: try execution(id, milliseconds: start + Int64(sequence) * 3_600_000),
                    effect: ExecutionEffect(
                        coin: "USDT",
                        realised: Amount(units: Int128(sequence) * 1_000_000_000_000_000_003),
                        fee: try amount("0.072"),
                        funding: .zero
                    ),
                    strategy: sequence % 16 == 1 ? "maker" : "",
                    at: place
                )
                try writer.add(position: try position(size: "-0.010", unrealised: "0.5"), at: place)
                try writer.add(
                    flow: WalletFlow(
                        coin: "USDT",
                        kind: "fee",
                        amount: try amount("-0.072"),
                        balance: try amount("99.928"),
                        instrument: bitcoin,
                        reference: id
                    ),
                    strategy: "maker",
                    at: place
                )
            case 2:
                try writer.add(wallet: try wallet(), at: place)
                try writer.add(exchangePosition: try exchangePosition(), at: place)
                try writer.add(transaction: try transaction(id), at: place)
            case 3: try writer.add(output: .command(try command(sequence)), at: place)
            case 4: try writer.add(output: .verdict(verdict(sequence)), at: place)
            case 5: try writer.add(output: .finding(finding(.gap, sequence)), at: place)
            case 6:
                var link = LinkEvent()
                link.change = sequence % 16 == 6 ? .disconnected : .ready
                link.socket = "private/main"
                link.reason = "reset by peer"
                try writer.add(link: link, at: place)
            default:
                try writer.add(trip: try trip(sequence), at: place)
                try writer.advance(to: place.sequence)
            }
        }
    }

    static func trip(_ sequence: UInt64) throws -> TripRow {
        TripRow(
            id: TripRow.ID(
                method: sequence % 16 == 7 ? "flat" : "fifo",
                strategy: "maker",
                instrument: bitcoin,
                positionIndex: 0,
                run: .first,
                number: Int64(sequence),
                part: 0
            ),
            isLong: true,
            state: "open",
            isOpening: false,
            openedSequence: SequenceNumber(sequence),
            openedTime: place(sequence).time,
            entry: TripRow.Leg(
                quantity: try amount("0.010"),
                value: try amount("900.1"),
                price: try amount("90010")
            ),
            exit: TripRow.Leg(quantity: .zero, value: .zero, price: nil),
            coin: "USDT",
            realised: .zero,
            entryFees: try amount("0.072"),
            exitFees: .zero,
            funding: .zero,
            net: try amount("-0.072"),
            hasOtherFees: sequence % 16 == 7,
            fills: 1
        )
    }

    static func wallet() throws -> WalletUpdate {
        WalletUpdate(
            coin: "USDT",
            walletBalance: try amount("100.000000000000000001"),
            equity: try amount("101.5"),
            locked: .zero
        )
    }

    static func exchangePosition() throws -> PositionUpdate {
        PositionUpdate(
            instrument: bitcoin,
            side: .sell,
            size: try number("0.010"),
            entryPrice: try number("90000.10"),
            positionValue: try amount("900.001"),
            leverage: try number("10"),
            updatedMilliseconds: start,
            crossSequence: 5
        )
    }

    static func transaction(_ id: String) throws -> TransactionRow {
        TransactionRow(
            id: id,
            type: "TRADE",
            category: .linear,
            symbol: "BTCUSDT",
            coin: "USDT",
            tradeID: "e-" + id,
            quantity: try number("0.004"),
            fee: try amount("0.072"),
            change: try amount("-0.072"),
            balance: try amount("99.928"),
            timeMilliseconds: start
        )
    }

    static func command(_ sequence: UInt64) throws -> Command {
        Command(
            strategy: "maker",
            cause: SequenceNumber(sequence - 1),
            ordinal: 0,
            action: .place(
                OrderRequest(
                    instrument: bitcoin,
                    orderLinkID: "td-\(sequence)",
                    side: .buy,
                    quantity: try number("0.010"),
                    price: try number("90000.00")
                )
            )
        )
    }

    static func verdict(_ sequence: UInt64, holds: Bool = false) -> Verdict {
        Verdict(
            strategy: "maker",
            cause: SequenceNumber(sequence - 1),
            ordinal: 1,
            instrument: bitcoin,
            intent: "place Buy 0.010 @ 90000.00",
            checks: [
                Verdict.Check(
                    limit: "order_quantity",
                    ceiling: "0.005",
                    observed: "0.010",
                    unit: "BTC",
                    holds: holds
                )
            ]
        )
    }

    static func finding(_ kind: Finding.Kind, _ sequence: UInt64) -> Finding {
        Finding(
            kind: kind,
            cause: SequenceNumber(sequence - 1),
            subject: "public/linear/orderbook.50.BTCUSDT",
            expected: "1042",
            seen: "1045",
            note: "three updates are missing"
        )
    }
}
