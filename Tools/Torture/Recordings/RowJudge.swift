import Journal
import Market

/// Reads a row of recordings and says what of the promise it breaks.
struct RowJudge {
    let script: Script

    struct Verdict {
        /// What is wrong; `nil` when nothing is.
        var finding: String?
        var last: UInt64 = 0
        /// The last run of the records.
        var run = 0
        var recordings = 0
    }

    func judge(
        _ files: any JournalFiles,
        _ promise: Promise,
        isAlwaysSound: Bool = false
    ) -> Verdict {
        var verdict = Verdict()
        do throws(JournalError) {
            let folder = RowFolder(MemoryDisk.path, files: files)
            _ = try folder.tidy()
            let paths = try folder.members().map(\.path)
            verdict.recordings = paths.count
            var reading = Reading(script)
            for path in paths {
                verdict.finding = try read(path, files, &reading) ?? verdict.finding
            }
            verdict.last = reading.last
            verdict.run = reading.run
            if verdict.finding == nil {
                verdict.finding = try prove(paths, files, reading.last, isAlwaysSound)
            }
        } catch {
            verdict.finding = "unreadable: \(error)"
        }
        if verdict.finding == nil, verdict.last < promise.kept {
            verdict.finding = "records \(verdict.last + 1) to \(promise.kept) are lost"
        }
        if verdict.finding == nil, verdict.last > promise.given {
            verdict.finding = "records \(promise.given + 1) to \(verdict.last) are invented"
        }
        return verdict
    }

    private func read(
        _ path: String,
        _ files: any JournalFiles,
        _ reading: inout Reading
    ) throws(JournalError) -> String? {
        let recording = try Recording.open(path, files: files)
        if let damage = recording.damage.first { return "called damage: \(damage)" }
        let cursor = try recording.cursor()
        while let record = try cursor.next() {
            let wrong = reading.take(
                record.sequence.value,
                record.time,
                cursor.name(of: record.stream).text,
                record.payload
            )
            if let wrong { return "\(path): \(wrong)" }
        }
        return nil
    }

    private func prove(
        _ paths: [String],
        _ files: any JournalFiles,
        _ last: UInt64,
        _ isAlwaysSound: Bool
    ) throws(JournalError) -> String? {
        let rows = try RowVerifier.verify(paths, isWhole: true) { path throws(JournalError) in
            try Verifier.verify(path, files: files)
        }
        guard let row = rows.first else { return nil }
        guard rows.count == 1 else { return "there are \(rows.count) rows" }
        let words =
            row.findings.map(\.description)
            + row.members.flatMap {
                $0.verification.findings.map(\.description)
            }
        if row.state == .damaged || (isAlwaysSound && row.state != .sound) {
            return "verify says \(row.state): \(words.joined(separator: " "))"
        }
        return row.records == last
            ? nil : "verify counts \(row.records) records, the cursors give \(last)"
    }
}
