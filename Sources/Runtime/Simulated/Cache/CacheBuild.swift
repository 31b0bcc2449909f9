import Bybit
import Journal
import Market

/// Decodes the records of a recording, one by one, and writes what a simulated run has a use for.
struct CacheBuild {
    private let file: DerivedFile
    private let decoder = MessageDecoder()
    private var event = Event()
    private var writer = EventWriter()
    /// How many blocks were written, and their bytes.
    private(set) var block: UInt64 = 0
    private(set) var written: UInt64 = 0
    private var records: UInt64 = 0
    /// Of the last record, and of the last one with an entry.
    private var last = SequenceNumber.none
    private var number = SequenceNumber.none
    private var time = Timestamp.zero
    /// By the stream's id in the recording.
    private var lanes: [Lane?] = []
    private var lanesWritten: Int64 = 0

    private final class Lane {
        let lane: MarketLane
        /// In the file; `nil` for a stream that has none of its records there.
        let place: Int64?
        var neighbour = EventNeighbour()

        init(_ lane: MarketLane, _ place: Int64?) {
            self.lane = lane
            self.place = place
        }
    }

    init(_ file: DerivedFile, identity: String) throws {
        self.file = file
        try file.append(CacheFormat.magic)
        try append(Array(identity.utf8))
    }

    mutating func add(_ record: Record, _ cursor: Cursor) throws {
        records += 1
        let lane = lane(record.stream, cursor)
        guard lanesWritten <= CacheFormat.lanesMost else { throw CacheFailure.manyStreams }
        if let place = lane.place {
            add(record, lane, place)
        } else if record.time != time {
            entry(.passed, record)
        }
        last = record.sequence
        if writer.bytes.count >= CacheFormat.blockBytes { try endBlock() }
    }

    mutating func finish() throws {
        try endBlock()
        var kind = CacheFormat.Entry.end.rawValue
        writer.byte(&kind)
        try append(writer.bytes)
        writer.removeAll()
    }

    private mutating func lane(_ stream: StreamID, _ cursor: Cursor) -> Lane {
        let index = Int(stream.value)
        while lanes.count <= index { lanes.append(nil) }
        if let known = lanes[index] { return known }
        let lane = MarketLane(cursor.name(of: stream))
        let isKept = lane.role(keepsAccount: false) != nil
        let made = Lane(lane, isKept ? lanesWritten : nil)
        lanes[index] = made
        guard isKept else { return made }
        lanesWritten += 1
        var kind = CacheFormat.Entry.stream.rawValue
        writer.byte(&kind)
        var name = lane.name.text
        writer.text(&name)
        return made
    }

    private mutating func add(_ record: Record, _ lane: Lane, _ place: Int64) {
        if lane.lane.role(keepsAccount: false) == .market {
            decoder.decode(lane.lane.route, record.payload, into: &event)
            if event.category == lane.lane.category, event.isCompact(lane.lane.symbol),
                let kind = CacheFormat.entry(of: event.kind)
            {
                let (count, number, time) = (writer.bytes.count, self.number, self.time)
                var neighbour = lane.neighbour
                entry(kind, record, place)
                neighbour.code(&writer, &event, near: record.time.milliseconds)
                guard writer.hasFailed else {
                    lane.neighbour = neighbour
                    return
                }
                // Written as if it had never been tried.
                writer.cut(to: count)
                (self.number, self.time) = (number, time)
            }
        }
        entry(.payload, record, place)
        writer.append(payload: record.payload)
    }

    private mutating func entry(_ kind: CacheFormat.Entry, _ record: Record, _ place: Int64? = nil)
    {
        var word = kind.rawValue
        writer.byte(&word)
        if var place { writer.integer(&place) }
        var next = Int64(bitPattern: record.sequence.value)
        writer.integer(&next, near: Int64(bitPattern: number.value))
        var moment = record.time.nanoseconds
        writer.integer(&moment, near: time.nanoseconds)
        number = record.sequence
        time = record.time
    }

    private mutating func endBlock() throws {
        var kind = CacheFormat.Entry.sum.rawValue
        writer.byte(&kind)
        var sum = Int64(bitPattern: records)
        writer.integer(&sum)
        var last = Int64(bitPattern: self.last.value)
        writer.integer(&last)
        number = self.last
        try append(writer.bytes)
        writer.removeAll()
    }

    private mutating func append(_ content: [UInt8]) throws {
        guard content.count <= CacheFormat.blockBytesMost else { throw CacheFailure.longBlock }
        let head = content.withUnsafeBytes { CacheFormat.head($0, place: block) }
        try file.append(head)
        try file.append(content)
        block += 1
        written += UInt64(head.count + content.count)
    }
}
