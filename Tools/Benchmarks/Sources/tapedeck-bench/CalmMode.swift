import Bybit
import Glibc
import Market
import Simulation

/// The synthetic market in its calm regime as the sockets would push it: lines of JSON like those of a recorded session
/// (`data` is the frame), for `realism.py`.
enum CalmMode {
    /// As long as the recorded session; one window after another, so that short statistics can be compared.
    private static let windowSeconds: Int64 = 43
    private static let second: Int64 = 1_000_000_000
    private static let firstSecond = 19 * second
    /// The contracts and the pair of the recorded session.
    private static let symbols: [(category: Market.Category, symbol: String)] = [
        (.linear, "BTCUSDT"), (.linear, "DOGEUSDT"), (.spot, "ETHUSDT"),
    ]

    static func run(path: String, windows: Int, seed: UInt64) throws -> String {
        // The minute in which the recorded session began.
        let minute = Timestamp(nanoseconds: 1_786_310_760 * second)
        let configuration = try SimulationConfiguration.universe(
            seed: seed,
            start: minute,
            UniverseConfiguration(
                symbols: 5,
                regimes: .always(.calm),
                categories: [.linear, .spot]
            ),
            speculators: 0
        )
        var exchange = try SimulatedExchange(configuration)
        guard let file = fopen(path, "w") else { throw BenchError("cannot write \(path)") }
        defer { fclose(file) }
        var output = ExchangeOutput()
        let measurement = Measurement()
        var messages = 0
        for window in 0..<windows {
            // Candles depend on it: at the session's second of the minute, the opening's minute left out.
            let opening = minute.advanced(
                nanoseconds: (Int64(window) + 1) * 60 * second + firstSecond
            )
            exchange.advance(to: opening, into: &output)
            output.removeAll()
            for row in symbols { try begin(row, window, &exchange, file) }
            let end = opening.advanced(nanoseconds: windowSeconds * second)
            exchange.advance(to: end, into: &output)
            for event in output.events {
                guard let line = line(event.event, at: event.time) else { continue }
                messages += 1
                write(line, category: line.category, window, event.time, to: file)
            }
            output.removeAll()
            for row in symbols { try stop(row, &exchange) }
        }
        return measurement.line(mode: "calm", count: messages)
    }

    private struct Line {
        var category: Market.Category
        var bytes: [UInt8]
    }

    private static func streams(
        _ row: (category: Market.Category, symbol: String)
    ) throws -> [PublicStream] {
        guard let symbol = Symbol(row.symbol) else { throw BenchError(row.symbol) }
        let id = InstrumentID(row.category, symbol)
        return [.book(id, depth: 200), .ticker(id), .trades(id), .candle(id)]
    }

    private static func begin(
        _ row: (category: Market.Category, symbol: String),
        _ window: Int,
        _ exchange: inout SimulatedExchange,
        _ file: UnsafeMutablePointer<FILE>
    ) throws {
        for stream in try streams(row) {
            exchange.activate(stream)
            let id = stream.instrument
            let event: ExchangeEvent? =
                switch stream {
                case .book: exchange.bookSnapshot(id, depth: 200).map { .book(id, $0) }
                case .ticker: exchange.tickerSnapshot(id).map { .ticker(id, $0) }
                case .candle: exchange.currentCandle(id).map { .candles(id, [$0]) }
                default: nil
                }
            guard let event, let line = line(event, at: exchange.now) else { continue }
            write(line, category: row.category, window, exchange.now, to: file)
        }
    }

    private static func stop(
        _ row: (category: Market.Category, symbol: String),
        _ exchange: inout SimulatedExchange
    ) throws {
        for stream in try streams(row) { exchange.deactivate(stream) }
    }

    private static func line(_ event: ExchangeEvent, at time: Timestamp) -> Line? {
        let ts = time.milliseconds
        switch event {
        case .book(let id, let update):
            return Line(
                category: id.category,
                bytes: MessageWriter.message { $0.book(update, symbol: id.symbol, ts: ts) }
            )
        case .ticker(let id, let update):
            return Line(
                category: id.category,
                bytes: MessageWriter.message {
                    $0.ticker(update, category: id.category, symbol: id.symbol, ts: ts)
                }
            )
        case .trades(let id, let trades):
            return Line(
                category: id.category,
                bytes: MessageWriter.message {
                    $0.trades(trades, category: id.category, symbol: id.symbol, ts: ts)
                }
            )
        case .candles(let id, let rows):
            return Line(
                category: id.category,
                bytes: MessageWriter.message { $0.candles(rows, symbol: id.symbol, ts: ts) }
            )
        default: return nil
        }
    }

    private static func write(
        _ line: Line,
        category: Market.Category,
        _ window: Int,
        _ time: Timestamp,
        to file: UnsafeMutablePointer<FILE>
    ) {
        // Frames hold quotes and no other character that JSON escapes.
        var text = Array(
            #"{"t":"recv","window":\#(window),"category":"\#(category.name)","data":""#.utf8
        )
        for byte in line.bytes {
            if byte == UInt8(ascii: "\"") { text.append(UInt8(ascii: "\\")) }
            text.append(byte)
        }
        text += Array("\"}\n".utf8)
        fwrite(text, 1, text.count, file)
    }
}
