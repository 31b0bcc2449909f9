import ArgumentParser
import Market
import Runtime
import Trading

/// What `replay` prints.
struct ReplayReport {
    let result: ReplayResult
    let path: String
    let elapsed: Duration
    /// The reason of *nothing to judge*.
    let why: String?

    init(_ result: ReplayResult, path: String, elapsed: Duration) {
        self.result = result
        self.path = path
        self.elapsed = elapsed
        if case .nothingToJudge(let why) = result.outcome {
            self.why = why + "." + ReplayReport.advice
        } else {
            why = nil
        }
    }

    var status: ExitStatus {
        switch result.outcome {
        case .identical: .yes
        case .differs: .no
        case .nothingToJudge: .undecided
        }
    }

    /// What can be done with a recording without commands; only commands that this program has.
    private static var advice: String {
        let uses = [
            ("state", "shows books and account at a position"),
            ("simulate", "runs a strategy on the recorded market"),
            ("test-bot", "runs a bot against it"),
        ]
        let there = Tapedeck.configuration.subcommands.compactMap { $0.configuration.commandName }
        return uses.filter { there.contains($0.0) }
            .map { " `tapedeck \($0.0)` \($0.1)." }.joined()
    }

    // MARK: - For people

    func printText(_ others: [OtherReplay]) {
        switch result.outcome {
        case .identical:
            var line = "replay: identical"
            for component in result.stateDifferences {
                line +=
                    "; state of \(component.component) differs from record \(component.sequence)"
            }
            Printing.result(line)
        case .differs(let divergence):
            Printing.result("replay: differs")
            Printing.results(divergence.description)
        case .nothingToJudge: Printing.result("replay: nothing to judge: \(why ?? "")")
        }
        Printing.result(
            "compared   \(result.commands.equal) of \(result.commands.recorded) commands,"
                + " \(result.verdicts.equal) of \(result.verdicts.recorded) verdicts,"
                + " \(result.findings.equal) of \(result.findings.recorded) findings,"
                + " \(result.states.equal) of \(result.states.recorded) states"
        )
        let nanoseconds = Int64(elapsed / .nanoseconds(1))
        let rate = nanoseconds > 0 ? Int64(result.records) * 1_000_000_000 / nanoseconds : 0
        Printing.result(
            "read       \(Columns.grouped(result.records)) records up to \(result.last),"
                + " \(Columns.grouped(rate)) a second"
        )
        Printing.result("state      \(StateReport.hexadecimal(result.stateHash))")
        if let stop = result.stop {
            Printing.result("stopped    behind record \(result.last) (\(result.lastTime)): \(stop)")
        }
        if case .identical = result.outcome, let other = result.firstFindingDifference {
            Printing.result("also       findings differ from record \(other.sequence)")
        }
        if let fields = result.fieldDifferences {
            if fields.fields.isEmpty {
                Printing.result(
                    "fields     the state before record \(fields.before) is as recorded, field by field"
                )
            }
            for field in fields.fields {
                Printing.result(
                    "fields     before record \(fields.before): \(field.path):"
                        + " recorded \(field.left ?? "-"), replayed \(field.right ?? "-")"
                )
            }
        }
        for note in result.notes { Printing.result("note       \(note)") }
        for other in others { Printing.result(other.description) }
    }

    // MARK: - For programs

    func printJSON(_ others: [OtherReplay]) {
        Printing.json(schema: "replay") {
            $0.field("recording", path)
            $0.field("result", result.word)
            $0.field("records", Int64(clamping: result.records))
            $0.nested("commands") { ReplayReport.write(result.commands, &$0) }
            $0.nested("verdicts") { ReplayReport.write(result.verdicts, &$0) }
            $0.nested("findings") { ReplayReport.write(result.findings, &$0) }
            $0.nested("states") { ReplayReport.write(result.states, &$0) }
            $0.field("state_hash", StateReport.hexadecimal(result.stateHash))
            $0.key("divergence")
            if case .differs(let divergence) = result.outcome {
                divergence.write(into: &$0)
            } else {
                $0.null()
            }
            if let why { $0.field("why", why) }
            $0.field("notes", array: { for note in result.notes { $0.value(note) } })
            $0.field("last", result.last)
            if let stop = result.stop { $0.field("stopped", stop) }
            $0.field(
                "state_differs",
                array: {
                    for component in result.stateDifferences {
                        $0.object {
                            $0.field("component", component.component)
                            $0.field("sequence", component.sequence)
                            $0.field("time", component.time.description)
                        }
                    }
                }
            )
            if let fields = result.fieldDifferences {
                $0.nested("state_fields") {
                    $0.field("before", fields.before)
                    $0.field("fields", array: { ReplayReport.write(fields.fields, &$0) })
                }
            }
            if let finding = result.firstFindingDifference {
                $0.field("findings_differ_from", finding.sequence)
            }
            if !others.isEmpty {
                $0.field("compared_with", array: { for other in others { other.write(into: &$0) } })
            }
        }
    }

    private static func write(_ count: ReplayResult.Count, _ writer: inout JSONWriter) {
        writer.field("recorded", Int64(clamping: count.recorded))
        writer.field("replayed", Int64(clamping: count.replayed))
        writer.field("compared", Int64(clamping: count.equal))
    }

    static func write(_ fields: [FieldDifference], _ writer: inout JSONWriter) {
        for field in fields {
            writer.object {
                $0.field("path", field.path)
                $0.field("recorded", field.left ?? "")
                $0.field("replayed", field.right ?? "")
            }
        }
    }
}

extension Divergence {
    func write(into writer: inout JSONWriter) {
        writer.object {
            $0.field("sequence", sequence)
            $0.field("time", time.description)
            $0.field("cause", cause)
            $0.field("cause_stream", causeStream)
            $0.field("recorded", recorded ?? "")
            $0.field("replayed", replayed ?? "")
            $0.field(
                "fields",
                array: { rows in
                    for field in fields {
                        rows.object {
                            $0.field("path", field.path)
                            $0.field("recorded", field.recorded ?? "")
                            $0.field("replayed", field.replayed ?? "")
                        }
                    }
                }
            )
            $0.field("event", event)
            $0.field("state_differed", array: { for name in components { $0.value(name) } })
            $0.field("state", array: { ReplayReport.write(state, &$0) })
        }
    }
}
