import Market

/// A row of Bybit's trade CSV as the push of `publicTrade.{symbol}` that would have carried it.
///
/// What the row does not have (`seq`, on spot the tick direction) is left out, never invented.
struct TradeFormat: LineFormat {
    private let category: Category
    private let columns: Columns
    /// From the file's name, where rows do not have it.
    private let symbol: Symbol?

    private struct Columns {
        var time: Int
        /// 9 where times are seconds, 6 where they are milliseconds.
        var timeDecimals: Int
        var symbol: Int?
        var side: Int
        var size: Int
        var price: Int
        var tick: Int?
        var id: Int?
        var rpi: Int?
        var count: Int
    }

    init(heading: [String], fileName: String, _ category: Category) throws(LineError) {
        self.category = category
        let names = heading.map { $0.lowercased() }
        func place(_ candidates: String...) -> Int? {
            candidates.lazy.compactMap { names.firstIndex(of: $0) }.first
        }
        guard let time = place("timestamp"), let side = place("side"),
            let size = place("size", "volume"), let price = place("price")
        else { throw LineError("the heading lacks timestamp, side, size or price") }
        columns = Columns(
            time: time,
            timeDecimals: names.contains("volume") ? 6 : 9,
            symbol: place("symbol"),
            side: side,
            size: size,
            price: price,
            tick: place("tickdirection"),
            id: place("trdmatchid", "id"),
            rpi: place("rpi"),
            count: heading.count
        )
        symbol = Self.symbol(fileName)
        guard columns.symbol != nil || symbol != nil else {
            throw LineError("neither the heading nor the name of the file has a symbol")
        }
    }

    /// `BTCUSDT` of `BTCUSDT_2024-01-01.csv.gz` and of `BTCUSDT2024-01-01.csv.gz`.
    static func symbol(_ fileName: String) -> Symbol? {
        let bytes = Array(fileName.utf8)
        // The date begins at the first `20xx-`.
        for at in bytes.indices where at > 0 && at + 5 <= bytes.count {
            guard bytes[at] == 0x32, bytes[at + 1] == 0x30, bytes[at + 4] == 0x2d else { continue }
            let name = bytes[..<at].last == 0x5f ? bytes[..<(at - 1)] : bytes[..<at]
            return Symbol(String(decoding: name, as: UTF8.self))
        }
        return nil
    }

    mutating func read(_ line: [UInt8], number: Int) throws(LineError) -> ImportedRecord? {
        guard !line.isEmpty else { return nil }
        let fields = CSVLine.fields(line)
        guard fields.count == columns.count else {
            throw LineError("\(fields.count) fields where the heading has \(columns.count)")
        }
        let time = try PlainDecimal.time(fields[columns.time], decimals: columns.timeDecimals)
        let symbol: Symbol
        if let place = columns.symbol {
            guard let own = Symbol(fields[place]) else {
                throw LineError("`\(fields[place])` is no symbol")
            }
            symbol = own
        } else {
            guard let own = self.symbol else { throw LineError("there is no symbol") }
            symbol = own
        }
        guard let side = Side(name: fields[columns.side].capitalizedASCII) else {
            throw LineError("`\(fields[columns.side])` is neither Buy nor Sell")
        }
        let price = try PlainDecimal.text(fields[columns.price])
        let size = try PlainDecimal.text(fields[columns.size])
        var json = JSONWriter()
        json.object {
            $0.field("topic", "publicTrade.\(symbol)")
            $0.field("type", "snapshot")
            $0.field("ts", time.milliseconds)
            $0.field(
                "data",
                array: { rows in
                    rows.object {
                        $0.field("T", time.milliseconds)
                        $0.field("s", symbol.description)
                        $0.field("S", side.name)
                        $0.field("v", size)
                        $0.field("p", price)
                        if let tick = columns.tick { $0.field("L", fields[tick]) }
                        if let id = columns.id { $0.field("i", fields[id]) }
                        $0.field("BT", false)
                        if let rpi = columns.rpi { $0.field("RPI", fields[rpi] == "1") }
                    }
                }
            )
        }
        return ImportedRecord(
            time: time,
            stream: "public/\(category.name)/publicTrade.\(symbol)",
            payload: json.bytes
        )
    }
}

extension String {
    /// `buy` as `Buy`.
    var capitalizedASCII: String { prefix(1).uppercased() + dropFirst().lowercased() }
}
