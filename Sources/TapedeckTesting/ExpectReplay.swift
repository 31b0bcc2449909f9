import Journal
import Market
public import Runtime
import Testing
public import Trading

/// What a replay is held to besides its commands and the outcomes of risk: by default, nothing.
public typealias ReplayStrictness = Runtime.ReplayStrictness

/// Expects that a strategy does today what it did in a recording: every command, and every outcome of risk.
///
/// An issue is recorded in your test where it does not: with the record's number, both commands, and the fields that
/// differ. `tapedeck slice --replayable` makes a recording small enough to keep beside the tests.
///
/// ```swift
/// @Test func `incident 42 goes as it went`() async throws {
///     try await expectReplay(of: "fixtures/incident-42", with: MyStrategy.self)
/// }
/// ```
///
/// - Parameters:
///   - path: the recording's directory; not an absolute one is beside the file of the test.
///   - strategies: what the recording ran, by their kinds; those of Tapedeck itself are known.
///   - strictness: what must be the same too.
/// - Throws: `ReplayError` or `JournalError` where the recording cannot be read or was made by other strategies.
public func expectReplay(
    of path: String,
    with strategies: any Strategy.Type...,
    strictness: ReplayStrictness = ReplayStrictness(),
    fileID: String = #fileID,
    filePath: String = #filePath,
    line: Int = #line,
    column: Int = #column
) async throws {
    let place = SourceLocation(fileID: fileID, filePath: filePath, line: line, column: column)
    let fixture = Fixture(path, beside: filePath, strategies)
    let recording = try fixture.open()
    var replay = Replay(registry: fixture.registry)
    replay.strictness = strictness
    let result = try replay.run(recording)
    let complaint: String? =
        switch result.outcome {
        case .differs(let divergence): "\(divergence)"
        case .nothingToJudge(let why): "nothing to judge: \(why)"
        case .identical where strictness.state && !result.uncomparedComponents.isEmpty:
            "state was not compared: \(result.uncomparedComponents.joined(separator: "; "))"
        case .identical: nil
        }
    if let complaint {
        Issue.record(Comment(rawValue: "\(path): \(complaint)"), sourceLocation: place)
    }
}

/// A recording beside a test, and the strategies that it is replayed with.
struct Fixture {
    let path: String
    let registry: StrategyRegistry

    init(_ path: String, beside file: String, _ strategies: [any Strategy.Type]) {
        self.path = Fixture.resolved(path, beside: file)
        var registry = StrategyRegistry.standard
        for strategy in strategies { registry.register(strategy) }
        self.registry = registry
    }

    static func resolved(_ path: String, beside file: String) -> String {
        guard !path.hasPrefix("/") else { return path }
        let folder = file.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        return folder.joined(separator: "/") + "/" + path
    }

    func open() throws -> Recording {
        let recording = try Recording.open(path)
        if let damage = recording.damage.first { throw damage }
        return recording
    }
}
