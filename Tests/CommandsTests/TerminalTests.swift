import Foundation
import Glibc
import Testing

/// What is asked and answered at a terminal, what comes through a pipe, what a session's own rule does.
@Suite struct TerminalTests {
    /// A recording of several segments.
    private static func segments(in folder: TemporaryFolder) async throws -> String {
        try await SyntheticSession.record(
            in: folder,
            settings: "journal:\n  segment_bytes: 65536",
            seconds: 10,
            until: { try UpkeepTests.segments($0).count >= 3 }
        )
    }

    /// Runs the program with a terminal as its standard input, and types the answer when it is asked.
    private static func prune(
        _ recording: String,
        before: Int,
        answer: String
    ) async throws -> Program.Outcome {
        var main: Int32 = -1
        var side: Int32 = -1
        guard openpty(&main, &side, nil, nil, nil) == 0 else { throw POSIXError(.ENXIO) }
        defer { close(main) }
        let terminal = FileHandle(fileDescriptor: side, closeOnDealloc: true)
        let program = try Program.start(
            ["prune", recording, "--before", "\(before)"],
            input: terminal
        )
        for _ in 0..<6_000 where !program.errorsSoFar.contains("Type yes:") {
            guard program.process.isRunning else { break }
            try await Task.sleep(for: .milliseconds(20))
        }
        let typed = Array((answer + "\n").utf8)
        #expect(write(main, typed, typed.count) == typed.count)
        return try await program.end()
    }

    @Test func `prune shows its plan at a terminal, and deletes only after a yes`() async throws {
        let folder = try TemporaryFolder()
        let recording = try await Self.segments(in: folder)
        let names = try UpkeepTests.segments(recording)
        try #require(names.count >= 3)
        let before = names[2]
        let refused = try await Self.prune(recording, before: before, answer: "y")
        #expect(refused.status == 1, "\(refused.errors)")
        #expect(refused.output.contains("delete"))
        #expect(refused.output.contains("begins    at record \(before)"))
        #expect(refused.errors.contains("nothing was deleted"))
        #expect(try UpkeepTests.segments(recording) == names)

        let done = try await Self.prune(recording, before: before, answer: "yes")
        #expect(done.status == 0, "\(done.errors)")
        #expect(done.output.contains("deleted"))
        #expect(try UpkeepTests.segments(recording) == Array(names.dropFirst(2)))
        let notes = try String(contentsOfFile: recording + "/pruned.jsonl", encoding: .utf8)
        #expect(notes.split(separator: "\n").count == 2)
        #expect(try await Program.run(["verify", recording]).status == 0)
    }

    @Test func `a session's disk rule deletes old segments while it records, and notes each`()
        async throws
    {
        let folder = try TemporaryFolder()
        let recording = try await SyntheticSession.record(
            in: folder,
            // A segment's checkpoint alone takes 80 KiB and more, the account's log that ends a session 30: of what is
            // left some seconds must be trading, or there is nothing to replay.
            settings: "journal:\n  segment_bytes: 65536\ndisk:\n  max_size: 800KiB",
            seconds: 14,
            until: { (try UpkeepTests.segments($0).first ?? 1) > 1 }
        )
        let left = try UpkeepTests.segments(recording)
        let first = try #require(left.first)
        #expect(first > 1)
        let notes = try String(contentsOfFile: recording + "/pruned.jsonl", encoding: .utf8)
            .split(separator: "\n")
        #expect(!notes.isEmpty)
        #expect(notes.allSatisfy { $0.contains("\"why\"") && $0.contains("\"chain_last\"") })
        let verify = try await Program.run(["verify", recording, "--json"])
        #expect(verify.status == 0, "\(verify.output)")
        #expect(verify.object["begins"] as? String == "pruned")
        let replay = try await Program.run(["replay", recording, "--json"])
        #expect(replay.status == 0, "\(replay.output)\(replay.errors)")
        for command in ["state", "pnl", "info"] {
            let outcome = try await Program.run([command, recording])
            #expect(outcome.status == 0, "\(command): \(outcome.errors)")
        }
    }

    @Test func `a segment that comes through a pipe is printed as from its file`() async throws {
        let folder = try TemporaryFolder()
        let recording = try await Self.segments(in: folder)
        let number = try #require(UpkeepTests.segments(recording).dropFirst().first)
        let digits = String(number)
        let name = String(repeating: "0", count: 12 - digits.count) + digits + ".mcap"
        let file = recording + "/" + name
        let whole = try await Program.run(["cat", file, "--raw"])
        #expect(whole.status == 0)
        let input = try #require(FileHandle(forReadingAtPath: file))
        let piped = try await Program.start(["cat", "-", "--raw"], input: input).end()
        #expect(piped.status == 0, "\(piped.errors)")
        #expect(piped.output == whole.output)
        #expect(!piped.output.isEmpty)

        // Filters and positions hold for a pipe too; what counts from its ends cannot.
        let again = try #require(FileHandle(forReadingAtPath: file))
        let range = ["--from", "\(number + 5)", "--to", "\(number + 8)", "--json"]
        let part = try await Program.start(["cat", "-"] + range, input: again).end()
        #expect(part.output == (try await Program.run(["cat", file] + range)).output)
        #expect(part.lines.count == 4)
        let other = try #require(FileHandle(forReadingAtPath: file))
        let refused = try await Program.start(["cat", "-", "--from", "end-1s"], input: other).end()
        #expect(refused.status == 64)
        // What writes beside the segments needs all of them.
        for command in [["compact"], ["prune", "--yes", "--before", "9"], ["recover"], ["pnl"]] {
            let outcome = try await Program.run([command[0], file] + command.dropFirst())
            #expect(outcome.status == 64, "\(command): \(outcome.errors)")
            #expect(outcome.errors.contains("a single file"))
        }
        let verify = try await Program.run(["verify", file, "--json"])
        #expect(verify.status == 0, "\(verify.output)")
        let covered = verify.object["covered"] as? [String] ?? []
        #expect(covered.contains("chain") && !covered.contains("manifest"))
        let nothing = try await Program.run(["cat", "-"])
        #expect(nothing.status == 65, "\(nothing.errors)")
    }
}
