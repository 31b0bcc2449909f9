import ArgumentParser
import Journal
import Market
import Runtime

struct DemoCommand: JudgingCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "The whole idea, offline: trade, record, replay, compare.",
        discussion: """
            Starts the built-in exchange on loopback (real sockets, TLS), runs the market maker `maker` on \
            BTCUSDT and ETHUSDT, records everything, replays the recording through the same strategy and risk \
            code, and compares orders, position and P&L with what the exchange's REST endpoints say.

            No account, no key, no network. Status 0 only if both comparisons hold and neither is empty.
            """
    )

    @Option(help: ArgumentHelp("How long to trade.", valueName: "n"))
    var seconds = 30

    @Option(
        help: ArgumentHelp("The market's seed: the same seed, the same market.", valueName: "n")
    )
    var seed: UInt64 = 7

    @Option(
        help: ArgumentHelp(
            "The recording; the default is a new one in recordings/.",
            valueName: "dir"
        )
    )
    var out: String?

    @Option(
        help: ArgumentHelp(
            "Break one side's accounts on purpose, to see that the comparison finds it.",
            valueName: "side:what",
            visibility: .hidden
        )
    )
    var fault: DemoFault?

    @Flag(help: "Print one JSON object.")
    var json = false

    func judge() throws -> ExitStatus {
        guard (1...86_400).contains(seconds) else {
            throw Failure(.usage, "--seconds \(seconds) is out of range", do: "Write 1 to 86400.")
        }
        let path = out ?? "recordings/" + Archive.newName()
        Interruption.watch()
        let live = try DemoSession(seconds: seconds, seed: seed, path: path, fault: fault).run()
        // From here on this process only reads: it gives up its connections first.
        try Sandbox.denyOutgoing()
        let report = try DemoReport(path: path, live: live, seconds: seconds)
        if json { report.printJSON() } else { report.printText() }
        return report.holds ? .yes : .no
    }
}

/// A fault in the accounts of one side, for tests of the comparison.
enum DemoFault: String, ExpressibleByArgument, CaseIterable {
    case exchangeFeeSign = "exchange:fee-sign"
    case exchangeFundingSign = "exchange:funding-sign"
    case exchangeEntryPrice = "exchange:entry-price"
    case ledgerFeeSign = "ledger:fee-sign"
    case ledgerFundingSign = "ledger:funding-sign"
    case ledgerEntryPrice = "ledger:entry-price"
}
