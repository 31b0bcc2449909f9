import Journal
import Market
import Projections
import Runtime
import Trading

/// The second half of the demo: replay, rebuild, compare, and say so on one screen.
struct DemoReport {
    let path: String
    let live: DemoSession.Outcome
    let seconds: Int
    let replay: ReplayResult
    let replayNanoseconds: Int64
    let accounting: AccountingReport
    let tally: DemoTally
    let census: Census
    let profits: [ProfitAndLoss]
    /// Counts below their floor; empty for short runs, which have none.
    let tooFew: [String]

    /// From this many seconds on, a run must hold a little of everything.
    private static let floorSeconds = 15
    private static let sockets = ["public/linear", "private/main", "public/spot"]

    init(path: String, live: DemoSession.Outcome, seconds: Int) throws {
        self.path = path
        self.live = live
        self.seconds = seconds
        let registry = TapedeckMain.strategies
        do {
            let recording = try Recording.open(path)
            let started = ContinuousClock.now
            replay = try Replay(registry: registry).run(recording)
            replayNanoseconds = max(1, Int64((ContinuousClock.now - started) / .nanoseconds(1)))
            accounting = try Accounting(registry: registry).compare(recording)
            tally = try DemoTally(recording, registry: registry)
            census = try Census(of: recording)
            let build = DeskBuild(
                registry: registry,
                program: "\(Version.number) \(Version.commit)"
            )
            profits = try DeskReader(path: try build.update(recording)).profitAndLoss(by: .symbol)
        } catch let error as JournalError {
            throw Failure(error)
        } catch let error as ReplayError {
            throw ReplayCommand.failure(error)
        } catch let error as ProjectionError {
            throw Failure(.disk, "\(error)")
        }
        tooFew =
            seconds >= DemoReport.floorSeconds && !live.wasInterrupted
            ? tally.tooFew(sockets: DemoReport.sockets) : []
    }

    private var isIdentical: Bool {
        if case .identical = replay.outcome { return true }
        return false
    }

    /// Both comparisons hold, neither is empty, and no count is below its floor.
    var holds: Bool { isIdentical && accounting.isEqual && tooFew.isEmpty }

    private var replayWord: String { replay.word.replacing("-", with: " ") }

    private var accountingWord: String {
        if !accounting.emptiness.isEmpty { return "nothing to compare" }
        return accounting.isEqual ? "equal to the exchange" : "differs from the exchange"
    }

    private var rate: Int64 { Int64(replay.records) * 1_000_000_000 / replayNanoseconds }

    // MARK: - For people

    func printText() {
        Printing.result("recording    \(path)")
        Printing.result("exchange     \(live.endpoint), built in, TLS")
        let disk = FolderSize.bytes(of: path)
        Printing.result(
            "records      \(Columns.grouped(census.records)):"
                + " \(Columns.bytes(census.bytes)) as they came, \(Columns.bytes(disk)) on disk"
        )
        for group in groups {
            Printing.result(
                Columns.line([
                    ("", 11), (group.name, 26), (Columns.grouped(group.records), -9),
                    (Columns.bytes(group.bytes), -10),
                ])
            )
        }
        Printing.result(
            "orders       \(tally.orders) placed, \(tally.amends) amended, \(tally.cancels) cancelled;"
                + " \(tally.fills) fills, \(tally.partialFills) of them partial"
        )
        Printing.result(
            "refused      \(tally.rejectedByRisk) by risk, \(tally.rejectedByExchange) by the exchange"
        )
        let lost = tally.disconnects.values.reduce(0, +)
        Printing.result(
            "events       \(tally.throughZero) positions through zero, \(tally.fundings) fundings,"
                + " \(lost) disconnects, \(tally.reconciliations) reconciliations"
        )
        for row in profits {
            Printing.result(
                Columns.line([
                    ("P&L", 11), (row.group, 16), ("realised \(row.realised)", 0),
                    ("fees \(row.fees)", 0), ("funding \(row.funding)", 0),
                    ("unrealised \(row.unrealised?.description ?? "-")", 0), (row.coin, 0),
                ])
            )
        }
        Printing.result(
            "replay       \(Columns.grouped(replay.records)) records,"
                + " \(Columns.grouped(rate)) a second,"
                + " state \(StateReport.hexadecimal(replay.stateHash))"
        )
        Printing.result("")
        Printing.result(
            "replay: \(replayWord) (\(replay.commands.equal) of \(replay.commands.recorded) commands,"
                + " \(replay.verdicts.equal) of \(replay.verdicts.recorded) verdicts)"
        )
        if case .differs(let divergence) = replay.outcome { Printing.result("\(divergence)") }
        Printing.result(
            "accounting: \(accountingWord) (\(accounting.fields) fields of \(accounting.orders) orders,"
                + " \(accounting.executions) executions, \(accounting.positions) positions,"
                + " \(accounting.wallets) wallets, \(accounting.flows) flows)"
        )
        if !accounting.emptiness.isEmpty { Printing.result("  \(accounting.emptiness)") }
        for difference in accounting.differences.prefix(10) {
            Printing.result(
                "  \(difference.subject) \(difference.field): ours \(difference.ours),"
                    + " theirs \(difference.theirs)"
            )
        }
        if accounting.differences.count > 10 {
            Printing.result("  and \(accounting.differences.count - 10) more")
        }
        for line in tooFew { Printing.result("too few \(line)") }
        Printing.result("")
        Printing.result("Worth typing next:")
        let name = path.hasPrefix("recordings/") ? "last" : path
        // As it was called, so that the lines can be typed where it is not installed.
        let program = CommandLine.arguments.first ?? "tapedeck"
        Printing.result("  \(program) state \(name) --at start+10s")
        Printing.result("  \(program) replay \(name) --set strategies.maker.offset_ticks=3")
        Printing.result("  \(program) pnl \(name) --by strategy")
    }

    /// Streams by what they are, in a few rows.
    private var groups: [(name: String, records: UInt64, bytes: Int)] {
        var groups: [(name: String, records: UInt64, bytes: Int)] = []
        for row in census.rows {
            let name =
                switch row.name.kind {
                case .publicTopic(let category, let topic):
                    "\(category.name) \(topic.prefix { $0 != "." })"
                case .publicOther, .privateOther, .sent: "acks, pongs, requests"
                case .privateTopic(_, let topic): "private \(topic)"
                case .rest: "REST exchanges"
                case .command, .verdict, .finding, .state: "desk outputs"
                case .timer, .operatorRequest: "desk timers"
                default: "session and links"
                }
            if let place = groups.firstIndex(where: { $0.name == name }) {
                groups[place].records += row.records
                groups[place].bytes += row.bytes
            } else {
                groups.append((name, row.records, row.bytes))
            }
        }
        return groups.sorted { $0.records > $1.records }
    }

    // MARK: - For programs

    func printJSON() {
        Printing.json(schema: "demo") {
            $0.field("recording", path)
            $0.field("holds", holds)
            $0.field("records", Int64(clamping: census.records))
            $0.field("payload_bytes", census.bytes)
            $0.field("disk_bytes", FolderSize.bytes(of: path))
            $0.field("replay", replay.word)
            $0.field("state_hash", StateReport.hexadecimal(replay.stateHash))
            $0.field("commands", Int64(clamping: replay.commands.recorded))
            $0.field("accounting", accountingCode)
            $0.nested("compared") {
                $0.field("fields", accounting.fields)
                $0.field("orders", accounting.orders)
                $0.field("executions", accounting.executions)
                $0.field("positions", accounting.positions)
                $0.field("wallets", accounting.wallets)
                $0.field("flows", accounting.flows)
            }
            $0.field(
                "differences",
                array: { rows in
                    for difference in accounting.differences {
                        rows.object {
                            $0.field("subject", difference.subject)
                            $0.field("field", difference.field)
                            $0.field("ours", difference.ours)
                            $0.field("theirs", difference.theirs)
                        }
                    }
                }
            )
            $0.nested("counts") {
                $0.field("orders", tally.orders)
                $0.field("fills", tally.fills)
                $0.field("partial_fills", tally.partialFills)
                $0.field("cancels", tally.cancels)
                $0.field("amends", tally.amends)
                $0.field("rejected_by_risk", tally.rejectedByRisk)
                $0.field("rejected_by_exchange", tally.rejectedByExchange)
                $0.field("through_zero", tally.throughZero)
                $0.field("fundings", tally.fundings)
                $0.field("disconnects", tally.disconnects.values.reduce(0, +))
                $0.field("reconciliations", tally.reconciliations)
            }
            $0.field("too_few", array: { for line in tooFew { $0.value(line) } })
            $0.field(
                "pnl",
                array: { rows in
                    for row in profits {
                        rows.object {
                            $0.field("group", row.group)
                            $0.field("coin", row.coin)
                            $0.field("realised", row.realised.description)
                            $0.field("fees", row.fees.description)
                            $0.field("funding", row.funding.description)
                            $0.field("unrealised", row.unrealised?.description ?? "")
                        }
                    }
                }
            )
        }
    }

    private var accountingCode: String {
        if !accounting.emptiness.isEmpty { return "nothing-to-compare" }
        return accounting.isEqual ? "equal" : "differs"
    }
}
