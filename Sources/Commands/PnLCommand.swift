import ArgumentParser
import Journal
import Market
import Projections
import Runtime

struct PnLCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pnl",
        abstract: "Profit and loss of a recording, rebuilt from it alone.",
        discussion: """
            Realised and unrealised P&L, fees and funding, exact. The tables it reads are kept in the \
            recording's derived/desk.sqlite and rebuilt when missing or older. Of a recording that begins later than \
            record 1 the totals of its run are counted from the state kept there, by day as `before record N`.

            By strategy each row is of the strategy's own position, as if it had the account for itself; all else is of \
            the account's. `external` is what is not ours. Round trips (--trips, --statistics) sum up to these figures.

            Fees that were taken in a coin of their own (a discount token) are rows of that coin; they are in no other \
            row, nor in the round trips, which are marked.
            """
    )

    @OptionGroup var options: RecordingOptions

    @Option(
        help: ArgumentHelp("One row each: symbol, strategy, account or day.", valueName: "what")
    )
    var by: Grouping = .symbol

    enum Grouping: String, ExpressibleByArgument, CaseIterable {
        case symbol, strategy, account, day

        var group: DeskReader.Grouping {
            switch self {
            case .symbol: .symbol
            case .strategy: .strategy
            case .account: .account
            case .day: .day
            }
        }
    }

    @Flag(help: "List the round trips instead: trades from their opening to their closing.")
    var trips = false

    @Flag(
        help: """
            Statistics of the round trips of each group: win rate, profit factor, expectancy, excursions, Sharpe, \
            Sortino, drawdown.
            """
    )
    var statistics = false

    @Option(
        help: ArgumentHelp(
            "How fills make a trip: flat (from flat to flat) or fifo (lots, first in, first out).",
            valueName: "method"
        )
    )
    var method: Method = .flat

    @Flag(
        help: "Count trips too that began before the recording: their opening fee is not known."
    )
    var withOpening = false

    enum Method: String, ExpressibleByArgument, CaseIterable { case flat, fifo }

    func validate() throws {
        guard !(trips && statistics) else {
            throw ValidationError("--trips and --statistics are two reports: name one")
        }
    }

    func run() throws {
        let (recording, path) = try DeskAccess.open(options)
        if recording.first > .first {
            let isKept = (try? recording.checkpoint(at: recording.first))?.isEmpty == false
            Printing.note(
                "the recording begins at record \(recording.first): "
                    + (isKept
                        ? "what its run had earned before comes from the state kept there; fills and turnover"
                            + " before it are not known"
                        : "executions before it are not in these figures")
            )
        }
        let reader = try DeskAccess.reading { try DeskReader(path: path) }
        if trips || statistics {
            try DeskAccess.reading { try printTrips(reader) }
            return
        }
        let rows = try DeskAccess.reading { try reader.profitAndLoss(by: by.group) }
        if options.json {
            for row in rows { printJSON(row) }
            return
        }
        guard !rows.isEmpty else {
            Printing.note("the recording holds no execution, so there is no P&L")
            return
        }
        Printing.result(
            Columns.line([
                (by.rawValue.uppercased(), 18), ("COIN", 5), ("FILLS", -6), ("REALISED", -22),
                ("FEES", -22), ("FUNDING", -22), ("UNREALISED", -22), ("NET", -22),
            ])
        )
        for row in rows {
            Printing.result(
                Columns.line([
                    (row.group, 18), (row.coin, 5), (String(row.fills), -6),
                    (row.realised.description, -22), (row.fees.description, -22),
                    (row.funding.description, -22), (row.unrealised?.description ?? "-", -22),
                    (row.net.description, -22),
                ])
            )
        }
    }

    private func printJSON(_ row: ProfitAndLoss) {
        Printing.json(schema: "pnl") {
            $0.field("by", by.rawValue)
            $0.field("group", row.group)
            $0.field("coin", row.coin)
            $0.field("fills", Int64(row.fills))
            $0.field("realised", row.realised.description)
            $0.field("fees", row.fees.description)
            $0.field("funding", row.funding.description)
            $0.field("unrealised", row.unrealised?.description ?? "")
            $0.field("net", row.net.description)
            $0.field("turnover", row.turnover.description)
        }
    }
}
