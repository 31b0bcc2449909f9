import Foundation
import Journal
import Market
import Testing

/// `prune` by age and by size, from the command line and from a session file, and the notes it signs.
@Suite struct PruneRuleTests {
    /// One way to ask for it, and what goes.
    struct Rule: Sendable, CustomTestStringConvertible {
        /// `SIZE` is what the last two segments take.
        var options: [String] = []
        var session: String?
        /// Segments that go, of four.
        var going: Int
        /// In the note.
        var why: String
        var isSigned = false

        var testDescription: String { (options + [session ?? ""]).joined(separator: " ") }
    }

    static let rules = [
        Rule(options: ["--older-than", "60h"], going: 2, why: "older than 216000 s"),
        Rule(options: ["--keep-size", "SIZE"], going: 2, why: "above SIZE bytes"),
        Rule(
            options: ["--older-than", "60h", "--keep-size", "1", "--signing-key", "key"],
            going: 3,
            why: "older than 216000 s, above 1 bytes",
            isSigned: true
        ),
        Rule(session: "disk:\n  keep: 60h\n", going: 2, why: "older than 216000 s"),
        Rule(
            session: "disk:\n  max_size: SIZE\njournal:\n  signing_key: key\n",
            going: 2,
            why: "above SIZE bytes",
            isSigned: true
        ),
        Rule(
            options: ["--older-than", "84h"],
            session: "disk:\n  keep: 1m\n",
            going: 1,
            why: "older than 302400 s"
        ),
    ]

    /// Four segments, of which each ended a day after the one before, and the last three quarters of a day ago.
    ///
    /// Ages are told to hours, so that a machine that stands still changes nothing.
    private static func record(_ path: String) throws {
        var options = RecorderOptions()
        options.rollsItself = false
        let recorder = try Recorder.open(path, options: options)
        let now = Int64(Date().timeIntervalSince1970) * 1_000_000_000
        let day = 24 * 3_600 * 1_000_000_000 as Int64
        var time = Timestamp(nanoseconds: now - 4 * day)
        try recorder.start(time: time, payload: Array(#"{"run":1}"#.utf8))
        let stream = try recorder.stream(named: "desk/timer", origin: "")
        for segment in 0..<4 as Range<Int64> {
            if segment > 0 { try recorder.roll(checkpoint: Array("a state".utf8)) }
            for place in 0..<60 as Range<Int64> {
                time = Timestamp(nanoseconds: now - (4 - segment) * day + place * day / 240)
                try recorder.append(stream, time: time, payload: Array("{\(place)}".utf8))
            }
        }
        try recorder.seal()
    }

    private static func segments(_ path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".mcap") }
            .sorted()
    }

    private static func size(_ path: String, _ names: some Sequence<String>) throws -> Int {
        try names.reduce(0) { sum, name in
            let facts = try FileManager.default.attributesOfItem(atPath: path + "/" + name)
            return sum + (facts[.size] as? Int ?? 0)
        }
    }

    @Test(arguments: rules)
    func `what the rule names goes, each noted with its reason, and the rest is sound`(
        rule: Rule
    )
        async throws
    {
        let folder = try TemporaryFolder()
        let path = folder.path + "/r"
        try Self.record(path)
        let all = try Self.segments(path)
        try #require(all.count == 4)
        let (going, staying) = (all.prefix(rule.going), all.dropFirst(rule.going))
        let size = "\(try Self.size(path, all.suffix(2)))"
        let filled = { (text: String) in text.replacing("SIZE", with: size) }
        if rule.isSigned { _ = try await Program.run(["keygen", "--out", "key"], in: folder.path) }
        var command = ["prune", "r", "--json"] + rule.options.map(filled)
        if let session = rule.session {
            try filled(session).write(
                toFile: folder.path + "/session.yaml",
                atomically: true,
                encoding: .utf8
            )
            command += ["--session", "session.yaml"]
        }
        let freed = try Self.size(path, going)
        let kept = try Self.size(path, staying)
        let first = try #require(staying.first.flatMap { Int($0.dropLast(5)) })
        for (options, isDone) in [(["--dry-run"], false), (["--yes"], true)] {
            let told = try await Program.run(command + options, in: folder.path)
            #expect(told.status == 0, "\(told.errors)")
            let rows = told.object["segments"] as? [[String: Any]]
            #expect(rows?.compactMap { $0["segment"] as? String } == Array(going))
            #expect(told.object["done"] as? Bool == isDone)
            #expect(told.object["begins"] as? Int == first)
            #expect(told.object["bytes_freed"] as? Int == freed)
            #expect(told.object["bytes_kept"] as? Int == kept)
            #expect(try Self.segments(path) == (isDone ? Array(staying) : all))
            let log = FileManager.default.fileExists(atPath: path + "/pruned.jsonl")
            #expect(log == isDone)
        }
        try await Self.notesAreWhole(rule, path, Array(going), filled(rule.why), in: folder)
    }

    private static func notesAreWhole(
        _ rule: Rule,
        _ path: String,
        _ going: [String],
        _ why: String,
        in folder: TemporaryFolder
    ) async throws {
        let text = try String(contentsOfFile: path + "/pruned.jsonl", encoding: .utf8)
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines.count == going.count)
        for (line, name) in zip(lines, going) {
            let note = try #require(
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            )
            #expect(note["segment"] as? String == name)
            #expect(note["why"] as? String == why)
            #expect((note["who"] as? String)?.contains("tapedeck") == true)
            let hexadecimal = note["signature"] as? String ?? ""
            #expect(hexadecimal.isEmpty == !rule.isSigned)
            guard rule.isSigned else { continue }
            let digits = Array(hexadecimal)
            let signature = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
                UInt8(String(digits[$0...$0 + 1]), radix: 16)
            }
            let statement = line.replacing(#","signature":"\#(hexadecimal)""#, with: "")
            let key = try PublicKey(file: folder.path + "/key.pub")
            #expect(note["key"] as? String == "\(key)")
            #expect(key.verifies(signature, of: Array(statement.utf8)))
        }
        let verify = try await Program.run(["verify", path, "--json"])
        #expect(verify.status == 0, "\(verify.output)")
        #expect(verify.object["begins"] as? String == "pruned")
        guard rule.isSigned else { return }
        // Somebody else's word under the signature is damage.
        try text.replacing(#""who":""#, with: #""who":"not "#).write(
            toFile: path + "/pruned.jsonl",
            atomically: true,
            encoding: .utf8
        )
        #expect(try await Program.run(["verify", path]).status == 2)
    }

    @Test func `nothing goes that no rule names, and without a rule that is asked for`()
        async throws
    {
        let folder = try TemporaryFolder()
        try Self.record(folder.path + "/r")
        try "disk:\n  budget: 1GiB\n".write(
            toFile: folder.path + "/session.yaml",
            atomically: true,
            encoding: .utf8
        )
        for (options, status, words) in [
            (["--older-than", "30d", "--yes"], 0, "nothing to delete"),
            (["--keep-size", "1GiB", "--yes"], 0, "nothing to delete"),
            (["--session", "session.yaml", "--yes"], 64, "--older-than 7d"),
            (["--yes"], 64, "--older-than 7d"),
            (["--keep-size", "much", "--yes"], 64, "is not a size"),
            (["--older-than", "long", "--yes"], 64, "long"),
        ] as [([String], Int32, String)] {
            let told = try await Program.run(["prune", "r"] + options, in: folder.path)
            #expect(told.status == status, "\(options) \(told.errors)")
            #expect((told.output + told.errors).contains(words), "\(options) \(told.errors)")
        }
        #expect(try Self.segments(folder.path + "/r").count == 4)
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/r/pruned.jsonl"))
    }
}
