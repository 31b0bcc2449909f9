import Foundation

/// The program of `Tests/FlawedDesk`, built beside these tests.
enum DeskProgram {
    struct Outcome {
        var status: Int32
        var output: String
        var errors: String

        /// The object of `--json` output; of several lines the last.
        var object: [String: Any] {
            guard let last = output.split(separator: "\n").last,
                let object = try? JSONSerialization.jsonObject(with: Data(last.utf8))
            else { return [:] }
            return object as? [String: Any] ?? [:]
        }
    }

    static let path: String = {
        var candidates = [Bundle.main.bundleURL]
        candidates += CommandLine.arguments.map { URL(filePath: $0) }
        for start in candidates {
            var folder = start
            for _ in 0..<6 {
                let program = folder.appending(path: "flawed-desk").path
                if FileManager.default.isExecutableFile(atPath: program) { return program }
                folder.deleteLastPathComponent()
            }
        }
        return ".build/debug/flawed-desk"
    }()

    /// Another build of it, where somebody made one.
    static let other = ProcessInfo.processInfo.environment["TAPEDECK_OTHER_DESK"]

    static func run(
        _ arguments: [String],
        program: String = path,
        environment: [String: String] = [:]
    ) throws -> Outcome {
        let folder = try MadeFolder()
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let names = ["output", "errors"].map { folder.path + "/" + $0 }
        for name in names { _ = FileManager.default.createFile(atPath: name, contents: nil) }
        process.standardOutput = FileHandle(forWritingAtPath: names[0])
        process.standardError = FileHandle(forWritingAtPath: names[1])
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        let texts = try names.map { try String(contentsOfFile: $0, encoding: .utf8) }
        return Outcome(status: process.terminationStatus, output: texts[0], errors: texts[1])
    }
}
