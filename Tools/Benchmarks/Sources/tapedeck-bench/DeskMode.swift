import Bybit
import Journal
import Market
import Projections
import Runtime
import Trading

/// A session of an account that trades a lot, and its tables made from the recording alone.
///
/// A day of a maker: of twenty records eighteen are a book, one is a ticker, and each fill comes with two words on its order, a
/// position and a wallet, as the exchange pushes them.
enum DeskMode {
    static let path = RecordMode.directory + "tapedeck-desk"
    /// Executions of a million records.
    private static let executionsOfMillion = 50_000

    /// Records the session; not measured.
    static func record(count: Int) throws -> String {
        try RecordMode.remove(path)
        var session = try Session(path: path)
        let executions = count * executionsOfMillion / 1_000_000
        for number in 1...executions { try session.fill(number) }
        while session.records < count { try session.market() }
        try session.recorder.seal()
        return "recorded \(session.recorder.statistics.records) records, \(executions) executions"
    }

    /// The tables, from nothing; and once more, to compare their hash.
    static func rebuild(count: Int) throws -> String {
        let recording = try Recording.open(path)
        let desk = path + "/derived/desk.sqlite"
        try RecordMode.removeFile(desk)
        let measurement = Measurement()
        let build = DeskBuild(registry: .standard, program: "benchmark")
        _ = try build.update(recording)
        let reader = try DeskReader(path: desk)
        let line = try measurement.line(
            mode: "rebuild",
            count: count,
            extra: [
                ("executions", String(try reader.executions().count)),
                ("bytes", String(RecordMode.size(desk))),
                ("hash", try reader.status().contentHash),
            ]
        )
        return line
    }

    private struct Session {
        let recorder: Recorder
        var records = 0
        private var time = Timestamp(nanoseconds: 1_795_377_600_000_000_000)
        private var update: Int64 = 1
        private var streams: [String: StreamID] = [:]
        private var random: UInt64 = 9
        private var size: Int64 = 0
        private let symbol: Symbol
        private let instrument: InstrumentID

        init(path: String) throws {
            guard let symbol = Symbol("BTCUSDT") else { throw BenchError("BTCUSDT is no symbol") }
            self.symbol = symbol
            instrument = InstrumentID(.linear, symbol)
            recorder = try Recorder.open(path)
            let start = SessionStart(
                session: "benchmark",
                run: 1,
                program: "benchmark",
                build: "",
                account: "main",
                strategies: [],
                limits: [],
                configuration: [],
                wall: time,
                monotonicNanoseconds: 0
            )
            try recorder.start(time: time, payload: start.payload())
            records = 1
            try ticker()
            try book(isSnapshot: true)
        }

        private mutating func next(_ bound: UInt64) -> Int64 {
            random = Mix.spread(random &+ 0x9e37_79b9_7f4a_7c15)
            return Int64(random % bound)
        }

        private mutating func append(_ stream: String, _ payload: [UInt8]) throws {
            time = time.advanced(nanoseconds: 1_000_000)
            let id: StreamID
            if let known = streams[stream] {
                id = known
            } else {
                id = try recorder.stream(named: stream)
                streams[stream] = id
            }
            while recorder.queuedBytes > RecorderOptions().queueBytes / 4 { RecordMode.rest() }
            try payload.withUnsafeBytes { _ = try recorder.append(id, time: time, payload: $0) }
            records += 1
        }

        private mutating func book(isSnapshot: Bool) throws {
            var book = BookUpdate()
            book.isSnapshot = isSnapshot
            book.depth = 50
            book.updateID = update
            update += 1
            book.crossSequence = update
            for level in 0..<(isSnapshot ? 50 : 4) {
                let size = Numeral(mantissa: 1 + next(9_000), decimals: 3)
                let place = isSnapshot ? Int64(level) : next(50)
                book.bids.append(
                    LevelNumerals(
                        price: Numeral(mantissa: 900_000 - place, decimals: 1),
                        size: size
                    )
                )
                book.asks.append(
                    LevelNumerals(
                        price: Numeral(mantissa: 900_001 + place, decimals: 1),
                        size: size
                    )
                )
            }
            let symbol = symbol
            let ts = time.milliseconds
            try append(
                "public/linear/orderbook.50.BTCUSDT",
                MessageWriter.message { $0.book(book, symbol: symbol, ts: ts) }
            )
        }

        private mutating func ticker() throws {
            var ticker = TickerUpdate()
            ticker.isSnapshot = true
            ticker.markPrice = Numeral(mantissa: 899_900 + next(200), decimals: 1)
            ticker.lastPrice = ticker.markPrice
            let symbol = symbol
            let ts = time.milliseconds
            try append(
                "public/linear/tickers.BTCUSDT",
                MessageWriter.message {
                    $0.ticker(ticker, category: .linear, symbol: symbol, ts: ts)
                }
            )
        }

        mutating func market() throws {
            if next(19) == 0 { try ticker() } else { try book(isSnapshot: false) }
        }

        /// Twenty records: what the exchange says of one order from its placing to its fill, and the market.
        mutating func fill(_ number: Int) throws {
            for _ in 0..<15 { try market() }
            let side: Side = next(2) == 0 ? .buy : .sell
            let price = Numeral(mantissa: 899_500 + next(1_000), decimals: 1)
            let quantity = Numeral(mantissa: 1 + next(5), decimals: 3)
            let id = "9f1c2d30-8a4b-4c7e-\(1_000_000 + number)"
            var order = OrderUpdate(
                instrument: instrument,
                orderID: id,
                orderLinkID: "mm-\(number)",
                side: side,
                type: .limit,
                timeInForce: .postOnly,
                status: .new,
                price: price,
                quantity: quantity,
                leavesQuantity: quantity,
                createdMilliseconds: time.milliseconds,
                updatedMilliseconds: time.milliseconds
            )
            try orders(order)
            let value = try Amount.value(price, try Amount(quantity))
            let fee = try value.scaled(by: 2, over: 10_000, rounding: .halfEven)
            order.status = .filled
            order.leavesQuantity = .zero
            order.filledQuantity = quantity
            order.filledValue = value
            order.filledFee = fee
            order.updatedMilliseconds = time.milliseconds + 1
            let report = ExecutionReport(
                instrument: instrument,
                executionID: "e4c7-8a4b-\(1_000_000 + number)",
                type: .trade,
                orderID: id,
                orderLinkID: order.orderLinkID,
                side: side,
                price: price,
                quantity: quantity,
                value: value,
                fee: fee,
                feeRate: Numeral(mantissa: 2, decimals: 4),
                isMaker: true,
                leavesQuantity: .zero,
                orderPrice: price,
                orderQuantity: quantity,
                timeMilliseconds: time.milliseconds,
                crossSequence: Int64(number)
            )
            let ts = time.milliseconds
            try append(
                "private/main/execution",
                MessageWriter.message { $0.executions([report], id: "m", creationTime: ts) }
            )
            try orders(order)
            size += side == .buy ? quantity.mantissa : -quantity.mantissa
            let position = PositionUpdate(
                instrument: instrument,
                side: size == 0 ? nil : size > 0 ? .buy : .sell,
                size: Numeral(mantissa: abs(size), decimals: 3),
                entryPrice: nil,
                updatedMilliseconds: ts,
                crossSequence: Int64(number)
            )
            try append(
                "private/main/position",
                MessageWriter.message { $0.positions([position], id: "m", creationTime: ts) }
            )
            let wallet = WalletUpdate(coin: "USDT", walletBalance: fee, equity: fee)
            try append(
                "private/main/wallet",
                MessageWriter.message { $0.wallet([wallet], id: "m", creationTime: ts) }
            )
        }

        private mutating func orders(_ order: OrderUpdate) throws {
            let ts = time.milliseconds
            try append(
                "private/main/order",
                MessageWriter.message { $0.orders([order], id: "m", creationTime: ts) }
            )
        }
    }
}
