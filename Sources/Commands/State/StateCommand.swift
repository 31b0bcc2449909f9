import ArgumentParser
import Glibc
import Journal
import Market
import Runtime
import Trading

struct StateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "state",
        abstract: "Books, orders, positions, wallet and risk at a position of a recording.",
        discussion: """
            Everything is rebuilt from the recording alone. States of the engine that are kept on the way lie in the \
            recording's derived/checkpoints and make the next answer fast; they can be deleted at any time.

            --watch follows a recording that is being made, each second, and ends at its seal or with `q`; with --json one object \
            a line. Example: tapedeck state last --at start+10s
            """
    )

    @OptionGroup var options: RecordingOptions

    @Option(
        help: ArgumentHelp(
            "After this record or time; the default is the end.",
            valueName: "position"
        )
    )
    var at: String?

    @Flag(help: "Go on with what is being recorded, until the recording is sealed.")
    var watch = false

    @Option(help: ArgumentHelp("Levels of each book to print.", valueName: "n"))
    var depth = 3

    func validate() throws {
        guard !watch || at == nil else {
            throw ValidationError("--watch shows the end, and --at another position: give one.")
        }
    }

    func run() throws {
        let recording = try options.openSound()
        try Sandbox.denyOutgoing()
        if watch { return try follow(recording) }
        let position = try at.map { try ResolvedPosition($0, in: recording) }
        let end = try KeptStates.engine(of: recording, at: position)
        show(StateView(end.engine, end.facts, depth: depth))
    }

    private func show(_ view: StateView) {
        if options.json { view.printJSON() } else { view.lines.forEach(Printing.result) }
    }

    /// Shows the state each second while it changes.
    private func follow(_ recording: Recording) throws {
        Interruption.watch()
        let screen = options.json ? nil : Screen()
        let keys = screen == nil ? nil : Keys()
        defer {
            screen?.end()
            keys?.end()
        }
        var shown = SequenceNumber.none
        var following = Following(recording)
        following.isOver = { keys?.wantsEnd() ?? false }
        try following.run { walk in
            guard let engine = walk.engine, engine.cause != shown else { return }
            shown = engine.cause
            let view = StateView(engine, walk.facts, depth: depth)
            if let screen { screen.show(view.lines) } else { show(view) }
        }
    }
}
