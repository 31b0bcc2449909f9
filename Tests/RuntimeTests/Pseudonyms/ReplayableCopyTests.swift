import Foundation
import Journal
import Market
import Runtime
import Testing
import Trading

/// What a pseudonymised copy says of itself.
@Suite struct ReplayableCopyTests {
    @Test func `a copy that was not replayed says so, and --replayable refuses it`()
        throws
    {
        let folder = try TestFolder()
        let source = folder.path + "/session"
        let start = SessionStart(
            session: "session",
            run: 1,
            program: "0.1.0",
            build: "test",
            account: "main",
            strategies: [StrategyConfiguration(name: "own", kind: "nobodys")],
            limits: [],
            configuration: [],
            wall: .zero,
            monotonicNanoseconds: 0
        )
        let draft = try RecordingDraft(source, id: "session")
        try draft.add("session/start", time: .zero, payload: start.payload())
        try draft.seal()
        let copy = folder.path + "/copy"
        let read = try DeskProgram.run(["slice", source, "--pseudonymise", "-o", copy, "--json"])
        #expect(read.status == 0, "\(read.output) \(read.errors)")
        #expect(read.object["replayable"] as? Bool == false, "\(read.output)")
        #expect((read.object["why"] as? String ?? "").contains("nobodys"), "\(read.output)")
        let file = folder.path + "/copy.mcap"
        let bundle = try DeskProgram.run(["bundle", source, "--pseudonymise", "-o", file, "--json"])
        #expect(bundle.status == 0, "\(bundle.output) \(bundle.errors)")
        #expect(bundle.object["replayable"] as? Bool == false, "\(bundle.output)")
        let other = folder.path + "/fixture"
        let fixture = try DeskProgram.run(
            ["slice", source, "--pseudonymise", "--replayable", "-o", other]
        )
        #expect(fixture.status != 0, "\(fixture.output)")
        #expect(!FileManager.default.fileExists(atPath: other))
    }

    @Test func `a merged recording has no pseudonyms, and is told so`() throws {
        let folder = try TestFolder()
        for name in ["one", "two"] {
            let draft = try RecordingDraft(folder.path + "/" + name, id: name)
            try draft.add("session/mark", time: .zero, payload: Array("{}".utf8))
            try draft.seal()
        }
        let sources = ["one", "two"].map { folder.path + "/" + $0 }
        let merged = folder.path + "/merged"
        let merge = try DeskProgram.run(["merge"] + sources + ["-o", merged])
        #expect(merge.status == 0, "\(merge.output) \(merge.errors)")
        let copy = folder.path + "/copy"
        for command in [["slice"], ["bundle"], ["export", "--format", "jsonl"]] {
            let made = try DeskProgram.run(command + [merged, "--pseudonymise", "-o", copy])
            #expect(made.status != 0 && made.errors.contains("merged recording"), "\(made.errors)")
            #expect(!FileManager.default.fileExists(atPath: copy))
        }
    }
}
