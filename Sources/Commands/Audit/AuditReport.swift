import Journal
import Market
import Runtime
import Trading

/// What an audit came to, for people and for programs.
struct AuditReport {
    private let recording: Recording
    private let outcome: RecordingAudit.Outcome
    private let findings: [AuditFinding]

    init(_ recording: Recording, _ outcome: RecordingAudit.Outcome, all: Bool) {
        self.recording = recording
        self.outcome = outcome
        findings = outcome.audit.findings.filter { finding in
            switch finding.explanation {
            case .rounding, .timing: all
            case .pending, .unexplained: true
            }
        }
    }

    private var counts: AuditCounts { outcome.audit.counts }

    private var word: String {
        guard outcome.emptiness.isEmpty else { return "nothing-compared" }
        return outcome.isClean ? "explained" : "unexplained"
    }

    // MARK: For people

    func printText() {
        for finding in findings { print(finding) }
        if !findings.isEmpty { Printing.result("") }
        Printing.result(
            Columns.line([
                ("COMPARED", 10), ("FIGURES", -12), ("ROUNDING", -10), ("TIMING", -10),
                ("PENDING", -10), ("UNEXPLAINED", -12),
            ])
        )
        for kind in AuditFinding.Kind.allCases {
            Printing.result(
                Columns.line([
                    (kind.rawValue, 10), (Columns.grouped(counts.compared(kind)), -12),
                    (Columns.grouped(counts[kind, .rounding]), -10),
                    (Columns.grouped(counts[kind, .timing]), -10),
                    (Columns.grouped(counts[kind, .pending]), -10),
                    (Columns.grouped(counts[kind, .unexplained]), -12),
                ])
            )
        }
        if !outcome.coins.isEmpty { printCoins() }
        Printing.result("")
        guard outcome.emptiness.isEmpty else {
            Printing.result("cannot be judged: \(outcome.emptiness)")
            return
        }
        let pending = counts[.pending]
        Printing.result(
            (outcome.isClean ? "nothing is unexplained" : "\(counts[.unexplained]) unexplained")
                + (pending > 0 ? ", \(pending) pending" : "")
                + ": \(Columns.grouped(counts.compared)) figures compared in"
                + " \(Columns.grouped(outcome.records)) records"
        )
    }

    private func print(_ finding: AuditFinding) {
        let records = finding.records.map(\.description).joined(separator: ", ")
        Printing.result(
            "\(finding.explanation.rawValue): \(finding.kind.rawValue) \(finding.subject)"
                + " \(finding.field): ours \(finding.ours), theirs \(finding.theirs)"
                + " (record \(records))" + (finding.note.isEmpty ? "" : "; \(finding.note)")
        )
    }

    private func printCoins() {
        Printing.result("")
        Printing.result(
            Columns.line([
                ("COIN", 8), ("OPENING", -26), ("FLOWS", -9), ("SUM OF FLOWS", -26), ("OURS", -26),
                ("THEIRS", -26), ("", 0),
            ])
        )
        for coin in outcome.coins {
            Printing.result(
                Columns.line([
                    (coin.coin, 8), (coin.opening?.description ?? "not known", -26),
                    (Columns.grouped(coin.flows), -9), (coin.sums.total.description, -26),
                    (coin.balance?.description ?? "-", -26), (coin.told?.description ?? "-", -26),
                    (coin.line.map { "parts at record \($0)" } ?? "", 0),
                ])
            )
        }
    }

    // MARK: For programs

    func printJSON() {
        Printing.json(schema: "audit") {
            $0.field("recording", recording.id)
            $0.field("result", word)
            if !outcome.emptiness.isEmpty { $0.field("why", outcome.emptiness) }
            $0.field("records", Int64(outcome.records))
            $0.field("compared", counts.compared)
            for explanation in AuditFinding.Explanation.allCases {
                $0.field(explanation.rawValue, counts[explanation])
            }
            $0.nested("kinds") { json in
                for kind in AuditFinding.Kind.allCases {
                    json.nested(kind.rawValue) {
                        $0.field("compared", counts.compared(kind))
                        for explanation in AuditFinding.Explanation.allCases {
                            $0.field(explanation.rawValue, counts[kind, explanation])
                        }
                    }
                }
            }
            $0.field("coins", array: { writeCoins(into: &$0) })
            $0.field("findings", array: { writeFindings(into: &$0) })
        }
    }

    private func writeCoins(into rows: inout JSONWriter) {
        for coin in outcome.coins {
            rows.object {
                $0.field("coin", coin.coin)
                $0.field("opening", coin.opening?.description ?? "")
                $0.field("flows", coin.flows)
                for kind in FlowKind.allCases {
                    $0.field(kind.rawValue, coin.sums[kind].description)
                }
                $0.field("sum", coin.sums.total.description)
                $0.field("balance", coin.balance?.description ?? "")
                $0.field("told", coin.told?.description ?? "")
                $0.field("residual", coin.residual.description)
                if let line = coin.line { $0.field("parts_at", line) }
            }
        }
    }

    private func writeFindings(into rows: inout JSONWriter) {
        for finding in findings {
            rows.object {
                $0.field("kind", finding.kind.rawValue)
                $0.field("subject", finding.subject)
                $0.field("field", finding.field)
                $0.field("ours", finding.ours)
                $0.field("theirs", finding.theirs)
                $0.field(
                    "records",
                    array: { json in
                        for record in finding.records { json.value(Int64(record.value)) }
                    }
                )
                $0.field("time", finding.time.description)
                $0.field("explanation", finding.explanation.rawValue)
                $0.field("note", finding.note)
            }
        }
    }
}
