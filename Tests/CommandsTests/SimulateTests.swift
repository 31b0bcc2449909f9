import Foundation
import Testing

/// `tapedeck simulate` as its users run it.
@Suite struct SimulateTests {
    @Test func `a session is simulated, by each model, and a sweep goes on where it was killed`()
        async throws
    {
        let folder = try TemporaryFolder()
        let path = try await SyntheticSession.record(in: folder) { path in
            let orders = ["cat", path, "--stream", "private/*/order", "--raw"]
            return try await Program.run(orders).lines.count > 4
        }
        try await isTheSameInBothBuilds(path)
        try await namesItsModels(path)
        try await saysWhatIsWrong(path, in: folder)
        try await goesOn(path, in: folder)
    }

    private func isTheSameInBothBuilds(_ path: String) async throws {
        let first = try await Program.run(["simulate", path, "--json"])
        #expect(first.status == 0, "\(first.errors)")
        let object = first.object
        #expect(object["schema"] as? String == "tapedeck.simulate/1")
        #expect((object["orders"] as? Int ?? 0) > 0)
        #expect((object["simulated_from"] as? Int) == 1)
        #expect((object["latency"] as? String ?? "").hasPrefix("recorded, of "))
        let second = try await Program.run(["simulate", path, "--json"])
        #expect(second.output == first.output)
        guard let release = Program.release else { return }
        let other = try await Program.run(["simulate", path, "--json"], program: release)
        #expect(other.output == first.output)
    }

    private func namesItsModels(_ path: String) async throws {
        let outcome = try await Program.run([
            "simulate", path, "--queue", "log", "--latency", "constant=20ms/10ms", "--set",
            "strategies.maker.offset_ticks=1", "--delay", "private=50ms",
        ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("queue      log\n"))
        #expect(outcome.output.contains("latency    constant 20 ms there, 10 ms back\n"))
        let verbatim = try await Program.run(["simulate", path, "--verbatim-first", "--json"])
        #expect(verbatim.object["simulated_from"] is NSNull)
        let parity = try await Program.run(["simulate", path, "--parity", "--json"])
        #expect(parity.status == 0, "\(parity.errors)")
        #expect(parity.object["schema"] as? String == "tapedeck.simulate.parity/1")
        #expect(parity.object["naive"] != nil)
    }

    private func saysWhatIsWrong(_ path: String, in folder: TemporaryFolder) async throws {
        try "drop 4\nnonsense 5\n".write(
            toFile: folder.path + "/edits",
            atomically: true,
            encoding: .utf8
        )
        for (arguments, status, words) in [
            (["--queue", "fifo"], 64, "fifo"), (["--latency", "5"], 64, "constant=5ms"),
            (["--edit", folder.path + "/edits"], 65, "edits:2"),
            (["--edit", folder.path + "/nowhere"], 66, "nowhere"),
            (["--without-order", "nobody"], 66, "nobody"), (["--drop", "x"], 64, "--drop x"),
            (["--delay", "private"], 64, "private=DURATION"),
            (["--set", "strategies.maker.offset_ticks=a lot"], 64, "offset_ticks"),
            (["--sweep", "speed=1,2"], 64, "speed"),
            (["--strategy", "maker", "--drop", "5"], 64, "another strategy"),
        ] as [([String], Int32, String)] {
            let outcome = try await Program.run(["simulate", path] + arguments)
            #expect(outcome.status == status, "\(arguments) \(outcome.errors)")
            #expect(outcome.errors.contains(words), "\(arguments) \(outcome.errors)")
        }
    }

    private func goesOn(_ path: String, in folder: TemporaryFolder) async throws {
        let grid = [
            "simulate", path, "--sweep", "strategies.maker.offset_ticks=0,1,2", "--sweep",
            "queue=risk-averse,log", "--workers", "1",
        ]
        let decoded = path + "/derived/market.events"
        try? FileManager.default.removeItem(atPath: decoded)
        let plain = try await Program.run(grid + ["--csv", "--no-cache"])
        #expect(plain.status == 0, "\(plain.errors)")
        #expect(!FileManager.default.fileExists(atPath: decoded))
        // What begins as recorded reads the recording.
        let recorded = try await Program.run([
            "simulate", path, "--sweep", "queue=risk-averse,log", "--verbatim-first",
        ])
        #expect(recorded.status == 0, "\(recorded.errors)")
        #expect(!FileManager.default.fileExists(atPath: decoded))
        let whole = try await Program.run(grid + ["--csv"])
        #expect(whole.status == 0, "\(whole.errors)")
        #expect(whole.lines.count == 7)
        #expect(whole.output == plain.output)
        // None where the machine has little room.
        #expect(
            FileManager.default.fileExists(atPath: decoded)
                || whole.errors.contains("MiB are free")
        )
        let file = folder.path + "/rows"
        let killed = try Program.start(grid + ["--out", file])
        while (try? String(contentsOfFile: file, encoding: .utf8))?.contains("\n") != true,
            killed.process.isRunning
        {
            try await Task.sleep(for: .milliseconds(5))
        }
        killed.kill()
        _ = try await killed.end()
        let kept = try String(contentsOfFile: file, encoding: .utf8)
        // A kill within a write leaves a piece of a line.
        try (kept + #"{"schema":"tapedeck.simulate.sw"#).write(
            toFile: file,
            atomically: true,
            encoding: .utf8
        )
        let resumed = try await Program.run(grid + ["--out", file, "--csv"])
        #expect(resumed.output == whole.output)
        #expect(resumed.errors.contains("of 6 runs are done already"))
        let again = try await Program.run(grid + ["--out", file, "--csv"])
        #expect(again.errors.contains("6 of 6 runs are done already"))
        #expect(again.output == whole.output)
    }
}
