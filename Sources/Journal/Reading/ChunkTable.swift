import Market

/// Where the chunks of one segment begin: what a seek asks, in 20 bytes a chunk.
struct ChunkTable: Sendable {
    private let offsets: [UInt64]
    /// First numbers, less the segment's own.
    private let numbers: [UInt32]
    private let endTimes: [UInt64]
    private let base: UInt64
    /// Behind the last chunk.
    private let end: UInt64

    init(_ index: SegmentIndex) {
        let base = index.entries.first?.first.value ?? 0
        self.base = base
        offsets = index.entries.map(\.offset)
        numbers = index.entries.map { UInt32(clamping: $0.first.value &- base) }
        endTimes = index.entries.map(\.endTime)
        let (end, overflow) = (index.entries.last?.offset ?? 0)
            .addingReportingOverflow(index.entries.last?.length ?? 0)
        self.end = overflow ? 0 : end
    }

    var count: Int { offsets.count }
    /// Bytes of memory.
    var footprint: Int { count * 20 + 128 }

    func offset(of chunk: Int) -> UInt64 { offsets[chunk] }

    func first(of chunk: Int) -> SequenceNumber {
        SequenceNumber(base &+ UInt64(numbers[chunk]))
    }

    /// Bytes up to where the next chunk begins; 0 where that makes no sense.
    func length(of chunk: Int) -> UInt64 {
        let behind = chunk + 1 < count ? offsets[chunk + 1] : end
        return behind > offsets[chunk] ? behind - offsets[chunk] : 0
    }

    /// The chunk that holds a number, or the first one when it comes before.
    func chunk(with sequence: SequenceNumber) -> Int {
        max(0, firstChunk { first(of: $0) > sequence } - 1)
    }

    /// The first chunk that ends at or after a time; ``count`` when none does.
    func chunk(endingAtOrAfter time: UInt64) -> Int { firstChunk { endTimes[$0] >= time } }

    /// The first chunk for which `isBehind` holds; chunks are in the order of numbers and times.
    private func firstChunk(where isBehind: (Int) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isBehind(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

/// Tables read last, within a bound of memory.
struct ChunkTables: Sendable {
    /// A segment and the file that it was when its table was read; compaction puts another in its place.
    struct Key: Hashable, Sendable {
        var position: Int
        var size: UInt64
        var summary: UInt64?
    }

    private var known: [(key: Key, table: ChunkTable)] = []
    private static let limit = 6 << 20

    subscript(key: Key) -> ChunkTable? {
        mutating get {
            guard let place = known.firstIndex(where: { $0.key == key }) else { return nil }
            let found = known.remove(at: place)
            known.append(found)
            return found.table
        }
    }

    mutating func keep(_ table: ChunkTable, _ key: Key) {
        known.removeAll { $0.key == key }
        known.append((key, table))
        var sum = known.reduce(0) { $0 + $1.table.footprint }
        while sum > ChunkTables.limit, known.count > 1 {
            sum -= known.removeFirst().table.footprint
        }
    }
}
