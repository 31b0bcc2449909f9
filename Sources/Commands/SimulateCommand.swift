import ArgumentParser
import Journal
import Market
import Runtime
import Simulation
import Trading

struct SimulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Run strategies on a recorded market against the simulated exchange.",
        discussion: """
            Another strategy, other parameters or other limits. What the recorded session had in the market itself is \
            taken out of the recorded books and trades first; how much of it could not be found is printed. The \
            models of queue and latency are named in the output, and so is the record from which on everything is \
            simulated. The recording is only read.

            With --with-limits, --without-order, --drop, --edit or --verbatim-first the recorded answers are fed up to \
            the first difference; from there on the exchange is simulated.

            A recording of imported history knows no times of arrival: --latency recorded is refused there (2).

            --parity holds simulated fills of the session's own orders against what happened. --sweep runs a grid on \
            all cores; with --out it goes on where it was stopped. Both keep the decoded market of a sealed recording in \
            its derived/market.events, which is always safe to delete, and read that for each run; one run alone reads \
            it where it is there.

            Example: tapedeck simulate last --set strategies.maker.offset_ticks=3 --queue log
            """
    )

    @Argument(
        help: """
            A directory, an MCAP file, `last`, `last~1`, or the beginning of a name in the archive; of a sweep several.
            """
    )
    var recordings: [String]

    @Option(help: ArgumentHelp("The folder that recordings lie in.", valueName: "dir"))
    var archive = "recordings"

    @Flag(help: "Print JSON: one object, or one a line where rows come.")
    var json = false

    @OptionGroup var plan: SimulationOptions

    @Flag(help: "Also one line for each order.")
    var orders = false

    @Flag(help: "Score simulated fills of the session's own orders against what happened.")
    var parity = false

    @Option(
        help: ArgumentHelp(
            "A setting and its values: strategies.NAME.PARAMETER=1,2,3 (| instead of commas where values have some),"
                + " limits.NAME, queue, latency. Repeatable: a grid.",
            valueName: "path=values"
        )
    )
    var sweep: [String] = []

    @Option(help: ArgumentHelp("Runs of a sweep at a time; all cores by default.", valueName: "n"))
    var workers: Int?

    @Option(
        help: ArgumentHelp(
            "Keep a sweep's rows here, one JSON object a line; rows that are there are not run again.",
            valueName: "file"
        )
    )
    var out: String?

    @Flag(help: "Print a sweep's table as CSV.")
    var csv = false

    @Flag(help: "Read the recording for each run, and keep no decoded market in its derived/.")
    var noCache = false

    func run() throws {
        let paths = try recordings.map { try Archive(archive).path(of: $0) }
        guard paths.count == 1 || !sweep.isEmpty else {
            throw Failure(
                .usage,
                "several recordings are for a sweep",
                do: "Name one, or give --sweep."
            )
        }
        if let workers, !(1...1_024).contains(workers) {
            throw Failure(.usage, "--workers \(workers) is not from 1 to 1,024")
        }
        let made = try plan.made()
        try Sandbox.denyOutgoing()
        guard sweep.isEmpty else {
            let run = try SweepRun(
                axes: sweep.map(SweepRun.axis),
                plan: made,
                planText: plan.text,
                workers: workers,
                out: out,
                caches: !noCache
            )
            return run.print(try run.rows(paths), json: json, csv: csv)
        }
        let recording = try SimulateCommand.open(paths[0])
        if parity {
            return try measureParity(recording, made, path: paths[0])
        }
        let cache = noCache ? nil : MarketCache(recording)
        defer { cache?.tell() }
        var simulator = Simulator(registry: TapedeckMain.strategies)
        simulator.cache = cache
        var bar = ProgressBar("simulating", total: recording.last.value)
        simulator.progress = { bar.update($0.value) }
        let result: SimulationResult
        do throws(SimulatedError) {
            result = try simulator.run(recording, made)
        } catch {
            bar.finish()
            throw SimulateCommand.failure(error)
        }
        bar.finish()
        let report = SimulateReport(result: result, path: paths[0], showsOrders: orders)
        if json { report.printJSON() } else { report.printText() }
    }

    static func open(_ path: String) throws -> Recording {
        let recording: Recording
        do throws(JournalError) {
            recording = try Recording.open(path)
        } catch {
            throw Failure(error)
        }
        RecordingOptions.tellStrays(recording)
        try RecordingOptions.checkSound(recording)
        return recording
    }

    private func measureParity(
        _ recording: Recording,
        _ made: SimulationPlan,
        path: String
    ) throws {
        var parity = Parity()
        parity.takesOut = made.takesOut
        parity.latency = made.latency
        parity.queue = plan.queue == nil ? nil : made.queue
        let cache = noCache ? nil : MarketCache(recording)
        defer { cache?.tell() }
        parity.cache = cache
        parity.willRun = { cache?.makeWithProgress(recording) }
        do {
            guard let report = try parity.measure(recording) else {
                throw Failure(
                    .undecided,
                    "the recording has fewer than two orders of its own, so there is nothing to compare",
                    at: path
                )
            }
            let print = ParityPrinting(report: report, path: path)
            if json { print.printJSON() } else { print.printText() }
        } catch let error as SimulatedError {
            throw SimulateCommand.failure(error)
        }
    }

    static func failure(_ error: SimulatedError) -> Failure {
        switch error {
        case .replay(let replay): ReplayCommand.failure(replay)
        case .edit: Failure(.format, error.description)
        case .noMarket, .beginsLate, .arrivalUnknown: Failure(.undecided, error.description)
        case .noOrder: Failure(.notFound, error.description)
        case .exchange: Failure(.bug, error.description)
        case .engine: Failure(.usage, error.description)
        }
    }
}

extension MarketCache {
    /// Makes the file where there is none, which takes about as long as one run.
    func makeWithProgress(_ recording: Recording) {
        var bar = ProgressBar("decoding", total: recording.last.value)
        make { bar.update($0.value) }
        bar.finish()
    }

    /// What was to be said of it.
    func tell() { for note in notes { Printing.note(note) } }
}
