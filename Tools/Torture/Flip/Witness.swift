import Journal
import Market

/// A recording as it was before anything was done to it: every record by its hash.
struct Witness {
    let image: Image
    /// Of record n at n - 1.
    let records: [UInt64]
    /// What each segment begins with: the owner's state.
    private let checkpoints: [(first: SequenceNumber, bytes: [UInt8])]

    /// - Throws: what does not read, which must not be.
    init(_ image: Image) throws(JournalError) {
        self.image = image
        let recording = try Recording.open(MemoryDisk.path, files: MemoryDisk(image))
        let cursor = try recording.cursor()
        var records: [UInt64] = []
        while let record = try cursor.next() {
            records.append(Witness.hash(record, cursor.name(of: record.stream).text))
        }
        self.records = records
        checkpoints = try Witness.checkpoints(recording)
    }

    private static func checkpoints(
        _ recording: Recording
    ) throws(JournalError) -> [(first: SequenceNumber, bytes: [UInt8])] {
        var all: [(first: SequenceNumber, bytes: [UInt8])] = []
        for segment in recording.manifest.segments {
            all.append((segment.first, try recording.checkpoint(at: segment.first)))
        }
        return all
    }

    static func hash(_ record: Record, _ stream: String) -> UInt64 {
        var hash = Mix.combine(record.sequence.value, UInt64(record.time.nanoseconds))
        for byte in stream.utf8 { hash = Mix.combine(hash, UInt64(byte)) }
        for byte in record.payload { hash = Mix.combine(hash, UInt64(byte)) }
        return hash
    }

    /// What is read of a changed recording.
    struct Outcome {
        /// Numbers that were recorded and were not served.
        var missing = 0
        var firstMissing: Int?
        var lastMissing: Int?
        /// A record that was never recorded, or stands in another's place.
        var wrong: String?
        var state: Verification.State?
        /// What is said of the change, wherever it is said.
        var words: [JournalError] = []
        var gaps: [Verification.Gap] = []
        /// The recording could not be opened at all.
        var isRefused = false
        /// Some segment's checkpoint was not given out.
        var hasLostCheckpoint = false

        var isReported: Bool { !words.isEmpty }
    }

    func look(at image: Image) -> Outcome {
        var outcome = Outcome()
        let disk = MemoryDisk(image)
        do throws(JournalError) {
            let verification = try Verifier.verify(MemoryDisk.path, files: disk)
            outcome.state = verification.state
            outcome.words += verification.findings
            outcome.gaps = verification.gaps
        } catch {
            outcome.words.append(error)
        }
        var seen = [Bool](repeating: false, count: records.count)
        do throws(JournalError) {
            let recording = try Recording.open(MemoryDisk.path, files: disk)
            for known in checkpoints { compare(known, recording, &outcome) }
            let cursor = try recording.cursor()
            var errors = 0
            while errors < 64 {
                do throws(JournalError) {
                    guard let record = try cursor.next() else { break }
                    take(record, cursor.name(of: record.stream).text, &seen, &outcome)
                } catch {
                    errors += 1
                    outcome.words.append(error)
                }
            }
            if errors == 64 { outcome.wrong = "a cursor that gives errors without end" }
        } catch {
            outcome.isRefused = true
            outcome.words.append(error)
        }
        outcome.missing = seen.count { !$0 }
        outcome.firstMissing = seen.firstIndex(of: false).map { $0 + 1 }
        outcome.lastMissing = seen.lastIndex(of: false).map { $0 + 1 }
        return outcome
    }

    private func compare(
        _ known: (first: SequenceNumber, bytes: [UInt8]),
        _ recording: Recording,
        _ outcome: inout Outcome
    ) {
        do throws(JournalError) {
            if try recording.checkpoint(at: known.first) != known.bytes {
                outcome.wrong = "the checkpoint of segment \(known.first) is another"
            }
        } catch {
            outcome.hasLostCheckpoint = true
        }
    }

    private func take(
        _ record: Record,
        _ stream: String,
        _ seen: inout [Bool],
        _ outcome: inout Outcome
    ) {
        let number = record.sequence.value
        guard number >= 1, number <= UInt64(records.count) else {
            outcome.wrong = "record \(number) was never recorded"
            return
        }
        guard Witness.hash(record, stream) == records[Int(number) - 1] else {
            outcome.wrong = "record \(number) is not the one that was recorded"
            return
        }
        if seen[Int(number) - 1] { outcome.wrong = "record \(number) comes twice" }
        seen[Int(number) - 1] = true
    }
}
