import Market

/// The segments of a directory as the manifest lists them, read from their heads.
struct SegmentList {
    private(set) var segments: [Manifest.Segment] = []
    /// Names of those that are served, in order.
    private(set) var names: [String] = []
    /// By segment: where it ends as the next one's head says; `nil` for the last.
    private(set) var limits: [UInt64?] = []
    /// By segment: `log_time` of the record before its first.
    private(set) var times: [Timestamp] = []
    /// Segments that are missing or that cannot be read, which are left out, so that all others are served.
    private(set) var damage: [JournalError] = []
    /// A segment that was listed was not there any more when it was opened, as where somebody prunes at the same time.
    private(set) var hasVanished = false

    init(_ directory: RecordingDirectory, _ salvage: Salvage) throws(JournalError) {
        var heads: [SegmentHead] = []
        var marks: [CompactionMark?] = []
        for (position, name) in salvage.names.enumerated() {
            do throws(JournalError) {
                let segment = try SegmentFile(name, in: directory, presumes: true)
                guard let head = segment.head else {
                    throw segment.error(.damaged("not a segment of ours"), at: 0)
                }
                let mark = try CompactionMark(segment)
                // Of the last one it is told by recovery.
                if let told = segment.presumption, name != salvage.names.last {
                    damage.append(told)
                }
                // Of the first one in the directory the notes of pruning tell.
                if segment.headFailure == nil, head.lost == nil, position > 0,
                    let before = head.previous?.name, !salvage.names.contains(before)
                {
                    damage.append(
                        segment.error(.damaged("segment \(before) is missing before it"), at: 0)
                    )
                }
                names.append(name)
                heads.append(head)
                marks.append(mark)
            } catch {
                if case .newer = error.reason { throw error }
                if error.isOfNames { throw error }
                let first = RecordingDirectory.firstNumber(ofSegment: name) ?? .none
                let following =
                    position + 1 < salvage.names.count
                    ? RecordingDirectory.firstNumber(ofSegment: salvage.names[position + 1]) : nil
                if error.reason == .missing { hasVanished = true }
                var told = error
                told.reason = .damaged(
                    "records \(first) to \((following ?? first.next).previous) cannot be read: \(error.what)"
                )
                damage.append(told)
            }
        }
        for (index, head) in heads.enumerated() {
            let next = index + 1 < heads.count ? heads[index + 1] : nil
            let following = next?.first ?? salvage.lastInSegment.next
            var listed = Manifest.Segment(
                name: names[index],
                first: head.first,
                last: following.previous,
                chainFirst: head.chain,
                chainLast: next?.chain ?? salvage.chain
            )
            if let lost = next?.lost {
                // Recovery left records out behind it: its own index says where it ends.
                listed.last = lost.first.previous
                let own = (try? SegmentFile(names[index], in: directory)).flatMap {
                    try? $0.index()
                }
                listed.chainLast = own?.chain ?? listed.chainFirst
            }
            segments.append(listed)
            times.append(head.time)
            let previous = next?.previous
            // The end that the next one names is that of the file as it was first written.
            let isNamed = previous?.name == names[index] && marks[index]?.end != previous?.end
            limits.append(isNamed ? previous?.end : nil)
        }
    }

    /// `log_time` of the recording's first record; zero when there is none, or none that reads.
    static func firstTime(
        _ directory: RecordingDirectory,
        _ salvage: Salvage
    ) throws(JournalError) -> UInt64 {
        guard let name = salvage.names.first,
            let segment = try? SegmentFile(name, in: directory, presumes: true)
        else { return 0 }
        // What lies behind the end is no record: a first chunk that power loss tore must not stop a recovery.
        let limit = salvage.names.count == 1 ? salvage.end : segment.window.size
        if let time = try? firstTime(segment, limit) { return time }
        guard let run = salvage.tails.first, let base = run.buffer.bytes.baseAddress else {
            return 0
        }
        // The first record stands behind its Channel.
        var place = 0
        while place < run.buffer.count {
            let record = base + place
            if record.load(as: UInt8.self) == MCAP.Opcode.message.rawValue {
                return MessageHeader(record: record).time
            }
            let length = record.loadUnaligned(fromByteOffset: 1, as: UInt64.self).littleEndian
            place += MCAP.recordHeader + Int(length)
        }
        return 0
    }

    /// When the first chunk begins; `nil` when there is none.
    static func firstTime(
        _ segment: SegmentFile,
        _ limit: UInt64
    ) throws(JournalError) -> UInt64? {
        var offset = segment.dataStart
        while offset < limit, let place = try segment.window.record(at: offset),
            let next = place.end
        {
            if place.opcode == MCAP.Opcode.chunk.rawValue {
                let body = try segment.window.body(place)
                return try segment.parse(at: offset) { () throws(Malformed) in
                    try MCAP.chunk(body).header.startTime
                }
            }
            if place.opcode == MCAP.Opcode.dataEnd.rawValue { break }
            offset = next
        }
        return nil
    }
}
