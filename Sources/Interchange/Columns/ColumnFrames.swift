import Market

/// The frames of the stream that `export --format columns` writes; the page Columns describes them.
struct ColumnFrames {
    static let schema = "tapedeck.columns/1"
    /// Every frame, and every buffer in one, begins at a multiple of this.
    static let alignment = 64

    enum Kind: UInt32 {
        case schema = 1
        case batch = 2
        case footer = 3
    }

    let sink: ByteSink

    func schema(_ tables: [(ColumnTable, [ColumnSpec])], every: Int64?) throws(InterchangeError) {
        var json = JSONWriter()
        json.object {
            $0.field("schema", ColumnFrames.schema)
            $0.field(
                "tables",
                array: { list in
                    for (table, columns) in tables {
                        list.object {
                            $0.field("name", table.rawValue)
                            if table == .book { $0.field("every", every ?? 0) }
                            $0.field("columns", array: { ColumnFrames.write(columns, into: &$0) })
                        }
                    }
                }
            )
        }
        try text(.schema, json.bytes)
    }

    private static func write(_ columns: [ColumnSpec], into list: inout JSONWriter) {
        for column in columns {
            list.object {
                $0.field("name", column.name)
                $0.field("type", column.type.rawValue)
                $0.field("unit", column.unit)
                $0.field("nullable", column.isNullable)
            }
        }
    }

    /// A frame of JSON, padded with spaces.
    func text(_ kind: Kind, _ json: [UInt8]) throws(InterchangeError) {
        let body = json + [UInt8](repeating: 0x20, count: ColumnFrames.padding(json.count))
        try sink.write(header(kind, table: 0, body: body.count, rows: 0, columns: 0))
        try sink.write(body)
    }

    func batch(_ batch: ColumnBatch) throws(InterchangeError) {
        guard batch.rows > 0 else { return }
        var directory: [UInt8] = []
        var offset = ColumnFrames.padded(batch.columns.count * 56)
        let validities = batch.columns.map { $0.validity() }
        for (column, validity) in zip(batch.columns, validities) {
            ColumnFrames.put(UInt64(column.nullCount), &directory)
            for length in [validity.count, column.offsetBytes.count, column.data.count] {
                ColumnFrames.put(UInt64(offset), &directory)
                ColumnFrames.put(UInt64(length), &directory)
                offset += ColumnFrames.padded(length)
            }
        }
        directory += [UInt8](repeating: 0, count: ColumnFrames.padding(directory.count))
        try sink.write(
            header(
                .batch,
                table: batch.table,
                body: offset,
                rows: batch.rows,
                columns: batch.columns.count
            )
        )
        try sink.write(directory)
        for (column, validity) in zip(batch.columns, validities) {
            try put(validity)
            try withExtendedLifetime(column) { () throws(InterchangeError) in
                try put(column.offsetBytes)
                try put(column.data)
            }
        }
    }

    private func put(_ bytes: [UInt8]) throws(InterchangeError) {
        try bytes.withTypedBytes { raw throws(InterchangeError) in try put(raw) }
    }

    private func put(_ bytes: UnsafeRawBufferPointer) throws(InterchangeError) {
        try sink.write(bytes)
        let padding = ColumnFrames.padding(bytes.count)
        if padding > 0 { try sink.write([UInt8](repeating: 0, count: padding)) }
    }

    private func header(
        _ kind: Kind,
        table: Int,
        body: Int,
        rows: Int,
        columns: Int
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(contentsOf: "TDCOLS01".utf8)
        ColumnFrames.put(UInt64(kind.rawValue), &bytes)
        ColumnFrames.put(UInt64(table), &bytes)
        ColumnFrames.put(UInt64(body), &bytes)
        ColumnFrames.put(UInt64(rows), &bytes)
        ColumnFrames.put(UInt64(columns), &bytes)
        bytes += [UInt8](repeating: 0, count: ColumnFrames.padding(bytes.count))
        return bytes
    }

    private static func put(_ value: UInt64, _ bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    static func padded(_ count: Int) -> Int { count + padding(count) }
    static func padding(_ count: Int) -> Int { (alignment - count % alignment) % alignment }
}
