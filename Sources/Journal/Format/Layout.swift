import Market
import Synchronization

/// Where everything of an opened recording is: what its cursors share, and never changes.
///
/// The directory's descriptor lives as long as the layout.
final class Layout: Sendable {
    let directory: RecordingDirectory
    let names: [String]
    /// By segment: its first number.
    let firsts: [SequenceNumber]
    /// By segment: `log_time` of the record before its first.
    let times: [Timestamp]
    /// By segment: behind its last record that counts; `nil` where its own end says so.
    let limits: [UInt64?]
    /// False for a single file of another origin.
    let isOurs: Bool
    /// A recorder may still write it, or go on with it: it has no seal.
    let isLive: Bool
    /// Chunks of the last segment when it has no index of its own.
    let lastIndex: SegmentIndex?
    /// Records that only the tails hold, behind those of the segments.
    let tails: [TailRun]
    /// The number behind the last.
    let next: SequenceNumber

    /// A recording's directory.
    init(_ directory: RecordingDirectory, _ list: SegmentList, _ salvage: Salvage) {
        self.directory = directory
        names = list.names
        firsts = list.segments.map(\.first)
        times = list.times
        var limits = list.limits
        if !salvage.isSealed, !limits.isEmpty { limits[limits.count - 1] = salvage.end }
        self.limits = limits
        isOurs = true
        isLive = !salvage.isSealed
        lastIndex = salvage.isSealed ? nil : salvage.index
        tails = salvage.tails
        next = salvage.last.next
    }

    /// One file, in a directory that need not be a recording.
    init(file name: String, in directory: RecordingDirectory, head: SegmentHead?) {
        self.directory = directory
        names = [name]
        firsts = [head?.first ?? .first]
        times = [head?.time ?? .zero]
        limits = [nil]
        isOurs = head != nil
        isLive = false
        lastIndex = nil
        tails = []
        next = .none
    }

    deinit { directory.close() }

    private let tables = Mutex(ChunkTables())
    /// The index read last: cursors that share the recording are often in the same segment.
    private let recent = Mutex<(key: ChunkTables.Key, index: SegmentIndex)?>(nil)

    private func key(_ position: Int, _ segment: SegmentFile) -> ChunkTables.Key {
        ChunkTables.Key(
            position: position,
            size: segment.window.size,
            summary: segment.summary?.start
        )
    }

    /// Where the chunks of a segment begin: from its own index, or found by reading it once.
    func table(of position: Int, _ segment: SegmentFile) throws(JournalError) -> ChunkTable? {
        guard isOurs else { return nil }
        let key = key(position, segment)
        if let known = tables.withLock({ $0[key] }) { return known }
        guard let index = try index(of: position, segment) else { return nil }
        let table = ChunkTable(index)
        tables.withLock { $0.keep(table, key) }
        return table
    }

    /// The chunks of a segment with their streams.
    func index(of position: Int, _ segment: SegmentFile) throws(JournalError) -> SegmentIndex? {
        guard isOurs else { return nil }
        let key = key(position, segment)
        if let known = recent.withLock({ $0?.key == key ? $0?.index : nil }) { return known }
        guard let index = try read(position, segment) else { return nil }
        recent.withLock { $0 = (key, index) }
        return index
    }

    /// The segment's own index; one that does not read is made again from the chunks, and `verify` tells of it.
    private func readable(_ segment: SegmentFile) throws(JournalError) -> SegmentIndex? {
        do throws(JournalError) {
            return try segment.index()
        } catch {
            guard error.isOfOneSegment else { throw error }
            return nil
        }
    }

    private func read(_ position: Int, _ segment: SegmentFile) throws(JournalError) -> SegmentIndex?
    {
        if let index = try readable(segment),
            limits[position] == nil || limits[position] == segment.window.size
        {
            return index
        }
        if position == names.count - 1, let lastIndex { return lastIndex }
        let limit = limits[position] ?? segment.window.size
        return try SegmentScan(segment, limit: limit, durable: limit, tails: nil).index
    }
}
