import Glibc
import Market

/// A Chunk's records in memory, checked once so that they can then be read without checks.
///
/// Not Sendable: one owner, one thread.
final class DecodedChunk {
    /// Channels and Messages, every length known to be right.
    @exclusivity(unchecked) private(set) var records = ByteBuffer(capacity: 128 << 10)
    /// Ids of the Channels in it, in order.
    @exclusivity(unchecked) private(set) var channelIDs: [UInt16] = []
    /// Those of them that the chunk before did not have, or had otherwise.
    @exclusivity(unchecked) private(set) var newChannels: [MCAP.Channel] = []
    /// By id: a Channel record's bytes in `knownBytes`.
    ///
    /// Chunks repeat theirs, and text is slow to read.
    @exclusivity(unchecked) private var known: [(start: Int, count: Int)] = []
    @exclusivity(unchecked) private var knownBytes = ByteBuffer(capacity: 16 << 10)
    /// Above this all are read anew.
    private static let knownLimit = 4 << 20

    /// Messages in it, commits not counted.
    @exclusivity(unchecked) private(set) var count: UInt64 = 0
    /// The number of its first Message.
    @exclusivity(unchecked) private(set) var first = SequenceNumber.none
    /// In a recording of ours the links that it closes: one, more where chunks were joined by compaction.
    @exclusivity(unchecked) private(set) var commits: [Commit] = []
    @exclusivity(unchecked) private(set) var startTime: UInt64 = .max
    @exclusivity(unchecked) private(set) var endTime: UInt64 = 0
    /// The highest channel id of its Messages.
    @exclusivity(unchecked) private(set) var largestChannel: UInt16 = 0
    private let decompressor = Decompressor()

    /// Channels in it, in order.
    var channels: [MCAP.Channel] {
        channelIDs.compactMap { id in
            let (start, count) = known[Int(id)]
            return try? MCAP.channel(
                UnsafeRawBufferPointer(rebasing: knownBytes.bytes[start..<(start + count)])
            )
        }
    }

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
        channelIDs.removeAll(keepingCapacity: true)
        newChannels.removeAll(keepingCapacity: true)
        if knownBytes.count > DecodedChunk.knownLimit { forgetChannels() }
        count = 0
        commits.removeAll(keepingCapacity: true)
        // Kept apart from the fields while the loop runs: it is the hot one.
        var messages: UInt64 = 0
        var uncommitted: UInt64 = 0
        var times = (first: UInt64.max, last: UInt64(0))
        var largest: UInt16 = 0
        var firstLow: UInt32 = 0
        let bytes = records.bytes
        var offset = 0
        while offset < bytes.count, let base = bytes.baseAddress {
            guard bytes.count - offset >= MCAP.recordHeader else {
                throw Malformed("a record is cut off inside its chunk", at: offset)
            }
            let record = base + offset
            let length = record.loadUnaligned(fromByteOffset: 1, as: UInt64.self).littleEndian
            guard length <= UInt64(bytes.count - offset - MCAP.recordHeader) else {
                throw Malformed("a record of \(length) bytes leaves its chunk", at: offset)
            }
            let size = Int(truncatingIfNeeded: length)
            offset += MCAP.recordHeader + size
            switch record.load(as: UInt8.self) {
            case MCAP.Opcode.message.rawValue:
                guard size >= MCAP.messageHeader else {
                    throw Malformed("a message of \(length) bytes", at: offset)
                }
                let header = MessageHeader(record: record)
                times.first = min(times.first, header.time)
                times.last = max(times.last, header.time)
                largest = max(largest, header.channel)
                if isOurs {
                    if header.channel == StreamTable.commitID.value {
                        let payload = UnsafeRawBufferPointer(
                            start: record + MCAP.recordHeader + MCAP.messageHeader,
                            count: size - MCAP.messageHeader
                        )
                        try close(payload, uncommitted, at: offset)
                        uncommitted = 0
                        break
                    }
                    if messages == 0 { firstLow = header.sequence }
                    guard header.sequence == firstLow &+ UInt32(truncatingIfNeeded: messages) else {
                        throw Malformed("sequence numbers with a hole inside a chunk", at: offset)
                    }
                }
                messages &+= 1
                uncommitted &+= 1
            case MCAP.Opcode.channel.rawValue:
                try take(
                    channel: UnsafeRawBufferPointer(start: record + MCAP.recordHeader, count: size)
                )
            default: break
            }
        }
        count = messages
        startTime = times.first
        endTime = times.last
        largestChannel = largest
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
            commit.last.value < UInt64(Int64.max),
            commits.last.map({ $0.last.next == commit.first }) ?? true
        else {
            throw Malformed(
                "\(messages) messages of a chunk whose commit says otherwise",
                at: offset
            )
        }
        commits.append(commit)
    }

    /// Nothing of a chunk that was not read is given.
    func clear() { count = 0 }

    /// After an error nothing of the chunk is given, and its Channels are new again.
    private func forget() {
        count = 0
        forgetChannels()
    }

    private func forgetChannels() {
        known.removeAll()
        knownBytes.count = 0
        knownBytes.shrink(to: 16 << 10)
    }

    private func take(channel body: UnsafeRawBufferPointer) throws(Malformed) {
        guard body.count >= 2, let base = body.baseAddress else {
            throw Malformed("a field ends too early", at: 0)
        }
        let id = body.loadUnaligned(as: UInt16.self).littleEndian
        let place = Int(id)
        if place < known.count, known[place].count == body.count,
            memcmp(knownBytes.base + known[place].start, base, body.count) == 0
        {
            return channelIDs.append(id)
        }
        newChannels.append(try MCAP.channel(body))
        channelIDs.append(id)
        while known.count <= place { known.append((0, 0)) }
        known[place] = (knownBytes.count, body.count)
        knownBytes.append(body)
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
