import ArgumentParser
import Journal
import Market
import Runtime
import Trading

struct AuditCommand: JudgingCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Compare each figure that the exchange told with what we derived at that record.",
        discussion: """
            Snapshots of books, rows of orders, executions, positions and wallets, rows of the transaction log. What differs is \
            a finding: its field, ours, theirs, the records, and why: `rounding` (the exchange's, 1e-8 a flow), `timing` (what \
            explains it came later), `pending` (what would explain it is still owed), `unexplained`. Of each coin: whether \
            opening balance and all flows are what the exchange tells, or the record from which on they are not.

            Another thing is what the session itself found, in `desk/finding`: there `opening-tie`, of behaviour version 6 \
            `timing`, says that time alone decided whether the opening has an execution or a flow. No figure differs by it.

            Findings by rounding and timing are counted; --all prints them. Status 0: nothing is unexplained. 1: something is. \
            2: nothing could be compared, or the recording is damaged.

            Example: tapedeck audit last
            """
    )

    @OptionGroup var options: RecordingOptions

    @Flag(help: "Print findings by rounding and timing too.")
    var all = false

    func judge() throws -> ExitStatus {
        let recording = try options.openSound()
        try Sandbox.denyOutgoing()
        let store = CheckpointStore(recording, registry: TapedeckMain.strategies)
        var audit = RecordingAudit(registry: TapedeckMain.strategies)
        var bar = ProgressBar("comparing", total: recording.last.value)
        audit.progress = { bar.update($0.value) }
        audit.checkpoints = store
        let outcome: RecordingAudit.Outcome
        do throws(ReplayError) {
            outcome = try audit.run(recording)
        } catch {
            throw ReplayCommand.failure(error)
        }
        bar.finish()
        KeptStates.tell(store)
        let report = AuditReport(recording, outcome, all: all)
        if options.json { report.printJSON() } else { report.printText() }
        guard outcome.emptiness.isEmpty else { return .undecided }
        return outcome.isClean ? .yes : .no
    }
}
