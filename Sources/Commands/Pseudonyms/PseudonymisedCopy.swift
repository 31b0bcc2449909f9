import Foundation
import Journal
import Market
import Runtime
import Trading

/// A copy of a recording, or of a part, that does not say whose it is.
struct PseudonymisedCopy {
    private let recording: Recording
    let names: Pseudonymiser

    /// Learns the ids of all of the recording.
    ///
    /// - Throws: besides what does not read: a merged recording, whose sessions are named in streams of its own.
    init(of recording: Recording) throws(JournalError) {
        guard !recording.manifest.labels.contains(where: { $0.key == Recording.mergeLabel }) else {
            throw JournalError(
                .malformed(
                    "it is a merged recording, which has no pseudonyms; give them to what it was made from, and merge those"
                ),
                file: recording.path
            )
        }
        self.recording = recording
        names = Pseudonymiser(registry: TapedeckMain.strategies)
        try names.learn(recording)
    }

    /// Lets a slicer write the copy.
    ///
    /// - Returns: what it begins with, or why there is nothing; as ``SliceCommand`` has it of a plain slice.
    func prepare(
        _ slicer: inout Slicer,
        before number: SequenceNumber
    ) throws(JournalError) -> (checkpoint: [UInt8], limit: String?) {
        let names = names
        slicer.rename = { names.rename($0) }
        slicer.renameRecording = { names.rename(recording: $0) }
        slicer.rewrite = { names.rewrite($0, $1) }
        // The recording's own seal: what the copy was made of can be shown by whoever has it.
        let chain = recording.manifest.segments.last?.chainLast.description ?? ""
        slicer.labels = [Label("pseudonymised.of", chain)]
        guard number > .first else { return ([], nil) }
        // Its tables are in the order of the ids, so that it cannot be rewritten, and what made it is not there any more.
        if recording.first > .first, !(try recording.checkpoint(at: recording.first).isEmpty) {
            return (
                [],
                "the recording begins with a state that has its ids; only a copy of one that begins with record 1 replays"
            )
        }
        let cursor = try recording.cursor()
        while let record = try cursor.next(), record.sequence < number {
            _ = names.rewrite(record, cursor.name(of: record.stream))
        }
        let checkpoint = names.checkpoint()
        guard checkpoint.isEmpty else { return (checkpoint, nil) }
        return ([], names.limit?.description ?? "the recording has no session/start before it")
    }

    /// Makes a copy of all of a recording: what `export` and `bundle` read then.
    ///
    /// It has another id, which is what a bundle says that it was taken from.
    ///
    /// - Returns: besides copy and report why the copy does not replay; `nil` where it did.
    static func make(
        of recording: Recording,
        in folder: TemporaryCopy
    ) throws -> (copy: Recording, report: PseudonymisedCopy, limit: String?) {
        let report: PseudonymisedCopy
        do throws(JournalError) {
            report = try PseudonymisedCopy(of: recording)
        } catch {
            throw ReplayCommand.undecided(error)
        }
        let path = try folder.path(for: report.names.rename(recording: recording.id))
        let limit = try NewRecording.write(path) { () throws(JournalError) -> String? in
            var slicer = Slicer()
            let state = try report.prepare(&slicer, before: recording.first)
            slicer.checkpoint = state.checkpoint
            _ = try slicer.slice(recording, from: .beginning, isPast: { _, _ in false }, to: path)
            return state.limit
        }
        let known = try SliceCheck.check(
            path,
            limit: limit,
            mustReplay: false,
            copy: report,
            source: recording
        )
        return (try SliceCheck.open(path), report, known)
    }

    func write(into json: inout JSONWriter) {
        json.field("pseudonyms", names.count)
        json.field(
            "free_texts",
            array: { rows in
                for item in names.freeTexts {
                    rows.object {
                        $0.field("stream", item.stream)
                        $0.field("name", item.name)
                        $0.field("text", item.text)
                    }
                }
            }
        )
        json.field("further_texts", names.furtherTexts)
    }

    /// What is to be reviewed before the copy is handed on, a line each.
    var reviews: [String] {
        let lines = names.freeTexts.map { "\($0.stream) \($0.name): \($0.text)" }
        guard names.furtherTexts > 0 else { return lines }
        return lines + ["and \(names.furtherTexts) texts more, which are not listed"]
    }

    func tell() {
        Printing.result("pseudonyms \(names.count) ids have others in their place")
        for line in reviews { Printing.result("review     \(line)") }
    }
}

/// What a slice is held to before it is done.
enum SliceCheck {
    /// - Parameter mustReplay: a replay was asked for.
    /// - Returns: why it does not replay. Where there is no reason, a copy was replayed whole and nothing differed, and
    ///   so was every slice that must replay.
    /// - Throws: a failure, and the slice is gone: an id of the recording stands in it, its replay differs, or it has
    ///   none where one was asked for.
    static func check(
        _ path: String,
        limit: String?,
        mustReplay: Bool,
        copy: PseudonymisedCopy?,
        source: Recording
    ) throws -> String? {
        guard mustReplay || copy != nil else { return limit }
        // What was found while the copy was written is behind what was known before.
        let reason = limit ?? copy?.names.limit?.description
        do {
            if let reason, mustReplay {
                throw Failure(
                    .undecided,
                    "it would not replay: \(reason)",
                    at: source.path,
                    do: "Leave out --replayable for a slice to read."
                )
            }
            let made = try open(path)
            if let copy { try search(made, copy) }
            if let reason { return reason }
            return try replay(made, source, mustReplay: mustReplay)
        } catch {
            try? FileManager.default.removeItem(atPath: path)
            throw error
        }
    }

    static func open(_ path: String) throws -> Recording {
        do throws(JournalError) {
            return try Recording.open(path)
        } catch {
            throw Failure(error)
        }
    }

    private static func search(_ made: Recording, _ copy: PseudonymisedCopy) throws {
        var found: (record: SequenceNumber, id: String)?
        do throws(JournalError) {
            let cursor = try made.cursor()
            while found == nil, let record = try cursor.next() {
                found = copy.names.found(in: record.payload).first.map { (record.sequence, $0) }
            }
        } catch {
            throw Failure(error)
        }
        guard let found else { return }
        throw Failure(
            .bug,
            "an id of the recording stands in record \(found.record): \(found.id.prefix(4))…",
            at: made.path,
            do: "Report it; nothing was written."
        )
    }

    /// - Returns: why there was no whole replay.
    private static func replay(
        _ made: Recording,
        _ source: Recording,
        mustReplay: Bool
    ) throws -> String? {
        let result: ReplayResult
        do throws(ReplayError) {
            result = try Replay(registry: TapedeckMain.strategies).run(made)
        } catch {
            guard mustReplay else { return error.description }
            throw ReplayCommand.failure(error)
        }
        guard case .differs(let divergence) = result.outcome else {
            guard let stop = result.stop else { return nil }
            guard mustReplay else { return "its replay ended early: \(stop)" }
            throw Failure(
                .undecided,
                "its replay ended early: \(stop)",
                at: source.path,
                do: "Leave out --replayable for a slice to read."
            )
        }
        // A recording that differs from today's code is not the slice's fault, but it is no fixture either.
        throw Failure(
            .no,
            "its replay differs: \(divergence)",
            at: source.path,
            do: "Slice with the program that recorded it, or look with `tapedeck replay`."
        )
    }
}
