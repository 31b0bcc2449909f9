import ArgumentParser
import Journal
import Market

struct InfoCommand: JudgingCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Say what is in a recording: times, streams with counts and rates, bytes, state."
    )

    @OptionGroup var options: RecordingOptions

    func judge() throws -> ExitStatus {
        let recording = try options.open()
        let census: Census
        do throws(JournalError) {
            census = try Census(of: recording)
        } catch {
            throw Failure(error)
        }
        let beginning: Beginning
        do throws(JournalError) {
            beginning = try recording.beginning()
        } catch {
            throw Failure(error)
        }
        let attached = Attached(recording)
        if options.json {
            printJSON(recording, census, beginning, attached)
        } else {
            printText(recording, census, beginning, attached)
        }
        // What recovery gave up is part of what is known; anything else that does not read is damage.
        let isKnown = census.gaps.allSatisfy(\.isKnownLoss)
        return isKnown && recording.damage.isEmpty ? .yes : .undecided
    }

    /// What stands beside the records.
    private struct Attached {
        let all: [Recording.Attachment]
        /// What a bundle says of itself.
        let bundle: Result<BundleDescription, any Error>?

        init(_ recording: Recording) {
            all = recording.attachments()
            bundle = BundleDescription.read(recording, all)
        }

        /// One line each.
        var lines: [String] {
            let rows = all.map {
                Columns.line([
                    ("attached", 9),
                    ("\($0.name), \($0.mediaType), \(Columns.bytes(Int(clamping: $0.bytes)))", 0),
                ])
            }
            let words =
                switch bundle {
                case .success(let bundle): bundle.lines
                case .failure(let error): ["its description does not read: \(error)"]
                case nil: [String]()
                }
            return rows + words.map { Columns.line([("bundle", 9), ($0, 0)]) }
        }

        func write(into json: inout JSONWriter) {
            json.field(
                "attachments",
                array: { rows in
                    for row in all {
                        rows.object {
                            $0.field("name", row.name)
                            $0.field("media_type", row.mediaType)
                            $0.field("bytes", Int64(clamping: row.bytes))
                        }
                    }
                }
            )
            guard case .success(let bundle) = bundle else { return }
            json.nested("bundle") { bundle.write(into: &$0) }
        }
    }

    private func printText(
        _ recording: Recording,
        _ census: Census,
        _ beginning: Beginning,
        _ attached: Attached
    ) {
        let manifest = recording.manifest
        let nanoseconds = manifest.duration
        let disk = FolderSize.bytes(of: recording.path)
        Printing.result("recording  \(recording.path)")
        Printing.result("id         \(recording.id)")
        Printing.result(
            "state      \(recording.isHeld ? "recording now" : manifest.state.rawValue)"
        )
        Printing.result("runs       \(manifest.runs)")
        Printing.result("from       \(manifest.started)")
        Printing.result("to         \(manifest.ended)  (\(Columns.duration(nanoseconds)))")
        Printing.result(
            "records    \(Columns.grouped(census.records)), \(manifest.first) to \(manifest.last)"
        )
        Printing.result(
            "bytes      \(Columns.bytes(census.bytes)) as they came, \(Columns.bytes(disk)) on disk,"
                + " \(Census.ratio(census.bytes, disk)) to 1"
        )
        Printing.result("begins     \(VerifyCommand.words(of: beginning))")
        for damage in recording.damage { Printing.result("damage     \(damage)") }
        for gap in census.gaps { Printing.result("gap        \(gap)") }
        if let lost = recording.lostEnd {
            Printing.result(
                "gap        records \(lost.first) to \(lost.last) were given up by recovery"
            )
        }
        for gap in census.links.words { Printing.result("gap        \(gap)") }
        for note in census.notes.words { Printing.result("operator   \(note)") }
        Printing.result("segments   \(manifest.segments.count)")
        Printing.result("signature  \(InfoCommand.words(of: manifest.signature))")
        for label in manifest.labels {
            Printing.result(Columns.line([(label.key, 9), (label.value, 0)]))
        }
        attached.lines.forEach(Printing.result)
        Printing.result("")
        Printing.result(
            Columns.line([("STREAM", 52), ("RECORDS", -10), ("PER SECOND", -10), ("BYTES", -10)])
        )
        for row in census.rows {
            Printing.result(
                Columns.line([
                    (row.name.text, 52), (Columns.grouped(row.records), -10),
                    (Census.rate(row.records, nanoseconds), -10), (Columns.bytes(row.bytes), -10),
                ])
            )
        }
    }

    static func words(of signature: Signature?) -> String {
        guard let signature else { return "none" }
        return signature.isGenuine ? "made by \(signature.key)" : "wrong"
    }

    private func printJSON(
        _ recording: Recording,
        _ census: Census,
        _ beginning: Beginning,
        _ attached: Attached
    ) {
        let manifest = recording.manifest
        let nanoseconds = manifest.duration
        Printing.json(schema: "info") {
            $0.field("recording", recording.path)
            $0.field("id", recording.id)
            $0.field("state", recording.isHeld ? "recording" : manifest.state.rawValue)
            $0.field("runs", manifest.runs)
            $0.nested("sequence") {
                $0.field("first", manifest.first)
                $0.field("last", manifest.last)
            }
            $0.field("started", manifest.started.description)
            $0.field("ended", manifest.ended.description)
            $0.field("records", Int64(clamping: census.records))
            $0.field("payload_bytes", census.bytes)
            let disk = FolderSize.bytes(of: recording.path)
            $0.field("disk_bytes", disk)
            $0.field("ratio", Census.ratio(census.bytes, disk))
            $0.field("begins", VerifyCommand.word(of: beginning))
            $0.field("gaps", array: { for gap in census.gaps { $0.value(gap.description) } })
            $0.field(
                "damage",
                array: { for error in recording.damage { $0.value(error.description) } }
            )
            $0.field(
                "interruptions",
                array: { rows in
                    for (link, row) in census.links.rows.sorted(by: { $0.key < $1.key }) {
                        rows.object {
                            $0.field("link", link)
                            $0.field("count", row.interruptions)
                            $0.field("nanoseconds", row.nanoseconds)
                            $0.field("shed", row.shed)
                        }
                    }
                }
            )
            $0.field("operator", array: { census.notes.write(into: &$0) })
            $0.field("signature", InfoCommand.words(of: manifest.signature))
            $0.field("arrival_times_known", manifest.knowsArrivalTimes)
            $0.nested("labels") {
                for label in manifest.labels { $0.field(label.key, label.value) }
            }
            attached.write(into: &$0)
            $0.field(
                "streams",
                array: { streams in
                    for row in census.rows {
                        streams.object {
                            $0.field("stream", row.name.text)
                            $0.field("records", Int64(clamping: row.records))
                            $0.field("bytes", row.bytes)
                            $0.field("per_second", Census.rate(row.records, nanoseconds))
                        }
                    }
                }
            )
        }
    }
}

/// Counts and bytes of each stream, found by reading the recording once.
struct Census {
    struct Row {
        var name: StreamName
        var records: UInt64 = 0
        var bytes = 0
    }

    private(set) var rows: [Row] = []
    private(set) var records: UInt64 = 0
    private(set) var bytes = 0
    private(set) var links = LinkGaps()
    private(set) var notes = OperatorNotes()
    /// What could not be read, in order.
    private(set) var gaps: [JournalError] = []
    private static let largestGaps = 1_000

    init(of recording: Recording) throws(JournalError) {
        let cursor = try recording.cursor()
        var places: [StreamID: Int] = [:]
        var bar = ProgressBar("reading", total: recording.last.value)
        while let record = try next(cursor) {
            let place: Int
            if let known = places[record.stream] {
                place = known
            } else {
                place = rows.count
                places[record.stream] = place
                rows.append(Row(name: cursor.name(of: record.stream)))
            }
            links.take(record, rows[place].name)
            notes.take(record, rows[place].name)
            rows[place].records += 1
            rows[place].bytes += record.payload.count
            records += 1
            bytes += record.payload.count
            if records % 4_096 == 0 { bar.update(record.sequence.value) }
        }
        bar.finish()
        rows.sort { $0.name.text < $1.name.text }
    }

    /// The next record that reads.
    private mutating func next(_ cursor: Cursor) throws(JournalError) -> Record? {
        while true {
            do throws(JournalError) {
                return try cursor.next()
            } catch {
                guard gaps.count < Census.largestGaps, error.isDamage else { throw error }
                gaps.append(error)
            }
        }
    }

    /// Bytes as they came for one on disk, with two decimals.
    static func ratio(_ bytes: Int, _ disk: Int) -> String {
        guard disk > 0 else { return "-" }
        let hundredths = bytes * 100 / disk
        return "\(hundredths / 100)." + (hundredths % 100 < 10 ? "0" : "") + "\(hundredths % 100)"
    }

    /// Records a second with one decimal.
    static func rate(_ records: UInt64, _ nanoseconds: Int64) -> String {
        guard nanoseconds > 0 else { return "-" }
        let (high, low) = records.multipliedFullWidth(by: 10 * 1_000_000_000)
        guard high < UInt64(nanoseconds) else { return "-" }
        let tenths = UInt64(nanoseconds).dividingFullWidth((high, low)).quotient
        return "\(tenths / 10).\(tenths % 10)"
    }
}
