import Market

/// A Chunk record as its bytes, with what the index says of it; kept until it is durable.
final class EncodedChunk {
    let buffer: ByteBuffer
    let entry: SegmentIndex.Entry
    let commit: Commit
    /// How many Messages of each of the entry's channels, the commit included.
    let counts: [UInt64]

    /// Commits and compresses what the builder holds.
    ///
    /// The builder must then begin anew.
    init(
        _ builder: inout ChunkBuilder,
        compressor: Compressor,
        level: Int32,
        scratch: inout ByteBuffer
    ) throws(Malformed) {
        commit = builder.commit()
        scratch.count = 0
        scratch.append(MCAP.Opcode.chunk.rawValue)
        scratch.append(UInt64(0))
        scratch.append(builder.startTime)
        scratch.append(builder.endTime)
        scratch.append(UInt64(builder.records.count))
        scratch.append(Checksum.crc32(builder.records.bytes))
        scratch.string("zstd")
        scratch.append(UInt64(0))
        let start = scratch.count
        let size = try compressor.compress(builder.records.bytes, level: level, into: &scratch)
        scratch.set(UInt64(size), at: start - 8)
        scratch.set(UInt64(scratch.count - MCAP.recordHeader), at: 1)
        var exact = ByteBuffer(capacity: scratch.count)
        exact.append(scratch.bytes)
        buffer = exact
        entry = SegmentIndex.Entry(
            offset: 0,
            length: UInt64(buffer.count),
            first: builder.first,
            last: builder.last,
            startTime: builder.startTime,
            endTime: builder.endTime,
            uncompressedSize: UInt64(builder.records.count),
            compressedSize: UInt64(size),
            channels: builder.channels
        )
        counts = builder.counts
    }
}
