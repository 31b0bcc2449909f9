import Glibc
import Market

/// A Chunk's records in memory, checked once so that they can then be read without checks.
///
/// Not Sendable: one owner, one thread.
final class DecodedChunk {
    /// Channels and Messages, every length known to be right.
    @exclusivity(unchecked) private(set) var records = ByteBuffer(capacity: 128 << 10)
    /// Channels in it, in order.
    private(set) var channels: [MCAP.Channel] = []
    /// Those of them that the chunk before did not have, or had otherwise.
    private(set) var newChannels: [MCAP.Channel] = []
    /// By id: a Channel and its record's bytes.
    ///
    /// Chunks repeat theirs, and text is slow to read.
    private var known: [KnownChannel?] = []

    private struct KnownChannel {
        var bytes: [UInt8]
        var channel: MCAP.Channel
    }

    /// Messages in it, commits not counted.
    private(set) var count: UInt64 = 0
    /// The number of its first Message.
    private(set) var first = SequenceNumber.none
    /// In a recording of ours the links that it closes: one, more where chunks were joined by compaction.
    private(set) var commits: [Commit] = []
    private(set) var startTime: UInt64 = .max
    private(set) var endTime: UInt64 = 0
    /// The highest channel id of its Messages.
    private(set) var largestChannel: UInt16 = 0
    private let decompressor = Decompressor()

    var last: SequenceNumber { SequenceNumber(first.value + count - (count > 0 ? 1 : 0)) }

    /// Decompresses a Chunk record's body and checks it.
    ///
    /// - Parameters:
    ///   - isOurs: the checksum must hold even when it is zero, times must be right, a commit must be last.
    ///   - first: the number of its first Message where no commit tells it.
    func decode(
        chunk body: UnsafeRawBufferPointer,
        isOurs: Bool,
        first: SequenceNumber
    ) throws(JournalError.Reason) {
        do throws(Malformed) {
            let (header, start) = try MCAP.chunk(body)
            guard header.uncompressedSize <= ReadWindow.limit else {
                throw JournalError.Reason.tooLarge(
                    what: "a chunk",
                    bytes: header.uncompressedSize,
                    limit: ReadWindow.limit
                ).asMalformed
            }
            var reader = ByteReader(UnsafeRawBufferPointer(rebasing: body[start...]))
            let stored = try reader.take(header.recordsLength)
            try unpack(stored, header)
            let crc = Checksum.crc32(records.bytes)
            guard crc == header.uncompressedCRC || (!isOurs && header.uncompressedCRC == 0) else {
                throw Malformed("a chunk fails its checksum", at: 0)
            }
            try walk(isOurs: isOurs, first: first, needsCommit: isOurs)
            if isOurs {
                guard header.startTime == startTime, header.endTime == endTime, reader.isAtEnd
                else {
                    throw Malformed("a chunk's times are not those of its messages", at: 0)
                }
            }
        } catch {
            forget()
            throw error.reason(isOurs: isOurs)
        }
    }

    /// Takes records as they stand outside a chunk: a foreign file's loose Message, or what tails hold.
    func decode(
        records bytes: UnsafeRawBufferPointer,
        isOurs: Bool,
        first: SequenceNumber
    ) throws(JournalError.Reason) {
        records.count = 0
        records.append(bytes)
        do throws(Malformed) {
            try walk(isOurs: isOurs, first: first, needsCommit: false)
        } catch {
            forget()
            throw error.reason(isOurs: isOurs)
        }
    }

    private func unpack(
        _ stored: UnsafeRawBufferPointer,
        _ header: MCAP.ChunkHeader
    ) throws(Malformed) {
        switch header.compression {
        case "":
            guard UInt64(stored.count) == header.uncompressedSize else {
                throw Malformed("a chunk whose two lengths differ", at: 0)
            }
            records.count = 0
            records.append(stored)
        case "zstd":
            try decompressor.decompress(stored, size: Int(header.uncompressedSize), into: &records)
        default:
            throw JournalError.Reason.compression(String(header.compression.prefix(32))).asMalformed
        }
    }

    /// Looks at every record once: framing, Channels, sequence numbers, the commit.
    private func walk(
        isOurs: Bool,
        first given: SequenceNumber,
        needsCommit: Bool
    ) throws(Malformed) {
        channels.removeAll(keepingCapacity: true)
        newChannels.removeAll(keepingCapacity: true)
        count = 0
        commits.removeAll(keepingCapacity: true)
        var uncommitted: UInt64 = 0
        startTime = .max
        endTime = 0
        largestChannel = 0
        var firstLow: UInt32 = 0
        let bytes = records.bytes
        var offset = 0
        while offset < bytes.count {
            guard bytes.count - offset >= MCAP.recordHeader else {
                throw Malformed("a record is cut off inside its chunk", at: offset)
            }
            let length = UInt64(
                littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 1, as: UInt64.self)
            )
            guard length <= UInt64(bytes.count - offset - MCAP.recordHeader) else {
                throw Malformed("a record of \(length) bytes leaves its chunk", at: offset)
            }
            let end = offset + MCAP.recordHeader + Int(length)
            switch bytes[offset] {
            case MCAP.Opcode.message.rawValue:
                guard length >= UInt64(MCAP.messageHeader) else {
                    throw Malformed("a message of \(length) bytes", at: offset)
                }
                guard let base = bytes.baseAddress else { break }
                let header = MessageHeader(record: base + offset)
                startTime = min(startTime, header.time)
                endTime = max(endTime, header.time)
                largestChannel = max(largestChannel, header.channel)
                if isOurs {
                    if header.channel == StreamTable.commitID.value {
                        let start = offset + MCAP.recordHeader + MCAP.messageHeader
                        let payload = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
                        try close(payload, uncommitted, at: offset)
                        uncommitted = 0
                        break
                    }
                    if count == 0 { firstLow = header.sequence }
                    guard header.sequence == firstLow &+ UInt32(truncatingIfNeeded: count) else {
                        throw Malformed("sequence numbers with a hole inside a chunk", at: offset)
                    }
                }
                count += 1
                uncommitted += 1
            case MCAP.Opcode.channel.rawValue:
                let body = bytes[(offset + MCAP.recordHeader)..<end]
                try take(channel: UnsafeRawBufferPointer(rebasing: body))
            default: break
            }
            offset = end
        }
        if needsCommit, uncommitted > 0, !commits.isEmpty {
            throw Malformed("a message behind its chunk's commit", at: 0)
        }
        try number(isOurs: isOurs, given: given, low: firstLow, needsCommit: needsCommit)
    }

    /// Takes a commit, which must cover the messages since the one before.
    private func close(
        _ payload: UnsafeRawBufferPointer,
        _ messages: UInt64,
        at offset: Int
    ) throws(Malformed) {
        guard let commit = Commit(payload: payload) else {
            throw Malformed("a commit that says nothing", at: offset)
        }
        guard messages > 0, commit.last.value - commit.first.value == messages - 1,
            commits.last.map({ $0.last.next == commit.first }) ?? true
        else {
            throw Malformed("\(messages) messages of a chunk whose commit says otherwise", at: offset)
        }
        commits.append(commit)
    }

    /// After an error nothing of the chunk is given, and its Channels are new again.
    private func forget() {
        count = 0
        known.removeAll()
    }

    private func take(channel body: UnsafeRawBufferPointer) throws(Malformed) {
        let id = body.count >= 2 ? Int(body.loadUnaligned(as: UInt16.self).littleEndian) : 0
        if id < known.count, let same = known[id], same.bytes.count == body.count {
            let isSame = same.bytes.withUnsafeBytes { bytes in
                guard let one = bytes.baseAddress, let other = body.baseAddress else { return true }
                return memcmp(one, other, bytes.count) == 0
            }
            if isSame { return channels.append(same.channel) }
        }
        let channel = try MCAP.channel(body)
        channels.append(channel)
        newChannels.append(channel)
        while known.count <= id { known.append(nil) }
        known[id] = KnownChannel(bytes: Array(body), channel: channel)
    }

    private func number(
        isOurs: Bool,
        given: SequenceNumber,
        low: UInt32,
        needsCommit: Bool
    ) throws(Malformed) {
        first = given
        guard isOurs else { return }
        if needsCommit {
            guard let commit = commits.first else {
                throw Malformed("a chunk without a commit", at: 0)
            }
            first = commit.first
        }
        guard count == 0 || UInt32(truncatingIfNeeded: first.value) == low else {
            throw Malformed("a chunk with other sequence numbers than its place has", at: 0)
        }
    }
}

extension JournalError.Reason {
    /// Carried through code that throws ``Malformed``, and taken out again by `reason(isOurs:)`.
    fileprivate var asMalformed: Malformed {
        var malformed = Malformed("", at: 0)
        malformed.reason = self
        return malformed
    }
}

extension Malformed {
    func reason(isOurs: Bool) -> JournalError.Reason {
        reason ?? (isOurs ? .damaged(text) : .malformed(text))
    }
}
