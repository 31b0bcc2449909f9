import Foundation
import Glibc
import Testing

/// What a session serves is what its page says, and a real Prometheus takes it.
@Suite(.serialized) struct PrometheusTests {
    private static func program(_ name: String) -> String? {
        let path = "/usr/bin/" + name
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }

    private func withSession(
        _ body: (_ port: Int, _ folder: TemporaryFolder) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let server = try ControlledMarket.serve(["--categories", "linear"], in: folder)
        defer { server.kill() }
        try ControlledMarket.writeSession(
            endpoint: try await ControlledMarket.port(server),
            topics: ["linear:orderbook.50.BTCUSDT", "linear:tickers.BTCUSDT"],
            settings: "metrics: 127.0.0.1:0",
            in: folder
        )
        let recorder = try Program.start(
            ["record", "session.yaml", "--out", "session", "--json", "--for", "3000s"],
            in: folder.path
        )
        defer { recorder.kill() }
        let _: Bool = try await recorder.line {
            $0.contains(#""sockets_ready":2"#) ? true : nil
        }
        let port = try #require(
            recorder.errorsSoFar.firstMatch(of: #/metrics on port (\d+)/#)
                .flatMap { Int($0.output.1) },
            "\(recorder.errorsSoFar)"
        )
        try await ProxiedSession.until("books are counted") {
            try MetricsPage.get(port, "/metrics").body.contains("tapedeck_books_valid 1\n")
        }
        try await body(port, folder)
        recorder.interrupt()
        let outcome = try await recorder.end()
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test(.timeLimit(.minutes(20)))
    func `the page of metrics says what a session serves, with kind, labels and meaning`()
        async throws
    {
        let page = try String(
            contentsOf: Program.root.appending(path: "Sources/Watch/Watch.docc/Metrics.md"),
            encoding: .utf8
        )
        let rows = page.split(separator: "\n").filter { $0.hasPrefix("| `") }.map(String.init)
        #expect(rows.count > 40)
        try await withSession { port, _ in
            let answer = try MetricsPage.get(port, "/metrics")
            #expect(answer.head.contains("Content-Type: text/plain; version=0.0.4; charset=utf-8"))
            let lines = answer.body.split(separator: "\n").map(String.init)
            var served: [String] = []
            for line in lines where line.hasPrefix("# HELP ") {
                let rest = line.dropFirst("# HELP ".count)
                let name = String(rest.prefix { $0 != " " })
                let kind = try #require(lines.first { $0.hasPrefix("# TYPE \(name) ") })
                    .split(separator: " ")[3]
                let series = lines.first { $0.hasPrefix(name + "{") } ?? ""
                let labels = series.matches(of: #/([a-z_]+)="/#).map { "`\($0.output.1)`" }
                let row = rows.first { $0.hasPrefix("| `\(name)` ") } ?? ""
                // A family without a figure now shows no labels.
                let columns = row.components(separatedBy: " | ")
                if !series.isEmpty, columns.count == 4 {
                    #expect(columns[2] == labels.joined(separator: ", "), "\(name)")
                }
                served.append("\(name) \(kind) \(rest.dropFirst(name.count + 1))")
            }
            let told = rows.map { row -> String in
                let columns = row.dropFirst(2).dropLast(2).components(separatedBy: " | ")
                return columns[0].replacingOccurrences(of: "`", with: "") + " " + columns[1] + " "
                    + columns[3]
            }
            #expect(served == told)
        }
    }

    @Test(
        .enabled(if: program("promtool") != nil, "Debian's package prometheus is not installed"),
        .timeLimit(.minutes(20))
    )
    func `promtool finds nothing wrong with it`() async throws {
        let tool = try #require(Self.program("promtool"))
        try await withSession { port, folder in
            let file = folder.path + "/metrics.txt"
            try MetricsPage.get(port, "/metrics").body
                .write(toFile: file, atomically: true, encoding: .utf8)
            let input = try #require(FileHandle(forReadingAtPath: file))
            let check = try await Program.start(
                ["check", "metrics"],
                program: tool,
                in: folder.path,
                input: input
            ).end()
            #expect(check.status == 0 && check.errors.isEmpty, "\(check.output) \(check.errors)")
        }
    }

    @Test(
        .enabled(if: program("prometheus") != nil, "Debian's package prometheus is not installed"),
        .timeLimit(.minutes(20))
    )
    func `a real Prometheus scrapes it and can be asked for it`() async throws {
        let program = try #require(Self.program("prometheus"))
        try await withSession { port, folder in
            try """
            global: {scrape_interval: 1s, scrape_timeout: 1s}
            scrape_configs:
              - job_name: tapedeck
                static_configs: [{targets: ['127.0.0.1:\(port)']}]
            """.write(toFile: folder.path + "/prometheus.yml", atomically: true, encoding: .utf8)
            let own = try Self.freePort()
            let scraper = try Program.start(
                [
                    "--config.file=prometheus.yml", "--storage.tsdb.path=tsdb",
                    "--web.listen-address=127.0.0.1:\(own)",
                ],
                program: program,
                in: folder.path
            )
            defer { scraper.kill() }
            for query in ["up", "tapedeck_records_appended_total", "tapedeck_books_valid"] {
                try await ProxiedSession.until("Prometheus has \(query): \(scraper.errorsSoFar)") {
                    let answer =
                        (try? MetricsPage.get(own, "/api/v1/query?query=" + query).body) ?? ""
                    return answer.contains(#""job":"tapedeck""#)
                        && !answer.contains(#""0"]"#)
                }
            }
        }
    }

    /// A port that was free a moment ago.
    private static func freePort() throws -> Int {
        let receiver = try AlertReceiver()
        receiver.stop()
        return receiver.port
    }
}
