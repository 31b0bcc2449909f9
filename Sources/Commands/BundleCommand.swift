import ArgumentParser
import Journal
import Live
import Market

struct BundleCommand: JudgingCommand {
    static let configuration = CommandConfiguration(
        commandName: "bundle",
        abstract: "Make one file of a recording, or of a part of it, to send to somebody.",
        discussion: """
            The file is an MCAP file that every command takes as a recording, and that MCAP's own tools open. Beside \
            the records it holds, as the attachment tapedeck.bundle, what the recording is, what was left out, the \
            versions of this program and its libraries, and the report that `probe` makes of its messages.

            What tells of an account (private and trade streams, signed questions, what strategies decided) is left \
            out unless --with-private is given; records then have new numbers, keep their times, and are for reading. A \
            recording without an account, and one --with-private, keep everything, and the bundle replays.

            --pseudonymise puts other ids in the place of all ids of account, orders, fills, connections, traces, messages \
            and keys, one to one, before anything else is done; the copy replays as the recording does, or nothing is \
            made. Texts that somebody wrote are listed for review. --around takes an id as it stands in the recording.

            Each record that goes in is searched for the keys of your credentials file and for fields that hold a \
            secret by their name; where one is found nothing is written (77). A file that is there is never written over (73).

            Example: tapedeck bundle last --around my-order-17 --with-private -o report.mcap
            """
    )

    @OptionGroup var options: RecordingOptions
    @OptionGroup var range: RangeOptions

    @Option(
        help: ArgumentHelp(
            "Take the records around this text, such as an order's id, from its first to its last.",
            valueName: "id"
        )
    )
    var around: String?

    @Option(help: ArgumentHelp("So much before and behind --around.", valueName: "duration"))
    var margin = "30s"

    @Flag(help: "Take in what tells of the account too.")
    var withPrivate = false

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "The file to make; NAME.bundle.mcap without it, of a pseudonymised copy with its new name.",
            valueName: "file"
        )
    )
    var output: String?

    @Option(
        help: ArgumentHelp(
            "Search for the keys of this file instead of your own.",
            valueName: "file"
        )
    )
    var credentialsFile: String?

    @OptionGroup var pseudonyms: PseudonymOptions

    func judge() throws -> ExitStatus {
        let recording = try options.openSound()
        try Sandbox.denyOutgoing()
        // Records keep their numbers and times in a copy, and --around names an id that it does not have.
        let part = try part(of: recording)
        guard pseudonyms.pseudonymise else { return try bundle(recording, part, nil, nil) }
        let folder = try TemporaryCopy()
        return try withExtendedLifetime(folder) {
            let made = try PseudonymisedCopy.make(
                of: recording,
                in: folder
            )
            return try bundle(made.copy, part, made.report, made.limit)
        }
    }

    /// - Parameter known: why the copy does not replay.
    private func bundle(
        _ recording: Recording,
        _ chosen: BundlePart,
        _ copy: PseudonymisedCopy?,
        _ known: String?
    ) throws -> ExitStatus {
        let path = output ?? recording.id + ".bundle.mcap"
        var part = chosen
        let hasAccount: Bool
        do throws(JournalError) {
            hasAccount = try recording.streams().contains { BundlePart.isOfAccount($0.name) }
        } catch {
            throw Failure(error)
        }
        let isWhole = withPrivate || !hasAccount
        var search = try self.search()
        let keys = search.keys
        try Self.look(&part, recording, &search, isWhole: isWhole)
        var bundler = Bundler()
        bundler.notes = [
            Bundler.Note(
                BundleNote.name,
                mediaType: "application/json",
                data: BundleNote.json(
                    recording,
                    part,
                    withPrivate: isWhole && hasAccount,
                    keys: keys,
                    report: try report(recording, part, isWhole: isWhole)
                )
            )
        ]
        let limit: String?
        do throws(JournalError) {
            if isWhole {
                let state = SliceCommand.state(recording, before: part.first)
                bundler.checkpoint = state.checkpoint
                limit = known ?? state.limit
                _ = try bundler.bundle(
                    recording,
                    from: part.start,
                    isPast: part.isPast,
                    to: path
                )
            } else {
                limit = "what tells of the account was left out"
                _ = try bundler.bundle(
                    recording,
                    from: part.start,
                    isPast: part.isPast,
                    to: path,
                    fate: { _, name in BundlePart.isOpen(name) ? .kept : .leftOut }
                )
            }
        } catch {
            throw Self.failure(error)
        }
        tell(path, recording, part, limit, copy)
        return .yes
    }

    private static func failure(_ error: JournalError) -> Failure {
        guard error.reason == .sealed else { return Failure(error) }
        return Failure(
            .exists,
            "there is a file already",
            at: error.file,
            do: "Name another with -o."
        )
    }

    private func search() throws -> SecretSearch {
        do throws(SessionError) {
            return try SecretSearch(credentialsFile: credentialsFile)
        } catch {
            throw Failure(error)
        }
    }

    private static func look(
        _ part: inout BundlePart,
        _ recording: Recording,
        _ search: inout SecretSearch,
        isWhole: Bool
    ) throws {
        try part.look(recording, &search) { isWhole || BundlePart.isOpen($0) }
        guard part.records > 0 else {
            throw Failure(
                .notFound,
                "no record of the part goes into the bundle",
                at: recording.path,
                do: "Take another part, or give --with-private."
            )
        }
    }

    /// Where it begins and ends; a whole input's outputs stay with it.
    private func part(of recording: Recording) throws -> BundlePart {
        var part = BundlePart()
        var (from, to) = try range.resolved(in: recording)
        if let around {
            guard from == nil, to == nil else {
                throw Failure(
                    .usage,
                    "--around stands beside --from or --to",
                    do: "Give either the one or the others."
                )
            }
            let (first, last) = try BundlePart.around(
                around,
                margin: try DurationText.nanoseconds(margin),
                in: recording
            )
            (from, to) = (.time(first), .time(last))
        }
        part.start = from?.cursorStart ?? .beginning
        guard let to else { return part }
        do throws(JournalError) {
            let isPast: (SequenceNumber, Timestamp) -> Bool = { to.isBefore($0, $1) }
            let cursor = try recording.cursor(from: part.start)
            var last = SequenceNumber.none
            while let record = try cursor.next(), !isPast(record.sequence, record.time) {
                last = record.sequence
            }
            let end = try Slicer().end(of: recording, behind: to.cursorStart, isPast: isPast)
            part.last = max(last, end ?? .none)
        } catch {
            throw Failure(error)
        }
        return part
    }

    private func report(
        _ recording: Recording,
        _ part: BundlePart,
        isWhole: Bool
    ) throws -> ProbeReport {
        do throws(JournalError) {
            let reader = try ProbeReader(
                recording,
                from: part.start,
                isPast: part.isPast,
                takes: { isWhole || BundlePart.isOpen($0) }
            )
            return ProbeReport(
                rows: reader.rows,
                points: reader.facts.points,
                notOffered: reader.facts.notOffered,
                steps: []
            )
        } catch {
            throw Failure(error)
        }
    }

    private func tell(
        _ path: String,
        _ recording: Recording,
        _ part: BundlePart,
        _ limit: String?,
        _ copy: PseudonymisedCopy?
    ) {
        let left = part.leftOut.reduce(0) { $0 + $1.records }
        if options.json {
            Printing.json(schema: "bundle") {
                $0.field("file", path)
                $0.field("of", recording.id)
                $0.field("records", Int64(clamping: part.records))
                $0.field("left_out", Int64(clamping: left))
                $0.field("replayable", limit == nil)
                $0.field("why", limit ?? "")
                copy?.write(into: &$0)
            }
            return
        }
        Printing.result("wrote      \(path): \(Columns.grouped(part.records)) records")
        if left > 0 {
            Printing.result(
                "left out   \(Columns.grouped(left)) records that tell of the account; --with-private takes them in"
            )
        }
        Printing.result(
            limit.map { "replay     not possible, for reading only: \($0)" }
                ?? "replay     tapedeck replay \(path)"
        )
        copy?.tell()
    }
}
