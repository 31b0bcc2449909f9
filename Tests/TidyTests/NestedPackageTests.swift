import Foundation
import Testing

/// The benchmarks are a package of their own, which no build of ours looks at: what they use must not change unseen.
@Suite struct NestedPackageTests {
    /// The build that these tests are of.
    private struct Build {
        /// `.build/…/debug`.
        let folder: URL
        /// Where modules of C are said to be.
        let moduleMaps: [String]

        init?() {
            let starts = [Bundle.main.bundleURL] + CommandLine.arguments.map { URL(filePath: $0) }
            guard let folder = starts.lazy.compactMap(Build.folder(above:)).first else {
                return nil
            }
            self.folder = folder
            let manifest = folder.deletingLastPathComponent().deletingLastPathComponent()
                .appending(path: folder.lastPathComponent + ".yaml")
            guard let text = try? String(contentsOf: manifest, encoding: .utf8) else { return nil }
            let maps = text.matches(of: #/-fmodule-map-file=[^"]+/#).map { String($0.output) }
            moduleMaps = Set(maps).sorted()
        }

        private static func folder(above start: URL) -> URL? {
            var folder = start
            for _ in 0..<6 {
                folder.deleteLastPathComponent()
                let module = folder.appending(path: "Modules/Market.swiftmodule").path
                if FileManager.default.fileExists(atPath: module) { return folder }
            }
            return nil
        }
    }

    /// As in `Tools/Benchmarks/Package.swift`; the name of a package that is not ours.
    private static let settings =
        ["ExistentialAny", "InternalImportsByDefault", "MemberImportVisibility"].flatMap {
            ["-enable-upcoming-feature", $0]
        } + [
            "-enable-upcoming-feature", "NonisolatedNonsendingByDefault", "-warnings-as-errors",
            "-swift-version", "6", "-package-name", "benchmarks", "-parse-as-library",
        ]

    /// What the compiler says of a folder of sources; empty where it takes them.
    private static func check(
        _ sources: URL,
        _ build: Build,
        _ more: [String],
        in folder: URL
    ) async throws -> String {
        let names = try FileManager.default.contentsOfDirectory(atPath: sources.path)
            .filter { $0.hasSuffix(".swift") }.sorted()
        let words = folder.appending(path: sources.lastPathComponent + ".words")
        try Data().write(to: words)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments =
            ["swiftc", "-module-name", sources.lastPathComponent.replacing("-", with: "_")]
            // What was made here comes first.
            + more + settings + ["-I", folder.path]
            + ["-I", build.folder.appending(path: "Modules").path]
            + build.moduleMaps.flatMap { ["-Xcc", $0] }
            + names.map { sources.appending(path: $0).path }
        let output = try FileHandle(forWritingTo: words)
        process.standardOutput = output
        process.standardError = output
        try process.run()
        // Not waited for: other tests have use for the thread.
        while process.isRunning { try await Task.sleep(for: .milliseconds(20)) }
        process.waitUntilExit()
        let said = try String(contentsOf: words, encoding: .utf8)
        return process.terminationStatus == 0 ? "" : "\(sources.lastPathComponent): \(said)"
    }

    @Test(.enabled(if: Build() != nil, "no modules lie beside these tests"))
    func `the benchmarks fit what they measure`() async throws {
        let build = try #require(Build())
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "tapedeck-nested-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let sources = SourceTree.root.appending(path: "Tools/Benchmarks/Sources")
        // What the others import first.
        let module = folder.appending(path: "Measuring.swiftmodule").path
        let common = try await Self.check(
            sources.appending(path: "Measuring"),
            build,
            ["-emit-module", "-emit-module-path", module],
            in: folder
        )
        try #require(common.isEmpty, "\(common)")
        let targets = try FileManager.default.contentsOfDirectory(atPath: sources.path)
            .filter { $0 != "Measuring" }.sorted()
        #expect(targets.contains("tapedeck-bench") && targets.count > 4)
        for target in targets {
            let said = try await Self.check(
                sources.appending(path: target),
                build,
                ["-typecheck"],
                in: folder
            )
            #expect(said.isEmpty, "\(said)")
        }
    }
}
