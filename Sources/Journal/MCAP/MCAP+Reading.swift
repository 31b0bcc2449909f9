/// Each MCAP record from the bytes of its body. Fields added by later versions of the standard are ignored.
extension MCAP {
    static func channel(_ body: UnsafeRawBufferPointer) throws(Malformed) -> Channel {
        var reader = ByteReader(body)
        let id = try reader.integer(UInt16.self)
        _ = try reader.integer(UInt16.self)
        let topic = try reader.string()
        guard topic.utf8.count <= MCAP.largestTopic else {
            var malformed = Malformed("a topic of \(topic.utf8.count) bytes", at: 4)
            malformed.reason = .tooLarge(
                what: "a channel's topic",
                bytes: UInt64(topic.utf8.count),
                limit: UInt64(MCAP.largestTopic)
            )
            throw malformed
        }
        let encoding = try reader.string()
        _ = try reader.take(try reader.integer(UInt32.self))
        return Channel(id: id, topic: topic, messageEncoding: encoding)
    }

    /// The header's fields and where in `body` the records begin.
    static func chunk(
        _ body: UnsafeRawBufferPointer
    ) throws(Malformed) -> (header: ChunkHeader, records: Int) {
        var reader = ByteReader(body)
        let header = ChunkHeader(
            startTime: try reader.integer(),
            endTime: try reader.integer(),
            uncompressedSize: try reader.integer(),
            uncompressedCRC: try reader.integer(),
            compression: try reader.string(),
            recordsLength: try reader.integer()
        )
        return (header, reader.offset)
    }

    static func metadata(_ body: UnsafeRawBufferPointer) throws(Malformed) -> Metadata {
        var reader = ByteReader(body)
        return Metadata(name: try reader.string(), values: try reader.map())
    }

    /// MCAP lets a checksum of 0 stand for none; of our own files each is held, since a 0 there is damage.
    static func attachment(
        _ body: UnsafeRawBufferPointer,
        isOurs: Bool
    ) throws(Malformed) -> Attachment {
        var reader = ByteReader(body)
        let time = try reader.integer(UInt64.self)
        _ = try reader.integer(UInt64.self)
        let name = try reader.string()
        let mediaType = try reader.string()
        let data = try reader.take(try reader.integer(UInt64.self))
        let covered = UnsafeRawBufferPointer(rebasing: body[..<reader.offset])
        let crc = try reader.integer(UInt32.self)
        guard crc == Checksum.crc32(covered) || (!isOurs && crc == 0) else {
            throw Malformed("attachment `\(name)` fails its checksum", at: 0)
        }
        return Attachment(time: time, name: name, mediaType: mediaType, data: Array(data))
    }

    static func chunkIndex(_ body: UnsafeRawBufferPointer) throws(Malformed) -> ChunkIndex {
        var reader = ByteReader(body)
        let start = try reader.integer(UInt64.self)
        let end = try reader.integer(UInt64.self)
        let offset = try reader.integer(UInt64.self)
        let length = try reader.integer(UInt64.self)
        _ = try reader.take(try reader.integer(UInt32.self))
        _ = try reader.integer(UInt64.self)
        return ChunkIndex(
            startTime: start,
            endTime: end,
            offset: offset,
            length: length,
            compression: try reader.string(),
            compressedSize: try reader.integer(),
            uncompressedSize: try reader.integer()
        )
    }

    static func attachmentIndex(_ body: UnsafeRawBufferPointer) throws(Malformed) -> AttachmentIndex
    {
        var reader = ByteReader(body)
        let offset = try reader.integer(UInt64.self)
        let length = try reader.integer(UInt64.self)
        let time = try reader.integer(UInt64.self)
        _ = try reader.integer(UInt64.self)
        return AttachmentIndex(
            offset: offset,
            length: length,
            time: time,
            dataSize: try reader.integer(),
            name: try reader.string(),
            mediaType: try reader.string()
        )
    }

    static func metadataIndex(_ body: UnsafeRawBufferPointer) throws(Malformed) -> MetadataIndex {
        var reader = ByteReader(body)
        return MetadataIndex(
            offset: try reader.integer(),
            length: try reader.integer(),
            name: try reader.string()
        )
    }

    static func statistics(_ body: UnsafeRawBufferPointer) throws(Malformed) -> Statistics {
        var reader = ByteReader(body)
        var statistics = Statistics(
            messageCount: try reader.integer(),
            schemaCount: try reader.integer(),
            channelCount: try reader.integer(),
            attachmentCount: try reader.integer(),
            metadataCount: try reader.integer(),
            chunkCount: try reader.integer(),
            startTime: try reader.integer(),
            endTime: try reader.integer()
        )
        var counts = ByteReader(try reader.take(try reader.integer(UInt32.self)))
        while !counts.isAtEnd {
            statistics.channelMessageCounts.append(
                ChannelCount(channel: try counts.integer(), count: try counts.integer())
            )
        }
        return statistics
    }

    static func footer(_ body: UnsafeRawBufferPointer) throws(Malformed) -> Footer {
        var reader = ByteReader(body)
        return Footer(
            summaryStart: try reader.integer(),
            summaryOffsetStart: try reader.integer(),
            summaryCRC: try reader.integer()
        )
    }
}
