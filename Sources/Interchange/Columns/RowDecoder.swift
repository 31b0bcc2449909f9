import JSON
import Market

/// Decodes pushes of trades, tickers and candles into rows.
///
/// Field by field and not by way of events: a row whose price cannot be read stays, with null in that place.
struct RowDecoder {
    var cells = CellReader()

    /// What all rows of one record begin with.
    struct Beginning {
        var sequence: SequenceNumber
        var time: Timestamp
        var route: ColumnRoute
    }

    mutating func decode(_ root: JSONValue, _ beginning: Beginning, into batch: ColumnBatch) {
        cells.sequence = beginning.sequence
        cells.stream = beginning.route.name.text
        guard root.isObject, let data = root["data"] else { return cells.find("", .json) }
        switch beginning.route.subject {
        case .tickers:
            guard data.isObject else { return cells.find("", .json) }
            ticker(root, data, beginning, batch.columns)
        case .trades, .klines:
            guard data.isArray else { return cells.find("", .json) }
            for row in data.elements {
                guard row.isObject else {
                    cells.find("", .json)
                    continue
                }
                if beginning.route.subject == .trades {
                    trade(root, row, beginning, batch.columns)
                } else {
                    kline(root, row, beginning, batch.columns)
                }
            }
        default: break
        }
    }

    /// `sequence` … `symbol`, and where the next column is.
    private mutating func begin(
        _ root: JSONValue,
        _ beginning: Beginning,
        _ columns: [ColumnBuilder]
    ) {
        columns[0].append(Int64(bitPattern: beginning.sequence.value))
        columns[1].append(beginning.time.nanoseconds)
        cells.time(root, "ts", .required, columns[2])
        columns[3].append(beginning.route.name.text)
        columns[4].append(beginning.route.category)
    }

    private mutating func trade(
        _ root: JSONValue,
        _ row: JSONValue,
        _ beginning: Beginning,
        _ columns: [ColumnBuilder]
    ) {
        begin(root, beginning, columns)
        cells.text(row, "s", .required, columns[5])
        cells.time(row, "T", .required, columns[6])
        cells.text(row, "S", .required, columns[7])
        cells.decimal(row, "p", .required, columns[8])
        cells.decimal(row, "v", .required, columns[9])
        cells.text(row, "i", .required, columns[10])
        cells.integer(row, "seq", .optional, columns[11])
        cells.flag(row, "BT", .optional, columns[12])
        cells.text(row, "L", .optional, columns[13])
    }

    private mutating func kline(
        _ root: JSONValue,
        _ row: JSONValue,
        _ beginning: Beginning,
        _ columns: [ColumnBuilder]
    ) {
        begin(root, beginning, columns)
        columns[5].append(beginning.route.symbol)
        cells.text(row, "interval", .required, columns[6])
        cells.time(row, "start", .required, columns[7])
        cells.time(row, "end", .required, columns[8])
        cells.decimal(row, "open", .required, columns[9])
        cells.decimal(row, "high", .required, columns[10])
        cells.decimal(row, "low", .required, columns[11])
        cells.decimal(row, "close", .required, columns[12])
        cells.decimal(row, "volume", .required, columns[13])
        cells.decimal(row, "turnover", .required, columns[14])
        cells.flag(row, "confirm", .required, columns[15])
        cells.time(row, "timestamp", .optional, columns[16])
    }

    private static let tickerFields: [StaticString] = [
        "lastPrice", "markPrice", "indexPrice", "bid1Price", "bid1Size", "ask1Price", "ask1Size",
        "fundingRate",
    ]
    private static let tickerFieldsBehind: [StaticString] = [
        "openInterest", "highPrice24h", "lowPrice24h", "prevPrice24h", "price24hPcnt", "volume24h",
        "turnover24h",
    ]

    private mutating func ticker(
        _ root: JSONValue,
        _ data: JSONValue,
        _ beginning: Beginning,
        _ columns: [ColumnBuilder]
    ) {
        begin(root, beginning, columns)
        cells.text(data, "symbol", .required, columns[5])
        if let type = root["type"], type.isString {
            columns[6].append(type.raw.elementsEqual("snapshot".utf8))
        } else {
            cells.find("type", .missing)
            columns[6].appendNull()
        }
        cells.integer(root, "cs", .optional, columns[7])
        var place = 8
        for field in Self.tickerFields {
            cells.decimal(data, field, .optional, columns[place])
            place += 1
        }
        cells.time(data, "nextFundingTime", .optional, columns[place])
        place += 1
        for field in Self.tickerFieldsBehind {
            cells.decimal(data, field, .optional, columns[place])
            place += 1
        }
        cells.text(data, "tickDirection", .optional, columns[place])
    }
}
