/// The container format: <https://mcap.dev/spec>.
///
/// Words in this folder are MCAP's.
enum MCAP {
    static let magic: [UInt8] = [0x89, 0x4d, 0x43, 0x41, 0x50, 0x30, 0x0d, 0x0a]
    /// Opcode and length before each record.
    static let recordHeader = 9
    /// Channel id, sequence, log time and publish time of a Message.
    static let messageHeader = 22
    /// Footer record and magic at the end of a file.
    static let ending = recordHeader + 20 + 8

    /// In bytes; readers keep the topic of every channel.
    static let largestTopic = 4096

    enum Opcode: UInt8 {
        case header = 0x01
        case footer = 0x02
        case schema = 0x03
        case channel = 0x04
        case message = 0x05
        case chunk = 0x06
        case messageIndex = 0x07
        case chunkIndex = 0x08
        case attachment = 0x09
        case attachmentIndex = 0x0a
        case statistics = 0x0b
        case metadata = 0x0c
        case metadataIndex = 0x0d
        case summaryOffset = 0x0e
        case dataEnd = 0x0f
    }

    struct Channel: Hashable, Sendable {
        var id: UInt16
        var topic: String
        var messageEncoding: String
    }

    /// A Chunk's fields before its records.
    struct ChunkHeader: Hashable {
        var startTime: UInt64
        var endTime: UInt64
        var uncompressedSize: UInt64
        var uncompressedCRC: UInt32
        var compression: String
        var recordsLength: UInt64
    }

    struct ChunkIndex: Hashable {
        var startTime: UInt64
        var endTime: UInt64
        var offset: UInt64
        /// Of the whole record, opcode and length included.
        var length: UInt64
        var compression: String
        var compressedSize: UInt64
        var uncompressedSize: UInt64
    }

    struct Attachment: Hashable {
        var time: UInt64
        var name: String
        var mediaType: String
        var data: [UInt8]
    }

    struct AttachmentIndex: Hashable {
        var offset: UInt64
        var length: UInt64
        var time: UInt64
        var dataSize: UInt64
        var name: String
        var mediaType: String
    }

    struct Metadata: Hashable {
        var name: String
        var values: [Label]

        subscript(key: String) -> String? { values.first { $0.key == key }?.value }
    }

    struct MetadataIndex: Hashable {
        var offset: UInt64
        var length: UInt64
        var name: String
    }

    struct Statistics: Hashable {
        var messageCount: UInt64 = 0
        var schemaCount: UInt16 = 0
        var channelCount: UInt32 = 0
        var attachmentCount: UInt32 = 0
        var metadataCount: UInt32 = 0
        var chunkCount: UInt32 = 0
        var startTime: UInt64 = 0
        var endTime: UInt64 = 0
        /// Channel id and count, in the order of ids.
        var channelMessageCounts: [ChannelCount] = []
    }

    struct ChannelCount: Hashable {
        var channel: UInt16
        var count: UInt64
    }

    struct Footer: Hashable {
        var summaryStart: UInt64
        var summaryOffsetStart: UInt64
        var summaryCRC: UInt32
    }

    struct SummaryOffset: Hashable {
        var opcode: UInt8
        var start: UInt64
        var length: UInt64
    }
}
