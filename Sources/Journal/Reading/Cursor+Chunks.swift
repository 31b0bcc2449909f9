import Market

/// Chunk after chunk in one segment.
extension Cursor {
    func advance(in segment: SegmentFile) throws(JournalError) -> Bool {
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
                var error = error
                if layout.isOurs {
                    let found = try finder.next(
                        in: segment.window,
                        behind: offset,
                        before: limit
                    )
                    error = finder.explain(error)
                    if let found {
                        offset = found.place.offset
                        throw error
                    }
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
                    guard !hasFailed || finder.admits(record, in: segment.window) else {
                        chunk.clear()
                        throw segment.error(ChunkFinder.refusal(record), at: record.offset)
                    }
                    if try take(chunk: record, in: segment) { return true }
                } catch {
                    // Of one that did not decode nothing is here; of one behind a hole everything.
                    if layout.isOurs, chunk.count == 0 {
                        hasFailed = true
                        finder.failed(record, in: segment.window)
                        offset = try finder.resume(
                            in: segment.window,
                            behind: record.offset,
                            end: next,
                            before: limit
                        )
                        throw finder.explain(error)
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

    func begin() {
        place = 0
        end = chunk.records.count
        number = chunk.first.value
        makeRoom(Int(chunk.largestChannel))
    }
}
