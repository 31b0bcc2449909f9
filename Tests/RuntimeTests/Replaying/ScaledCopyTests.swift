import Foundation
import Journal
import Market
import Runtime
import Testing

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
}
