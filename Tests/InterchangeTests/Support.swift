import Foundation
import Interchange
import Journal
import Market
import Testing

/// A folder of a test's own, gone with it.
final class Scratch {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "tapedeck-interchange-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ text: String) throws -> String {
        try write(name, Array(text.utf8))
    }

    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        let file = path + "/" + name
        try Data(bytes).write(to: URL(filePath: file))
        return file
    }

    func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: path + "/" + name)))
    }

    func lines(_ name: String) throws -> [String] {
        String(decoding: try bytes(name), as: UTF8.self).split(separator: "\n").map(String.init)
    }
}

/// A record as a test compares it.
struct Kept: Hashable, CustomStringConvertible {
    var sequence: UInt64
    var time: Int64
    var stream: String
    var payload: [UInt8]

    var description: String {
        "\(sequence) \(time) \(stream) \(String(decoding: payload.prefix(200), as: UTF8.self))"
    }
}

enum Tape {
    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// Records a session of these records, 1 ms and 1 ns apart, with a start of its own.
    @discardableResult
    static func make(
        _ path: String,
        _ records: [(stream: String, payload: [UInt8])],
        start: Int64 = 1_767_225_600_000_000_000,
        options: RecorderOptions = RecorderOptions()
    ) throws -> String {
        let recorder = try Recorder.open(path, options: options)
        var time = start
        try recorder.start(time: Timestamp(nanoseconds: time), payload: Array(#"{"run":1}"#.utf8))
        for record in records {
            time += 1_000_001
            let id = try recorder.stream(named: record.stream, origin: "wss://localhost")
            try recorder.append(id, time: Timestamp(nanoseconds: time), payload: record.payload)
        }
        try recorder.seal()
        return path
    }

    static func records(_ path: String) throws -> [Kept] {
        let cursor = try Recording.open(path).cursor()
        var kept: [Kept] = []
        while let record = try cursor.next() {
            kept.append(
                Kept(
                    sequence: record.sequence.value,
                    time: record.time.nanoseconds,
                    stream: cursor.name(of: record.stream).text,
                    payload: Array(record.payload)
                )
            )
        }
        return kept
    }

    /// Every kind of record that the product has: from the fixtures, where the folder is the stream, and ``ownKinds``.
    static func everyKind() throws -> [(stream: String, payload: [UInt8])] {
        let folder = root.appending(path: "Fixtures/payloads").path
        let walk = try #require(FileManager.default.enumerator(atPath: folder))
        var records: [(stream: String, payload: [UInt8])] = []
        for name in walk.map({ $0 as? String ?? "" }).sorted() {
            guard name.hasSuffix(".json") || name.hasSuffix(".record"), name.contains("/") else {
                continue
            }
            let stream = name.split(separator: "/").dropLast().joined(separator: "/")
            let isRecorders = stream == "session/start" || stream == "session/channel"
            guard !isRecorders else { continue }
            let payload = try Data(contentsOf: URL(filePath: folder + "/" + name))
            records.append((stream, Array(payload)))
        }
        return records + ownKinds
    }

    static func options(_ format: Import.Format) -> Import.Options {
        Import.Options(format) { id, _ in Array(#"{"session":"\#(id)"}"#.utf8) }
    }

    static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
}
