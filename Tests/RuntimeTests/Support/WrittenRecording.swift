import Foundation
import Market
import Runtime

@testable import Journal

/// A folder of a test's own, gone with it.
final class TestFolder {
    let path: String

    init() throws {
        let name = "tapedeck-runtime-" + UUID().uuidString
        let url = FileManager.default.temporaryDirectory.appendingPathComponent(name)
        path = url.path
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Writes a recording whose records have their numbers and times already, as those of a session on a virtual clock.
final class RecordingDraft {
    private let builder: RecordingBuilder
    private var ids: [String: StreamID] = [:]

    init(_ path: String, id: String, segmentBytes: UInt64 = 256 << 20) throws {
        builder = try RecordingBuilder(
            path,
            SegmentHead(
                id: id,
                run: 1,
                first: .first,
                chain: ChainHasher.genesis(id: id),
                time: .zero,
                previous: nil,
                recovered: 0,
                labels: [],
                streams: StreamTable.own,
                checkpoint: []
            ),
            files: SystemFiles()
        )
        builder.level = 1
        builder.segmentBytes = segmentBytes
    }

    func add(_ stream: String, time: Timestamp, payload: [UInt8]) throws {
        let id: StreamID
        if let known = ids[stream] {
            id = known
        } else {
            id = try builder.table.id(named: stream, origin: "")
            ids[stream] = id
        }
        try payload.withUnsafeBytes { try builder.add(id, time: time, payload: $0) }
    }

    func seal() throws { _ = try builder.seal(.sealed) }
}

extension World {
    /// What was recorded, as a recording on disk.
    func write(to path: String) throws -> Recording {
        let draft = try RecordingDraft(path, id: start.session)
        for record in records {
            try draft.add(record.name.text, time: record.time, payload: record.payload)
        }
        try draft.seal()
        return try Recording.open(path)
    }
}
