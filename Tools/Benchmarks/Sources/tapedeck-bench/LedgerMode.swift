import Market
import Trading

/// Executions folded into a ledger, and rows of orders into their states; the rows are made before the clock starts.
enum LedgerMode {
    /// Rows that are made before the clock goes on: few enough that they are as near as those that were just decoded.
    private static let burst = 512

    /// - Parameter kind: `linear`, `inverse`, `spot`: a product, or `mixed`, ten instruments of all and two strategies.
    static func executions(count: Int, kind: String) throws -> String {
        let instruments = try instruments(kind)
        let strategies = kind == "mixed" ? ["maker", "taker"] : ["maker"]
        var ledger = Ledger()
        var made = 0
        var booked = 0
        var measurement = Stopwatch()
        while made < count {
            var rows: [ExecutionReport] = []
            rows.reserveCapacity(burst)
            for _ in 0..<min(burst, count - made) {
                rows.append(execution(made, instruments[made % instruments.count]))
                made += 1
            }
            measurement.start()
            rows.withUnsafeBufferPointer { rows in
                for place in rows.indices {
                    let strategy = strategies[place % 3 == 0 ? strategies.count - 1 : 0]
                    if ledger.take(rows[place], strategy: strategy) { booked += 1 }
                }
            }
            measurement.stop()
        }
        guard booked == count else { throw BenchError("\(count - booked) rows were not booked") }
        return measurement.line(mode: "ledger-\(kind)", count: count)
    }

    /// Lives of orders side by side: placed, filled in parts, amended or cancelled.
    ///
    /// - Parameter open: so many orders live at a time.
    static func orders(count: Int, open: Int) throws -> String {
        var tracker = OrderTracker()
        var made = 0
        var closed = 0
        var measurement = Stopwatch()
        while made < count {
            var rows: [OrderUpdate] = []
            rows.reserveCapacity(burst)
            for _ in 0..<min(burst, count - made) {
                rows.append(order(made, open: open))
                made += 1
            }
            measurement.start()
            rows.withUnsafeBufferPointer { rows in
                for place in rows.indices where tracker.take(rows[place]) {
                    if rows[place].status.isClosed { closed += 1 }
                }
            }
            measurement.stop()
        }
        guard closed == count / 4 || count < 4 * open else {
            throw BenchError("\(closed) orders were closed")
        }
        return measurement.line(mode: "orders-\(open)", count: count)
    }

    private static func instruments(_ kind: String) throws -> [InstrumentID] {
        let names: [(Market.Category, String)] =
            switch kind {
            case "linear": [(.linear, "BTCUSDT")]
            case "inverse": [(.inverse, "BTCUSD")]
            case "spot": [(.spot, "BTCUSDT")]
            case "mixed":
                [
                    (.linear, "BTCUSDT"), (.linear, "ETHUSDT"), (.linear, "SOLUSDT"),
                    (.linear, "XRPUSDT"), (.linear, "DOGEUSDT"), (.linear, "BTCUSDT-25DEC26"),
                    (.inverse, "BTCUSD"), (.spot, "BTCUSDT"), (.spot, "ETHUSDT"),
                    (.option, "BTC-25DEC26-90000-C-USDT"),
                ]
            default: throw BenchError("\(kind): write linear, inverse, spot or mixed")
            }
        return try names.map { category, name in
            guard let symbol = Symbol(name) else { throw BenchError(name) }
            return InstrumentID(category, symbol)
        }
    }

    /// Fills of some lots at prices of two digits: of eight, five on one side, so that positions grow, shrink and turn.
    private static func execution(_ number: Int, _ instrument: InstrumentID) -> ExecutionReport {
        let random = Mix.spread(UInt64(number))
        let isBuy = random & 7 < (number / 64 % 2 == 0 ? 5 : 3)
        let lots = Int64(1 + random >> 8 & 31)
        let price = Int64(9_000_000 + random >> 16 & 0xffff)
        let isInverse = instrument.category == .inverse
        let isLinear = instrument.category == .linear
        let digits = String(random, radix: 16)
        return ExecutionReport(
            instrument: instrument,
            executionID: "\(digits)-4b1c-4e1a-9a3c-\(number)",
            type: .trade,
            orderID: "",
            orderLinkID: "",
            side: isBuy ? .buy : .sell,
            price: Numeral(mantissa: price, decimals: 2),
            quantity: isInverse
                ? Numeral(mantissa: lots * 100, decimals: 0) : Numeral(mantissa: lots, decimals: 3),
            value: .zero,
            // Of linear contracts the fee is compared with its rate; elsewhere none is told, so that any fee is right.
            fee: Amount(
                units: isLinear
                    ? Int128(price * lots) * 2_000_000_000 : Int128(lots) * 1_000_000_000_000
            ),
            feeRate: isLinear ? Numeral(mantissa: 2, decimals: 4) : nil,
            feeCoin: "",
            isMaker: true,
            // Fifty a second: the window in which an execution is known again holds five minutes of them.
            timeMilliseconds: 1_795_377_600_000 + Int64(number) * 20,
            crossSequence: Int64(number + 1)
        )
    }

    /// Of each order four rows: new, partly filled, amended or filled further, ended.
    private static func order(_ number: Int, open: Int) -> OrderUpdate {
        let lap = number / (4 * open)
        let step = number % (4 * open) / open
        let serial = lap * open + number % open
        let filled = Int64([0, 3, 5, serial % 2 == 0 ? 10 : 5][step])
        let status: OrderStatus =
            [.new, .partiallyFilled, .partiallyFilled, serial % 2 == 0 ? .filled : .cancelled][step]
        let digits = String(Mix.spread(UInt64(serial)), radix: 16)
        return OrderUpdate(
            instrument: InstrumentID(.linear, symbols[serial % symbols.count]),
            orderID: "\(digits)-4b1c-4e1a-9a3c-0242ac120002",
            orderLinkID: "td0123456789abc-\(digits)-1",
            side: serial % 2 == 0 ? .buy : .sell,
            type: .limit,
            timeInForce: .postOnly,
            status: status,
            price: Numeral(mantissa: Int64(9_000_000 + serial % 1_000), decimals: 2),
            quantity: Numeral(mantissa: 10, decimals: 3),
            filledQuantity: Numeral(mantissa: filled, decimals: 3),
            createdMilliseconds: 1_795_377_600_000 + Int64(lap),
            updatedMilliseconds: 1_795_377_600_000 + Int64(lap * 4 + step)
        )
    }

    private static let symbols = ["BTCUSDT", "ETHUSDT", "SOLUSDT"].compactMap { Symbol($0) }
}
