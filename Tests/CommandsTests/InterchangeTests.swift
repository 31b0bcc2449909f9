import Foundation
import Testing

@Suite struct ExportImportTests {
    /// A demo of a second is a recording with nearly every stream there is.
    static func demo(_ folder: TemporaryFolder) async throws -> String {
        let path = folder.path + "/demo"
        let demo = try await Program.run(["demo", "--seconds", "2", "--out", path])
        try #require(demo.status == 0, "\(demo.errors)")
        return path
    }

    @Test func `a session that was exported and imported is verified, replayed and the same`()
        async throws
    {
        let folder = try TemporaryFolder()
        let demo = try await Self.demo(folder)
        let lines = folder.path + "/demo.jsonl"
        let exported = try await Program.run([
            "export", demo, "--with-private", "--format", "jsonl", "-o", lines,
        ])
        #expect(exported.status == 0, "\(exported.errors)")
        let copy = folder.path + "/copy"
        let imported = try await Program.run(["import", lines, "--format", "jsonl", "-o", copy])
        #expect(imported.status == 0, "\(imported.errors)")
        let cats = try await [demo, copy].asyncMap {
            try await Program.run(["cat", $0, "--json"]).output
        }
        #expect(cats[0] == cats[1] && cats[0].utf8.count > 100_000)
        #expect(try await Program.run(["verify", copy]).status == 0)
        let replay = try await Program.run(["replay", copy, "--json"])
        #expect(replay.object["result"] as? String == "identical", "\(replay.errors)")
        let again = try await Program.run(["import", lines, "--format", "jsonl", "-o", copy])
        #expect(again.status == 73)
        let over = try await Program.run([
            "export", demo, "--with-private", "--format", "jsonl", "-o", lines,
        ])
        #expect(over.status == 73)
    }

    @Test func `a hole in the numbers of imported lines is named, and ends with 1`() async throws {
        let folder = try TemporaryFolder()
        let demo = try await Self.demo(folder)
        let file = folder.path + "/demo.jsonl"
        _ = try await Program.run([
            "export", demo, "--with-private", "--format", "jsonl", "-o", file,
        ])
        var lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
        let place = try #require(
            lines.indices.dropFirst(200).first { lines[$0].contains(#""stream":"public/"#) }
        )
        lines.remove(at: place)
        let hole = folder.path + "/hole.jsonl"
        try lines.joined(separator: "\n").write(toFile: hole, atomically: true, encoding: .utf8)
        let copy = folder.path + "/copy"
        let imported = try await Program.run(["import", hole, "--format", "jsonl", "-o", copy])
        #expect(imported.status == 1, "\(imported.errors)")
        #expect(
            imported.errors.contains(
                "hole.jsonl, line \(place + 1): record \(place + 1) was expected and \(place + 2) is there"
            ),
            "\(imported.errors)"
        )
        let again = try await Program.run(
            ["import", hole, "--format", "jsonl", "-o", folder.path + "/json", "--json"]
        )
        #expect(again.object["number_holes"] as? Int == 1)
        let folderGiven = try await Program.run(
            ["import", demo, "--format", "jsonl", "-o", folder.path + "/none"]
        )
        #expect(folderGiven.status == 65)
        #expect(folderGiven.errors.contains("Name the files"), "\(folderGiven.errors)")
    }

    @Test func `what a format cannot hold is counted, and two categories are refused`() async throws
    {
        let folder = try TemporaryFolder()
        let demo = try await Self.demo(folder)
        let refused = try await Program.run(["export", demo, "--format", "tardis"])
        #expect(refused.status == 64)
        #expect(refused.errors.contains("--stream 'public/"), "\(refused.errors)")
        let all = try await Program.run(
            [
                "export", demo, "--format", "hftbacktest", "--symbol", "BTC*", "--stream",
                "public/linear/*",
            ]
        )
        #expect(all.status == 0, "\(all.errors)")
        #expect(all.lines.count > 10)
        let some = try await Program.run(
            [
                "export", demo, "--format", "hftbacktest", "--stream", "public/linear/*",
                "--stream", "desk/*", "--with-private",
            ]
        )
        #expect(some.status == 1)
        #expect(
            some.errors.contains("of desk/command: the format has no place for it"),
            "\(some.errors)"
        )
    }

    @Test(
        arguments: [
            (["import", "none.jsonl", "--format", "jsonl", "-o", "x"], 66, "none.jsonl"),
            (["import", "none", "--format", "tardis", "-o", "x"], 64, "--category"),
            (["export", "none", "--format", "jsonl"], 66, "none"),
            (["export", "none", "--format", "nothing"], 64, "nothing"),
        ] as [([String], Int32, String)]
    )
    func `a mistake is told with what to do`(
        _ words: [String],
        _ status: Int32,
        _ part: String
    )
        async throws
    {
        let folder = try TemporaryFolder()
        let outcome = try await Program.run(words, in: folder.path)
        #expect(outcome.status == status)
        #expect(outcome.errors.contains(part), "\(outcome.errors)")
    }
}

extension Array {
    func asyncMap<Value>(_ body: (Element) async throws -> Value) async throws -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await body(element)) }
        return values
    }
}
