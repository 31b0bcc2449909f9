import Market

/// Rewrites complete segments with large chunks at a high level, one at a time.
///
/// The new file is written beside the old one, read back and compared with it record by record, and only then renamed
/// over it. A crash at any point leaves the old or the new one. Records, commits, chain and signature stay as they are.
public struct Compactor {
    /// zstd's level.
    public var level: Int32 = 12
    /// A chunk is closed when its uncompressed bytes reach this; live chunks are joined whole.
    public var chunkBytes = 1 << 20
    /// Only says what would be done.
    public var isDryRun = false
    /// Called after each segment: bytes done and in all.
    public var progress: (_ done: UInt64, _ all: UInt64) -> Void = { _, _ in }

    static let draft = "compact" + RecordingDirectory.unfinished

    public init() {}

    /// One segment.
    public struct Outcome: Hashable, Sendable {
        public enum Action: String, Hashable, Sendable {
            case compacted
            /// It would be, without `--dry-run`.
            case planned
            /// It is compacted already.
            case already
            /// Its recording still writes to it.
            case open
        }

        public var name: String
        public var action: Action
        public var bytesBefore: UInt64
        public var bytesAfter: UInt64
        /// Records without commits.
        public var records: UInt64
    }

    /// - Throws: ``JournalError``: `held` while a recorder writes, `damaged` where a segment does not read (it is then
    ///   left as it is), `system`.
    public func compact(
        _ path: String,
        files: any JournalFiles = SystemFiles()
    ) throws(JournalError) -> [Outcome] {
        let directory = try RecordingDirectory.open(path, files: files)
        var lock: OpenFile?
        defer {
            if let lock { files.close(lock) }
            directory.close()
        }
        if !isDryRun { lock = try Recorder.takeLock(directory) }
        let salvage = try Salvage(directory)
        if let damage = salvage.damage.first { throw damage }
        let list = try SegmentList(directory, salvage)
        if let damage = list.damage.first { throw damage }
        if !isDryRun { try directory.removeIfThere(Compactor.draft) }
        var outcomes: [Outcome] = []
        var sizes: [UInt64] = []
        for name in salvage.names { sizes.append(try size(name, directory)) }
        let all = sizes.reduce(0, +)
        var done: UInt64 = 0
        for (position, name) in salvage.names.enumerated() {
            let isLast = position + 1 == salvage.names.count
            let segment = try SegmentFile(name, in: directory)
            var outcome = Outcome(
                name: name,
                action: .planned,
                bytesBefore: sizes[position],
                bytesAfter: sizes[position],
                records: 0
            )
            let mark = try CompactionMark(segment)
            if isLast, !salvage.isSealed {
                outcome.action = .open
            } else if let mark, mark.level >= level, mark.chunk >= chunkBytes {
                outcome.action = .already
            } else if !isDryRun {
                let limit = list.limits[position] ?? segment.window.size
                let end = mark?.end ?? limit
                try rewrite(segment, limit: limit, end: end, in: directory, &outcome)
            }
            outcomes.append(outcome)
            done += sizes[position]
            progress(done, all)
        }
        return outcomes
    }

    private func size(
        _ name: String,
        _ directory: RecordingDirectory
    ) throws(JournalError) -> UInt64 {
        let file = try directory.open(name, .read)
        defer { directory.files.close(file) }
        return try directory.size(file, name)
    }

    // MARK: One segment

    private func rewrite(
        _ segment: SegmentFile,
        limit: UInt64,
        end: UInt64,
        in directory: RecordingDirectory,
        _ outcome: inout Outcome
    ) throws(JournalError) {
        guard var head = segment.head else {
            throw segment.error(.damaged("not a segment of ours"), at: 0)
        }
        head.checkpoint = try segment.checkpoint()
        let writer = try SegmentWriter(head, in: directory, draft: Compactor.draft)
        defer { writer.close() }
        var join = ChunkJoin(level: level, size: chunkBytes, head: head)
        let reader = MessageReader(segment, limit: limit)
        while try reader.nextChunk() { try join.add(reader.chunk, to: writer) }
        try join.close(to: writer)
        let seal = try segment.metadata(Seal.name)
        try writer.finish(
            seal: seal,
            streams: join.streams,
            mark: CompactionMark(end: end, level: level, chunk: chunkBytes).metadata
        )
        try directory.sync(writer.file, Compactor.draft)
        outcome.records = try compare(segment, limit: limit, directory)
        try writer.publish()
        outcome.bytesAfter = writer.offset
        outcome.action = .compacted
    }

    /// Reads the draft back from the disk and holds it against the old segment.
    private func compare(
        _ segment: SegmentFile,
        limit: UInt64,
        _ directory: RecordingDirectory
    ) throws(JournalError) -> UInt64 {
        let draft = try SegmentFile(Compactor.draft, in: directory)
        func differs(_ what: String) -> JournalError {
            draft.error(.failed("the compacted segment is not the old one: \(what)"))
        }
        guard draft.dataStart == segment.dataStart,
            Array(try draft.window.bytes(at: 0, count: draft.dataStart))
                == Array(try segment.window.bytes(at: 0, count: segment.dataStart))
        else { throw differs("another head") }
        let old = MessageReader(segment, limit: limit)
        let new = MessageReader(draft, limit: draft.window.size)
        var records: UInt64 = 0
        var expected = segment.head?.first ?? .first
        while let message = try old.next() {
            guard let other = try new.next(), message.elementsEqual(other) else {
                throw differs("record \(expected)")
            }
            guard let base = message.baseAddress,
                MessageHeader(record: base).channel != StreamTable.commitID.value
            else { continue }
            records += 1
            expected = expected.next
        }
        guard try new.next() == nil else { throw differs("it has more records") }
        let index = try draft.index()
        guard index?.entries.last?.last ?? expected.previous == expected.previous,
            let statistics = draft.summary?.statistics, statistics.messageCount >= records
        else { throw differs("its index") }
        return records
    }
}

/// Whole live chunks, one behind the other, until they are large enough to be written as one.
private struct ChunkJoin: ~Copyable {
    private let level: Int32
    private let size: Int
    private let compressor = Compressor()
    private var scratch = ByteBuffer(capacity: 1 << 20)
    private var records = ByteBuffer(capacity: 2 << 20)
    /// Of the chunk under way, in order of first use.
    private var channels: [UInt16] = []
    private var counts: [UInt64] = []
    private var first = SequenceNumber.none
    private var startTime: UInt64 = 0
    private var endTime: UInt64 = 0
    private var commit: Commit?
    private var known: [UInt16: ChannelAnnouncement] = [:]

    var streams: [ChannelAnnouncement] { known.values.sorted { $0.id < $1.id } }

    init(level: Int32, size: Int, head: SegmentHead) {
        self.level = level
        self.size = size
        for stream in StreamTable.own + head.streams { known[stream.id.value] = stream }
    }

    mutating func add(_ chunk: DecodedChunk, to writer: SegmentWriter) throws(JournalError) {
        if first == .none {
            first = chunk.first
            startTime = chunk.startTime
        }
        endTime = max(endTime, chunk.endTime)
        commit = chunk.commits.last
        for channel in chunk.channels where known[channel.id] == nil {
            known[channel.id] = ChannelAnnouncement(
                id: StreamID(channel.id),
                name: StreamName(channel.topic),
                origin: ""
            )
        }
        let bytes = chunk.records.bytes
        var place = 0
        while place < bytes.count {
            let length = bytes.loadUnaligned(fromByteOffset: place + 1, as: UInt64.self)
            let end = place + MCAP.recordHeader + Int(length.littleEndian)
            let id = bytes.loadUnaligned(
                fromByteOffset: place + MCAP.recordHeader,
                as: UInt16.self
            ).littleEndian
            let known = channels.firstIndex(of: id)
            let isChannel = bytes[place] == MCAP.Opcode.channel.rawValue
            // A Channel stands once in each chunk, before its first Message.
            if isChannel, known == nil {
                channels.append(id)
                counts.append(0)
            }
            if !isChannel, let known { counts[known] += 1 }
            if !isChannel || known == nil {
                records.append(UnsafeRawBufferPointer(rebasing: bytes[place..<end]))
            }
            place = end
        }
        if records.count >= size { try close(to: writer) }
    }

    /// Writes what there is.
    mutating func close(to writer: SegmentWriter) throws(JournalError) {
        guard let commit else { return }
        let content = EncodedChunk.Content(
            first: first,
            last: commit.last,
            startTime: startTime,
            endTime: endTime,
            channels: channels,
            counts: counts,
            commit: commit
        )
        let chunk: EncodedChunk
        do throws(Malformed) {
            chunk = try EncodedChunk(
                records.bytes,
                content,
                compressor: compressor,
                level: level,
                scratch: &scratch
            )
        } catch {
            throw JournalError(error.reason(isOurs: true), file: writer.directory.path)
        }
        try writer.append(chunk)
        records.count = 0
        channels.removeAll(keepingCapacity: true)
        counts.removeAll(keepingCapacity: true)
        first = .none
        endTime = 0
        self.commit = nil
    }
}
