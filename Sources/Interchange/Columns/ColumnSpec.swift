import Journal
import Market

/// What the values of a column are, in Arrow's words.
enum ColumnType: String, Sendable {
    case uint64
    case int64
    case bool
    case utf8
    case binary
    case float64
    /// UTC.
    case timestamp = "timestamp[ns]"
    /// Exact: every number that the decoder reads has at most 18 decimals and 20 digits before the point.
    case decimal = "decimal128(38, 18)"
}

/// A column's name, type and unit.
struct ColumnSpec: Sendable {
    var name: String
    var type: ColumnType
    var unit: String
    var isNullable: Bool

    init(_ name: String, _ type: ColumnType, _ unit: String, nullable: Bool = false) {
        self.name = name
        self.type = type
        self.unit = unit
        isNullable = nullable
    }
}

/// The tables that `export --format columns` makes.
public enum ColumnTable: String, Sendable, CaseIterable {
    /// One row a public trade.
    case trades
    /// The best levels of each order book, at each push or at each multiple of a duration.
    case book
    /// One row a ticker push: what a push does not have is null.
    case tickers
    /// One row a candle of a push.
    case klines
    /// One row a record: its bytes as they came.
    case records

    /// Behind the unit of a record's time where the recording does not know when its records arrived.
    static let arrivalUnknown = "; the exchange's: \(Manifest.arrivalUnknown)"

    func columns(depth: Int, floats: Bool, knowsArrivalTimes: Bool) -> [ColumnSpec] {
        var columns = columns(depth: depth, floats: floats)
        guard !knowsArrivalTimes else { return columns }
        for place in columns.indices where ["time", "updated_time"].contains(columns[place].name) {
            columns[place].unit += ColumnTable.arrivalUnknown
        }
        return columns
    }

    func columns(depth: Int, floats: Bool) -> [ColumnSpec] {
        let number: ColumnType = floats ? .float64 : .decimal
        let price = "price: quote coin for one base coin"
        let quantity = "quantity: base coin; contracts of 1 USD on inverse"
        let milliseconds = "UTC ns, from the exchange's ms"
        var columns = [
            ColumnSpec("sequence", .uint64, "number of the record"),
            ColumnSpec("time", .timestamp, "UTC ns, when it was recorded"),
        ]
        if self == .records {
            return columns + [
                ColumnSpec("stream", .utf8, "name of the stream"),
                ColumnSpec("payload", .binary, "bytes as they came"),
            ]
        }
        if self == .book {
            columns[0].unit = "number of the record that last changed the book"
            columns[1].unit =
                "UTC ns: of that record, or the multiple of `every` at which the book was so"
            columns.append(ColumnSpec("updated_time", .timestamp, "UTC ns of that record"))
        }
        columns += [
            ColumnSpec("exchange_time", .timestamp, milliseconds + " (ts)", nullable: true),
            ColumnSpec("stream", .utf8, "name of the stream"),
            ColumnSpec("category", .utf8, "spot, linear, inverse, option, spread"),
            ColumnSpec("symbol", .utf8, "the exchange's name of the instrument", nullable: true),
        ]
        switch self {
        case .trades:
            columns += [
                ColumnSpec("trade_time", .timestamp, milliseconds + " (T)", nullable: true),
                ColumnSpec("side", .utf8, "the taker's: Buy, Sell", nullable: true),
                ColumnSpec("price", number, price, nullable: true),
                ColumnSpec("quantity", number, quantity, nullable: true),
                ColumnSpec("trade_id", .utf8, "the exchange's id", nullable: true),
                ColumnSpec("cross_sequence", .int64, "seq", nullable: true),
                ColumnSpec("block_trade", .bool, "BT", nullable: true),
                ColumnSpec("tick_direction", .utf8, "L", nullable: true),
            ]
        case .tickers: columns += Self.tickerColumns(number, price, quantity, milliseconds)
        case .klines:
            columns += [
                ColumnSpec("interval", .utf8, "minutes, or D, W, M", nullable: true),
                ColumnSpec("start_time", .timestamp, milliseconds, nullable: true),
                ColumnSpec("end_time", .timestamp, milliseconds, nullable: true),
                ColumnSpec("open", number, price, nullable: true),
                ColumnSpec("high", number, price, nullable: true),
                ColumnSpec("low", number, price, nullable: true),
                ColumnSpec("close", number, price, nullable: true),
                ColumnSpec("volume", number, quantity, nullable: true),
                ColumnSpec("turnover", number, "quote coin", nullable: true),
                ColumnSpec("confirmed", .bool, "the candle is closed", nullable: true),
                ColumnSpec("trade_time", .timestamp, milliseconds, nullable: true),
            ]
        case .book:
            columns += [
                ColumnSpec("match_time", .timestamp, milliseconds + " (cts)", nullable: true),
                ColumnSpec("stale", .bool, "something was missed: no level is known"),
                ColumnSpec("update_id", .int64, "u", nullable: true),
                ColumnSpec("cross_sequence", .int64, "seq", nullable: true),
            ]
            for side in ["bid", "ask"] {
                for level in 1...depth {
                    columns.append(
                        ColumnSpec("\(side)_price_\(level)", number, price, nullable: true)
                    )
                    columns.append(
                        ColumnSpec("\(side)_quantity_\(level)", number, quantity, nullable: true)
                    )
                }
            }
        case .records: break
        }
        return columns
    }

    private static func tickerColumns(
        _ number: ColumnType,
        _ price: String,
        _ quantity: String,
        _ milliseconds: String
    ) -> [ColumnSpec] {
        [
            ColumnSpec("snapshot", .bool, "all fields, or those that changed", nullable: true),
            ColumnSpec("cross_sequence", .int64, "cs", nullable: true),
            ColumnSpec("last_price", number, price, nullable: true),
            ColumnSpec("mark_price", number, price, nullable: true),
            ColumnSpec("index_price", number, price, nullable: true),
            ColumnSpec("bid_price", number, price, nullable: true),
            ColumnSpec("bid_quantity", number, quantity, nullable: true),
            ColumnSpec("ask_price", number, price, nullable: true),
            ColumnSpec("ask_quantity", number, quantity, nullable: true),
            ColumnSpec("funding_rate", number, "share of the position's value", nullable: true),
            ColumnSpec("next_funding_time", .timestamp, milliseconds, nullable: true),
            ColumnSpec("open_interest", number, quantity, nullable: true),
            ColumnSpec("high_24h", number, price, nullable: true),
            ColumnSpec("low_24h", number, price, nullable: true),
            ColumnSpec("previous_24h", number, price, nullable: true),
            ColumnSpec("change_24h", number, "share of previous_24h", nullable: true),
            ColumnSpec("volume_24h", number, quantity, nullable: true),
            ColumnSpec("turnover_24h", number, "quote coin", nullable: true),
            ColumnSpec("tick_direction", .utf8, "tickDirection", nullable: true),
        ]
    }
}
