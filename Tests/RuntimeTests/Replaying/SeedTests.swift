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
    private static let environment = ProcessInfo.processInfo.environment
    static let count = environment["TAPEDECK_SEEDS"].flatMap { Int($0) } ?? 16
    /// A folder that the recordings stay in, for those who make fixtures of them.
    static let kept = environment["TAPEDECK_KEEP"]

    @Test
    func `each seed's session replays identically, here, in another process and in another build`()
        throws
    {
        let folder = try MadeFolder()
        var commands: UInt64 = 0
        for seed in 0..<Self.count {
            // Neighbours have the same point of an order's life: these go through all of them soon.
            let scenario = Scenario(number: seed * 37 + 5)
            let path = (Self.kept ?? folder.path) + "/outcome-\(seed)"
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
            if Self.kept == nil { try FileManager.default.removeItem(atPath: path) }
        }
        #expect(commands > UInt64(Self.count) * 5)
    }

    /// Funding, liquidations, deliveries, other clients of the account and lost connections besides.
    @Test func `a synthetic day of all products replays identically`() throws {
        for seed in 0..<max(1, Self.count / 100) {
            var day = try Day(DayPlan(hours: nil, seed: UInt64(seed) + 7))
            try day.run()
            for desk in day.desks {
                let recording = try desk.seal()
                var replay = Replay(registry: DayDesk.registry)
                replay.strictness = ReplayStrictness(state: true, verdicts: true)
                let result = try replay.run(recording)
                #expect(result.word == "identical", "\(result.outcome)")
                #expect(result.findings.equal == result.findings.recorded)
                #expect(result.commands.equal > 100)
                replay.decodesAhead = true
                let ahead = try replay.run(recording)
                #expect(ahead.stateHash == result.stateHash && ahead.word == result.word)
                guard let kept = Self.kept else { continue }
                try FileManager.default.copyItem(
                    atPath: recording.path,
                    toPath: kept + "/day-\(seed)-" + (recording.path as NSString).lastPathComponent
                )
            }
        }
    }
}
