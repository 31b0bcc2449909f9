import Glibc
public import Market

/// A place in a recording that moves forward.
///
/// Memory is bounded by one chunk, whatever the file says. Each chunk's CRC is checked before its first
/// record is given. Commits are not records and are skipped. One cursor belongs to one thread at a time.
public final class Cursor {
    private let layout: Layout
    private let filter: (@Sendable (StreamName) -> Bool)?
    /// By channel id.
    private var names: [StreamName?] = []
    private var nameBytes = 0
    /// By channel id: whether it has a name.
    private var isNamed: [Bool] = []
    /// By channel id: 1 gives its records, 0 does not.
    @exclusivity(unchecked) private var accepts: [UInt8] = []

    private var position: Int
    private var segment: SegmentFile?
    private var offset: UInt64 = 0
    /// With a filter: the segment's chunks, and those of them that may hold wanted records, with the next of
    /// these.
    private var wanted: (table: ChunkTable, chunks: [UInt32], next: Int)?
    /// With a filter: what is missing among the segment's chunks, and the number due behind them.
    private var holes = Holes.none
    private var due = SequenceNumber.none
    /// Which of the layout's tails comes next.
    private var nextTail = 0
    /// Segments open now, the one used last at the end.
    private var opened: [(position: Int, segment: SegmentFile)] = []
    private static let openedLimit = 32

    private let chunk = DecodedChunk()
    /// Made for the first record that does not read.
    private lazy var finder = ChunkFinder()
    @exclusivity(unchecked) private var place = 0
    @exclusivity(unchecked) private var end = 0
    /// Of the next Message in the chunk.
    @exclusivity(unchecked) private var number: UInt64 = 0
    /// The number that must come next; `none` where any may.
    private var expected = SequenceNumber.none
    /// Records before these are passed over.
    @exclusivity(unchecked) private var firstWanted = SequenceNumber.none
    @exclusivity(unchecked) private var timeWanted: UInt64 = 0

    /// Reads on behind the end while the recording grows.
    private let follows: Bool
    private var live: LiveReader?
    /// Nanoseconds of the next rest.
    private var pause = Cursor.shortestRest

    init(
        _ layout: Layout,
        from start: CursorStart,
        _ filter: (@Sendable (StreamName) -> Bool)?,
        follows: Bool = false
    ) throws(JournalError) {
        self.layout = layout
        self.filter = filter
        self.follows = follows
        position = 0
        try seek(to: start)
    }

    /// Goes to another place, forward or back; costs no more than reading one chunk.
    public func seek(to start: CursorStart) throws(JournalError) {
        place = 0
        end = 0
        number = 0
        expected = .none
        nextTail = 0
        firstWanted = .none
        timeWanted = 0
        live = nil
        due = .none
        var place = 0
        switch start {
        case .beginning: break
        case .sequence(let sequence):
            firstWanted = sequence
            place = layout.firsts.lastIndex { $0 <= sequence } ?? 0
        case .time(let time):
            timeWanted = UInt64(max(0, time.nanoseconds))
            place = layout.times.lastIndex { $0 < time } ?? 0
        }
        guard start != .beginning, layout.isOurs else {
            segment = nil
            wanted = nil
            position = 0
            // A first chunk that is no longer there must not be passed over.
            if layout.isOurs { expected = layout.firsts.first ?? .none }
            due = expected
            return
        }
        if segment == nil || position != place {
            position = place
            try enter(position)
        }
        guard let segment, let table = try layout.table(of: position, segment) else { return }
        let chunk =
            start.isTime
            ? table.chunk(endingAtOrAfter: timeWanted) : table.chunk(with: firstWanted)
        if let chunks = wanted?.chunks {
            wanted?.next = chunks.firstIndex { $0 >= chunk } ?? chunks.count
            if let index = try layout.index(of: position, segment) {
                holes = Holes(index, due: .none)
                holes.drop(upTo: chunk)
                due = holes.due
            }
        }
        guard chunk < table.count else {
            // It has no record that late: what follows it does.
            leave()
            return
        }
        offset = table.offset(of: chunk)
        expected = table.first(of: chunk)
        segment.window.jump(for: table.length(of: chunk))
    }

    /// The next record, or `nil` at the end.
    ///
    /// Its payload is valid until the next call.
    ///
    /// - Throws: ``JournalError`` with file, offset and number. The cursor then stands behind what could not
    ///   be read, and the next call goes on there.
    @inline(__always)
    public func next() throws(JournalError) -> Record? {
        while true {
            while place < end {
                let record = chunk.records.base + place
                let length = Int(
                    record.loadUnaligned(fromByteOffset: 1, as: UInt64.self).littleEndian
                )
                place += MCAP.recordHeader + length
                guard record.load(as: UInt8.self) == MCAP.Opcode.message.rawValue else { continue }
                let header = MessageHeader(record: record)
                if layout.isOurs, header.channel == StreamTable.commitID.value { continue }
                let sequence = SequenceNumber(number)
                number &+= 1
                guard accepts[Int(header.channel)] != 0, sequence >= firstWanted,
                    header.time >= timeWanted
                else { continue }
                timeWanted = 0
                return Record(
                    sequence: sequence,
                    time: Timestamp(nanoseconds: Int64(bitPattern: header.time)),
                    stream: StreamID(header.channel),
                    payload: UnsafeRawBufferPointer(
                        start: record + MCAP.recordHeader + MCAP.messageHeader,
                        count: length - MCAP.messageHeader
                    )
                )
            }
            guard try advance() else { return nil }
        }
    }

    /// The name of a stream that this cursor has met; of any other, an empty one.
    public func name(of stream: StreamID) -> StreamName {
        let index = Int(stream.value)
        guard index < names.count, let name = names[index] else { return StreamName("") }
        return name
    }

    // MARK: Chunk after chunk

    /// Makes the next chunk the current one; false at the end.
    private func advance() throws(JournalError) -> Bool {
        place = 0
        end = 0
        while position < layout.names.count {
            if segment == nil { try enter(position) }
            if let segment, try advance(in: segment) { return true }
            leave()
        }
        try checkEnd()
        if try enterTail() { return true }
        return follows ? try follow() : false
    }

    /// What stands before the next of the tails, or before the end, has all been met; told once where it has not.
    private func checkEnd() throws(JournalError) {
        let behind = nextTail < layout.tails.count ? layout.tails[nextTail].first : layout.next
        // With a filter chunks are passed over on purpose, but none that is missing.
        let first = filter == nil ? expected : due
        guard layout.isOurs, first != .none, first < behind else { return }
        expected = behind
        due = behind
        throw JournalError(
            .damaged("records \(first) to \(behind.previous) are missing"),
            file: layout.directory.place(layout.names.last ?? ""),
            sequence: first.previous
        )
    }

    private func enter(_ position: Int) throws(JournalError) {
        do throws(JournalError) {
            let segment = try open(position)
            self.segment = segment
            offset = segment.dataStart
            wanted = nil
            // With a filter, chunks that hold none of its streams need not be read.
            if filter != nil, let index = try layout.index(of: position, segment),
                let table = try layout.table(of: position, segment)
            {
                wanted = (table, chunks(of: index), 0)
                holes = Holes(index, due: due)
                due = holes.due
            }
        } catch {
            leave()
            throw error
        }
    }

    /// The segment, from those that are open or anew.
    private func open(_ position: Int) throws(JournalError) -> SegmentFile {
        segment?.window.shrink()
        if let place = opened.lastIndex(where: { $0.position == position }) {
            let found = opened.remove(at: place)
            opened.append(found)
            return found.segment
        }
        let segment = try SegmentFile(
            layout.names[position],
            in: layout.directory,
            presumes: layout.isOurs
        )
        if let head = segment.head {
            for stream in head.streams { try register(stream.channel, segment) }
        }
        if opened.count >= Cursor.openedLimit { opened.removeFirst() }
        opened.append((position, segment))
        return segment
    }

    /// Places of those chunks that may hold a record which passes the filter.
    private func chunks(of index: SegmentIndex) -> [UInt32] {
        var places: [UInt32] = []
        for (place, entry) in index.entries.enumerated() {
            let mayHold = entry.channels.contains { id in
                let id = Int(id)
                return id >= accepts.count || !isNamed[id]
                    || (accepts[id] != 0 && id != Int(StreamTable.commitID.value))
            }
            if mayHold || entry.channels.isEmpty {
                places.append(UInt32(truncatingIfNeeded: place))
            }
        }
        return places
    }

    private func leave() {
        segment = nil
        wanted = nil
        position += 1
    }

    private func advance(in segment: SegmentFile) throws(JournalError) -> Bool {
        if wanted != nil { return try advanceToWanted(in: segment) }
        let limit = layout.limits[position] ?? segment.window.size
        while offset < limit {
            let record: RecordPlace
            let next: UInt64
            do throws(JournalError) {
                guard let found = try segment.window.record(at: offset), let after = found.end
                else {
                    return false
                }
                guard !layout.isOurs || found.belongs else {
                    throw segment.error(.damaged("a record that has no place here"), at: offset)
                }
                record = found
                next = after
            } catch {
                // Where this record ends cannot be known: the next chunk is looked for.
                if layout.isOurs,
                    let found = try finder.next(
                        in: segment.window,
                        behind: offset,
                        before: limit
                    )
                {
                    offset = found.place.offset
                    throw error
                }
                let isTorn =
                    layout.isOurs && layout.limits[position] == nil && segment.summary == nil
                leaveAt(limit)
                if isTorn, !layout.tails.isEmpty { return false }
                throw error
            }
            offset = next
            switch MCAP.Opcode(rawValue: record.opcode) {
            case .chunk:
                do throws(JournalError) {
                    if try take(chunk: record, in: segment) { return true }
                } catch {
                    // Of one that did not decode nothing is here; of one behind a hole everything.
                    if layout.isOurs, chunk.count == 0 {
                        offset = try finder.resume(
                            in: segment.window,
                            behind: record.offset,
                            end: next,
                            before: limit
                        )
                    }
                    throw error
                }
            case .message where !layout.isOurs:
                let whole = try segment.window.bytes(at: record.offset, count: next - record.offset)
                try decode(segment, record) { () throws(JournalError.Reason) in
                    try chunk.decode(records: whole, isOurs: false, first: nextForeign)
                }
                begin()
                return true
            case .channel where !layout.isOurs:
                let body = try segment.window.body(record)
                try register(
                    segment.parse(at: record.offset) { () throws(Malformed) in
                        try MCAP.channel(body)
                    },
                    segment
                )
            case .dataEnd, .footer: return false
            default: break
            }
        }
        return false
    }

    private func advanceToWanted(in segment: SegmentFile) throws(JournalError) -> Bool {
        while let (table, chunks, next) = wanted {
            let place = next < chunks.count ? Int(chunks[next]) : table.count
            if let hole = holes.take(before: place) {
                throw missing(hole.first, hole.last, segment)
            }
            guard next < chunks.count else { return false }
            wanted?.next += 1
            let offset = table.offset(of: place)
            expected = table.first(of: place)
            segment.window.jump(for: table.length(of: place))
            guard let record = try segment.window.record(at: offset),
                record.opcode == MCAP.Opcode.chunk.rawValue
            else {
                throw segment.error(.damaged("no chunk where the index has one"), at: offset)
            }
            if try take(chunk: record, in: segment) { return true }
        }
        return false
    }

    private func leaveAt(_ limit: UInt64) { offset = limit }

    private var nextForeign: SequenceNumber { SequenceNumber(max(number, 1)) }

    /// Decodes a chunk; false when it has nothing for us.
    private func take(
        chunk record: RecordPlace,
        in segment: SegmentFile
    ) throws(JournalError) -> Bool {
        let body = try segment.window.body(record)
        try decode(segment, record) { () throws(JournalError.Reason) in
            try chunk.decode(
                chunk: body,
                isOurs: layout.isOurs,
                first: layout.isOurs ? expected : nextForeign
            )
        }
        if layout.isOurs, position + 1 < layout.firsts.count,
            chunk.first >= layout.firsts[position + 1]
        {
            // Left behind by a segment that failed: its successor has it, and says where this one ends unless its
            // head does not read.
            leaveAt(.max)
            return false
        }
        try registerNew(segment)
        begin()
        let wanted = expected
        expected = chunk.last.next
        if layout.isOurs, wanted != .none, chunk.first != wanted {
            // The chunk stays current: the next call gives its first record.
            throw missing(wanted, chunk.first.previous, segment, at: record.offset)
        }
        return chunk.count > 0
    }

    /// Records that are not there; whether recovery gave them up is said by the segment behind them.
    private func missing(
        _ first: SequenceNumber,
        _ last: SequenceNumber,
        _ segment: SegmentFile,
        at offset: UInt64? = nil
    ) -> JournalError {
        let isKnown = segment.head?.lost == SegmentHead.Lost(first: first, last: last)
        return segment.error(
            isKnown
                ? .lost(first: first, last: last)
                : .damaged("records \(first) to \(last) are missing"),
            at: offset,
            sequence: first.previous
        )
    }

    private func decode(
        _ segment: SegmentFile,
        _ record: RecordPlace,
        _ body: () throws(JournalError.Reason) -> Void
    ) throws(JournalError) {
        do throws(JournalError.Reason) {
            try body()
        } catch {
            throw segment.error(error, at: record.offset, sequence: expected.previous)
        }
    }

    private func begin() {
        place = 0
        end = chunk.records.count
        number = chunk.first.value
        makeRoom(Int(chunk.largestChannel))
    }

    /// What only the tails hold, behind the last segment.
    private func enterTail() throws(JournalError) -> Bool {
        guard nextTail < layout.tails.count else { return false }
        let run = layout.tails[nextTail]
        nextTail += 1
        do throws(JournalError.Reason) {
            try chunk.decode(records: run.buffer.bytes, isOurs: true, first: run.first)
            for channel in chunk.newChannels { try add(channel) }
        } catch {
            throw JournalError(error, file: layout.directory.path, sequence: run.first)
        }
        expected = run.next
        due = run.next
        begin()
        return true
    }

    // MARK: What is being written

    /// True when nothing will come behind the last record given.
    ///
    /// Without following that is so as soon as ``next()`` has given `nil`; with it when the seal has been read.
    public var isAtEnd: Bool {
        guard place >= end, position >= layout.names.count else { return false }
        return !follows || !layout.isLive || live?.isEnded == true
    }

    /// Waits until more may be there: 1 ms after a record was given, then longer each time, 25 ms at most.
    public func rest() {
        var time = timespec(tv_sec: 0, tv_nsec: pause)
        nanosleep(&time, nil)
        pause = min(pause * 2, Cursor.longestRest)
    }

    private static let shortestRest = 1_000_000
    private static let longestRest = 25_000_000

    private func follow() throws(JournalError) -> Bool {
        if live == nil { live = try LiveReader(layout) }
        guard let live, let first = try live.advance(into: chunk) else { return false }
        try registerNew(live.segment)
        begin()
        firstWanted = max(firstWanted, first)
        pause = Cursor.shortestRest
        return true
    }

    // MARK: Streams

    /// Takes up the chunk's new Channels, all of them, also where one contradicts what was known.
    private func registerNew(_ segment: SegmentFile) throws(JournalError) {
        var failure: JournalError?
        for channel in chunk.newChannels {
            do throws(JournalError) {
                try register(channel, segment)
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
    }

    private func register(_ channel: MCAP.Channel, _ segment: SegmentFile) throws(JournalError) {
        let id = Int(channel.id)
        if layout.isOurs, id < names.count, let known = names[id], known.text != channel.topic {
            throw segment.error(
                .damaged("channel \(id) is `\(channel.topic)` here and `\(known.text)` before")
            )
        }
        do throws(JournalError.Reason) {
            try add(channel)
        } catch {
            throw segment.error(error)
        }
    }

    private func makeRoom(_ id: Int) {
        while names.count <= id {
            names.append(nil)
            isNamed.append(false)
            // Without a Channel a Message has no name, and passes no filter.
            accepts.append(filter == nil ? 1 : 0)
        }
    }

    private func add(_ channel: MCAP.Channel) throws(JournalError.Reason) {
        let id = Int(channel.id)
        makeRoom(id)
        guard names[id]?.text != channel.topic else { return }
        nameBytes += channel.topic.utf8.count - (names[id]?.text.utf8.count ?? 0)
        guard nameBytes <= Cursor.nameBytesLimit else {
            throw .tooLarge(
                what: "the names of all streams",
                bytes: UInt64(nameBytes),
                limit: UInt64(Cursor.nameBytesLimit)
            )
        }
        let name = StreamName(channel.topic)
        names[id] = name
        isNamed[id] = true
        accepts[id] = filter.map { $0(name) ? 1 : 0 } ?? 1
    }

    private static let nameBytesLimit = 8 << 20
}

extension CursorStart {
    fileprivate var isTime: Bool {
        if case .time = self { return true }
        return false
    }
}
