import Foundation
import Testing

@Suite struct PythonTests {
    /// Tools/python/test installs the package and its readers from PyPI, and runs its tests against this program.
    @Test func `the Python package reads what the program records`() async throws {
        let folder = try TemporaryFolder()
        let outcome = try await Program.run(
            [],
            program: Program.root.appending(path: "Tools/python/test").path,
            environment: ["TAPEDECK": Program.path],
            in: folder.path
        )
        if outcome.status == 77 {
            return Skipped.note("Tools/python", outcome)
        }
        #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
        #expect(outcome.errors.contains("\nOK"), "\(outcome.errors)")
    }
}
