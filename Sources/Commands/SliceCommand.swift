import ArgumentParser
import Journal
import Market
import Runtime
import Trading

struct SliceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slice",
        abstract: "Cut a part out of a recording, as a recording of its own.",
        discussion: """
            Records stay as they are and keep their numbers; the slice's chain begins with the old recording's \
            value at that place. The engine's state before the first record is rebuilt and kept in it, so that \
            `replay`, `state` and `pnl` work from there; where that cannot be done (no strategy of that kind in \
            this program, no session/start), the slice is for reading, and that is said. Where --to stands before or \
            among the desk's outputs of one input, the slice goes on to the last of them.

            --replayable is for a fixture: the slice is packed as small as it goes, replayed before it is done, and not \
            made where its replay differs from the recording's. --pseudonymise puts other ids in the place of all ids of \
            account, orders, fills, connections, traces, messages and keys, one to one; texts that somebody wrote are \
            listed for review.

            Example: tapedeck slice last --from start+5m --to start+6m -o incident
            """
    )

    @OptionGroup var options: RecordingOptions
    @OptionGroup var range: RangeOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The new recording; it must not be there yet.", valueName: "dir")
    )
    var output: String

    @Option(
        help: ArgumentHelp("Sign the slice with this private key.", valueName: "file")
    )
    var signingKey: String?

    @Flag(help: "A fixture: packed small, and replayed before it is done.")
    var replayable = false

    @OptionGroup var pseudonyms: PseudonymOptions

    func run() throws {
        let recording = try options.openSound()
        try Sandbox.denyOutgoing()
        let (from, to) = try range.resolved(in: recording)
        let isBehind: @Sendable (SequenceNumber, Timestamp) -> Bool = {
            to?.isBefore($0, $1) ?? false
        }
        let start = from?.cursorStart ?? .beginning
        let (manifest, known, end, copy) = try NewRecording.write(output) {
            () throws(JournalError) -> (
                Manifest, String?, SequenceNumber?, PseudonymisedCopy?
            ) in
            var slicer = Slicer()
            slicer.key = try signingKey.map { file throws(JournalError) in
                try SigningKey(file: file)
            }
            guard let first = try recording.cursor(from: start).next(),
                !isBehind(first.sequence, first.time)
            else {
                throw JournalError(
                    .outside(first: recording.first, last: recording.last),
                    file: recording.path
                )
            }
            let masked =
                pseudonyms.pseudonymise
                ? try PseudonymisedCopy(of: recording) : nil
            let state =
                try masked?.prepare(&slicer, before: first.sequence)
                ?? SliceCommand.state(recording, before: first.sequence)
            slicer.checkpoint = state.checkpoint
            if replayable { slicer.level = 19 }
            let end = try to.flatMap { to throws(JournalError) in
                try slicer.end(of: recording, behind: to.cursorStart, isPast: isBehind)
            }
            let manifest = try slicer.slice(
                recording,
                from: start,
                isPast: { isBehind($0, $1) && $0 > (end ?? SequenceNumber.none) },
                to: output
            )
            return (manifest, state.limit, end, masked)
        }
        let limit = try SliceCheck.check(
            output,
            limit: known,
            mustReplay: replayable,
            copy: copy,
            source: recording
        )
        if options.json {
            Printing.json(schema: "slice") {
                $0.field("recording", output)
                $0.field("of", recording.id)
                $0.nested("sequence") {
                    $0.field("first", manifest.first)
                    $0.field("last", manifest.last)
                }
                $0.field("extended", end != nil)
                $0.field("replayable", limit == nil)
                $0.field("why", limit ?? "")
                copy?.write(into: &$0)
            }
        } else {
            Printing.result("written    \(output): records \(manifest.first) to \(manifest.last)")
            if end != nil {
                Printing.result(
                    "extended   behind --to, up to record \(manifest.last): the outputs of its last input"
                        + " belong to it"
                )
            }
            Printing.result(
                limit.map { "replay     not possible, for reading only: \($0)" }
                    ?? "replay     begins from the state before record \(manifest.first)"
            )
            copy?.tell()
        }
    }

    /// The state before `number`, or why there is none.
    static func state(
        _ recording: Recording,
        before number: SequenceNumber
    ) -> (checkpoint: [UInt8], limit: String?) {
        // The whole from its first record on needs no state.
        if number == .first { return ([], nil) }
        do {
            let end = try Walk(registry: TapedeckMain.strategies).run(
                recording,
                isPast: { sequence, _ in sequence >= number },
                visit: { _, _ in true }
            )
            guard let end else {
                return ([], "the recording has no session/start before it")
            }
            return (try SegmentCheckpoint.encode(end.start, end.engine, facts: end.facts), nil)
        } catch {
            return ([], "\(error)")
        }
    }
}
