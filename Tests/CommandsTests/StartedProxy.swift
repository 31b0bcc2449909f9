import Foundation
import Testing

/// The program's proxy before the program's exchange, and what its recording holds.
final class StartedProxy {
    let running: Running
    let port: Int

    init(
        exchange port: Int,
        options: [String] = [],
        out: String = "proxied",
        listen: Int = 0,
        environment: [String: String] = [:],
        in folder: TemporaryFolder
    ) async throws {
        running = try Program.start(
            [
                "proxy", "--endpoint", "http://127.0.0.1:\(port)", "--listen",
                "127.0.0.1:\(listen)", "--json", "--status-every", "50ms", "--out", out,
            ] + options,
            environment: environment,
            in: folder.path
        )
        self.port = try await running.line { line in
            line.firstMatch(of: #/"rest":"http://127.0.0.1:(\d+)"/#).flatMap { Int($0.output.1) }
        }
    }

    /// The last status that was printed.
    var status: [String: Any] {
        let line = running.outputSoFar.split(separator: "\n").last.map(String.init) ?? ""
        return StartedProxy.object(line) ?? [:]
    }

    static func object(_ line: String) -> [String: Any]? {
        try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
    }

    /// Waits for a status that meets the condition.
    func wait(
        _ seconds: Int = 300,
        for condition: ([String: Any]) -> Bool
    ) async throws -> [String: Any] {
        for _ in 0..<(seconds * 50) {
            let status = status
            if condition(status) { return status }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw Running.Missing(what: "the status did not come: \(status) \(running.errorsSoFar)")
    }

    func seal() async throws -> Program.Outcome {
        running.interrupt()
        let outcome = try await running.end()
        #expect(outcome.status == 0, "\(outcome.errors)")
        return outcome
    }

    /// Payloads of the streams that a glob names, one a line.
    static func payloads(
        _ stream: String,
        of path: String = "proxied",
        in folder: TemporaryFolder
    ) async throws -> [String] {
        try await Program.run(["cat", path, "--stream", stream, "--raw"], in: folder.path).lines
    }

    /// Names of all streams that have records.
    static func streams(
        of path: String = "proxied",
        in folder: TemporaryFolder
    ) async throws -> Set<
        String
    > {
        let rows = try await Program.run(["cat", path, "--json"], in: folder.path).lines
        return Set(rows.compactMap { object($0)?["stream"] as? String })
    }
}
