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
    convenience init(
        _ builder: inout ChunkBuilder,
        compressor: Compressor,
        level: Int32,
        scratch: inout ByteBuffer
    ) throws(Malformed) {
        let commit = builder.commit()
        try self.init(
            builder.records.bytes,
            Content(
                first: builder.first,
                last: builder.last,
                startTime: builder.startTime,
                endTime: builder.endTime,
                channels: builder.channels,
                counts: builder.counts,
                commit: commit
            ),
            compressor: compressor,
            level: level,
            scratch: &scratch
        )
    }

    /// What a chunk's records are, besides their bytes.
    struct Content {
        var first: SequenceNumber
        var last: SequenceNumber
        var startTime: UInt64
        var endTime: UInt64
        /// Ids in order of first use, and how many Messages of each.
        var channels: [UInt16]
        var counts: [UInt64]
        /// The last in it.
        var commit: Commit
    }

    /// Compresses records that end with a commit.
    init(
        _ records: UnsafeRawBufferPointer,
        _ content: Content,
        compressor: Compressor,
        level: Int32,
        scratch: inout ByteBuffer
    ) throws(Malformed) {
        commit = content.commit
        scratch.count = 0
        scratch.append(MCAP.Opcode.chunk.rawValue)
        scratch.append(UInt64(0))
        scratch.append(content.startTime)
        scratch.append(content.endTime)
        scratch.append(UInt64(records.count))
        scratch.append(Checksum.crc32(records))
        scratch.string("zstd")
        scratch.append(UInt64(0))
        let start = scratch.count
        let size = try compressor.compress(records, level: level, into: &scratch)
        scratch.set(UInt64(size), at: start - 8)
        scratch.set(UInt64(scratch.count - MCAP.recordHeader), at: 1)
        var exact = ByteBuffer(capacity: scratch.count)
        exact.append(scratch.bytes)
        buffer = exact
        entry = SegmentIndex.Entry(
            offset: 0,
            length: UInt64(buffer.count),
            first: content.first,
            last: content.last,
            startTime: content.startTime,
            endTime: content.endTime,
            uncompressedSize: UInt64(records.count),
            compressedSize: UInt64(size),
            channels: content.channels
        )
        counts = content.counts
    }

    /// Takes a Chunk record as it is.
    init(copy record: UnsafeRawBufferPointer, _ content: Content, uncompressed: Int) {
        var exact = ByteBuffer(capacity: record.count)
        exact.append(record)
        buffer = exact
        commit = content.commit
        counts = content.counts
        // Between the header's fields and the records stand the name of the compression and two lengths.
        let header = MCAP.recordHeader + 8 + 8 + 8 + 4 + 4 + 4 + 8
        entry = SegmentIndex.Entry(
            offset: 0,
            length: UInt64(record.count),
            first: content.first,
            last: content.last,
            startTime: content.startTime,
            endTime: content.endTime,
            uncompressedSize: UInt64(uncompressed),
            compressedSize: UInt64(max(0, record.count - header)),
            channels: content.channels
        )
    }
}
