import CZstd
import Synchronization

/// zstd with its working memory kept between chunks.
///
/// Not Sendable: one owner, one thread.
final class Compressor {
    private let context = ZSTD_createCCtx()

    deinit { ZSTD_freeCCtx(context) }

    /// Appends the compressed bytes to `output` and says how many there are.
    func compress(
        _ bytes: UnsafeRawBufferPointer,
        level: Int32,
        into output: inout ByteBuffer
    ) throws(Malformed) -> Int {
        let bound = ZSTD_compressBound(bytes.count)
        output.reserve(bound)
        let written = ZSTD_compressCCtx(
            context,
            output.base + output.count,
            bound,
            bytes.baseAddress,
            bytes.count,
            level
        )
        guard ZSTD_isError(written) == 0 else {
            throw Malformed("zstd: \(String(cString: ZSTD_getErrorName(written)))", at: 0)
        }
        output.count += written
        return written
    }
}

/// zstd the other way.
///
/// Not Sendable: one owner, one thread.
final class Decompressor {
    /// Taken for the first chunk: who only looks at heads and tails needs none of its 160 KiB.
    private var context: OpaquePointer?

    deinit { Decompressor.give(context) }

    /// What is taken for a chunk at first: for each of its bytes, and for the smallest.
    ///
    /// Text compresses 1 to 64 only where nearly all of it repeats.
    private static let ratio = 64
    private static let least = 1 << 20

    /// Fills `output` with exactly `size` bytes, which the caller has bounded.
    ///
    /// Where they have no room yet and are many for what is there, it grows only as they come.
    func decompress(
        _ bytes: UnsafeRawBufferPointer,
        size: Int,
        into output: inout ByteBuffer
    ) throws(Malformed) {
        output.count = 0
        var room = size
        if size > output.capacity {
            let likely = max(bytes.count * Decompressor.ratio, Decompressor.least)
            room = min(size, max(output.capacity, likely))
        }
        output.reserve(room)
        if context == nil { context = Decompressor.take() }
        var written = decompress(bytes, room, output.base)
        // From the beginning, with twice the room: all rounds together cost one more. What the frame's header says is
        // not asked: it may lie too, and others write chunks of several frames.
        while room < size, ZSTD_getErrorCode(written) == ZSTD_error_dstSize_tooSmall {
            room = min(size, room * 2)
            output.reserve(room)
            written = decompress(bytes, room, output.base)
        }
        guard ZSTD_isError(written) == 0 else {
            throw Malformed("zstd: \(String(cString: ZSTD_getErrorName(written)))", at: 0)
        }
        guard written == size else {
            throw Malformed("a chunk of \(written) bytes that says it has \(size)", at: 0)
        }
        output.count = size
    }

    private func decompress(
        _ bytes: UnsafeRawBufferPointer,
        _ room: Int,
        _ base: UnsafeMutableRawPointer
    ) -> Int {
        ZSTD_decompressDCtx(context, base, room, bytes.baseAddress, bytes.count)
    }

    /// Bytes that a frame's header takes at most.
    static let largestHeader: UInt64 = 18

    /// Whether bytes begin as a frame that may hold so many; its header need not say how many.
    static func mayHold(_ size: UInt64, _ frame: UnsafeRawBufferPointer) -> Bool {
        // Two values of `unsigned long long` that are macros in C: unknown, and no frame.
        switch ZSTD_getFrameContentSize(frame.baseAddress, frame.count) {
        case .max: true
        case .max - 1: false
        case let said: said == size
        }
    }

    /// Contexts that nobody uses now, by address: making one costs as much as a small chunk.
    private static let spares = Mutex<[Int]>([])
    private static let sparesKept = 4

    private static func take() -> OpaquePointer? {
        let spare = spares.withLock { $0.popLast() }
        return spare.flatMap { OpaquePointer(bitPattern: $0) } ?? ZSTD_createDCtx()
    }

    private static func give(_ context: OpaquePointer?) {
        guard let context else { return }
        let isKept = spares.withLock { spares in
            guard spares.count < sparesKept else { return false }
            spares.append(Int(bitPattern: context))
            return true
        }
        if !isKept { ZSTD_freeDCtx(context) }
    }
}
