import Market
import Runtime
import Trading

/// What `bisect` prints.
struct BisectReport {
    let result: BisectResult
    let left: String
    let right: String
    let builds: BuildComparison?
    let elapsed: Duration

    init(
        _ result: BisectResult,
        left: String,
        right: String,
        builds: BuildComparison?,
        elapsed: Duration
    ) {
        self.result = result
        self.left = left
        self.right = right
        self.builds = builds
        self.elapsed = elapsed
    }

    func printText() {
        if let divergence = result.divergence {
            Printing.result(
                "bisect: differs"
                    + (result.isInput ? ": the recordings have other inputs, so other answers" : "")
            )
            Printing.results(divergence.description)
        } else {
            Printing.result("bisect: nothing differs")
        }
        if let builds { Printing.result("with       \(builds.program): \(builds.words)") }
        if let state = result.state {
            if state.fields.isEmpty {
                Printing.result("state      is equal behind record \(state.behind), field by field")
            }
            for field in state.fields {
                Printing.result(
                    "state      behind record \(state.behind): \(field.path):"
                        + " \(field.left ?? "-") against \(field.right ?? "-")"
                )
            }
        }
        for frame in result.frames {
            Printing.result(
                "\(frame.isCause ? "answered  " : "frame     ") \(frame.sequence)  \(frame.time)"
                    + "  \(frame.stream)  \(frame.payload)"
            )
        }
        switch result.meeting {
        case .at(let sequence, _):
            Printing.result("meets      the states are equal again at record \(sequence)")
        case .notUpTo(let sequence, let components):
            Printing.result(
                "meets      not up to record \(sequence): \(components.joined(separator: ", "))"
            )
        case .unknown:
            Printing.result("meets      not known: no report of the state lies behind it")
        case nil: break
        }
        Printing.result(
            "read       \(Columns.grouped(result.records)) records, \(Columns.count(result.probes, "probe"))"
                + ", of \(Columns.grouped(result.total)) records"
        )
        for note in result.notes { Printing.result("note       \(note)") }
    }

    func printJSON() {
        Printing.json(schema: "bisect") {
            $0.field("recording", left)
            $0.field("against", right)
            $0.field("result", result.divergence == nil ? "same" : "differs")
            $0.field("probes", result.probes)
            $0.field("records_read", Int64(clamping: result.records))
            $0.field("records", Int64(clamping: result.total))
            $0.field("milliseconds", Int64(elapsed / .milliseconds(1)))
            $0.key("divergence")
            if let divergence = result.divergence {
                divergence.write(into: &$0)
            } else {
                $0.null()
            }
            $0.field("is_input", result.isInput)
            if let state = result.state {
                $0.nested("state") {
                    $0.field("behind", state.behind)
                    $0.field("fields", array: { ReplayReport.write(state.fields, &$0) })
                }
            }
            $0.field(
                "frames",
                array: {
                    for frame in result.frames {
                        $0.object {
                            $0.field("sequence", frame.sequence)
                            $0.field("time", frame.time.description)
                            $0.field("stream", frame.stream)
                            $0.field("payload", frame.payload)
                            $0.field("is_cause", frame.isCause)
                        }
                    }
                }
            )
            write(result.meeting, &$0)
            if let builds {
                $0.nested("with") {
                    $0.field("program", builds.program)
                    $0.field("same", builds.isSame)
                    if let sequence = builds.sequence {
                        $0.field("sequence", Int64(clamping: sequence))
                        $0.field("replayed", builds.replayed)
                    }
                    $0.field("words", builds.words)
                }
            }
            $0.field("notes", array: { for note in result.notes { $0.value(note) } })
        }
    }

    private func write(_ meeting: BisectResult.Meeting?, _ writer: inout JSONWriter) {
        switch meeting {
        case .at(let sequence, let time):
            writer.nested("meets_again") {
                $0.field("sequence", sequence)
                $0.field("time", time.description)
            }
        case .notUpTo(let sequence, let components):
            writer.key("meets_again")
            writer.null()
            writer.field("apart_at", sequence)
            writer.field("apart", array: { for name in components { $0.value(name) } })
        case .unknown, nil:
            writer.key("meets_again")
            writer.null()
        }
    }
}
