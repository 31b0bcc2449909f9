import Market

/// Reads a segment that has no summary, chunk by chunk, and says how far it is sound.
struct SegmentScan {
    /// Chunks that proved themselves.
    private(set) var index: SegmentIndex
    /// Behind the last record that reads.
    private(set) var end: UInt64
    private(set) var lastTime: UInt64
    /// Streams that were announced in it, in order.
    private(set) var announced: [ChannelAnnouncement] = []
    /// What ended the scan before the end of the file, or lay in its way.
    private(set) var findings: [JournalError] = []
    /// True when a DataEnd stands in it: a seal or roll had begun.
    private(set) var hasDataEnd = false
    /// Counts by channel id, commits included.
    private(set) var counts: [UInt16: UInt64] = [:]

    /// The last number in the segment, or the one before its first.
    private(set) var last: SequenceNumber

    /// - Parameters:
    ///   - limit: what lies behind does not count; the size of the file where nothing says less.
    ///   - durable: below this a record that does not read is damage and is stepped over where that can be.
    ///   - tails: to compare with, number by number.
    init(
        _ segment: SegmentFile,
        limit: UInt64,
        durable: UInt64,
        tails: TailReader?
    ) throws(JournalError) {
        let head = segment.head
        index = SegmentIndex(chain: head?.chain ?? ChainValue(words: (0, 0, 0, 0)))
        last = SequenceNumber((head?.first.value ?? 1) - 1)
        lastTime = UInt64(bitPattern: head?.time.nanoseconds ?? 0)
        end = segment.dataStart
        let chunk = DecodedChunk()
        let finder = ChunkFinder()
        var offset = segment.dataStart
        while offset < limit {
            do throws(JournalError) {
                guard let place = try segment.window.record(at: offset), let next = place.end else {
                    break
                }
                guard next <= limit, place.belongs else {
                    throw segment.error(
                        .damaged("bytes behind the last record form none"),
                        at: offset,
                        sequence: last
                    )
                }
                if place.opcode == MCAP.Opcode.dataEnd.rawValue {
                    hasDataEnd = true
                    // Summary and footer are whole, or were being written: no record of ours is behind.
                    if segment.summary != nil { end = segment.window.size }
                    return
                }
                if place.opcode == MCAP.Opcode.chunk.rawValue {
                    do throws(JournalError) {
                        guard finder.admits(place, in: segment.window) else {
                            throw segment.error(ChunkFinder.refusal(place), at: offset)
                        }
                        try take(segment, chunk, place, next, durable)
                        if let tails { try compare(segment, chunk, place, tails) }
                    } catch {
                        finder.failed(place, in: segment.window)
                        // Past HEAD the end is a torn tail: nothing behind it counts.
                        guard next <= durable else { throw error }
                        offset = try finder.resume(
                            in: segment.window,
                            behind: offset,
                            end: next,
                            before: min(limit, durable)
                        )
                        findings.append(finder.explain(error))
                        end = offset
                        continue
                    }
                }
                if place.opcode == MCAP.Opcode.attachment.rawValue {
                    guard finder.admits(place, in: segment.window) else {
                        throw segment.error(ChunkFinder.refusal(place), at: offset)
                    }
                    do throws(JournalError) {
                        let body = try segment.window.body(place)
                        _ = try segment.parse(at: offset) { () throws(Malformed) in
                            try MCAP.attachment(body, isOurs: true)
                        }
                    } catch {
                        finder.failed(place, in: segment.window)
                        throw error
                    }
                }
                offset = next
                end = next
            } catch {
                // Past HEAD the end is torn; below it chunks behind a length that has changed still count.
                guard offset < durable else {
                    findings.append(error)
                    return
                }
                let next = try finder.next(
                    in: segment.window,
                    behind: offset,
                    before: min(limit, durable)
                )
                findings.append(finder.explain(error))
                guard let found = next else { return }
                offset = found.place.offset
            }
        }
    }

    private mutating func take(
        _ segment: SegmentFile,
        _ chunk: DecodedChunk,
        _ place: RecordPlace,
        _ next: UInt64,
        _ durable: UInt64
    ) throws(JournalError) {
        let body = try segment.window.body(place)
        do throws(JournalError.Reason) {
            try chunk.decode(chunk: body, isOurs: true, first: last.next)
        } catch {
            throw segment.error(error, at: place.offset, sequence: last)
        }
        guard let commit = chunk.commits.first else { return }
        if chunk.first != last.next {
            let error = segment.error(
                .damaged("records \(last.next) to \(chunk.first.value - 1) are missing"),
                at: place.offset,
                sequence: last
            )
            // Past HEAD a later write may have outlived an earlier one: the run ends before both.
            guard chunk.first > last, next <= durable else { throw error }
            findings.append(error)
        } else if commit.previous != index.chain {
            findings.append(
                segment.error(
                    .damaged("the chain is broken before record \(chunk.first)"),
                    at: place.offset,
                    sequence: last
                )
            )
        }
        index.entries.append(
            SegmentIndex.Entry(
                offset: place.offset,
                length: next - place.offset,
                first: chunk.first,
                last: chunk.last,
                startTime: chunk.startTime,
                endTime: chunk.endTime,
                uncompressedSize: UInt64(chunk.records.count),
                compressedSize: place.bodyLength,
                channels: chunk.channelIDs
            )
        )
        index.chain = chunk.commits.last?.chain ?? index.chain
        last = chunk.last
        lastTime = max(lastTime, chunk.endTime)
        chunk.forEachMessage { header, payload in
            counts[header.channel, default: 0] += 1
            if header.channel == StreamTable.channelID.value,
                let announcement = ChannelAnnouncement(payload: payload)
            {
                announced.append(announcement)
            }
        }
    }

    /// A number that stands in a chunk and in a tail must be the same bytes in both.
    private func compare(
        _ segment: SegmentFile,
        _ chunk: DecodedChunk,
        _ place: RecordPlace,
        _ tails: TailReader
    ) throws(JournalError) {
        guard !tails.isEmpty else { return }
        var number = chunk.first
        var different: SequenceNumber?
        chunk.forEachRecord { record, header in
            guard header.channel != StreamTable.commitID.value else { return }
            if let other = tails.message(number), !other.elementsEqual(record) {
                different = different ?? number
            }
            number = number.next
        }
        if let different {
            throw segment.error(
                .damaged("record \(different) is another in the tail"),
                at: place.offset,
                sequence: different
            )
        }
    }
}

extension DecodedChunk {
    /// Every Message record, opcode and length included, in order.
    func forEachRecord(_ body: (UnsafeRawBufferPointer, MessageHeader) -> Void) {
        let bytes = records.bytes
        guard let base = bytes.baseAddress else { return }
        var offset = 0
        while offset < bytes.count {
            let length = Int(
                UInt64(
                    littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 1, as: UInt64.self)
                )
            )
            let end = offset + MCAP.recordHeader + length
            if bytes[offset] == MCAP.Opcode.message.rawValue {
                body(
                    UnsafeRawBufferPointer(rebasing: bytes[offset..<end]),
                    MessageHeader(record: base + offset)
                )
            }
            offset = end
        }
    }

    /// Every Message's header and payload, in order.
    func forEachMessage(_ body: (MessageHeader, UnsafeRawBufferPointer) -> Void) {
        forEachRecord { record, header in
            let start = MCAP.recordHeader + MCAP.messageHeader
            body(header, UnsafeRawBufferPointer(rebasing: record[start...]))
        }
    }
}
