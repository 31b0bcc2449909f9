public import Market

/// A place in a recording that moves forward.
///
/// Memory is bounded by one chunk, whatever the file says. Each chunk's CRC is checked before its first
/// record is given. Commits are not records and are skipped. One cursor belongs to one thread at a time.
public final class Cursor {
    let layout: Layout
    let filter: (@Sendable (StreamName) -> Bool)?
    /// By channel id.
    var names: [StreamName?] = []
    var nameBytes = 0
    /// By channel id: whether it has a name.
    var isNamed: [Bool] = []
    /// By channel id: 1 gives its records, 0 does not.
    @exclusivity(unchecked) var accepts: [UInt8] = []

    var position: Int
    var segment: SegmentFile?
    var offset: UInt64 = 0
    /// With a filter: the segment's chunks, and those of them that may hold wanted records, with the next of
    /// these.
    var wanted: (table: ChunkTable, chunks: [UInt32], next: Int)?
    /// With a filter: what is missing among the segment's chunks, and the number due behind them.
    var holes = Holes.none
    var due = SequenceNumber.none
    /// Which of the layout's tails comes next.
    var nextTail = 0
    /// Segments open now, the one used last at the end.
    var opened: [(position: Int, segment: SegmentFile)] = []

    let chunk = DecodedChunk()
    /// Made for the first record that does not read.
    lazy var finder = ChunkFinder()
    /// Some chunk did not decode: what it cost bounds what may be tried.
    var hasFailed = false
    @exclusivity(unchecked) var place = 0
    @exclusivity(unchecked) var end = 0
    /// Of the next Message in the chunk.
    @exclusivity(unchecked) var number: UInt64 = 0
    /// The number that must come next; `none` where any may.
    var expected = SequenceNumber.none
    /// Records before these are passed over.
    @exclusivity(unchecked) var firstWanted = SequenceNumber.none
    @exclusivity(unchecked) var timeWanted: UInt64 = 0

    /// Reads on behind the end while the recording grows.
    let follows: Bool
    var live: LiveReader?
    /// Nanoseconds of the next rest.
    var pause = Cursor.shortestRest

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
}

extension CursorStart {
    fileprivate var isTime: Bool {
        if case .time = self { return true }
        return false
    }
}
