import Bybit
import Journal
import Market

/// Reads the file of a ``MarketCache`` from its beginning, record by record.
final class CachedRecords {
    enum Found {
        /// A record that is of use, put into the item.
        case item
        /// One that is not: its time alone counts.
        case passed
        case end
        /// The file is not what was written; ``number`` is the last record that was.
        case damaged
    }

    private(set) var number = SequenceNumber.none
    private(set) var time = Timestamp.zero
    /// How many records there were up to ``number``; exact at the end of a block.
    private(set) var records: UInt64 = 0

    let file: DerivedFile
    /// Of the recording.
    private let first: SequenceNumber
    private let end: SequenceNumber
    private let decoder = MessageDecoder()
    private var lanes: [Lane] = []
    private var offset = UInt64(CacheFormat.magic.count)
    private var place: UInt64 = 0
    /// The block that is read, and the padding behind it.
    private var bytes: [UInt8] = []
    private var count = 0
    private var position = 0

    private final class Lane {
        let lane: MarketLane
        var neighbour = EventNeighbour()

        init(_ name: String) { lane = MarketLane(StreamName(name)) }
    }

    /// - Returns: `nil` for a file of another recording, of another program, or that is none.
    init?(
        _ file: DerivedFile,
        of recording: Recording,
        identity: String
    ) throws(SystemFailure) {
        self.file = file
        first = recording.first
        end = recording.last
        var magic = [UInt8](repeating: 0, count: CacheFormat.magic.count)
        guard try file.read(magic.count, into: &magic, at: 0) == magic.count,
            magic == CacheFormat.magic, try readBlock(),
            bytes[..<count].elementsEqual(identity.utf8)
        else { return nil }
        position = count
    }

    /// The next block, proven by its hash; false where there is none.
    private func readBlock() throws(SystemFailure) -> Bool {
        var head = [UInt8](repeating: 0, count: CacheFormat.headBytes)
        guard try file.read(head.count, into: &head, at: offset) == head.count else { return false }
        var length = 0
        for byte in head[..<8].reversed() { length = length << 8 | Int(byte) }
        guard (0...CacheFormat.blockBytesMost).contains(length) else { return false }
        let size = try file.size()
        guard UInt64(length) <= size - min(size, offset + UInt64(head.count)) else { return false }
        if bytes.count < length + EventReader.padding {
            bytes = [UInt8](repeating: 0, count: length + EventReader.padding)
        }
        guard try file.read(length, into: &bytes, at: offset + UInt64(head.count)) == length else {
            return false
        }
        let proof = bytes.withUnsafeBytes {
            CacheFormat.head(UnsafeRawBufferPointer(rebasing: $0[..<length]), place: place)
        }
        guard proof == head else { return false }
        offset += UInt64(head.count + length)
        place += 1
        count = length
        position = 0
        return true
    }

    /// Every block from here on is what was written, up to the end.
    func isWhole() -> Bool {
        while (try? readBlock()) ?? false {
            if bytes[..<count] == [CacheFormat.Entry.end.rawValue] { return true }
        }
        return false
    }

    /// Reads one record on.
    func next(into item: MarketItem) -> Found {
        while true {
            if position == count {
                let isThere = (try? readBlock()) ?? false
                guard isThere, count > 0 else { return .damaged }
            }
            let before = (number, time, records)
            let found = bytes.withUnsafeBytes { bytes -> Found? in
                var reader = EventReader(
                    UnsafeRawBufferPointer(rebasing: bytes[..<(count + EventReader.padding)]),
                    from: position
                )
                let found = read(&reader, into: item)
                position = reader.position
                return reader.hasFailed ? .damaged : found
            }
            // Of a record that does not read nothing was given.
            if found == .damaged { (number, time, records) = before }
            if let found { return found }
        }
    }

    /// - Returns: `nil` for an entry that is no record.
    private func read(_ reader: inout EventReader, into item: MarketItem) -> Found? {
        var kind: UInt8 = 0
        reader.byte(&kind)
        guard let entry = CacheFormat.Entry(rawValue: kind) else { return .damaged }
        switch entry {
        case .passed:
            return step(&reader) ? .passed : .damaged
        case .stream:
            var name = ""
            reader.text(&name)
            guard lanes.count < CacheFormat.lanesMost else { return .damaged }
            lanes.append(Lane(name))
            return nil
        case .sum:
            var sum = Int64(bitPattern: records)
            reader.integer(&sum)
            var last = Int64(bitPattern: number.value)
            reader.integer(&last)
            let found = SequenceNumber(UInt64(bitPattern: last))
            guard found >= number, found <= end, sum >= 0 else { return .damaged }
            records = UInt64(bitPattern: sum)
            number = found
            return nil
        case .end: return .end
        case .payload, .book, .trades, .ticker: break
        }
        var place: Int64 = 0
        reader.integer(&place)
        guard place >= 0, place < lanes.count, step(&reader) else { return .damaged }
        let lane = lanes[Int(place)]
        guard let role = lane.lane.role(keepsAccount: false) else { return .damaged }
        item.number = number
        item.time = time
        item.begin(lane.lane, role)
        guard entry != .payload else {
            let payload = reader.payload()
            decoder.decode(lane.lane.route, payload, into: &item.event)
            if role == .start { item.payload.append(contentsOf: payload) }
            return .item
        }
        item.event.reset()
        item.event.category = lane.lane.category
        item.event.symbol = lane.lane.symbol
        switch entry {
        case .trades: item.event.kind = .publicTrades
        case .ticker:
            item.event.kind = .ticker
            item.event.ticker.reset()
        default: item.event.kind = .book
        }
        lane.neighbour.code(&reader, &item.event, near: time.milliseconds)
        return .item
    }

    /// Number and time of the record that an entry is of; false where none of the recording comes here.
    @inline(__always)
    private func step(_ reader: inout EventReader) -> Bool {
        var next = Int64(bitPattern: number.value)
        reader.integer(&next, near: next)
        var moment = time.nanoseconds
        reader.integer(&moment, near: moment)
        let found = SequenceNumber(UInt64(bitPattern: next))
        guard found > number, found >= first, found <= end else { return false }
        records &+= found.value &- number.value
        number = found
        time = Timestamp(nanoseconds: moment)
        return true
    }
}
