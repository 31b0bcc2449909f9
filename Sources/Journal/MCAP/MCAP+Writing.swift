/// Each MCAP record as bytes at the end of a buffer.
extension ByteBuffer {
    /// Opcode, length and body; the length is filled in when the body is there.
    mutating func record(_ opcode: MCAP.Opcode, _ body: (inout ByteBuffer) -> Void) {
        append(opcode.rawValue)
        append(UInt64(0))
        let start = count
        body(&self)
        set(UInt64(count - start), at: start - 8)
    }

    mutating func string(_ text: String) {
        append(UInt32(text.utf8.count))
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    mutating func map(_ pairs: [Label]) {
        append(UInt32(0))
        let start = count
        for pair in pairs {
            string(pair.key)
            string(pair.value)
        }
        set(UInt32(count - start), at: start - 4)
    }

    mutating func header(profile: String, library: String) {
        record(.header) {
            $0.string(profile)
            $0.string(library)
        }
    }

    /// No schema: payloads are self-describing.
    mutating func channel(_ channel: MCAP.Channel) {
        record(.channel) {
            $0.append(channel.id)
            $0.append(UInt16(0))
            $0.string(channel.topic)
            $0.string(channel.messageEncoding)
            $0.map([])
        }
    }

    mutating func message(
        channel: UInt16,
        sequence: UInt32,
        time: UInt64,
        payload: UnsafeRawBufferPointer
    ) {
        record(.message) {
            $0.append(channel)
            $0.append(sequence)
            $0.append(time)
            $0.append(time)
            $0.append(payload)
        }
    }

    mutating func metadata(_ metadata: MCAP.Metadata) {
        record(.metadata) {
            $0.string(metadata.name)
            $0.map(metadata.values)
        }
    }

    mutating func attachment(_ attachment: MCAP.Attachment) {
        record(.attachment) {
            let start = $0.count
            $0.append(attachment.time)
            $0.append(attachment.time)
            $0.string(attachment.name)
            $0.string(attachment.mediaType)
            $0.append(UInt64(attachment.data.count))
            $0.append(attachment.data)
            $0.append(Checksum.crc32(UnsafeRawBufferPointer(rebasing: $0.bytes[start...])))
        }
    }

    mutating func chunkIndex(_ index: MCAP.ChunkIndex) {
        record(.chunkIndex) {
            $0.append(index.startTime)
            $0.append(index.endTime)
            $0.append(index.offset)
            $0.append(index.length)
            // No MessageIndex: an empty map of offsets, and its length.
            $0.append(UInt32(0))
            $0.append(UInt64(0))
            $0.string(index.compression)
            $0.append(index.compressedSize)
            $0.append(index.uncompressedSize)
        }
    }

    mutating func attachmentIndex(_ index: MCAP.AttachmentIndex) {
        record(.attachmentIndex) {
            $0.append(index.offset)
            $0.append(index.length)
            $0.append(index.time)
            $0.append(index.time)
            $0.append(index.dataSize)
            $0.string(index.name)
            $0.string(index.mediaType)
        }
    }

    mutating func metadataIndex(_ index: MCAP.MetadataIndex) {
        record(.metadataIndex) {
            $0.append(index.offset)
            $0.append(index.length)
            $0.string(index.name)
        }
    }

    mutating func statistics(_ statistics: MCAP.Statistics) {
        record(.statistics) {
            $0.append(statistics.messageCount)
            $0.append(statistics.schemaCount)
            $0.append(statistics.channelCount)
            $0.append(statistics.attachmentCount)
            $0.append(statistics.metadataCount)
            $0.append(statistics.chunkCount)
            $0.append(statistics.startTime)
            $0.append(statistics.endTime)
            $0.append(UInt32(statistics.channelMessageCounts.count * 10))
            for entry in statistics.channelMessageCounts {
                $0.append(entry.channel)
                $0.append(entry.count)
            }
        }
    }

    mutating func summaryOffset(_ offset: MCAP.SummaryOffset) {
        record(.summaryOffset) {
            $0.append(offset.opcode)
            $0.append(offset.start)
            $0.append(offset.length)
        }
    }

    mutating func dataEnd(crc: UInt32) {
        record(.dataEnd) { $0.append(crc) }
    }
}
