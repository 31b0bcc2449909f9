import ArgumentParser
import Journal
import Market

struct MergeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Join recordings by time into one for reading.",
        discussion: """
            Records get new numbers; before each run of records of one source, a record of session/origin names \
            the recording and the number they had there. Nobody ran the result as one session, so `replay`, \
            `state` and `pnl` refuse it; `cat`, `info`, `verify` and `export` read it.

            Example: tapedeck merge recordings/a recordings/b -o both
            """
    )

    @Argument(help: "Two or more recordings, named as everywhere.")
    var recordings: [String]

    @Option(help: ArgumentHelp("The folder that recordings lie in.", valueName: "dir"))
    var archive = "recordings"

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The new recording; it must not be there yet.", valueName: "dir")
    )
    var output: String

    @Option(
        help: ArgumentHelp("Sign the merged recording with this private key.", valueName: "file")
    )
    var signingKey: String?

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard recordings.count > 1 else {
            throw ValidationError("Name two recordings at least.")
        }
    }

    func run() throws {
        let paths = try recordings.map { try Archive(archive).path(of: $0) }
        try Sandbox.denyOutgoing()
        let sources: [Recording]
        do throws(JournalError) {
            sources = try paths.map { path throws(JournalError) in try Recording.open(path) }
        } catch {
            throw ReplayCommand.undecided(error)
        }
        try MergeCommand.refuseTwice(sources)
        let manifest = try NewRecording.write(output) { () throws(JournalError) in
            var merger = Merger()
            merger.key = try signingKey.map { file throws(JournalError) in
                try SigningKey(file: file)
            }
            for source in sources { RecordingOptions.tellStrays(source) }
            for source in sources { if let damage = source.damage.first { throw damage } }
            return try merger.merge(sources, to: output)
        }
        if json {
            Printing.json(schema: "merge") {
                $0.field("recording", output)
                $0.nested("sequence") {
                    $0.field("first", manifest.first)
                    $0.field("last", manifest.last)
                }
                $0.field("of", array: { for path in paths { $0.value(path) } })
            }
        } else {
            Printing.result("written    \(output): records \(manifest.first) to \(manifest.last)")
            Printing.result("replay     not possible: merged recordings are for reading")
        }
    }

    /// The same recording twice, or a copy of it, would give each record twice.
    private static func refuseTwice(_ sources: [Recording]) throws {
        for (place, source) in sources.enumerated() {
            guard
                let same = sources[..<place].first(where: {
                    $0.id == source.id
                        && $0.manifest.segments.last?.chainLast
                            == source.manifest.segments.last?.chainLast
                })
            else { continue }
            throw Failure(
                .usage,
                "\(same.path) and \(source.path) are the same recording",
                do: "Name each once."
            )
        }
    }
}
