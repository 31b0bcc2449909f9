import Bybit
import Journal
import Market

/// Records that were read and decoded ahead, in order; its memory is used again and again.
///
/// `@unchecked Sendable`: one thread has it at a time, and it changes hands through a lock.
final class DecodedBatch: @unchecked Sendable {
    private struct Entry {
        var sequence: SequenceNumber
        var time: Timestamp
        var stream: StreamID
        /// Among ``bytes``; of inputs none is kept.
        var start: Int
        var count: Int
        var isDecoded: Bool
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
    private var entries: [Entry] = []
    private var bytes: [UInt8] = []
    private var read = 0
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
        read = 0
    }

    func add(stream id: StreamID, _ name: StreamName) { streams.append((id, name)) }

    /// - Parameter keepsPayload: of outputs, and of the records that an engine is made from.
    func add(_ record: Record, _ route: StreamRoute?, keepsPayload: Bool, _ decoder: MessageDecoder)
    {
        let place = entries.count
        read += record.payload.count
        let start = bytes.count
        if keepsPayload { bytes.append(contentsOf: record.payload) }
        entries.append(
            Entry(
                sequence: record.sequence,
                time: record.time,
                stream: record.stream,
                start: start,
                count: keepsPayload ? record.payload.count : 0,
                isDecoded: route != nil
            )
        )
        guard let route else { return }
        decoder.decode(route, record.payload, into: &events[place])
    }

    /// Long lists, such as that of all instruments, do not stay in memory.
    func shrink() {
        for place in entries.indices where entries[place].isDecoded {
            if events[place].instruments.count > DecodedBatch.keptRows
                || events[place].details.count > DecodedBatch.keptRows
            {
                events[place] = Event()
            }
        }
    }

    /// Hands the records over, each with what it means.
    ///
    /// - Parameter body: false ends it.
    func forEach(
        _ body: (Record, UnsafeMutablePointer<Event>?) throws(ReplayError) -> Bool
    ) throws(ReplayError) {
        try bytes.withUnsafeBufferPointer { (buffer) throws(ReplayError) in
            let bytes = UnsafeRawBufferPointer(buffer)
            for (place, entry) in entries.enumerated() {
                let record = Record(
                    sequence: entry.sequence,
                    time: entry.time,
                    stream: entry.stream,
                    payload: UnsafeRawBufferPointer(
                        rebasing: bytes[entry.start..<entry.start + entry.count]
                    )
                )
                guard try body(record, entry.isDecoded ? events + place : nil)
                else { return }
            }
        }
    }
}
