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
        /// Places in them that look like chunks and were not tried: see ``ChunkBudget``.
        var untried = 0
    }

    private(set) var found: [Found] = []
    private(set) var lost: [Lost] = []
    /// Announcements and Channels, by id.
    private(set) var streams: [UInt16: ChannelAnnouncement] = [:]

    private let chunk = DecodedChunk()
    private let finder = ChunkFinder()

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
            let next = try finder.next(in: window, behind: offset, before: end)?.place.offset ?? end
            lost.append(
                Lost(file: name, offset: offset, bytes: next - offset, untried: finder.untried)
            )
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
        guard finder.admits(place, in: window) else { throw Malformed("not tried", at: 0) }
        guard chunk.proves(try window.body(place)), let commit = chunk.commits.first,
            let last = chunk.commits.last
        else {
            finder.failed(place, in: window)
            throw Malformed("no chunk", at: 0)
        }
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
}
