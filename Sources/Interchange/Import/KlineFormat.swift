import Market

/// A row of a kline CSV as the push of `kline.{interval}.{symbol}` that closed the candle.
///
/// Its time is the candle's end: nothing is known of it before. A turnover that the file lacks is left out.
struct KlineFormat: LineFormat {
    private let category: Category
    private let symbol: Symbol
    private let interval: String
    private let milliseconds: Int64
    /// `nil` for the files without a heading.
    private let columns: Columns?

    private struct Columns {
        var start: Int
        var open: Int
        var high: Int
        var low: Int
        var close: Int
        var volume: Int?
        var turnover: Int?
        var count: Int
    }

    /// MetaTrader's clock.
    static let metaTraderOffset: Int64 = 3 * 3_600_000

    init(heading: [String]?, fileName: String, _ category: Category) throws(LineError) {
        self.category = category
        // `BTCUSDT_15_2023-01-01_2023-01-31.csv.gz`
        let parts = fileName.split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count >= 3, let symbol = Symbol(String(parts[0])) else {
            throw LineError("the name of the file is not SYMBOL_INTERVAL_DATE_DATE.csv")
        }
        self.symbol = symbol
        interval = String(parts[1])
        guard let minutes = Self.minutes(interval) else {
            throw LineError("`\(interval)` in the name of the file is no interval of fixed length")
        }
        milliseconds = minutes * 60_000
        guard let heading else {
            columns = nil
            return
        }
        let names = heading.map { $0.lowercased() }
        func place(_ candidates: String...) -> Int? {
            candidates.lazy.compactMap { names.firstIndex(of: $0) }.first
        }
        guard let start = place("start_at", "start", "starttime", "start_time", "timestamp"),
            let open = place("open"), let high = place("high"), let low = place("low"),
            let close = place("close")
        else { throw LineError("the heading lacks start, open, high, low or close") }
        columns = Columns(
            start: start,
            open: open,
            high: high,
            low: low,
            close: close,
            volume: place("volume"),
            turnover: place("turnover"),
            count: heading.count
        )
    }

    /// Minutes of an interval as Bybit writes it; months have no fixed length.
    static func minutes(_ interval: String) -> Int64? {
        switch interval {
        case "D": 1_440
        case "W": 10_080
        default:
            ["1", "3", "5", "15", "30", "60", "120", "240", "360", "720"].contains(interval)
                ? Int64(interval) : nil
        }
    }

    mutating func read(_ line: [UInt8], number: Int) throws(LineError) -> ImportedRecord? {
        guard !line.isEmpty else { return nil }
        let fields = CSVLine.fields(line)
        guard fields.count == columns?.count ?? 6 else {
            throw LineError("\(fields.count) fields where there should be \(columns?.count ?? 6)")
        }
        let start = try startMilliseconds(fields[columns?.start ?? 0])
        let (end, overflow) = start.addingReportingOverflow(milliseconds)
        guard !overflow, let time = Timestamp(milliseconds: end) else {
            throw LineError("the time does not fit")
        }
        let open = try PlainDecimal.text(fields[columns?.open ?? 1])
        let high = try PlainDecimal.text(fields[columns?.high ?? 2])
        let low = try PlainDecimal.text(fields[columns?.low ?? 3])
        let close = try PlainDecimal.text(fields[columns?.close ?? 4])
        let volumePlace = columns == nil ? 5 : columns?.volume
        var volume: String?
        if let volumePlace { volume = try PlainDecimal.text(fields[volumePlace]) }
        var turnover: String?
        if let place = columns?.turnover { turnover = try PlainDecimal.text(fields[place]) }
        var json = JSONWriter()
        json.object {
            $0.field("topic", "kline.\(interval).\(symbol)")
            $0.field(
                "data",
                array: { rows in
                    rows.object {
                        $0.field("start", start)
                        $0.field("end", end - 1)
                        $0.field("interval", interval)
                        $0.field("open", open)
                        $0.field("close", close)
                        $0.field("high", high)
                        $0.field("low", low)
                        if let volume { $0.field("volume", volume) }
                        if let turnover { $0.field("turnover", turnover) }
                        $0.field("confirm", true)
                        $0.field("timestamp", end)
                    }
                }
            )
            $0.field("ts", end)
            $0.field("type", "snapshot")
        }
        return ImportedRecord(
            time: time,
            stream: "public/\(category.name)/kline.\(interval).\(symbol)",
            payload: json.bytes
        )
    }

    /// `2023.01.01 00:00` at UTC+3, Unix seconds of ten digits, or Unix milliseconds of thirteen.
    private func startMilliseconds(_ text: String) throws(LineError) -> Int64 {
        if columns != nil {
            guard let number = Int64(text), number > 0 else {
                throw LineError("`\(text)` is no time")
            }
            return text.count <= 10 ? number * 1_000 : number
        }
        let milliseconds = Array(text.utf8).withUnsafeBytes { bytes -> Int64? in
            guard bytes.count == 16, bytes[4] == 0x2e, bytes[7] == 0x2e, bytes[10] == 0x20,
                bytes[13] == 0x3a, let year = TimeText.digits(bytes, 0, 4),
                let month = TimeText.digits(bytes, 5, 2), let day = TimeText.digits(bytes, 8, 2),
                let hour = TimeText.digits(bytes, 11, 2), hour < 24,
                let minute = TimeText.digits(bytes, 14, 2), minute < 60,
                let days = TimeText.days(year, month, day)
            else { return nil }
            return (Int64(days) * 1_440 + Int64(hour * 60 + minute)) * 60_000
        }
        guard let milliseconds else {
            throw LineError("`\(text)` is no time such as 2023.01.01 00:00")
        }
        return milliseconds - KlineFormat.metaTraderOffset
    }
}
