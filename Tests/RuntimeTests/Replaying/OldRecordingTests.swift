import Foundation
import Journal
import Market
import Runtime
import Testing
import Trading

/// Recordings of every format and behaviour that there was, made by our own tools, are read and replayed for ever.
@Suite struct OldRecordingTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures/replays")

    /// A line of `expected.txt`: what the program that made it came to.
    struct Expected: CustomStringConvertible {
        var name: String
        var records: UInt64
        var commands: UInt64
        var verdicts: UInt64
        var findings: UInt64
        var stateHash: String

        var description: String { name }
    }

    static let expected: [Expected] = {
        let text =
            (try? String(contentsOf: folder.appending(path: "expected.txt"), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count == 6, line.first != "#", let records = UInt64(words[1]),
                let commands = UInt64(words[2]), let verdicts = UInt64(words[3]),
                let findings = UInt64(words[4])
            else { return nil }
            return Expected(
                name: String(words[0]),
                records: records,
                commands: commands,
                verdicts: verdicts,
                findings: findings,
                stateHash: String(words[5])
            )
        }
    }()

    @Test func `each fixture has its line, and each line its fixture`() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
            .filter { !$0.contains(".") }.sorted()
        #expect(folders == Self.expected.map(\.name).sorted() && !folders.isEmpty)
    }

    @Test(arguments: expected)
    func `it is read to its end and replays as it did`(_ expected: Expected) throws {
        let recording = try Recording.open(Self.folder.appending(path: expected.name).path)
        #expect(recording.damage.isEmpty && recording.last.value == expected.records)
        var records: UInt64 = 0
        let cursor = try recording.cursor()
        while try cursor.next() != nil { records += 1 }
        #expect(records == expected.records)
        var replay = Replay(registry: .standard)
        replay.strictness.verdicts = true
        let result = try replay.run(recording)
        if let other = try recording.recordedBehaviour(),
            other.version != SessionStart.behaviourVersion
        {
            // It may come to other commands, of which CHANGELOG tells; it is said before anything else.
            #expect(result.notes.first?.contains("behaviour version \(other.version)") == true)
            return
        }
        #expect(result.word == "identical", "\(result.outcome)")
        #expect(result.commands.equal == expected.commands)
        #expect(result.verdicts.equal == expected.verdicts)
        #expect(result.findings.equal == expected.findings)
        #expect(StateReport.hexadecimal(result.stateHash) == expected.stateHash)
    }

    @Test func `what a later minor version adds is passed over`() throws {
        let folder = try MadeFolder()
        let path = folder.path + "/later"
        var start = SessionStartTests.start
        start.run = 1
        start.strategies = []
        start.limits = []
        var payload = start.payload()
        payload.removeLast()
        payload += Array(#","later":{"x":[1,2]}}"#.utf8)
        let recorder = try Recorder.open(path)
        try recorder.start(time: start.wall, payload: payload)
        for name in ["session/later", "desk/later", "later/than/all"] {
            let stream = try recorder.stream(named: name)
            try recorder.append(stream, time: start.wall, payload: Array("{}".utf8))
        }
        _ = try recorder.seal()
        let result = try Replay(registry: .standard).run(Recording.open(path))
        #expect(result.word == "nothing-to-judge" && result.records >= 4)
    }
}
