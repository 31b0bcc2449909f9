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
        /// Rows of a book's batch: a deep one has many columns.
        private let bookRows: Int

        init(_ options: Options, _ frames: ColumnFrames, batchBytes: Int) {
            bookRows = max(1, batchBytes / (160 + 4 * options.depth * 16))
            self.options = options
            self.frames = frames
            fold = BookFold(depth: options.depth, every: options.every)
            bookPlace = options.tables.firstIndex(of: .book)
            rows = options.tables.map { _ in 0 }
        }

        mutating func write(_ block: DecodedBlock) throws(InterchangeError) {
            for batch in block.full { try write(batch) }
            for batch in block.batches {
                guard batch.table == bookPlace else {
                    try write(batch)
                    continue
                }
                var batch = batch
                var next = 0
                while let place = fold.apply(block.book, from: next, into: batch, rows: bookRows) {
                    next = place
                    try write(batch)
                    batch = newBook()
                }
                try write(batch)
            }
            records += block.records
            findings.add(block.findings)
            // Two blocks may meet at the same damage.
            for error in block.damage where !damage.contains(error) { damage.append(error) }
        }

        private mutating func write(_ batch: ColumnBatch) throws(InterchangeError) {
            rows[batch.table] += UInt64(batch.rows)
            try frames.batch(batch)
        }

        private func newBook() -> ColumnBatch {
            ColumnBatch(
                bookPlace ?? 0,
                ColumnTable.book.columns(depth: options.depth, floats: options.floats)
            )
        }

        mutating func finish(
            at end: Timestamp,
            knowsArrivalTimes: Bool
        ) throws(InterchangeError) -> Summary {
            if bookPlace != nil {
                let batch = newBook()
                fold.finish(at: end, into: batch)
                try write(batch)
                findings.add(fold.findings)
            }
            try frames.text(.footer, footer(knowsArrivalTimes))
            return Summary(
                records: records,
                rows: rows,
                findings: findings.total,
                firstFindings: findings.first,
                damage: damage
            )
        }

        private func footer(_ knowsArrivalTimes: Bool) -> [UInt8] {
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
                $0.field(JSONLinesExport.arrivalKey, knowsArrivalTimes)
            }
            return json.bytes
        }
    }
}
