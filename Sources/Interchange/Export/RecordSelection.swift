public import Journal
public import Market

/// Which records of a recording are exported: from, to, and which streams.
public struct RecordSelection: Sendable {
    /// The last record that is taken.
    public enum End: Hashable, Sendable {
        case sequence(SequenceNumber)
        case time(Timestamp)

        /// Whether a record lies behind it.
        @inline(__always)
        func isBefore(_ record: borrowing Record) -> Bool {
            switch self {
            case .sequence(let last): record.sequence > last
            case .time(let last): record.time > last
            }
        }
    }

    public var from: CursorStart
    public var to: End?
    /// Asked once for each stream; `nil` takes all.
    public var streams: (@Sendable (StreamName) -> Bool)?

    public init(
        from: CursorStart = .beginning,
        to: End? = nil,
        streams: (@Sendable (StreamName) -> Bool)? = nil
    ) {
        self.from = from
        self.to = to
        self.streams = streams
    }
}

/// What an export did, and what it could not.
public struct ExportSummary: Sendable {
    /// Records written.
    public var records: UInt64 = 0
    /// Records that the format has no place for, by stream, in the order of the streams' first record.
    public var leftOut: [LeftOut] = []
    /// What could not be read; the records of it are not in the output.
    public var damage: [JournalError] = []
    /// The times are the exchange's, and the format has no place to say so.
    public var hidesUnknownArrival = false

    public struct LeftOut: Hashable, Sendable {
        public var stream: String
        public var records: UInt64
        /// Why, in words.
        public var reason: String
    }

    public init() {}

    mutating func leaveOut(_ stream: StreamName, _ reason: String) {
        let place = leftOut.firstIndex { $0.stream == stream.text && $0.reason == reason }
        if let place {
            leftOut[place].records += 1
        } else {
            leftOut.append(LeftOut(stream: stream.text, records: 1, reason: reason))
        }
    }
}

/// Walks the selected records in order, past what cannot be read.
enum RecordWalk {
    /// More places of damage than this end the walk: the recording is no use.
    static let damageMax = 10_000

    static func run(
        _ recording: Recording,
        _ selection: RecordSelection,
        damage: inout [JournalError],
        _ body: (borrowing Record, StreamName) throws(InterchangeError) -> Void
    ) throws(InterchangeError) {
        try run(recording, selection, damage: &damage, stream: { _, name in Named(name) }) {
            (record, stream) throws(InterchangeError) in
            try body(record, stream.name)
            return true
        }
    }

    private final class Named {
        let name: StreamName
        init(_ name: StreamName) { self.name = name }
    }

    /// The same for callers that work out what a stream is to them, once in the walk, at its first record; it ends
    /// behind the record for which `body` gives false.
    static func run<Stream: AnyObject>(
        _ recording: Recording,
        _ selection: RecordSelection,
        damage: inout [JournalError],
        stream: (StreamID, StreamName) -> Stream,
        _ body: (borrowing Record, Stream) throws(InterchangeError) -> Bool
    ) throws(InterchangeError) {
        let cursor: Cursor
        do throws(JournalError) {
            cursor = try recording.cursor(from: selection.from, streams: selection.streams)
        } catch {
            throw InterchangeError(error)
        }
        // What was known when the recording was opened, once.
        for error in recording.damage where !damage.contains(error) { damage.append(error) }
        var streams: [Stream?] = []
        while true {
            let next: Record?
            do throws(JournalError) {
                next = try cursor.next()
            } catch {
                damage.append(error)
                if damage.count >= damageMax { return }
                continue
            }
            guard let record = next else { return }
            if let to = selection.to, to.isBefore(record) { return }
            let id = Int(record.stream.value)
            if id < streams.count, let known = streams[id] {
                guard try body(record, known) else { return }
                continue
            }
            while streams.count <= id { streams.append(nil) }
            let fresh = stream(record.stream, cursor.name(of: record.stream))
            streams[id] = fresh
            guard try body(record, fresh) else { return }
        }
    }
}
