import Bybit
import JSON
import Journal
import Market

/// Bybit's public history: what a file is follows from its first line and its name.
///
/// | First line | File |
/// | --- | --- |
/// | `{"topic":…` | order book dump, `2024-12-01_XRPUSDT_ob500.data`: each line is a push |
/// | `timestamp,symbol,side,…` | trades of contracts, `BTCUSDT2024-01-01.csv.gz`: seconds with a fraction |
/// | `id,timestamp,price,volume,side,…` | trades of spot, `BTCUSDT_2024-01-01.csv.gz`: milliseconds |
/// | `start…,open,high,low,close,…` | klines with a heading |
/// | `2023.01.01 00:00,…` | klines for MetaTrader 4, `BTCUSDT_15_2023-01-01_2023-01-31.csv.gz`: UTC+3 |
enum BybitHistory {
    static func source(
        _ lines: LineReader,
        _ category: Category
    ) throws(InterchangeError) -> any ImportSource {
        let name = String(lines.path.split(separator: "/").last ?? "")
        guard let first = try lines.next() else {
            throw InterchangeError(.notInFormat("it is empty"), file: lines.path)
        }
        if first.first == UInt8(ascii: "{") {
            let format = BookDumpFormat(category)
            return HeadedSource(first, lines, format)
        }
        let fields = CSVLine.fields(first)
        if fields.contains("open"), fields.contains("close") {
            let format = try format(lines) { () throws(LineError) in
                try KlineFormat(heading: fields, fileName: name, category)
            }
            return LineSource(lines, format)
        }
        if fields.contains("price"), fields.contains("side") {
            let format = try format(lines) { () throws(LineError) in
                try TradeFormat(heading: fields, fileName: name, category)
            }
            return LineSource(lines, format)
        }
        if fields.count >= 6, first.count > 10, first[4] == 0x2e, first[7] == 0x2e {
            let format = try format(lines) { () throws(LineError) in
                try KlineFormat(heading: nil, fileName: name, category)
            }
            return HeadedSource(first, lines, format)
        }
        throw InterchangeError(
            .notInFormat(
                "it is none of Bybit's: no order book push, and no heading of trades or klines"
            ),
            file: lines.path,
            line: 1,
            advice: "Give *_ob500.data, trade or kline CSV as Bybit publishes them, plain or .gz."
        )
    }

    private static func format<Format>(
        _ lines: LineReader,
        _ make: () throws(LineError) -> Format
    ) throws(InterchangeError) -> Format {
        do throws(LineError) {
            return try make()
        } catch {
            throw InterchangeError(
                .notInFormat(error.why),
                file: lines.path,
                line: 1,
                advice: "Keep the file's name as Bybit gave it, and its heading."
            )
        }
    }
}

/// Lines of which the first has been read already.
private final class HeadedSource<Format: LineFormat>: ImportSource {
    private var first: [UInt8]?
    private let lines: LineReader
    private let rest: LineSource<Format>
    private var format: Format

    init(_ first: [UInt8], _ lines: LineReader, _ format: Format) {
        self.first = first
        self.lines = lines
        self.format = format
        rest = LineSource(lines, format)
    }

    func next() throws(InterchangeError) -> ImportStep? {
        guard let line = first else { return try rest.next() }
        first = nil
        do throws(LineError) {
            if let record = try format.read(line, number: 1) {
                try record.check()
                return .record(record)
            }
        } catch {
            return .bad(BadLine(file: lines.path, line: 1, why: error.why))
        }
        return try rest.next()
    }
}

/// An order book dump: each line is a push as it was sent; `ts` is the only time there is.
struct BookDumpFormat: LineFormat {
    private let category: Category
    private let parser = JSONParser()

    init(_ category: Category) { self.category = category }

    mutating func read(_ line: [UInt8], number: Int) throws(LineError) -> ImportedRecord? {
        guard !line.isEmpty else { return nil }
        return try line.withTypedBytes { text throws(LineError) in
            let root: JSONValue
            do throws(JSONError) {
                root = try parser.root(text)
            } catch {
                throw LineError("it is no JSON: \(error)")
            }
            guard let topic = root["topic"], topic.isString, !topic.raw.isEmpty else {
                throw LineError("`topic` is missing")
            }
            guard let ts = root["ts"]?.int64, let time = Timestamp(milliseconds: ts) else {
                throw LineError("`ts` is missing or is no time")
            }
            let name = StreamNaming.name(.publicData(category), frame: text)
            return ImportedRecord(time: time, stream: name.text, payload: line)
        }
    }
}
