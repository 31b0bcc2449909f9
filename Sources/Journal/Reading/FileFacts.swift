import Market

/// What a single MCAP file holds: from its summary, or by reading it once.
struct FileFacts {
    private(set) var first = SequenceNumber.none
    private(set) var last = SequenceNumber.none
    private(set) var started = Timestamp.zero
    private(set) var ended = Timestamp.zero
    /// By channel id.
    private(set) var counts: [UInt16: UInt64] = [:]
    private(set) var names: [UInt16: String] = [:]

    init(_ layout: Layout, _ segment: SegmentFile) throws(JournalError) {
        if let statistics = segment.summary?.statistics {
            for entry in statistics.channelMessageCounts { counts[entry.channel] = entry.count }
            for channel in segment.summary?.channels ?? [] { names[channel.id] = channel.topic }
            if let index = try segment.index() {
                first = index.entries.first?.first ?? .none
                last = index.entries.last?.last ?? .none
            } else if statistics.messageCount > 0 {
                first = .first
                last = SequenceNumber(statistics.messageCount)
            }
            if last != .none {
                started = Timestamp(nanoseconds: Int64(bitPattern: statistics.startTime))
                ended = Timestamp(nanoseconds: Int64(bitPattern: statistics.endTime))
            }
            return
        }
        let cursor = try Cursor(layout, from: .beginning, nil)
        do throws(JournalError) {
            while let record = try cursor.next() { note(record, cursor) }
        } catch {
            // A file that breaks off is read as far as it goes; one that cannot be read at all is an error.
            guard last != .none else { throw error }
        }
    }

    private mutating func note(_ record: Record, _ cursor: Cursor) {
        if first == .none {
            first = record.sequence
            started = record.time
            ended = record.time
        }
        last = record.sequence
        started = min(started, record.time)
        ended = max(ended, record.time)
        counts[record.stream.value, default: 0] += 1
        if names[record.stream.value] == nil {
            names[record.stream.value] = cursor.name(of: record.stream).text
        }
    }
}
