import Foundation
import Market
import Testing

@testable import Watch

/// What leaves: the text for Prometheus, the record, the page that describes them, and the dashboard that draws them.
@Suite struct FiguresTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private func full() -> Figures {
        let patient = Patient()
        patient.pass(60)
        patient.reading.sockets[0].name = "public/\"odd\"\\\nname"
        patient.reading.sockets[0].heard = patient.now - 1_500_000_000
        patient.reading.findings = [Reading.Count("gap", 3)]
        patient.reading.requests = [Reading.Count("answered", 4)]
        patient.reading.keyExpires = patient.wall.advanced(nanoseconds: day)
        patient.reading.clockOffset = -2_000_001
        patient.reading.machine.diskFree = 1 << 40
        patient.reading.machine.diskDaily = 1 << 30
        patient.reading.machine.diskLeft = 1_024 * day
        patient.reading.machine.resident = 1 << 24
        patient.reading.machine.openFiles = 40
        patient.reading.machine.processor = 12_345_678_900
        return Figures(
            patient.reading,
            .test,
            alerts: patient.judge.counts,
            sinks: [SinkCount(name: "webhook-1")],
            at: patient.now,
            wall: patient.wall
        )
    }

    @Test func `every metric has HELP, TYPE and a figure, and every figure is its own`() {
        let lines = full().text.split(separator: "\n").map(String.init)
        for metric in Metric.all {
            #expect(lines.contains { $0.hasPrefix("# HELP \(metric.name) ") })
            #expect(lines.contains("# TYPE \(metric.name) \(metric.kind.rawValue)"))
            let start = metric.labels.isEmpty ? metric.name + " " : metric.name + "{"
            #expect(lines.contains { $0.hasPrefix(start) }, "\(metric.name)")
        }
        let series = lines.filter { !$0.hasPrefix("#") }.map { $0.prefix { $0 != " " } }
        #expect(Set(series).count == series.count)
    }

    @Test func `label values are escaped, seconds are exact`() {
        let text = full().text
        #expect(
            text.contains(
                #"tapedeck_stream_last_heard_age_seconds{socket="public/\"odd\"\\\nname"} 1.5"#
            )
        )
        #expect(text.contains("tapedeck_clock_offset_seconds -0.002000001\n"))
        #expect(text.contains("tapedeck_process_cpu_seconds_total 12.3456789\n"))
        #expect(text.contains(#"tapedeck_build_info{version="1.0",commit="abc"} 1"#))
        #expect(text.contains("tapedeck_records_unwritten 0\n"))
    }

    @Test func `names say their units`() {
        #expect(Set(Metric.all.map(\.name)).count == Metric.all.count)
        for metric in Metric.all {
            #expect(metric.name.hasPrefix("tapedeck_"))
            #expect((metric.kind == .counter) == metric.name.hasSuffix("_total"), "\(metric.name)")
            #expect(metric.help.hasSuffix(".") && !metric.help.contains("\n"))
        }
    }

    @Test func `the record has the same figures as the page`() throws {
        let figures = full()
        let object = try JSONSerialization.jsonObject(with: Data(figures.payload)) as? [String: Any]
        let record = try #require(object)
        #expect(record.count == Metric.all.count)
        for figure in figures.list {
            let name = String(figure.metric.name.dropFirst("tapedeck_".count))
            let value =
                figure.metric.labels.isEmpty
                ? record[name]
                : (record[name] as? [String: Any])?[figure.labels.joined(separator: " ")]
            let text = (value as? String) ?? (value as? NSNumber)?.stringValue
            #expect(text == figure.value.text, "\(name)")
        }
    }

    @Test func `the page lists every metric with its kind, labels and meaning`() throws {
        let page = try String(
            contentsOf: Self.root.appending(path: "Sources/Watch/Watch.docc/Metrics.md"),
            encoding: .utf8
        )
        let rows = page.split(separator: "\n").filter { $0.hasPrefix("| `") }.map(String.init)
        let expected = Metric.all.map { metric in
            let labels = metric.labels.map { "`\($0)`" }.joined(separator: ", ")
            return "| `\(metric.name)` | \(metric.kind.rawValue) | \(labels) | \(metric.help) |"
        }
        #expect(rows == expected)
    }

    @Test func `the page of alerts lists every alert`() throws {
        let page = try String(
            contentsOf: Self.root.appending(path: "Sources/Watch/Watch.docc/Alerts.md"),
            encoding: .utf8
        )
        let names = page.split(separator: "\n").filter { $0.hasPrefix("| `") }
            .compactMap { $0.firstMatch(of: #/^\| `([a-z-]+)` \|/#).map { String($0.output.1) } }
        #expect(names == AlertName.allCases.map(\.rawValue))
    }

    @Test func `the dashboard draws every metric and no other`() throws {
        let file = Self.root.appending(path: "Tools/grafana/tapedeck.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        let panels = try #require(object?["panels"] as? [[String: Any]])
        let expressions = panels.flatMap { $0["targets"] as? [[String: Any]] ?? [] }
            .compactMap { $0["expr"] as? String }
        let drawn = Set(
            expressions.flatMap { $0.matches(of: #/tapedeck_[a-z_]+/#).map { String($0.output) } }
        )
        #expect(drawn == Set(Metric.all.map(\.name)))
        let counters = Set(Metric.all.filter { $0.kind == .counter }.map(\.name))
        for expression in expressions {
            let name = try #require(expression.firstMatch(of: #/tapedeck_[a-z_]+/#)?.output)
            guard counters.contains(String(name)), name != "tapedeck_secrets_blanked_total" else {
                continue
            }
            #expect(
                expression.hasPrefix("rate(") || expression.hasPrefix("increase("),
                "\(expression)"
            )
        }
    }

    @Test(
        arguments: [
            (0, "0"), (1, "0.000000001"), (1_500_000_000, "1.5"), (-250_000_000, "-0.25"),
            (Int64.min, "-9223372036.854775808"), (60_000_000_000, "60"),
        ] as [(Int64, String)]
    )
    func `nanoseconds are seconds to the last digit`(nanoseconds: Int64, text: String) {
        #expect(DecimalSeconds.text(nanoseconds) == text)
    }
}
