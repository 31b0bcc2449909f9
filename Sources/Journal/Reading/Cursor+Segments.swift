import Market

/// Segment after segment, and the tails behind the last.
extension Cursor {
    /// Files open at once.
    static let awakeLimit = 32
    /// Segments whose head and summary are kept: those beyond ``awakeLimit`` without their files, a few KiB each.
    static let openedLimit = 512

    /// Makes the next chunk the current one; false at the end.
    func advance() throws(JournalError) -> Bool {
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

    func enter(_ position: Int) throws(JournalError) {
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

    /// The segment, from those that are known or anew.
    private func open(_ position: Int) throws(JournalError) -> SegmentFile {
        segment?.window.shrink()
        defer { restOldest() }
        if let place = opened.lastIndex(where: { $0.position == position }) {
            let found = opened.remove(at: place)
            if try found.segment.wake() {
                opened.append(found)
                return found.segment
            }
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

    /// Those used last keep their files.
    private func restOldest() {
        let oldest = opened.count - Cursor.awakeLimit
        // Whoever is behind the limit was put there one by one, and has rested since.
        if oldest > 0 { opened[oldest - 1].segment.rest() }
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

    func leave() {
        segment?.window.shrink()
        segment = nil
        wanted = nil
        position += 1
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
}
