import Glibc
import Market
import Runtime
import Testing
public import Trading

/// What a strategy does on a recording's inputs, a line each: record, stream, what was said.
///
/// Nothing is compared with the recorded outputs: for a strategy that is to do something else than it did. With the
/// recorded answers of the exchange, what follows its first other command answers to another history.
///
/// - Parameter limit: lines; what follows is counted in the last one.
public func replayedCommands(
    of path: String,
    with strategies: any Strategy.Type...,
    limit: Int = 10_000,
    filePath: String = #filePath
) async throws -> String {
    let fixture = Fixture(path, beside: filePath, strategies)
    var lines: [String] = []
    var more = 0
    _ = try Walk(registry: fixture.registry).run(fixture.open()) { (step, _) throws(ReplayError) in
        for output in step.outputs {
            guard case .command = output else { continue }
            guard lines.count < limit else {
                more += 1
                continue
            }
            var writer = JSONWriter()
            output.write(into: &writer)
            lines.append("\(step.header.sequence) \(output.stream) \(writer.text)")
        }
        return true
    }
    if more > 0 { lines.append("and \(more) more") }
    return lines.map { $0 + "\n" }.joined()
}

/// Expects a text to be the one in a file beside the test; where it is not, the lines that differ are shown.
///
/// With `TAPEDECK_RECORD_GOLDEN=1` in the environment the file is written, and the test fails once and says so: nobody
/// records by accident.
///
/// - Parameter name: the file's name in the folder `golden` beside the test.
public func expectGolden(
    _ text: String,
    named name: String,
    fileID: String = #fileID,
    filePath: String = #filePath,
    line: Int = #line,
    column: Int = #column
) throws {
    let place = SourceLocation(fileID: fileID, filePath: filePath, line: line, column: column)
    let path = Fixture.resolved("golden/" + name, beside: filePath)
    if getenv("TAPEDECK_RECORD_GOLDEN").map({ String(cString: $0) }) == "1" {
        try GoldenFile.write(text, to: path)
        Issue.record(
            "\(path) is recorded anew: look at the change, then run again without TAPEDECK_RECORD_GOLDEN",
            sourceLocation: place
        )
        return
    }
    guard let golden = GoldenFile.read(path) else {
        Issue.record(
            "there is no \(path) yet: run once with TAPEDECK_RECORD_GOLDEN=1",
            sourceLocation: place
        )
        return
    }
    guard golden != text else { return }
    let difference = GoldenFile.difference(from: golden, to: text)
    Issue.record(
        Comment(rawValue: "\(path) (-) and what was seen (+) differ:\n\(difference)"),
        sourceLocation: place
    )
}

/// A text that was right once.
enum GoldenFile {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    static func read(_ path: String) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&part, 1, part.count, file)
            guard count > 0 else { break }
            bytes += part[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func write(_ text: String, to path: String) throws {
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
            .joined(separator: "/")
        if mkdir(folder, 0o755) != 0, errno != EEXIST { throw failure(folder) }
        guard let file = fopen(path, "we") else { throw failure(path) }
        let bytes = Array(text.utf8)
        let count = fwrite(bytes, 1, bytes.count, file)
        guard fclose(file) == 0, count == bytes.count else { throw failure(path) }
    }

    private static func failure(_ path: String) -> Failure {
        Failure(description: "\(path) cannot be written: \(String(cString: strerror(errno)))")
    }

    /// Lines that differ, each with one of its own kind before and behind; at most forty.
    static func difference(from old: String, to new: String) -> String {
        let before = old.split(separator: "\n", omittingEmptySubsequences: false)
        let after = new.split(separator: "\n", omittingEmptySubsequences: false)
        var removed: Set<Int> = []
        var inserted: Set<Int> = []
        for change in after.difference(from: before) {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): inserted.insert(offset)
            }
        }
        var lines: [String] = []
        var left = 0
        var right = 0
        var skipped = true
        while left < before.count || right < after.count {
            if left < before.count, removed.contains(left) {
                lines.append("-\(left + 1): \(before[left])")
                left += 1
                skipped = false
            } else if right < after.count, inserted.contains(right) {
                lines.append("+\(right + 1): \(after[right])")
                right += 1
                skipped = false
            } else {
                if !skipped { lines.append(" …") }
                skipped = true
                left += 1
                right += 1
            }
            if lines.count >= 40 {
                lines.append("and more")
                break
            }
        }
        return lines.joined(separator: "\n")
    }
}
