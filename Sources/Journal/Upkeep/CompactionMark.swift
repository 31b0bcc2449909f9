import Market

/// The `Metadata` record of a segment that was compacted.
///
/// The segment behind it and HEAD name bytes of the file as it was first written. The mark says where that file
/// ended, so that both still fit.
struct CompactionMark: Hashable {
    static let name = "tapedeck.compacted"

    /// Where what counted of the segment ended before it was compacted.
    var end: UInt64
    var level: Int32
    /// Uncompressed bytes at which a chunk was closed.
    var chunk: Int

    var metadata: MCAP.Metadata {
        MCAP.Metadata(
            name: CompactionMark.name,
            values: [
                Label("end", String(end)), Label("level", String(level)),
                Label("chunk", String(chunk)),
            ]
        )
    }

    init(end: UInt64, level: Int32, chunk: Int) {
        self.end = end
        self.level = level
        self.chunk = chunk
    }

    /// Of a segment; `nil` where it was not compacted.
    init?(_ segment: SegmentFile) throws(JournalError) {
        guard let metadata = try segment.metadata(CompactionMark.name) else { return nil }
        guard let end = metadata["end"].flatMap({ UInt64($0) }),
            let level = metadata["level"].flatMap({ Int32($0) }),
            let chunk = metadata["chunk"].flatMap({ Int($0) })
        else { throw segment.error(.damaged("the mark of a compaction does not read")) }
        self.init(end: end, level: level, chunk: chunk)
    }
}
