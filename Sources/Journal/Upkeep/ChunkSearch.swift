import Market

/// Finds every chunk of a segment that proves itself, whatever lies between.
///
/// Follows the records as long as they read; behind bytes that do not it looks for the next chunk byte by byte.
struct ChunkSearch {
    /// One chunk, by its place.
    struct Found {
        var file: String
        var place: RecordPlace
        var first: SequenceNumber
        var last: SequenceNumber
        var previous: ChainValue
        var chain: ChainValue
    }

    /// Bytes that belong to no record.
    struct Lost: Hashable {
        var file: String
        var offset: UInt64
        var bytes: UInt64
    }

    private(set) var found: [Found] = []
    private(set) var lost: [Lost] = []
    /// Announcements and Channels, by id.
    private(set) var streams: [UInt16: ChannelAnnouncement] = [:]

    private let chunk = DecodedChunk()

    /// - Parameter limit: what lies behind does not count.
    mutating func search(
        _ name: String,
        in directory: RecordingDirectory,
        limit: UInt64?
    ) throws(JournalError) {
        let window = try ReadWindow(name, in: directory)
        let end = min(limit ?? window.size, window.size)
        var offset = UInt64(MCAP.magic.count)
        while offset < end {
            // A whole file ends with the magic, behind its footer.
            if window.size - offset == UInt64(MCAP.magic.count),
                try window.bytes(at: offset, count: window.size - offset)
                    .elementsEqual(MCAP.magic)
            {
                break
            }
            if let next = try? follow(window, offset, name, end) {
                offset = next
                continue
            }
            let next = try resume(window, behind: offset, end)
            lost.append(Lost(file: name, offset: offset, bytes: next - offset))
            offset = next
        }
    }

    /// Takes the record at `offset` and says where it ends.
    private mutating func follow(
        _ window: ReadWindow,
        _ offset: UInt64,
        _ name: String,
        _ end: UInt64
    ) throws -> UInt64 {
        guard let place = try window.record(at: offset), let next = place.end, next <= end,
            let opcode = MCAP.Opcode(rawValue: place.opcode)
        else { throw Malformed("no record", at: 0) }
        guard opcode == .chunk else { return next }
        guard prove(try window.body(place)), let commit = chunk.commits.first,
            let last = chunk.commits.last
        else { throw Malformed("no chunk", at: 0) }
        found.append(
            Found(
                file: name,
                place: place,
                first: chunk.first,
                last: chunk.last,
                previous: commit.previous,
                chain: last.chain
            )
        )
        for channel in chunk.newChannels where streams[channel.id] == nil {
            streams[channel.id] = ChannelAnnouncement(
                id: StreamID(channel.id),
                name: StreamName(channel.topic),
                origin: ""
            )
        }
        chunk.forEachMessage { header, payload in
            guard header.channel == StreamTable.channelID.value,
                let stream = ChannelAnnouncement(payload: payload)
            else { return }
            streams[stream.id.value] = stream
        }
        return next
    }

    /// Whether the bytes are a chunk whose checksum, numbers and links hold.
    private func prove(_ body: UnsafeRawBufferPointer) -> Bool {
        do throws(JournalError.Reason) {
            try chunk.decode(chunk: body, isOurs: true, first: .none)
        } catch {
            return false
        }
        let hasher = ChainHasher()
        var links = chunk.commits[...]
        var holds = true
        if let first = links.first { hasher.begin(after: first.previous) }
        chunk.forEachRecord { record, header in
            guard header.channel == StreamTable.commitID.value else { return hasher.update(record) }
            guard let link = links.popFirst() else { return }
            if hasher.finish() != link.chain { holds = false }
            if let next = links.first {
                if next.previous != link.chain { holds = false }
                hasher.begin(after: next.previous)
            }
        }
        return holds
    }

    // MARK: Finding the next one

    /// A Chunk's compression stands at a fixed place behind its opcode.
    private static let mark: [UInt8] = [4, 0, 0, 0] + Array("zstd".utf8)
    private static let distance = UInt64(MCAP.recordHeader + 8 + 8 + 8 + 4)
    private static let stretch: UInt64 = 64 << 10

    /// The next place behind `offset` where a chunk proves itself; the end where there is none.
    private func resume(
        _ window: ReadWindow,
        behind offset: UInt64,
        _ end: UInt64
    ) throws(JournalError) -> UInt64 {
        var start = offset + 1 + ChunkSearch.distance
        while start < end {
            let count = min(ChunkSearch.stretch, end - start)
            let bytes = Array(try window.bytes(at: start, count: count))
            for candidate in ChunkSearch.places(bytes) {
                let place = start + UInt64(candidate) - ChunkSearch.distance
                guard let record = try? window.record(at: place), let next = record.end,
                    record.opcode == MCAP.Opcode.chunk.rawValue, next <= end,
                    let body = try? window.body(record), prove(body)
                else { continue }
                return place
            }
            guard count > UInt64(ChunkSearch.mark.count) else { break }
            // A mark may lie across two stretches.
            start += count - UInt64(ChunkSearch.mark.count - 1)
        }
        return end
    }

    private static func places(_ bytes: [UInt8]) -> [Int] {
        guard bytes.count >= mark.count else { return [] }
        return (0...(bytes.count - mark.count)).filter { place in
            bytes[place] == mark[0] && bytes[place + 4] == mark[4]
                && bytes[place..<(place + mark.count)].elementsEqual(mark)
        }
    }
}
