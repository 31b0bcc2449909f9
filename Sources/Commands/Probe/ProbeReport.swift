import Bybit
import Market

/// What `probe` prints.
struct ProbeReport {
    var rows: [ProbeReader.Row]
    var points: [ProbeFacts.Point]
    var notOffered: [String]
    var steps: [ProbeTrader.Step]

    var isClean: Bool {
        rows.allSatisfy { $0.audit.found.isEmpty && $0.decoded == $0.messages }
            && steps.allSatisfy(\.isDone)
    }

    private var differences: Int { rows.reduce(0) { $0 + $1.audit.found.count } }

    func printText(_ target: String, _ path: String) {
        Printing.result(
            Columns.line([("TOPIC OR ENDPOINT", 40), ("MESSAGES", -8), ("DECODED", -8)])
        )
        for row in rows {
            Printing.result(
                Columns.line([
                    (row.name, 40), (Columns.grouped(row.messages), -8),
                    (Columns.grouped(row.decoded), -8),
                ])
            )
            for (difference, count) in row.audit.found {
                Printing.result(
                    "    \(difference.heading): \(difference.words)"
                        + (count > 1 ? " (\(Columns.grouped(count)) times)" : "")
                )
            }
        }
        for words in notOffered { Printing.result("not offered here: \(words)") }
        if !steps.isEmpty { Printing.result("orders") }
        for step in steps {
            Printing.result("    \(step.name): \(step.isDone ? "done" : "not done, \(step.words)")")
        }
        Printing.result("open points of the protocol reference")
        for point in points {
            let words = point.answer.map { "answered: \($0)" } ?? "not answered"
            Printing.result("    \(point.topic), \(point.question): \(words)")
        }
        Printing.result(
            isClean
                ? "clean: \(target) says what is expected; recorded in \(path)"
                : "\(Columns.count(differences, "difference")) on \(target); recorded in \(path)"
        )
    }

    func printJSON(_ target: String, _ path: String) {
        Printing.json(schema: "probe") { writer in
            writer.field("target", target)
            writer.field("recording", path)
            write(into: &writer)
        }
    }

    /// All but where it was and what it was recorded in.
    func write(into writer: inout JSONWriter) {
        writer.field("clean", isClean)
        writer.field("differences", differences)
        writer.field("rows", array: { list in for row in rows { write(row, &list) } })
        writer.field(
            "not_offered",
            array: { list in
                for words in notOffered { list.value(words) }
            }
        )
        writer.field(
            "orders",
            array: { list in
                for step in steps {
                    list.object {
                        $0.field("step", step.name)
                        $0.field("done", step.isDone)
                        $0.field("words", step.words)
                    }
                }
            }
        )
        writer.field(
            "open_points",
            array: { list in
                for point in points {
                    list.object {
                        $0.field("topic", point.topic)
                        $0.field("question", point.question)
                        $0.field("answered", point.answer != nil)
                        $0.field("answer", point.answer ?? "")
                    }
                }
            }
        )
    }

    private func write(_ row: ProbeReader.Row, _ list: inout JSONWriter) {
        list.object { json in
            json.field("name", row.name)
            json.field("messages", row.messages)
            json.field("decoded", row.decoded)
            json.field(
                "differences",
                array: { list in
                    for (difference, count) in row.audit.found {
                        list.object {
                            $0.field("kind", difference.heading)
                            $0.field("what", difference.words)
                            $0.field("count", count)
                        }
                    }
                }
            )
        }
    }
}
