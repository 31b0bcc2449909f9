import DeskStrategies
import Foundation
import Journal
import Market
import Runtime
import Testing
import Trading

/// Sessions with faults, reconnects and partial fills, recorded by the recorder: each replays identically, on one core and
/// on two, and in other processes.
///
/// `TAPEDECK_SEEDS` is their number, 1,000 for the whole; `TAPEDECK_OTHER_DESK` another build of `flawed-desk`, such as the
/// release's.
@Suite struct SeedTests {
    static let count =
        ProcessInfo.processInfo.environment["TAPEDECK_SEEDS"].flatMap { Int($0) } ?? 16

    @Test
    func `each seed's session replays identically, here, in another process and in another build`()
        throws
    {
        let folder = try MadeFolder()
        var commands: UInt64 = 0
        for seed in 0..<Self.count {
            // Neighbours have the same point of an order's life: these go through all of them soon.
            let scenario = Scenario(number: seed * 37 + 5)
            let path = folder.path + "/\(seed)"
            let world = try World(scenario, recording: path)
            _ = try world.run()
            try world.seal()
            let recording = try Recording.open(path)
            var replay = Replay(registry: World.registry)
            replay.strictness = ReplayStrictness(state: true, verdicts: true)
            let result = try replay.run(recording)
            #expect(result.word == "identical", "\(scenario): \(result.outcome)")
            #expect(result.findings.equal == result.findings.recorded)
            replay.decodesAhead = true
            let ahead = try replay.run(recording)
            #expect(ahead.stateHash == result.stateHash && ahead.word == result.word)
            commands += result.commands.equal
            let hash = StateReport.hexadecimal(result.stateHash)
            for program in [DeskProgram.path, DeskProgram.other].compactMap({ $0 }) {
                let outcome = try DeskProgram.run(
                    ["replay", path, "--state", "--verdicts", "--json"],
                    program: program
                )
                #expect(outcome.status == 0, "\(scenario): \(outcome.output) \(outcome.errors)")
                #expect(outcome.object["state_hash"] as? String == hash)
            }
            try FileManager.default.removeItem(atPath: path)
        }
        #expect(commands > UInt64(Self.count) * 5)
    }
}
