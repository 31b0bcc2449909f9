import Foundation
import Testing

/// Of a recording that was imported without times of arrival no latency is told; all else is.
@Suite struct ArrivalTimesTests {
    /// A demo's records, whose times a file says to be the exchange's.
    private static func imported(_ folder: TemporaryFolder) async throws -> String {
        let demo = try await ExportImportTests.demo(folder)
        let file = folder.path + "/demo.jsonl"
        let exported = try await Program.run([
            "export", demo, "--with-private", "--format", "jsonl", "-o", file,
        ])
        #expect(exported.status == 0, "\(exported.errors)")
        try String(contentsOfFile: file, encoding: .utf8)
            .replacing(#"Z","stream":""#, with: #"Z","arrival_times_known":false,"stream":""#)
            .write(toFile: file, atomically: true, encoding: .utf8)
        let path = folder.path + "/imported"
        let made = try await Program.run([
            "import", file, "--format", "jsonl", "-o", path, "--json",
        ])
        #expect(made.status == 0, "\(made.errors)")
        #expect(made.object["arrival_times_known"] as? Bool == false)
        return path
    }

    private static func objects(_ outcome: Program.Outcome) throws -> [[String: Any]] {
        try outcome.lines.map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }

    private static let refusal = "the recording was imported, and arrival times are not known"

    @Test func `hops, orders by latency and recorded latency are refused, the rest is told`()
        async throws
    {
        let folder = try TemporaryFolder()
        let path = try await Self.imported(folder)
        try await Self.ordersRefuseHops(path, folder.path + "/demo")
        try await Self.simulationsRefuseTheirLatency(path)
        let replay = try await Program.run(["replay", path, "--json"])
        #expect(replay.object["result"] as? String == "identical", "\(replay.errors)")
        try await Self.copiesDoNotKnowThem(path, in: folder)
    }

    private static func ordersRefuseHops(_ path: String, _ demo: String) async throws {
        let words = ["sent", "ack", "open", "closed"]
        let known = try objects(try await Program.run(["orders", demo, "--json"]))
        let told = known.compactMap { $0["nanoseconds"] as? [String: Any] }
        for word in words { #expect(told.contains { $0[word] != nil }, "\(word)") }
        let rows = try await Program.run(["orders", path, "--json"])
        #expect(rows.status == 0 && rows.errors.contains(refusal), "\(rows.errors)")
        let unknown = try objects(rows)
        #expect(unknown.count == known.count)
        for (row, other) in zip(unknown, known) {
            #expect((row["nanoseconds"] as? [String: Any])?.isEmpty == true)
            #expect(row["arrival_times_known"] as? Bool == false)
            #expect(other["arrival_times_known"] as? Bool == true)
            // What is no latency stays.
            for key in ["status", "filled", "price", "order_id"] {
                #expect(row[key] as? String == other[key] as? String)
            }
            #expect((row["steps"] as? [Any])?.count == (other["steps"] as? [Any])?.count)
        }
        let table = try await Program.run(["orders", path])
        #expect(table.status == 0 && table.errors.contains("`tapedeck record`"), "\(table.errors)")
        #expect(table.lines.count == known.count + 1)
        for line in table.lines.dropFirst() {
            #expect(line.components(separatedBy: "refused").count - 1 >= 5, "\(line)")
            #expect(!line.contains(" ms") && !line.contains(" µs"), "\(line)")
        }
        let plain = try await Program.run(["orders", demo])
        #expect(plain.output.contains(" ms") || plain.output.contains(" µs"))
        #expect(!plain.errors.contains(refusal))
        let slow = try await Program.run(["orders", path, "--slow"])
        #expect(slow.status == 2 && slow.output.isEmpty, "\(slow.output)")
        #expect(slow.errors.contains(refusal) && slow.errors.contains("Leave --slow out"))
        #expect(try await Program.run(["orders", demo, "--slow"]).status == 0)
    }

    private static func simulationsRefuseTheirLatency(_ path: String) async throws {
        for options in [
            ["--latency", "recorded"], ["--latency", "recorded*5"],
            ["--parity", "--latency", "recorded"], ["--sweep", "latency=constant=5ms,recorded"],
        ] {
            let outcome = try await Program.run(["simulate", path] + options)
            #expect(outcome.status == 2 && outcome.output.isEmpty, "\(options) \(outcome.output)")
            #expect(outcome.errors.contains("arrival times are not known"), "\(outcome.errors)")
            #expect(outcome.errors.contains("--latency constant=5ms"), "\(outcome.errors)")
        }
        for (options, words) in [
            ([], "constant 5 ms there, 5 ms back (the recording was imported, and arrival times"),
            (["--parity"], "constant 5 ms there, 5 ms back (the recording was imported"),
            (["--latency", "constant=20ms/10ms"], "constant 20 ms there, 10 ms back"),
        ] {
            let outcome = try await Program.run(["simulate", path, "--json"] + options)
            #expect(outcome.status == 0, "\(options) \(outcome.errors)")
            let latency = outcome.object["latency"] as? String ?? ""
            #expect(latency.hasPrefix(words), "\(options) \(latency)")
        }
    }

    /// Whatever is made of it refuses too.
    private static func copiesDoNotKnowThem(
        _ path: String,
        in folder: TemporaryFolder
    ) async throws {
        let copy = { (name: String) in folder.path + "/" + name }
        let demo = copy("demo")
        for (name, words) in [
            ("slice", ["slice", path, "--from", "400", "-o", copy("slice")]),
            ("merged", ["merge", path, demo, "-o", copy("merged")]),
            (
                "lines",
                ["export", path, "--with-private", "--format", "jsonl", "-o", copy("l.jsonl")]
            ),
            ("again", ["import", copy("l.jsonl"), "--format", "jsonl", "-o", copy("again")]),
            ("compacted", ["compact", copy("again")]),
            // Whole it is a slice; without the account it is made record by record.
            ("whole bundle", ["bundle", path, "--with-private", "-o", copy("whole.mcap")]),
            ("open bundle", ["bundle", path, "-o", copy("open.mcap")]),
        ] {
            let made = try await Program.run(words)
            #expect(made.status == 0, "\(name): \(made.errors)")
        }
        for name in ["imported", "slice", "merged", "again", "whole.mcap", "open.mcap", "demo"] {
            let info = try await Program.run(["info", copy(name), "--json"])
            #expect(info.object["arrival_times_known"] as? Bool == (name == "demo"), "\(name)")
        }
        let labels = try await Program.run(["info", copy("merged")])
        #expect(labels.output.contains("arrival times are not known"), "\(labels.output)")
        for name in ["slice", "again"] {
            #expect(try await Program.run(["orders", copy(name), "--slow"]).status == 2, "\(name)")
        }
        let wire = try await Program.run([
            "export", path, "--format", "hftbacktest", "--stream", "public/linear/*", "-o",
            copy("w.txt"), "--json",
        ])
        #expect(wire.status == 1, "\(wire.errors)")
        #expect(wire.object["arrival_times_hidden"] as? Bool == true)
        #expect(wire.errors.contains("no latency can be told from them"), "\(wire.errors)")
    }
}
