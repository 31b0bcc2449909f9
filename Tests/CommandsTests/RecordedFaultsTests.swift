import Foundation
import Testing

/// Our own recorder on an exchange that misbehaves: its record, held against what the exchange says it did.
@Suite struct RecordedFaultsTests {
    private struct Entry: Decodable {
        var what: String
        var client: Int?
        var topic: String?
        var u: Int?
    }

    /// Lines of `cat` of one stream, as the JSON that stands in them.
    private func records(_ path: String, _ stream: String) async throws -> [[String: Any]] {
        let outcome = try await Program.run(["cat", path, "--stream", stream, "--raw"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        return outcome.lines.compactMap {
            (try? JSONSerialization.jsonObject(with: Data($0.utf8))) as? [String: Any]
        }
    }

    private func journal(_ path: String) throws -> [Entry] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
            try JSONDecoder().decode(Entry.self, from: Data($0.utf8))
        }
    }

    /// Serves with these options, orders a manner, records two topics, and gives the recording and the exchange's journal.
    ///
    /// - Parameter during: what is done and waited for while it is recorded.
    private func record(
        _ options: [String],
        order: String? = nil,
        in folder: TemporaryFolder,
        _ during: (_ control: RawSocket, _ recording: String) async throws -> Void
    ) async throws -> (recording: String, journal: [Entry]) {
        let recording = folder.path + "/session"
        let journal = folder.path + "/journal.jsonl"
        let server = try Program.start(
            [
                "serve", "--synthetic", "--plain", "--json", "--seed", "5", "--symbols", "2",
                "--for", "600s",
            ]
                + ["--account", "K:S", "--journal", journal] + options,
            in: folder.path
        )
        defer { server.kill() }
        let port = try await server.line { line in
            line.firstMatch(of: #/"port":(\d+)/#).flatMap { Int($0.output.1) }
        }
        if let order {
            _ = try RawSocket(port: port).request("POST", "/tapedeck/manners", body: order)
        }
        let recorder = try Program.start(
            [
                "record", "--endpoint", "http://127.0.0.1:\(port)", "--out", "session", "--public",
                "linear:orderbook.50.BTCUSDT", "--public", "linear:orderbook.50.ETHUSDT",
            ],
            in: folder.path
        )
        try await during(try RawSocket(port: port), recording)
        recorder.interrupt()
        let outcome = try await recorder.end()
        #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
        return (recording, try self.journal(journal))
    }

    /// Waits until the exchange's status says so.
    private func wait(_ control: RawSocket, for text: String) async throws {
        for _ in 0..<6_000 {
            if try control.request("GET", "/tapedeck/status").contains(text) { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        Issue.record("the exchange never said \(text)")
    }

    @Test func `a gap that was ordered is a finding with the numbers of the journal`() async throws
    {
        let folder = try TemporaryFolder()
        let made = try await record([], in: folder) { control, recording in
            try await wait(control, for: #""subscriptions":2"#)
            _ = try control.request(
                "POST",
                "/tapedeck/manners",
                body: #"{"manner":"gap","topic":"*.BTCUSDT","after":5,"pushes":2}"#
            )
            try await wait(control, for: #""manners":2"#)
            // The push behind the gap is what shows it.
            try await Program.wait(for: "the gap is found", on: "desk/finding", of: recording) {
                $0.contains { $0.contains(#""kind":"gap""#) }
            }
            _ = try control.request(
                "POST",
                "/tapedeck/manners",
                body: #"{"manner":"disconnect","path":"/v5/public/linear"}"#
            )
            try await Program.wait(
                for: "the line is lost, and there again",
                on: "link/public/linear",
                of: recording
            ) { lines in
                lines.drop { !$0.contains(#""change":"disconnected""#) }
                    .contains { $0.contains(#""change":"ready""#) }
            }
        }
        let missing = made.journal.filter { $0.what == "gap" }.compactMap(\.u)
        #expect(missing.count == 2)
        let findings = try await records(made.recording, "desk/finding")
        let gaps = findings.filter { $0["kind"] as? String == "gap" }
        #expect(gaps.count == 1)
        #expect(gaps.first?["expected"] as? String == "u = \(missing.first ?? 0)")
        #expect(gaps.first?["seen"] as? String == "u = \((missing.last ?? 0) + 1)")
        let lost = try await records(made.recording, "link/public/linear").filter {
            $0["change"] as? String == "disconnected"
                && $0["reason"] as? String == "connection lost"
        }
        #expect(lost.count == 1)
        #expect(made.journal.filter { $0.what == "disconnect" }.count == 1)
        let verify = try await Program.run(["verify", made.recording, "--json"])
        #expect(verify.status == 0, "\(verify.output)")
    }

    @Test func `a question that the exchange could not answer is asked again, each time on record`()
        async throws
    {
        let folder = try TemporaryFolder()
        let order = #"{"manner":"server-error","path":"/v5/market/instruments-info","times":2}"#
        let made = try await record([], order: order, in: folder) { _, recording in
            try await Program.wait(
                for: "the question is answered",
                on: "rest/public/GET/v5/market/instruments-info",
                of: recording
            ) { $0.contains { $0.contains(#""attempt":3"#) } }
        }
        let asked = try await records(
            made.recording,
            "rest/public/GET/v5/market/instruments-info"
        ).filter { $0["attempt"] != nil }
        #expect(asked.map { $0["attempt"] as? Int } == [1, 2, 3])
        #expect(asked.map { $0["status"] as? Int } == [502, 502, 200])
    }

    @Test func `under chaos each gap that the recorder finds is one that the exchange made`()
        async throws
    {
        let folder = try TemporaryFolder()
        let chaos = ["--chaos", "3", "--pace", "x8"]
        let made = try await record(chaos, in: folder) { _, recording in
            try await Task.sleep(for: .seconds(20))
            try await Program.wait(for: "a gap is found", on: "desk/finding", of: recording) {
                $0.contains { $0.contains(#""kind":"gap""#) }
            }
        }
        let left = Set(
            made.journal.filter { $0.what == "gap" }.map { "\($0.topic ?? "") \($0.u ?? 0)" }
        )
        let gaps = try await records(made.recording, "desk/finding").filter {
            $0["kind"] as? String == "gap"
        }
        #expect(!gaps.isEmpty, "chaos left something out")
        for gap in gaps {
            let topic = (gap["subject"] as? String)?.split(separator: "/").last ?? ""
            let first = (gap["expected"] as? String)?.dropFirst(4) ?? ""
            #expect(left.contains("\(topic) \(first)"), "\(gap) is in no entry of the journal")
        }
        // What was sent and not left out was recorded, whatever else was done to it.
        let drops = made.journal.filter { $0.what == "disconnect" && $0.topic != nil }.count
        let lost = try await records(made.recording, "link/public/linear").filter {
            $0["reason"] as? String == "connection lost"
        }
        #expect(lost.count >= drops)
        let verify = try await Program.run(["verify", made.recording, "--json"])
        #expect(verify.status == 0, "\(verify.output)")
    }
}
