import Market

/// Reads on behind what a recording held when it was opened, while a recorder writes it.
///
/// A record goes from a tail into a chunk, and its tail may then be begun anew: tails are asked first and the
/// reserve and segment after them, so that what moves meanwhile is seen twice rather than not at all. Numbers say
/// what was given already. Not Sendable: one owner, one thread.
final class LiveReader {
    /// The number that is given next.
    private(set) var next: SequenceNumber
    /// The seal has been read: nothing more will come.
    private(set) var isEnded = false
    /// Where chunks are read.
    private(set) var segment: SegmentFile

    private let directory: RecordingDirectory
    private var name: String
    private var offset: UInt64
    private var tails = RecordingDirectory.tails.map { LiveTail($0) }
    private let reserve = LiveReserve()
    private var records = ByteBuffer(capacity: 4096)
    /// When the directory was last looked at.
    private var lookedAt: Int64 = 0

    /// The directory is not looked at more often than this, in nanoseconds.
    private static let lookInterval: Int64 = 4_000_000

    /// - Returns: `nil` for what never grows: a sealed recording, and a single file.
    init?(_ layout: Layout) throws(JournalError) {
        guard layout.isLive, let name = layout.names.last, let first = layout.firsts.last else {
            return nil
        }
        directory = layout.directory
        self.name = name
        segment = try SegmentFile(name, in: layout.directory)
        offset = layout.limits[layout.names.count - 1] ?? segment.dataStart
        next = max(layout.next, first)
    }

    /// Fills `chunk` with records of which the last ones, from the number returned on, are new.
    ///
    /// - Returns: `nil` when nothing is there yet, or nothing more will be.
    /// - Throws: ``JournalError`` where records are missing or do not read; the next call goes on behind them.
    func advance(into chunk: DecodedChunk) throws(JournalError) -> SequenceNumber? {
        guard !isEnded else { return nil }
        if try takeTails(into: chunk) { return give(chunk) }
        if let run = segment.head.map({ UInt32(truncatingIfNeeded: $0.run) }),
            try reserve.take(next, run: run, in: directory, into: chunk)
        {
            return give(chunk)
        }
        if try takeChunk(into: chunk) { return give(chunk) }
        let now = directory.files.now()
        guard now - lookedAt >= LiveReader.lookInterval else { return nil }
        lookedAt = now
        return try lookAround(chunk) ? give(chunk) : nil
    }

    private func give(_ chunk: DecodedChunk) -> SequenceNumber {
        defer { next = chunk.last.next }
        return next
    }

    // MARK: Tails

    private func takeTails(into chunk: DecodedChunk) throws(JournalError) -> Bool {
        guard let head = segment.head else { return false }
        let run = UInt32(truncatingIfNeeded: head.run)
        for index in tails.indices {
            records.count = 0
            records.shrink(to: ReadWindow.largest)
            guard
                let first = try tails[index].take(
                    from: next,
                    run: run,
                    in: directory,
                    into: &records
                )
            else { continue }
            do throws(JournalError.Reason) {
                try chunk.decode(records: records.bytes, isOurs: true, first: first)
            } catch {
                throw JournalError(
                    error,
                    file: directory.place(RecordingDirectory.tails[index]),
                    sequence: next.previous
                )
            }
            return chunk.last >= next
        }
        return false
    }

    // MARK: The segment

    /// The chunk with the next number, if it is there already.
    private func takeChunk(into chunk: DecodedChunk) throws(JournalError) -> Bool {
        try segment.window.refresh()
        while let record = try segment.window.wholeRecord(at: offset), let end = record.end {
            switch MCAP.Opcode(rawValue: record.opcode) {
            case .chunk:
                do throws(JournalError) {
                    try decode(record, into: chunk)
                } catch {
                    // What is behind it was written later, so it is whole and will not get better.
                    guard end < segment.window.size else { return false }
                    offset = end
                    throw error
                }
                offset = end
                guard chunk.last >= next else { continue }
                if chunk.first > next { throw missing(to: chunk.first, at: record.offset) }
                return true
            // A roll or the seal: whether it is whole shows when the directory is looked at.
            case .dataEnd, nil: return false
            default: offset = end
            }
        }
        return false
    }

    private func decode(_ record: RecordPlace, into chunk: DecodedChunk) throws(JournalError) {
        let body = try segment.window.body(record)
        do throws(JournalError.Reason) {
            try chunk.decode(chunk: body, isOurs: true, first: next)
        } catch {
            // Bytes read in the middle of a write must not be taken for the file's.
            segment.window.forget()
            throw segment.error(error, at: record.offset, sequence: next.previous)
        }
    }

    /// Records that should be here are not; the chunk at `offset` is read again after this.
    private func missing(to first: SequenceNumber, at offset: UInt64) -> JournalError {
        let error = segment.error(
            .damaged("records \(next) to \(first.previous) are missing"),
            at: offset,
            sequence: next.previous
        )
        next = first
        self.offset = offset
        return error
    }

    // MARK: The directory

    /// Looks whether the recording goes on elsewhere, or has ended.
    private func lookAround(_ chunk: DecodedChunk) throws(JournalError) -> Bool {
        guard let current = RecordingDirectory.firstNumber(ofSegment: name) else { return false }
        var later: String?
        var behind: (name: String, first: SequenceNumber)?
        for name in try directory.segmentNames() {
            guard let first = RecordingDirectory.firstNumber(ofSegment: name), first > current
            else {
                continue
            }
            if first <= next {
                later = name
            } else {
                behind = (name, first)
                break
            }
        }
        if let later {
            // Everything before it has been given.
            try enter(later)
            return try takeChunk(into: chunk)
        }
        try reopen()
        if try takeChunk(into: chunk) { return true }
        if let behind {
            // The current segment was complete before the next one got its name.
            if try takeFromStart(chunk) { return true }
            let error = missing(to: behind.first, at: offset)
            try enter(behind.name)
            throw error
        }
        guard segment.summary != nil, let seal = try segment.metadata(Seal.name) else {
            return false
        }
        let last = SequenceNumber(seal["last"].flatMap { UInt64($0) } ?? next.previous.value)
        if last >= next, try takeFromStart(chunk) { return true }
        isEnded = true
        if last >= next { throw missing(to: last.next, at: offset) }
        return false
    }

    private func enter(_ name: String) throws(JournalError) {
        segment = try SegmentFile(name, in: directory)
        self.name = name
        offset = segment.dataStart
    }

    /// Another file may have taken the segment's name: a recovery's where it held no chunk, or the recorder's
    /// own when nothing of it could be made durable, with the same chunks behind the same head.
    private func reopen() throws(JournalError) {
        let fresh = try SegmentFile(name, in: directory)
        if fresh.head?.run != segment.head?.run || fresh.dataStart != segment.dataStart {
            offset = fresh.dataStart
        }
        segment = fresh
    }

    /// Before records are called missing, all of the segment is read again.
    private func takeFromStart(_ chunk: DecodedChunk) throws(JournalError) -> Bool {
        let before = (next: next, offset: offset)
        defer { offset = max(offset, before.offset) }
        offset = segment.dataStart
        while true {
            let place = offset
            do throws(JournalError) {
                return try takeChunk(into: chunk)
            } catch {
                // What does not read was said when it was met; what is missing behind it is not said yet.
                guard next == before.next, offset > place else { throw error }
            }
        }
    }
}
