import TapedeckTesting
import Testing
import Trading

/// What a suite of your own looks like; your strategy stands in the place of `Maker`.
@Suite struct RegressionTests {
    /// Made once with `tapedeck slice last --from … --to … --replayable --pseudonymise -o fixtures/incident`.
    @Test func `the incident goes as it went`() async throws {
        try await expectReplay(of: "fixtures/incident", with: Maker.self)
    }

    /// Written anew with TAPEDECK_RECORD_GOLDEN=1; the change then shows in the diff of the commit.
    @Test func `the first commands are the ones we looked at`() async throws {
        let commands = try await replayedCommands(
            of: "fixtures/incident",
            with: Maker.self,
            limit: 20
        )
        try expectGolden(commands, named: "incident.txt")
    }
}
