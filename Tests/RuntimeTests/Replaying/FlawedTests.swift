import DeskStrategies
import Foundation
import Journal
import Runtime
import Testing
import Trading

/// Strategies that are not deterministic, and builds that are not the same, by the program itself.
@Suite struct FlawedTests {
    private func made(_ type: any Strategy.Type, _ folder: MadeFolder) throws -> String {
        let path = folder.path + "/" + type.kind
        var session = try MadeSession(path, ReplayTests.registry(type), kinds: [type.kind])
        try session.run(records: 2_000)
        try session.seal()
        return path
    }

    @Test func `clock, chance and the order of a set are caught by a second process`() throws {
        let folder = try MadeFolder()
        for type in [Flawed.Clocked.self, Flawed.Hashed.self, Flawed.Chancy.self]
            as [any Strategy.Type]
        {
            let path = try made(type, folder)
            let outcome = try DeskProgram.run(["replay", path, "--twice", "--json"])
            #expect(outcome.status == 1, "\(type.kind): \(outcome.output) \(outcome.errors)")
            let object = outcome.object
            let again = (object["compared_with"] as? [[String: Any]])?.first
            // Caught by the recording, which another process made, by the second process, or by both.
            let isCaught =
                object["result"] as? String == "differs" || again?["same"] as? Bool == false
            #expect(isCaught && again != nil)
        }
        let path = try made(Metronome.self, folder)
        let sound = try DeskProgram.run(["replay", path, "--twice", "--json"])
        #expect(sound.status == 0, "\(sound.output) \(sound.errors)")
        let again = (sound.object["compared_with"] as? [[String: Any]])?.first
        #expect(again?["same"] as? Bool == true)
        #expect(again?["state_hash"] as? String == sound.object["state_hash"] as? String)
    }

    @Test func `another build that does otherwise is told apart`() throws {
        let folder = try MadeFolder()
        let path = folder.path + "/session"
        var session = try MadeSession(
            path,
            ReplayTests.registry(Metronome.self),
            kinds: [Metronome.kind]
        )
        try session.run(records: 35_000, segment: 10_000)
        try session.seal()
        // One program file; which build it is, is said by a word of its environment.
        let late = folder.path + "/late"
        try """
        #!/bin/sh
        DESK_METRONOME=late exec '\(DeskProgram.path)' "$@"
        """.write(toFile: late, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: late)
        let replay = try DeskProgram.run(["replay", path, "--with", late, "--json"])
        #expect(replay.status == 1)
        #expect(replay.object["result"] as? String == "identical")
        let other = try #require((replay.object["compared_with"] as? [[String: Any]])?.first)
        #expect(other["same"] as? Bool == false && other["result"] as? String == "differs")
        let bisect = try DeskProgram.run(["bisect", path, "--with", late, "--json"])
        #expect(bisect.status == 1, "\(bisect.errors)")
        let with = try #require(bisect.object["with"] as? [String: Any])
        #expect(with["sequence"] as? Int == other["divergence"] as? Int)
        let fields = (bisect.object["state"] as? [String: Any])?["fields"] as? [[String: Any]]
        #expect(fields?.isEmpty == false)
        let same = try DeskProgram.run(["bisect", path, "--with", DeskProgram.path, "--json"])
        #expect(same.status == 0, "\(same.output) \(same.errors)")
    }
}
