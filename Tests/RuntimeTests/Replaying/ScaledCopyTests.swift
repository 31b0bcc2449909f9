import Foundation
import Journal
import Market
import Runtime
import Testing
import Trading

/// `slice --pseudonymise --scale` where what is decided depends on how large things are.
@Suite struct ScaledCopyTests {
    /// Its quantity is a parameter that is not called one, and so is not scaled.
    @Test func `a copy whose strategy decides otherwise is refused, and nothing of it stays`()
        throws
    {
        let folder = try MadeFolder()
        let source = folder.path + "/session"
        let world = try World(Scenario(number: 5), recording: source)
        _ = try world.run()
        try world.seal()
        let copy = folder.path + "/copy"
        let plain = try DeskProgram.run(["slice", source, "--pseudonymise", "-o", copy, "--json"])
        #expect(plain.status == 0, "\(plain.output) \(plain.errors)")
        let replay = try DeskProgram.run(["replay", copy, "--json"])
        #expect(replay.object["result"] as? String == "identical", "\(replay.output)")
        let other = folder.path + "/scaled"
        let scaled = try DeskProgram.run(
            ["slice", source, "--pseudonymise", "--scale", "2", "-o", other, "--json"]
        )
        #expect(scaled.status == 1, "\(scaled.output) \(scaled.errors)")
        #expect(
            scaled.errors.contains("with 2 times the amounts its replay differs"),
            "\(scaled.errors)"
        )
        #expect(!FileManager.default.fileExists(atPath: other))
    }

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
}
