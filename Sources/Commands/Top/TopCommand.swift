import ArgumentParser
import Journal
import Market
import Runtime
import Trading

struct TopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract:
            "The desk on one terminal screen: books, orders, positions, P&L, rates; live or recorded.",
        discussion: """
            Of a recording that is being made the screen follows it, until its seal, `q` or Ctrl-C. Of another, with --at, and \
            where standard output is no terminal (or TERM is dumb), it is printed once. Amounts are cut to six decimals; \
            `state` has all of them.

            Example: tapedeck top last
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

    func validate() throws {
        guard !options.json else {
            throw ValidationError(
                "top is for people; `state --json` and `state --watch --json` are not."
            )
        }
    }

    func run() throws {
        let recording = try options.openSound()
        try Sandbox.denyOutgoing()
        if at == nil, recording.isHeld, Screen.isPossible { return try follow(recording) }
        let position = try at.map { try ResolvedPosition($0, in: recording) }
        let engine = try KeptStates.engine(of: recording, at: position).engine
        let rates: RecordRates
        do throws(JournalError) {
            rates = try RecordRates(of: recording, upTo: engine.cause, at: engine.time)
        } catch {
            throw Failure(error)
        }
        let view = TopView(
            engine: engine,
            title: "\(recording.id)  \(recording.isHeld ? "recording" : recording.state.rawValue)",
            rates: rates.tenths(at: engine.time)
        )
        view.lines.forEach(Printing.result)
    }

    private func follow(_ recording: Recording) throws {
        Interruption.watch()
        var rates = RecordRates()
        let screen = Screen()
        let keys = Keys()
        defer {
            screen?.end()
            keys?.end()
        }
        var following = Following(recording)
        following.interval = 500_000_000
        following.isOver = { keys?.wantsEnd() ?? false }
        var last: [String] = []
        try following.run { step, _ in
            rates.take(step.header.stream.kind, step.header.time)
        } _: { walk in
            guard let engine = walk.engine else { return }
            let view = TopView(
                engine: engine,
                title: "\(recording.id)  \(walk.isAtEnd ? "sealed" : "recording")",
                rates: rates.tenths(at: engine.time)
            )
            last = view.lines
            screen?.show(last)
        }
        // What was to be seen last stays where it can be scrolled to.
        screen?.end()
        last.forEach(Printing.result)
    }
}
