import Journal
import Market

extension ColumnsExport {
    /// Blocks in their order, as frames.
    struct Output {
        private let options: Options
        private let frames: ColumnFrames
        private var fold: BookFold
        private let bookPlace: Int?
        private var records: UInt64 = 0
        private var rows: [UInt64]
        private var findings = ColumnFindings()
        private var damage: [JournalError] = []

        init(_ options: Options, _ frames: ColumnFrames) {
            self.options = options
            self.frames = frames
            fold = BookFold(depth: options.depth, every: options.every)
            bookPlace = options.tables.firstIndex(of: .book)
            rows = options.tables.map { _ in 0 }
        }

        mutating func write(_ block: DecodedBlock) throws(InterchangeError) {
            if let bookPlace { fold.apply(block.book, into: block.batches[bookPlace]) }
            for batch in block.full + block.batches {
                rows[batch.table] += UInt64(batch.rows)
                try frames.batch(batch)
            }
            records += block.records
            findings.add(block.findings)
            // Two blocks may meet at the same damage.
            for error in block.damage where !damage.contains(error) { damage.append(error) }
        }

        mutating func finish(at end: Timestamp) throws(InterchangeError) -> Summary {
            if let bookPlace {
                let batch = ColumnBatch(
                    bookPlace,
                    ColumnTable.book.columns(depth: options.depth, floats: options.floats)
                )
                fold.finish(at: end, into: batch)
                rows[bookPlace] += UInt64(batch.rows)
                try frames.batch(batch)
                findings.add(fold.findings)
            }
            try frames.text(.footer, footer())
            return Summary(
                records: records,
                rows: rows,
                findings: findings.total,
                firstFindings: findings.first,
                damage: damage
            )
        }

        private func footer() -> [UInt8] {
            var json = JSONWriter()
            json.object {
                $0.field("records", Int64(clamping: records))
                $0.field(
                    "rows",
                    object: { object in
                        for (table, count) in zip(options.tables, rows) {
                            object.field(table.rawValue, Int64(clamping: count))
                        }
                    }
                )
                findings.write(into: &$0)
                $0.field(
                    "damage",
                    array: { list in for error in damage { list.value(error.description) } }
                )
            }
            return json.bytes
        }
    }
}
