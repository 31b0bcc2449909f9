import Foundation
import Synchronization
import Testing

/// The built program, run as its users run it.
enum Program {
    struct Outcome {
        var status: Int32
        var output: String
        var errors: String

        var lines: [String] { output.split(separator: "\n").map(String.init) }

        /// The object of `--json` output; of several lines the last.
        var object: [String: Any] {
            guard let last = lines.last,
                let object = try? JSONSerialization.jsonObject(with: Data(last.utf8))
            else { return [:] }
            return object as? [String: Any] ?? [:]
        }
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// The program built beside these tests.
    static let path: String = {
        var candidates = [Bundle.main.bundleURL]
        candidates += CommandLine.arguments.map { URL(filePath: $0) }
        for start in candidates {
            var folder = start
            for _ in 0..<6 {
                let program = folder.appending(path: "tapedeck").path
                if FileManager.default.isExecutableFile(atPath: program),
                    !FileManager.default.fileExists(atPath: program + "/Package.swift")
                {
                    return program
                }
                folder.deleteLastPathComponent()
            }
        }
        return root.appending(path: ".build/debug/tapedeck").path
    }()

    /// The release build, where `Tools/test` made one.
    static let release = ProcessInfo.processInfo.environment["TAPEDECK_RELEASE"]

    /// Real messages for conformance, where they lie beside the project.
    static let shared: String? = {
        let given = ProcessInfo.processInfo.environment["TAPEDECK_SHARED"]
        let path = given ?? root.deletingLastPathComponent().appending(path: "shared").path
        return FileManager.default.fileExists(atPath: path + "/data") ? path : nil
    }()

    static func start(
        _ arguments: [String],
        program: String = path,
        environment: [String: String] = [:],
        in folder: String? = nil,
        input: FileHandle = .nullDevice,
        output: FileHandle? = nil
    ) throws -> Running {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        var variables = ProcessInfo.processInfo.environment
        for (name, value) in environment { variables[name] = value }
        process.environment = variables
        if let folder { process.currentDirectoryURL = URL(filePath: folder) }
        return try Running(process, input, output)
    }

    @discardableResult
    static func run(
        _ arguments: [String],
        program: String = path,
        environment: [String: String] = [:],
        in folder: String? = nil
    ) async throws -> Outcome {
        try await start(arguments, program: program, environment: environment, in: folder).end()
    }

    /// Waits until a recording, which may still grow, has enough of what a glob of streams names: lines as of `cat --raw`.
    static func wait(
        for what: Comment,
        on stream: String,
        of recording: String,
        until isEnough: ([String]) throws -> Bool = { !$0.isEmpty }
    ) async throws {
        try await ProxiedSession.until(what) {
            try isEnough(try await run(["cat", recording, "--stream", stream, "--raw"]).lines)
        }
    }
}

/// A program that runs; its output goes to files, so that no pipe fills up.
final class Running: @unchecked Sendable {
    // Guarded by use: one test owns it.
    let process: Process
    private let folder: TemporaryFolder
    private let output: FileHandle
    private let errors: FileHandle
    private let endedAt = Mutex<ContinuousClock.Instant?>(nil)

    /// - Parameter terminal: what it prints on instead of a file.
    init(_ process: Process, _ input: FileHandle, _ terminal: FileHandle? = nil) throws {
        self.process = process
        let folder = try TemporaryFolder()
        self.folder = folder
        let paths = ["output", "errors"].map { folder.path + "/" + $0 }
        for path in paths { try Data().write(to: URL(filePath: path)) }
        output = try #require(FileHandle(forWritingAtPath: paths[0]))
        errors = try #require(FileHandle(forWritingAtPath: paths[1]))
        process.standardOutput = terminal ?? output
        process.standardError = errors
        process.standardInput = input
        process.terminationHandler = { [weak self] _ in self?.endedAt.withLock { $0 = .now } }
        try process.run()
    }

    /// How long after a moment it had ended, as the kernel told it: whoever waits for it looks now and then only, and may have to
    /// wait for a thread.
    func ended(after begin: ContinuousClock.Instant) -> Duration {
        (endedAt.withLock { $0 } ?? .now) - begin
    }

    var outputSoFar: String {
        (try? String(contentsOfFile: folder.path + "/output", encoding: .utf8)) ?? ""
    }

    var errorsSoFar: String {
        (try? String(contentsOfFile: folder.path + "/errors", encoding: .utf8)) ?? ""
    }

    /// Waits until the output holds a line that `pick` takes something from; five minutes at most.
    func line<Value>(_ pick: (String) -> Value?) async throws -> Value {
        for _ in 0..<15_000 {
            // Asked before its output is read, so that what it said last is looked at.
            let isRunning = process.isRunning
            for line in outputSoFar.split(separator: "\n") {
                if let value = pick(String(line)) { return value }
            }
            if !isRunning { break }
            try await Task.sleep(for: .milliseconds(20))
        }
        let words = (try? String(contentsOfFile: folder.path + "/errors", encoding: .utf8)) ?? ""
        throw Missing(what: "the line was not printed; it said: \(outputSoFar) \(words)")
    }

    struct Missing: Error { var what: String }

    func interrupt() { process.interrupt() }
    func terminate() { process.terminate() }
    func kill() { Foundation.kill(process.processIdentifier, SIGKILL) }

    /// Waits for its end; one that does not come within ten minutes fails the test and is made.
    func end() async throws -> Program.Outcome {
        let limit = ContinuousClock.now + .seconds(600)
        while process.isRunning {
            guard ContinuousClock.now < limit else {
                let arguments = process.arguments ?? []
                kill()
                throw Missing(
                    what: "\(arguments) does not end; it said: \(outputSoFar) \(errorsSoFar)"
                )
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        process.waitUntilExit()
        return Program.Outcome(
            status: process.terminationReason == .exit
                ? process.terminationStatus : 128 + process.terminationStatus,
            output: outputSoFar,
            errors: (try? String(contentsOfFile: folder.path + "/errors", encoding: .utf8)) ?? ""
        )
    }

    deinit { if process.isRunning { kill() } }
}

/// A folder of a test's own, gone with it.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path =
            FileManager.default.temporaryDirectory
            .appending(path: "tapedeck-" + UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    /// Every file below it.
    var files: [String] {
        let walk = FileManager.default.enumerator(atPath: path)
        return (walk?.compactMap { $0 as? String } ?? []).map { path + "/" + $0 }.filter {
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: $0, isDirectory: &isFolder)
                && !isFolder.boolValue
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
