public import Market

/// Writes a standard MCAP file, record by record, to wherever its bytes are taken.
///
/// Not a segment of ours: no commits, no chain, no profile, and with a MessageIndex when asked for, which the
/// indexed readers of Go and TypeScript need. Not Sendable: one owner, one thread.
public final class MCAPFile<Failure: Error> {
    /// A chunk closes when its uncompressed bytes reach this.
    public static var chunkBytes: Int { 1 << 20 }

    private let take: (UnsafeRawBufferPointer) throws(Failure) -> Void
    private let isIndexed: Bool
    private var offset: UInt64 = 0
    private var dataCRC: UInt32 = 0
    private var records = ByteBuffer(capacity: MCAPFile.chunkBytes + 65_536)
    private let compressor = Compressor()
    private var channels: [MCAP.Channel] = []
    private var isKnown = [Bool](repeating: false, count: 1 << 16)
    private var counts = [UInt64](repeating: 0, count: 1 << 16)
    private var statistics = MCAP.Statistics()
    private var startTime: UInt64 = .max
    private var endTime: UInt64 = 0
    /// Of the open chunk, by channel: times and offsets of its Messages.
    private var entries: [UInt16: [(time: UInt64, offset: UInt64)]] = [:]
    private var chunks: [Chunk] = []
    private var metadata: MCAP.MetadataIndex?

    private struct Chunk {
        var index: MCAP.ChunkIndex
        var offsets: [(channel: UInt16, offset: UInt64)]
        var indexLength: UInt64
    }

    /// Begins the file; `facts` become a Metadata record named `tapedeck.export`.
    public init(
        isIndexed: Bool,
        facts: [Label],
        _ take: @escaping (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        self.take = take
        self.isIndexed = isIndexed
        var buffer = ByteBuffer(capacity: 4096)
        buffer.append(MCAP.magic)
        buffer.header(profile: "", library: "tapedeck export")
        let place = UInt64(buffer.count)
        buffer.metadata(MCAP.Metadata(name: "tapedeck.export", values: facts))
        metadata = MCAP.MetadataIndex(
            offset: place,
            length: UInt64(buffer.count) - place,
            name: "tapedeck.export"
        )
        statistics.metadataCount = 1
        try put(buffer.bytes)
    }

    /// Adds one record.
    public func append(_ record: borrowing Record, stream: StreamName) throws(Failure) {
        let id = record.stream.value
        if !isKnown[Int(id)] {
            isKnown[Int(id)] = true
            channels.append(
                MCAP.Channel(
                    id: id,
                    topic: stream.text,
                    messageEncoding: stream.kind.messageEncoding
                )
            )
            records.channel(channels[channels.count - 1])
        }
        let time = UInt64(bitPattern: record.time.nanoseconds)
        if isIndexed { entries[id, default: []].append((time, UInt64(records.count))) }
        records.message(
            channel: id,
            sequence: UInt32(truncatingIfNeeded: record.sequence.value),
            time: time,
            payload: record.payload
        )
        counts[Int(id)] += 1
        statistics.messageCount += 1
        startTime = min(startTime, time)
        endTime = max(endTime, time)
        if records.count >= MCAPFile.chunkBytes { try closeChunk() }
    }

    /// Writes the last chunk, summary and footer.
    public func finish() throws(Failure) {
        try closeChunk()
        var buffer = ByteBuffer(capacity: 65_536)
        buffer.dataEnd(crc: dataCRC)
        try put(buffer.bytes)
        let summaryStart = offset
        buffer.count = 0
        var offsets: [MCAP.SummaryOffset] = []
        func group(_ opcode: MCAP.Opcode, _ from: Int) {
            guard buffer.count > from else { return }
            offsets.append(
                MCAP.SummaryOffset(
                    opcode: opcode.rawValue,
                    start: summaryStart + UInt64(from),
                    length: UInt64(buffer.count - from)
                )
            )
        }
        for channel in channels { buffer.channel(channel) }
        group(.channel, 0)
        var from = buffer.count
        statistics.channelCount = UInt32(channels.count)
        statistics.chunkCount = UInt32(chunks.count)
        statistics.channelMessageCounts = channels.map(\.id).sorted().map {
            MCAP.ChannelCount(channel: $0, count: counts[Int($0)])
        }
        if let first = chunks.first?.index.startTime {
            statistics.startTime = chunks.reduce(first) { min($0, $1.index.startTime) }
            statistics.endTime = chunks.reduce(0) { max($0, $1.index.endTime) }
        }
        buffer.statistics(statistics)
        group(.statistics, from)
        from = buffer.count
        if let metadata { buffer.metadataIndex(metadata) }
        group(.metadataIndex, from)
        from = buffer.count
        for chunk in chunks { Self.write(chunk, to: &buffer) }
        group(.chunkIndex, from)
        let offsetStart = summaryStart + UInt64(buffer.count)
        for offset in offsets { buffer.summaryOffset(offset) }
        buffer.append(MCAP.Opcode.footer.rawValue)
        buffer.append(UInt64(20))
        buffer.append(summaryStart)
        buffer.append(offsetStart)
        buffer.append(Checksum.crc32(buffer.bytes))
        buffer.append(MCAP.magic)
        try put(buffer.bytes)
    }

    private func put(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
        dataCRC = Checksum.crc32(bytes, from: dataCRC)
        offset += UInt64(bytes.count)
        try take(bytes)
    }

    private func closeChunk() throws(Failure) {
        guard records.count > 0 else { return }
        var packed = ByteBuffer(capacity: 65_536)
        // zstd refuses nothing that fits in memory; without it the chunk would stand as it is.
        let size = try? compressor.compress(records.bytes, level: 3, into: &packed)
        let stored = size == nil ? records.bytes : packed.bytes
        let compression = size == nil ? "" : "zstd"
        var buffer = ByteBuffer(capacity: stored.count + 256)
        let start = offset
        buffer.record(.chunk) {
            $0.append(startTime)
            $0.append(endTime)
            $0.append(UInt64(records.count))
            $0.append(Checksum.crc32(records.bytes))
            $0.string(compression)
            $0.append(UInt64(stored.count))
            $0.append(stored)
        }
        var chunk = Chunk(
            index: MCAP.ChunkIndex(
                startTime: startTime,
                endTime: endTime,
                offset: start,
                length: UInt64(buffer.count),
                compression: compression,
                compressedSize: UInt64(stored.count),
                uncompressedSize: UInt64(records.count)
            ),
            offsets: [],
            indexLength: 0
        )
        let indexStart = buffer.count
        for channel in entries.keys.sorted() {
            chunk.offsets.append((channel, start + UInt64(buffer.count)))
            buffer.record(.messageIndex) {
                let list = entries[channel] ?? []
                $0.append(channel)
                $0.append(UInt32(list.count * 16))
                for entry in list {
                    $0.append(entry.time)
                    $0.append(entry.offset)
                }
            }
        }
        chunk.indexLength = UInt64(buffer.count - indexStart)
        chunks.append(chunk)
        try put(buffer.bytes)
        records.count = 0
        entries.removeAll(keepingCapacity: true)
        startTime = .max
        endTime = 0
    }

    private static func write(_ chunk: Chunk, to buffer: inout ByteBuffer) {
        buffer.record(.chunkIndex) {
            $0.append(chunk.index.startTime)
            $0.append(chunk.index.endTime)
            $0.append(chunk.index.offset)
            $0.append(chunk.index.length)
            $0.append(UInt32(chunk.offsets.count * 10))
            for entry in chunk.offsets {
                $0.append(entry.channel)
                $0.append(entry.offset)
            }
            $0.append(chunk.indexLength)
            $0.string(chunk.index.compression)
            $0.append(chunk.index.compressedSize)
            $0.append(chunk.index.uncompressedSize)
        }
    }
}
