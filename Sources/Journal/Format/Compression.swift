import CZstd

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
    private let context = ZSTD_createDCtx()

    deinit { ZSTD_freeDCtx(context) }

    /// Fills `output` with exactly `size` bytes, which the caller has bounded.
    func decompress(
        _ bytes: UnsafeRawBufferPointer,
        size: Int,
        into output: inout ByteBuffer
    ) throws(Malformed) {
        output.count = 0
        output.reserve(size)
        let written = ZSTD_decompressDCtx(
            context,
            output.base,
            size,
            bytes.baseAddress,
            bytes.count
        )
        guard ZSTD_isError(written) == 0 else {
            throw Malformed("zstd: \(String(cString: ZSTD_getErrorName(written)))", at: 0)
        }
        guard written == size else {
            throw Malformed("a chunk of \(written) bytes that says it has \(size)", at: 0)
        }
        output.count = size
    }
}
