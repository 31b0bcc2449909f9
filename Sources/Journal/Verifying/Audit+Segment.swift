import Market

/// One segment from its head to its end, record by record.
extension Audit {
    mutating func read(
        _ segment: SegmentFile,
        _ position: Int,
        _ limit: UInt64,
        _ progress: (UInt64) -> Void
    ) throws(JournalError) {
        if segment.headFailure == nil {
            // Until the segment is complete no other checksum covers the owner's state.
            do throws(JournalError) {
                _ = try segment.checkpoint()
            } catch {
                find(error)
            }
        }
        var offset = segment.dataStart
        var crc = Checksum.crc32(try segment.window.bytes(at: 0, count: offset))
        var count: UInt64 = 0
        var chunks: [SegmentIndex.Entry] = []
        counts.removeAll(keepingCapacity: true)
        while offset < limit {
            guard let record = try place(segment, &offset, limit), let next = record.end else {
                break
            }
            let opcode = MCAP.Opcode(rawValue: record.opcode)
            if opcode == .dataEnd {
                try end(segment, record, crc)
                if segment.summary == nil {
                    find(segment.error(.damaged("the segment's summary does not read"), at: next))
                }
                break
            }
            guard !segment.isOurs || finder.admits(record, in: segment.window) else {
                let error = segment.error(ChunkFinder.refusal(record), at: offset)
                offset = try resume(segment, record, limit, behind: error)
                continue
            }
            let whole = try segment.window.bytes(at: offset, count: next - offset)
            crc = Checksum.crc32(whole, from: crc)
            switch opcode {
            case .chunk:
                let body = UnsafeRawBufferPointer(rebasing: whole[MCAP.recordHeader...])
                if let entry = take(segment, record, body) {
                    chunks.append(entry)
                    count += chunk.count + UInt64(chunk.commits.count)
                } else if segment.isOurs {
                    finder.failed(record, in: segment.window)
                    offset = try resume(segment, record, limit)
                    continue
                }
            case .attachment:
                let body = UnsafeRawBufferPointer(rebasing: whole[MCAP.recordHeader...])
                do throws(JournalError) {
                    _ = try segment.parse(at: offset) { () throws(Malformed) in
                        try MCAP.attachment(body, isOurs: segment.isOurs)
                    }
                } catch {
                    guard segment.isOurs else { throw error }
                    finder.failed(record, in: segment.window)
                    offset = try resume(segment, record, limit, behind: error)
                    continue
                }
            case .message where !segment.isOurs: count += 1
            case .metadata: break
            default: break
            }
            offset = next
            progress(offset)
        }
        // Beside a recorder the segment may have been completed since its end was looked for: its summary then tells
        // of more than was read.
        if let summary = segment.summary, limit > summary.start {
            compareSummary(segment, chunks, count)
        }
        if !segment.isOurs { result.records = max(result.records, count) }
    }

    /// Where reading goes on behind a record that does not read; tells `error` and what was not tried behind it.
    private mutating func resume(
        _ segment: SegmentFile,
        _ record: RecordPlace,
        _ limit: UInt64,
        behind error: JournalError? = nil
    ) throws(JournalError) -> UInt64 {
        let offset = try finder.resume(
            in: segment.window,
            behind: record.offset,
            end: record.end ?? limit,
            before: limit
        )
        if let error {
            find(finder.explain(error))
        } else if finder.untried > 0 {
            find(
                segment.error(.damaged(ChunkFinder.words(finder.untried)), at: record.offset)
            )
        }
        return offset
    }

    /// The record at `offset`; where none reads there, the next chunk that proves itself.
    private mutating func place(
        _ segment: SegmentFile,
        _ offset: inout UInt64,
        _ limit: UInt64
    ) throws(JournalError) -> RecordPlace? {
        do throws(JournalError) {
            let record = try segment.window.record(at: offset)
            guard !segment.isOurs || record?.belongs != false else {
                throw segment.error(.damaged("a record that has no place here"), at: offset)
            }
            return record
        } catch {
            guard segment.isOurs else { throw error }
            let next = try finder.next(in: segment.window, behind: offset, before: limit)
            let error = finder.explain(error)
            guard let found = next else { throw error }
            find(error)
            offset = found.place.offset
            return found.place
        }
    }

    private mutating func end(
        _ segment: SegmentFile,
        _ record: RecordPlace,
        _ crc: UInt32
    ) throws(JournalError) {
        let body = try segment.window.body(record)
        let stored = try segment.parse(at: record.offset) { () throws(Malformed) in
            var reader = ByteReader(body)
            return try reader.integer(UInt32.self)
        }
        if segment.isOurs, let summary = segment.summary, record.end != summary.start {
            find(
                segment.error(
                    .damaged("the data does not end where the summary begins"),
                    at: record.offset
                )
            )
        }
        if stored != crc, stored != 0 || segment.isOurs {
            find(segment.error(.damaged("the data fails its checksum"), at: record.offset))
        }
    }
}
