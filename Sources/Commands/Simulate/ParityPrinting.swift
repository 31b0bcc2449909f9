import Market
import Runtime
import Simulation

/// How a parity report is printed.
struct ParityPrinting {
    let report: ParityReport
    let path: String

    /// 10⁻⁴ as `0.9713`.
    private func share(_ value: Int) -> String {
        Numeral(mantissa: Int64(value), decimals: 4).description
    }

    /// 10⁻⁸ as a decimal.
    private func part(_ value: Int) -> String {
        Numeral(mantissa: Int64(value), decimals: 8).description
    }

    func printText() {
        Printing.result(
            "parity     \(report.orders) orders from \(report.split) on; the orders before have calibrated the models"
        )
        let tried = report.candidates.map { "\($0.queue) \(share($0.fillScore))" }
        Printing.result(
            "queue      \(report.queue) (on the calibrating part: \(tried.joined(separator: ", ")))"
        )
        Printing.result("latency    \(report.latency)")
        if !report.takesOut { Printing.result("own        left in") }
        Printing.result(
            Columns.line([
                ("", 10), ("SCORE", -8), ("FILLED", -8), ("BOTH", -6), ("FILLS", -7),
                ("TURNOVER", -18), ("PRICE ERROR", -12), ("EARNED", -22), ("ERROR", -12),
            ])
        )
        for (name, score) in [
            ("happened", report.live), ("model", report.model), ("naive", report.naive),
        ] {
            Printing.result(
                Columns.line([
                    (name, 10), (share(score.fillScore), -8), (String(score.filledOrders), -8),
                    (String(score.both), -6), (String(score.fills), -7),
                    (score.turnover.description, -18), (part(score.priceError), -12),
                    (score.earned?.description ?? "-", -22), (part(score.earnedError), -12),
                ])
            )
        }
        Printing.result(
            "note       score: by order, the smaller of both filled values over the larger one; price error: share of"
                + " the price; error: of the value that was traded. Naive: filled when the price touches, no latency."
        )
    }

    func printJSON() {
        let report = report
        Printing.json(schema: "simulate.parity") {
            $0.field("recording", path)
            $0.field("queue", report.queue.description)
            $0.field("latency", report.latency)
            $0.field("own_taken_out", report.takesOut)
            $0.field("split", report.split.description)
            $0.field("acknowledgements", report.acknowledgements)
            $0.field("orders", report.orders)
            for (name, score) in [
                ("happened", report.live), ("model", report.model), ("naive", report.naive),
            ] {
                $0.nested(name) { write(score, &$0) }
            }
            $0.field(
                "calibration",
                array: { rows in
                    for candidate in report.candidates {
                        rows.object {
                            $0.field("queue", candidate.queue.description)
                            $0.field("score", share(candidate.fillScore))
                        }
                    }
                }
            )
        }
    }

    private func write(_ score: ParityScore, _ writer: inout JSONWriter) {
        writer.field("score", share(score.fillScore))
        writer.field("orders_filled", score.filledOrders)
        writer.field("orders_filled_in_both", score.both)
        writer.field("fills", score.fills)
        writer.field("turnover", score.turnover.description)
        writer.field("price_error", part(score.priceError))
        writer.field("earned", score.earned?.description ?? "")
        writer.field("earned_error", part(score.earnedError))
    }
}
