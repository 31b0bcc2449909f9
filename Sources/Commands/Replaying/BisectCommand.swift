import ArgumentParser
import Journal
import Market
import Runtime
import Trading

struct BisectCommand: JudgingCommand {
    static let configuration = CommandConfiguration(
        commandName: "bisect",
        abstract: "Find the first record at which a recording and today's code part.",
        discussion: """
            Without replaying all of it: the hashes of the state that are recorded each 16,384 inputs are \
            compared from checkpoints, in halves. Printed are the record, the event that led to it, the frames \
            around it, the fields of the state that differ, and where the states meet again. With a second \
            recording, the two are compared; with --with PROGRAM, two builds on the one. Every output counts: \
            commands, whole verdicts, findings, state. Status 0: nothing differs. 1: something does.

            Example: tapedeck bisect last --with .build/release/tapedeck
            """
    )

    @OptionGroup var options: RecordingOptions

    @Argument(help: "A second recording.")
    var second: String?

    @Option(help: ArgumentHelp("Another build of this program.", valueName: "program"))
    var with: String?

    func validate() throws {
        guard second == nil || with == nil else {
            throw ValidationError("Give a second recording or --with, not both.")
        }
    }

    func judge() throws -> ExitStatus {
        let path = try options.path()
        let other = try second.map { try Archive(options.archive).path(of: $0) }
        try Sandbox.denyOutgoing()
        let started = ContinuousClock.now
        var result: BisectResult
        var builds: BuildComparison?
        do {
            let recording = try sound(path)
            var bisect = Bisect(registry: TapedeckMain.strategies)
            var bar = ProgressBar("searching", total: recording.manifest.last.value)
            bisect.progress = { bar.update($0.value) }
            defer { bar.finish() }
            if let other {
                result = try bisect.run(recording, try sound(other))
            } else {
                result = try bisect.run(recording)
                if let with { builds = try BuildComparison(with, path, recording, &result) }
            }
        } catch let error as JournalError {
            throw ReplayCommand.undecided(error)
        } catch let error as ReplayError {
            throw ReplayCommand.failure(error)
        }
        let report = BisectReport(
            result,
            left: path,
            right: other ?? "this program",
            builds: builds,
            elapsed: ContinuousClock.now - started
        )
        if options.json { report.printJSON() } else { report.printText() }
        return (builds?.isSame ?? (result.divergence == nil)) ? .yes : .no
    }

    private func sound(_ path: String) throws -> Recording {
        let recording = try Recording.open(path)
        RecordingOptions.tellStrays(recording)
        try RecordingOptions.checkSound(recording)
        return recording
    }
}
