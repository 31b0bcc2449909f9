public import Journal
import Market
import Synchronization

/// A recording as columns in Arrow's memory layout, decoded on all cores.
///
/// Blocks of records are decoded apart from one another and written in their order; what one record does to the next,
/// the order books, is worked out in that order, so that the output does not depend on how many cores there are.
public enum ColumnsExport {
    public struct Options: Sendable {
        public var tables: [ColumnTable]
        public var selection: RecordSelection
        /// Levels a side of the table `book`.
        public var depth = 10
        /// Nanoseconds between rows of a book; `nil` for a row at each push.
        public var every: Int64?
        /// Prices and quantities as 64-bit floats, the nearest there is, instead of exact decimals.
        public var floats = false
        /// How many blocks are decoded at once.
        public var cores: Int

        public init(_ tables: [ColumnTable], _ selection: RecordSelection, cores: Int) {
            self.tables = tables
            self.selection = selection
            self.cores = cores
        }

        /// The streams that these tables are made of, among those selected.
        var filter: @Sendable (StreamName) -> Bool {
            let tables = Set(self.tables)
            let selected = selection.streams
            return { name in
                let route = ColumnRoute(name)
                guard route.isWanted(tables) else { return false }
                // A book is worth nothing without the word that its socket was lost.
                return route.subject == .link && !tables.contains(.records)
                    || selected?(name) ?? true
            }
        }
    }

    /// Records of a block: decoded in some 10 ms, and a few MiB in memory.
    static let blockRecords: UInt64 = 16_384
    /// Bytes in memory with which a block ends, however few its records: see ``BlockPlan``.
    static let blockBytes = 32 << 20

    /// Writes schema, batches and footer; the caller finishes the sink.
    ///
    /// In memory are at most three blocks more than there are cores, each of ``blockBytes`` and what its last record adds.
    public static func write(
        _ recording: Recording,
        _ options: Options,
        to sink: ByteSink
    ) async throws -> Summary {
        try await write(recording, options, to: sink, blockBytes: blockBytes).summary
    }

    /// The same with another bound, and the most bytes that blocks took at one time.
    static func write(
        _ recording: Recording,
        _ options: Options,
        to sink: ByteSink,
        blockBytes: Int
    ) async throws -> (summary: Summary, most: Int) {
        let frames = ColumnFrames(sink: sink)
        let knowsArrivalTimes = recording.manifest.knowsArrivalTimes
        try frames.schema(
            options.tables.map { table in
                let columns = table.columns(
                    depth: options.depth,
                    floats: options.floats,
                    knowsArrivalTimes: knowsArrivalTimes
                )
                return (table, columns)
            },
            every: options.every
        )
        // Whoever reads gets ready while the first blocks are decoded.
        try sink.flush()
        let (range, end) = try bounds(recording, options.selection)
        var output = Output(options, frames, batchBytes: blockBytes)
        let pool = Pool(recording, options, blockBytes)
        var most = 0
        try await withThrowingTaskGroup(of: (Int, Handed).self) { group in
            var plan = BlockPlan(range, records: blockRecords, ahead: options.cores + 2)
            while !plan.isEmpty {
                while let (id, block) = plan.begin() {
                    group.addTask { (id, Handed(try pool.decode(block))) }
                }
                if let block = plan.takeFirst() {
                    try output.write(block)
                } else if let (id, block) = try await group.next() {
                    plan.finish(id, block.value)
                    most = max(most, plan.bytes)
                }
            }
        }
        return (try output.finish(at: end, knowsArrivalTimes: knowsArrivalTimes), most)
    }

    public struct Summary: Sendable {
        /// Records that were read.
        public var records: UInt64
        /// Rows written, by table in the order asked for.
        public var rows: [UInt64]
        public var findings: UInt64
        public var firstFindings: [ColumnFinding]
        public var damage: [JournalError]
    }

    /// A block on its way from the task that decoded it to the one that writes it.
    ///
    /// `@unchecked Sendable`: the decoding task has let go of it.
    private struct Handed: @unchecked Sendable {
        let value: DecodedBlock

        init(_ value: DecodedBlock) { self.value = value }
    }

    /// Decoders at rest.
    private final class Pool: Sendable {
        private let resting = Mutex<[BlockDecoder]>([])
        private let recording: Recording
        private let options: Options
        private let limit: Int

        init(_ recording: Recording, _ options: Options, _ limit: Int) {
            self.recording = recording
            self.options = options
            self.limit = limit
        }

        func decode(_ block: ClosedRange<UInt64>) throws(InterchangeError) -> DecodedBlock {
            let decoder =
                resting.withLock { $0.popLast() } ?? BlockDecoder(recording, options)
            let result = try decoder.decode(block, limit: limit)
            resting.withLock { $0.append(decoder) }
            return result
        }
    }

    /// The numbers selected, and the time up to which the recording is known.
    private static func bounds(
        _ recording: Recording,
        _ selection: RecordSelection
    ) throws(InterchangeError) -> (ClosedRange<UInt64>?, Timestamp) {
        var first = recording.first
        var last = recording.last
        var end = recording.manifest.ended
        do throws(JournalError) {
            switch selection.from {
            case .beginning: break
            case .sequence(let number): first = max(first, number)
            case .time:
                guard let record = try recording.cursor(from: selection.from).next() else {
                    return (nil, end)
                }
                first = record.sequence
            }
            switch selection.to {
            case nil: break
            case .sequence(let number) where number < last:
                last = number
                if let record = try recording.cursor(from: .sequence(number)).next() {
                    end = record.time
                }
            case .sequence: break
            case .time(let time) where time < end:
                end = time
                let behind = time.advanced(nanoseconds: 1)
                if let record = try recording.cursor(from: .time(behind)).next() {
                    last =
                        record.sequence.value > 0
                        ? SequenceNumber(record.sequence.value - 1) : .none
                }
            case .time: break
            }
        } catch {
            throw InterchangeError(error)
        }
        guard first != .none, last >= first else { return (nil, end) }
        return (first.value...last.value, end)
    }
}
