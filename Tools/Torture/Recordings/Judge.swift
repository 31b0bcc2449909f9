import Journal
import Market

/// What must be so of a recording that something happened to.
struct Promise: Hashable {
    /// Records up to here must be there.
    var kept: UInt64
    /// Nothing above this was ever given to the recorder.
    var given: UInt64
}

/// Reads a recording and says what of the promise it breaks.
struct Judge {
    let script: Script

    struct Verdict {
        /// What is wrong; `nil` when nothing is.
        var finding: String?
        var last: UInt64 = 0
        var run = 0
        var isSealed = false
        /// Bytes behind the end that form no record.
        var isCut = false
        var starts: [UInt64] = []
    }

    func judge(
        _ path: String,
        _ files: any JournalFiles,
        _ promise: Promise,
        isAlwaysSound: Bool = false
    ) -> Verdict {
        var verdict = Verdict()
        do throws(JournalError) {
            let recording = try Recording.open(path, files: files)
            verdict.isSealed = recording.state == .sealed || recording.state == .recovered
            verdict.isCut = !recording.torn.isEmpty
            verdict.finding = try read(recording, &verdict)
            if let damage = recording.damage.first {
                verdict.finding = "called damage: \(damage)"
            }
            guard verdict.finding == nil else { return verdict }
            let verification = try Verifier.verify(path, files: files)
            if verification.state == .damaged || (isAlwaysSound && verification.state != .sound) {
                let words = verification.findings.map(\.description).joined(separator: " ")
                verdict.finding = "verify says \(verification.state): \(words)"
            } else if verification.records != verdict.last
                || verification.last.value != verdict.last
            {
                verdict.finding =
                    "verify counts \(verification.records) records to \(verification.last),"
                    + " a cursor gives \(verdict.last)"
            }
        } catch {
            // Nothing has its name yet: the recording never began.
            if error.reason == .notARecording || error.reason == .missing, promise.kept == 0 {
                return verdict
            }
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
        _ recording: Recording,
        _ verdict: inout Verdict
    ) throws(JournalError) -> String? {
        var reading = Reading(script)
        let cursor = try recording.cursor()
        while let record = try cursor.next() {
            let wrong = reading.take(
                record.sequence.value,
                record.time,
                cursor.name(of: record.stream).text,
                record.payload
            )
            if let wrong { return wrong }
        }
        verdict.last = reading.last
        verdict.run = reading.run
        verdict.starts = reading.starts
        guard recording.last.value == reading.last else {
            return "the recording says it ends at \(recording.last), a cursor at \(reading.last)"
        }
        return nil
    }
}
