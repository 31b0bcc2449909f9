import Market
import Testing

@testable import Journal

/// Chunks that say that they hold more than they do: memory is taken for what comes, not for what is said.
@Suite struct FalseSizeTests {
    private static let claimed = 100 << 20
    private static let block = 128 << 10

    private static func bytes(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// A frame of `count` blocks, each one byte 128 KiB times, whose header says that it has `size` bytes.
    private static func frame(_ count: Int, size: Int, isWhole: Bool) -> [UInt8] {
        var frame: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd, 0xa0]
        frame += bytes(size, 4)
        for index in 0..<count {
            let last = isWhole && index == count - 1 ? 1 : 0
            frame += bytes((block << 3) | (1 << 1) | last, 3)
            frame.append(0x41)
        }
        return frame
    }

    /// Decompresses to `size` bytes: what was thrown, how many there are, and how many there was room for.
    private func decompress(
        _ frame: [UInt8],
        size: Int
    ) -> (failure: Malformed?, count: Int, capacity: Int) {
        var input = ByteBuffer()
        input.append(frame)
        var output = ByteBuffer()
        var failure: Malformed?
        do throws(Malformed) {
            try Decompressor().decompress(input.bytes, size: size, into: &output)
        } catch {
            failure = error
        }
        return (failure, output.count, output.capacity)
    }

    @Test func `a frame cut off takes memory for what came of it`() {
        let frame = FalseSizeTests.frame(22, size: FalseSizeTests.claimed, isWhole: false)
        #expect(frame.count < 100)
        let read = decompress(frame, size: FalseSizeTests.claimed)
        #expect(read.failure != nil)
        #expect(read.count == 0)
        #expect(read.capacity <= 2 * 22 * FalseSizeTests.block)
    }

    @Test func `a whole frame that is shorter than its chunk says is told with both lengths`() {
        let held = 22 * FalseSizeTests.block
        let frame = FalseSizeTests.frame(22, size: held, isWhole: true)
        let read = decompress(frame, size: FalseSizeTests.claimed)
        let claimed = FalseSizeTests.claimed
        #expect(read.failure?.text == "a chunk of \(held) bytes that says it has \(claimed)")
        #expect(read.capacity <= 2 * held)
    }

    @Test func `what compresses so well is decompressed all the same`() {
        let held = 22 * FalseSizeTests.block
        let frame = FalseSizeTests.frame(22, size: held, isWhole: true)
        let read = decompress(frame, size: held)
        #expect(read.failure == nil)
        #expect(read.count == held)
        // Several frames, as others may write them.
        let both = decompress(frame + frame, size: 2 * held)
        #expect(both.failure == nil)
        #expect(both.count == 2 * held)
        #expect(decompress(frame + frame, size: 2 * held - 1).failure != nil)
    }

    @Test func `a chunk of a hundred bytes that claims a hundred MiB is refused`() throws {
        let frame = FalseSizeTests.frame(12, size: FalseSizeTests.claimed, isWhole: false)
        var body = ByteBuffer()
        body.append(UInt64(1))
        body.append(UInt64(2))
        body.append(UInt64(FalseSizeTests.claimed))
        body.append(UInt32(0))
        body.string("zstd")
        body.append(UInt64(frame.count))
        body.append(frame)
        let size = body.count
        #expect(size <= 101)
        let chunk = DecodedChunk()
        var reason: JournalError.Reason?
        do throws(JournalError.Reason) {
            try chunk.decode(chunk: body.bytes, isOurs: true, first: .first)
        } catch {
            reason = error
        }
        #expect(reason != nil)
        let capacity = chunk.records.capacity
        #expect(capacity <= 4 << 20)
    }
}
