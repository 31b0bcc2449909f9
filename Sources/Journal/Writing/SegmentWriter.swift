import Market

/// Writes one segment: head, chunks, and at its end index, summary and footer.
///
/// It is built under another name and gets its own when its head is durable, so a segment with a
/// segment's name always has a whole head. Belongs to the recorder's thread.
final class SegmentWriter {
    static let draft = "segment" + RecordingDirectory.unfinished

    /// What the file is called until it is published.
    private let draft: String
    let directory: RecordingDirectory
    let head: SegmentHead
    let name: String
    let file: OpenFile
    /// Where the next record goes.
    private(set) var offset: UInt64 = 0
    private(set) var index: SegmentIndex
    private var crc: UInt32 = 0
    private var statistics = MCAP.Statistics()
    private var counts: [UInt64] = []
    private var attachments: [MCAP.AttachmentIndex] = []
    private var metadata: [MCAP.MetadataIndex] = []

    /// Makes the file under the draft's name and writes the head.
    init(
        _ head: SegmentHead,
        in directory: RecordingDirectory,
        draft: String = SegmentWriter.draft
    ) throws(JournalError) {
        self.directory = directory
        self.draft = draft
        self.head = head
        name = RecordingDirectory.segmentName(head.first)
        index = SegmentIndex(chain: head.chain)
        try directory.removeIfThere(draft)
        file = try directory.open(draft, .create)
        let encoded = head.encode()
        metadata.append(
            MCAP.MetadataIndex(
                offset: UInt64(encoded.metadata),
                length: UInt64(encoded.streams - encoded.metadata),
                name: SegmentHead.metadataName
            )
        )
        let time = UInt64(bitPattern: head.time.nanoseconds)
        // The data size is what remains of the record without its other fields: see `attachment`.
        attachments.append(
            MCAP.AttachmentIndex(
                offset: UInt64(encoded.streams),
                length: UInt64(encoded.checkpoint - encoded.streams),
                time: time,
                dataSize: UInt64(encoded.checkpoint - encoded.streams)
                    - SegmentWriter.attachmentOverhead(SegmentHead.streamsName, "application/json"),
                name: SegmentHead.streamsName,
                mediaType: "application/json"
            )
        )
        attachments.append(
            MCAP.AttachmentIndex(
                offset: UInt64(encoded.checkpoint),
                length: UInt64(encoded.bytes.count - encoded.checkpoint),
                time: time,
                dataSize: UInt64(head.checkpoint.count),
                name: SegmentHead.checkpointName,
                mediaType: "application/octet-stream"
            )
        )
        var buffer = ByteBuffer(capacity: encoded.bytes.count)
        buffer.append(encoded.bytes)
        do throws(JournalError) {
            try append(buffer.bytes)
        } catch {
            discard()
            throw error
        }
    }

    /// The head, and chunks written so far, are durable and have their name.
    func publish() throws(JournalError) {
        try directory.sync(file, name)
        try directory.rename(draft, to: name)
        try directory.syncNames()
    }

    func close() { directory.files.close(file) }

    /// Gives up a segment that could not be published, and the room that its draft takes.
    func discard() {
        close()
        // What cannot be removed now is removed by whoever builds the next segment.
        try? directory.removeIfThere(SegmentWriter.draft)
    }

    /// Appends an encoded Chunk record.
    func append(_ chunk: EncodedChunk) throws(JournalError) {
        var entry = chunk.entry
        entry.offset = offset
        try append(chunk.buffer.bytes)
        index.entries.append(entry)
        index.chain = chunk.commit.chain
        statistics.chunkCount += 1
        for (position, channel) in entry.channels.enumerated() {
            while counts.count <= Int(channel) { counts.append(0) }
            counts[Int(channel)] += chunk.counts[position]
            statistics.messageCount += chunk.counts[position]
        }
        if statistics.chunkCount == 1 { statistics.startTime = entry.startTime }
        statistics.endTime = entry.endTime
    }

    private func append(_ bytes: UnsafeRawBufferPointer) throws(JournalError) {
        try directory.write(file, name, bytes, at: offset)
        crc = Checksum.crc32(bytes, from: crc)
        offset += UInt64(bytes.count)
    }

    private static func attachmentOverhead(_ name: String, _ mediaType: String) -> UInt64 {
        UInt64(MCAP.recordHeader + 8 + 8 + 4 + name.utf8.count + 4 + mediaType.utf8.count + 8 + 4)
    }
}

extension SegmentWriter {
    /// Index, DataEnd, a sync, summary, footer.
    ///
    /// The data is durable before the summary is written: a whole summary after power loss then proves that
    /// index and seal, which it points to, are whole too. The summary itself is not synced here.
    ///
    /// - Parameters:
    ///   - seal: makes it the last segment of a sealed recording.
    ///   - mark: says that the segment was compacted.
    ///   - notes: what stands beside the records.
    func finish(
        seal: MCAP.Metadata?,
        streams: [ChannelAnnouncement],
        mark: MCAP.Metadata? = nil,
        notes: [MCAP.Attachment] = []
    ) throws(JournalError) {
        var end = ByteBuffer(capacity: 4096)
        for note in notes {
            let start = end.count
            end.attachment(note)
            attachments.append(
                MCAP.AttachmentIndex(
                    offset: offset + UInt64(start),
                    length: UInt64(end.count - start),
                    time: note.time,
                    dataSize: UInt64(note.data.count),
                    name: note.name,
                    mediaType: note.mediaType
                )
            )
        }
        let indexStart = end.count
        let indexAttachment = MCAP.Attachment(
            time: statistics.endTime,
            name: SegmentIndex.name,
            mediaType: "application/octet-stream",
            data: index.encode()
        )
        end.attachment(indexAttachment)
        attachments.append(
            MCAP.AttachmentIndex(
                offset: offset + UInt64(indexStart),
                length: UInt64(end.count - indexStart),
                time: statistics.endTime,
                dataSize: UInt64(indexAttachment.data.count),
                name: indexAttachment.name,
                mediaType: indexAttachment.mediaType
            )
        )
        for note in [mark, seal].compactMap({ $0 }) {
            let start = end.count
            end.metadata(note)
            metadata.append(
                MCAP.MetadataIndex(
                    offset: offset + UInt64(start),
                    length: UInt64(end.count - start),
                    name: note.name
                )
            )
        }
        try append(end.bytes)
        end.count = 0
        end.dataEnd(crc: crc)
        try append(end.bytes)
        try directory.sync(file, name)
        end.count = 0
        writeSummary(into: &end, streams: streams)
        try append(end.bytes)
    }

    /// Groups of records of one kind, an offset for each group, the footer.
    private func writeSummary(into buffer: inout ByteBuffer, streams: [ChannelAnnouncement]) {
        let start = offset
        var groups: [MCAP.SummaryOffset] = []
        func group(
            _ buffer: inout ByteBuffer,
            _ opcode: MCAP.Opcode,
            _ body: (inout ByteBuffer) -> Void
        ) {
            let begin = buffer.count
            body(&buffer)
            guard buffer.count > begin else { return }
            groups.append(
                MCAP.SummaryOffset(
                    opcode: opcode.rawValue,
                    start: start + UInt64(begin),
                    length: UInt64(buffer.count - begin)
                )
            )
        }
        let used = streams.filter {
            counts.indices.contains(Int($0.id.value)) && counts[Int($0.id.value)] > 0
        }
        statistics.channelCount = UInt32(used.count)
        statistics.attachmentCount = UInt32(attachments.count)
        statistics.metadataCount = UInt32(metadata.count)
        statistics.channelMessageCounts = used.map {
            MCAP.ChannelCount(channel: $0.id.value, count: counts[Int($0.id.value)])
        }
        group(&buffer, .channel) { for stream in used { $0.channel(stream.channel) } }
        group(&buffer, .statistics) { $0.statistics(statistics) }
        group(&buffer, .metadataIndex) { for entry in metadata { $0.metadataIndex(entry) } }
        group(&buffer, .attachmentIndex) { for entry in attachments { $0.attachmentIndex(entry) } }
        group(&buffer, .chunkIndex) {
            for entry in index.entries { $0.chunkIndex(entry.chunkIndex) }
        }
        let offsets = start + UInt64(buffer.count)
        for entry in groups { buffer.summaryOffset(entry) }
        buffer.append(MCAP.Opcode.footer.rawValue)
        buffer.append(UInt64(20))
        buffer.append(start)
        buffer.append(offsets)
        buffer.append(Checksum.crc32(buffer.bytes))
        buffer.append(MCAP.magic)
    }
}

extension SegmentIndex.Entry {
    var chunkIndex: MCAP.ChunkIndex {
        MCAP.ChunkIndex(
            startTime: startTime,
            endTime: endTime,
            offset: offset,
            length: length,
            compression: "zstd",
            compressedSize: compressedSize,
            uncompressedSize: uncompressedSize
        )
    }
}
