import Market
import Synchronization
import Testing

@testable import Journal

/// Which of zstd's levels chunks are made with: what a chunk is stored as is what that level makes of its records.
@Suite struct LevelTests {
    private struct Chunk {
        var last: UInt64
        /// That give the stored bytes.
        var levels: [Int32]
    }

    private static let levels: [Int32] = [1, 3, 5]

    /// Chunks of a recording's only segment.
    private func chunks(_ path: String) throws -> [Chunk] {
        let bytes = try Scratch.read(path + "/000000000001.mcap")
        let compressor = Compressor()
        return try Records(bytes).all.filter { $0.opcode == 0x06 }.map { record in
            let body = Array(bytes[(record.offset + 9)..<record.end])
            return try body.withUnsafeBytes { body in
                let chunk = DecodedChunk()
                try chunk.decode(chunk: body, isOurs: true, first: .first)
                let stored = body[try MCAP.chunk(body).records...]
                let levels = try LevelTests.levels.filter { level in
                    var packed = ByteBuffer()
                    _ = try compressor.compress(chunk.records.bytes, level: level, into: &packed)
                    return packed.bytes.elementsEqual(stored)
                }
                return Chunk(last: chunk.last.value, levels: levels)
            }
        }
    }

    /// The recorder's thread stands in a write while the queue fills, and then has all of it at once.
    @Test(arguments: [(640 << 10, 1), (384 << 10, 3)] as [(queued: Int, level: Int32)])
    func `with more than half of a queue of 1 MiB taken chunks are made at level 1, else at 3`(
        queued: Int,
        level: Int32
    ) throws {
        let scratch = try Scratch()
        var options = RecorderOptions.small
        options.chunkBytes = 16 << 10
        options.segmentBytes = 64 << 20
        options.queueBytes = 1 << 20
        // How long a busy machine takes to fill a chunk shall make no difference.
        options.quietLevel = options.compressionLevel
        let stands = Atomic(false)
        let files = FaultyFiles { call, file, count in
            guard call == "write", file == "tail-a", count == 0 else { return nil }
            stands.store(true, ordering: .releasing)
            return .stall
        }
        let tape = try Tape(scratch.file("r"), options, files: files)
        try eventually { stands.load(ordering: .acquiring) }
        while tape.recorder.queuedBytes < queued { try tape.append(1) }
        let behind = tape.recorder.watermarks.appended
        files.open()
        try tape.recorder.waitUntilWritten(behind)
        for _ in 0..<40 { try tape.recorder.waitUntilWritten(try tape.append(10)) }
        try tape.recorder.seal()

        let chunks = try chunks(scratch.file("r"))
        let early = chunks.filter { $0.last <= behind.value }
        #expect(early.count > 10 && chunks.count > early.count + 2)
        for chunk in early { #expect(chunk.levels == [level], "up to record \(chunk.last)") }
        for chunk in chunks.dropFirst(early.count) {
            #expect(chunk.levels == [3], "up to record \(chunk.last)")
        }
    }
}
