import Bybit
import Journal
import Market

/// Records that were read and decoded ahead, in order; its memory is used again and again.
///
/// `@unchecked Sendable`: one thread has it at a time, and it changes hands through a lock.
final class DecodedBatch: @unchecked Sendable {
    /// Where it stands what a record means.
    private enum Meaning {
        /// None, or it was left to who takes the record.
        case none
        /// Place among ``events``.
        case event(Int)
        /// Place among ``books``, and where its levels begin.
        case book(Int, levels: Int)
    }

    private struct Entry {
        var sequence: SequenceNumber
        var time: Timestamp
        var stream: StreamID
        /// Among ``bytes``; of inputs none is kept.
        var start: Int
        var count: Int
        var meaning: Meaning
    }

    /// Few enough that what they decode to stays in a core's cache until it is applied.
    static let capacity = 48
    /// A batch ends behind a payload that makes it this long.
    private static let mostBytes = 256 << 10
    /// More of an event's rows than this are not kept for the next one.
    private static let keptRows = 256

    /// Streams that are met here first.
    private(set) var streams: [(id: StreamID, name: StreamName)] = []
    /// Why reading ended behind the last entry; nothing comes after it.
    var failure: ReplayError?
    var isLast = false
    @exclusivity(unchecked) private var entries: [Entry] = []
    @exclusivity(unchecked) private var bytes: [UInt8] = []
    /// Most records: one behind the other, since what one core has written another one has to fetch.
    @exclusivity(unchecked) private var books: [BookPush] = []
    @exclusivity(unchecked) private var levels: [LevelNumerals] = []
    @exclusivity(unchecked) private var read = 0
    /// How many of ``events`` are used.
    @exclusivity(unchecked) private var eventCount = 0
    private let events: UnsafeMutablePointer<Event>

    init() {
        events = .allocate(capacity: DecodedBatch.capacity)
        events.initialize(repeating: Event(), count: DecodedBatch.capacity)
        entries.reserveCapacity(DecodedBatch.capacity)
    }

    deinit {
        events.deinitialize(count: DecodedBatch.capacity)
        events.deallocate()
    }

    var isFull: Bool {
        entries.count == DecodedBatch.capacity || read >= DecodedBatch.mostBytes
    }

    var isEmpty: Bool { entries.isEmpty }

    func clear() {
        entries.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
        streams.removeAll(keepingCapacity: true)
        books.removeAll(keepingCapacity: true)
        levels.removeAll(keepingCapacity: true)
        eventCount = 0
        read = 0
    }

    func add(stream id: StreamID, _ name: StreamName) { streams.append((id, name)) }

    /// - Parameters:
    ///   - keepsPayload: of outputs, and of the records that an engine is made from.
    ///   - isLeft: what the record means is left to who takes it, and its payload goes along.
    func add(
        _ record: Record,
        _ route: StreamRoute?,
        keepsPayload: Bool,
        isLeft: Bool = false,
        _ decoder: MessageDecoder
    ) {
        let keepsPayload = keepsPayload || (isLeft && route != nil)
        read += record.payload.count
        let start = bytes.count
        if keepsPayload { bytes.append(contentsOf: record.payload) }
        var meaning = Meaning.none
        if let route, !isLeft { meaning = self.meaning(route, record.payload, decoder) }
        entries.append(
            Entry(
                sequence: record.sequence,
                time: record.time,
                stream: record.stream,
                start: start,
                count: keepsPayload ? record.payload.count : 0,
                meaning: meaning
            )
        )
    }

    private func meaning(
        _ route: StreamRoute,
        _ payload: UnsafeRawBufferPointer,
        _ decoder: MessageDecoder
    ) -> Meaning {
        let first = levels.count
        if let book = decoder.bookPush(route, payload, into: &levels) {
            books.append(book)
            return .book(books.count - 1, levels: first)
        }
        decoder.decodeLeft(route, payload, into: &events[eventCount])
        eventCount += 1
        return .event(eventCount - 1)
    }

    /// Long lists, such as that of all instruments, do not stay in memory.
    func shrink() {
        if bytes.capacity > 2 * DecodedBatch.mostBytes { bytes = [] }
        for place in 0..<eventCount {
            if events[place].instruments.count > DecodedBatch.keptRows
                || events[place].details.count > DecodedBatch.keptRows
            {
                events[place] = Event()
            }
        }
    }

    /// Hands the records over, each with what it means where that is known.
    ///
    /// - Parameters:
    ///   - book: what is lent to `body` for each push of an order book; of nothing else.
    ///   - body: false ends it.
    func forEach(
        book: UnsafeMutablePointer<Event>,
        _ body: (Record, UnsafeMutablePointer<Event>?) throws(ReplayError) -> Bool
    ) throws(ReplayError) {
        for entry in entries {
            let event: UnsafeMutablePointer<Event>?
            switch entry.meaning {
            case .none: event = nil
            case .event(let place): event = events + place
            case .book(let place, let first):
                levels.withUnsafeBufferPointer { levels in
                    let end = first + books[place].levelCount
                    let own = UnsafeBufferPointer(rebasing: levels[first..<end])
                    books[place].write(into: &book.pointee, levels: own)
                }
                event = book
            }
            let goesOn = try bytes.withUnsafeBufferPointer { (bytes) throws(ReplayError) in
                let own = bytes[entry.start..<entry.start + entry.count]
                let record = Record(
                    sequence: entry.sequence,
                    time: entry.time,
                    stream: entry.stream,
                    payload: UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: own))
                )
                return try body(record, event)
            }
            guard goesOn else { return }
        }
    }
}
