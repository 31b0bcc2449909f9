import Market

/// What a segment's summary and index say, held against its chunks.
extension Audit {
    /// A summary is what readers elsewhere go by: it must say what is there.
    mutating func compareSummary(
        _ segment: SegmentFile,
        _ chunks: [SegmentIndex.Entry],
        _ count: UInt64
    ) {
        guard segment.isOurs, let summary = segment.summary else { return }
        let places = chunks.map(\.offset)
        if summary.chunks.map(\.offset) != places || summary.statistics?.messageCount != count
            || !says(summary, chunks)
        {
            find(
                segment.error(.damaged("the summary is not that of the chunks"), at: summary.start)
            )
        }
        do throws(JournalError) {
            guard let index = try segment.index() else {
                find(segment.error(.damaged("the segment has no index"), at: summary.start))
                return
            }
            let isSame =
                index.entries.map(\.offset) == places
                && index.entries.map(\.length) == chunks.map(\.length)
                && index.entries.map(\.uncompressedSize) == chunks.map(\.uncompressedSize)
                && index.entries.map(\.channels) == chunks.map(\.channels)
                && index.entries.map(\.first) == chunks.map(\.first)
                && index.entries.map(\.last) == chunks.map(\.last)
                && index.entries.map(\.startTime) == chunks.map(\.startTime)
                && index.entries.map(\.endTime) == chunks.map(\.endTime)
                && index.chain == chain
            if !isSame {
                find(
                    segment.error(
                        .damaged("the index is not that of the chunks"),
                        at: summary.start
                    )
                )
            }
        } catch {
            find(error)
        }
    }

    /// Times, sizes and counts by channel as the records have them.
    private func says(_ summary: SegmentFile.Summary, _ chunks: [SegmentIndex.Entry]) -> Bool {
        guard let statistics = summary.statistics else { return false }
        let known = counts.indices.filter { counts[$0] > 0 }.map { id in
            MCAP.ChannelCount(channel: UInt16(id), count: counts[id])
        }
        return statistics.channelMessageCounts.sorted { $0.channel < $1.channel } == known
            && statistics.chunkCount == UInt32(chunks.count)
            && statistics.startTime == chunks.first?.startTime ?? 0
            && statistics.endTime == chunks.last?.endTime ?? 0
            && zip(summary.chunks, chunks).allSatisfy {
                $0.startTime == $1.startTime && $0.endTime == $1.endTime && $0.length == $1.length
                    && $0.uncompressedSize == $1.uncompressedSize
            }
    }
}
