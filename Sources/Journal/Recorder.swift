public import Market

/// Writes a recording: appends on one thread, compression and disk on threads of its own.
///
/// The append side (`start`, `stream`, `append`, `hasRoom`, `roll`, `seal`, `close`) belongs to one thread at a
/// time, the event loop's. Watermarks, waits and health may be used from any thread.
public final class Recorder: @unchecked Sendable {
    public let path: String
    /// The recording's id, the same in all its runs.
    public let id: String
    /// Which life of the process this is, from 1.
    public let run: Int
    /// What an earlier run left behind, when it ended without a seal.
    public let recovery: Recovery?

    init(path: String, id: String, run: Int, recovery: Recovery?) {
        self.path = path
        self.id = id
        self.run = run
        self.recovery = recovery
    }

    /// Makes the directory, or recovers an unsealed recording in it and goes on as its next run.
    ///
    /// - Throws: ``JournalError``: `held` (75), `sealed` (73), `damaged` (2), `system` (74).
    public static func open(
        _ path: String,
        options: RecorderOptions = RecorderOptions(),
        files: any JournalFiles = SystemFiles()
    ) throws(JournalError) -> Recorder {
        throw JournalError(.missing, file: path)
    }

    // MARK: Appending

    /// The number that the next record gets, a `session/channel` record included.
    public var next: SequenceNumber { .first }
    /// `log_time` of the last record; the next is never below it.
    public var lastTime: Timestamp { .zero }

    /// Appends `session/start`, the first record of this run.
    @discardableResult
    public func start(time: Timestamp, payload: [UInt8]) throws(JournalError) -> SequenceNumber {
        .none
    }

    /// The id of a stream; look it up once and keep it.
    ///
    /// The stream is announced by a `session/channel` record just before its first message.
    ///
    /// - Parameter origin: where it comes from, for the announcement, such as a host.
    public func stream(named name: String, origin: String = "") throws(JournalError) -> StreamID {
        StreamID(0)
    }

    /// Gives the record the next number and puts it on its way to the disk.
    ///
    /// - Parameter time: the core's clock; a time below the last record's is raised to it.
    /// - Throws: `queueFull` (nothing was appended), `notStarted`, `closed`, `failed`, `tooLarge`.
    @discardableResult
    public func append(
        _ stream: StreamID,
        time: Timestamp,
        payload: UnsafeRawBufferPointer
    ) throws(JournalError) -> SequenceNumber { .none }

    /// As above, for bytes in an array.
    @discardableResult
    public func append(
        _ stream: StreamID,
        time: Timestamp,
        payload: [UInt8]
    ) throws(JournalError) -> SequenceNumber { .none }

    /// Whether `append` of this many bytes would be taken now. Public data may fill three quarters of the
    /// queue; everything else may fill all of it.
    public func hasRoom(for bytes: Int, on stream: StreamID) -> Bool { true }

    /// Bytes between `append` and the disk.
    public var queuedBytes: Int { 0 }

    /// The segment is full and the owner rolls (``RecorderOptions/rollsItself`` is false).
    public var isRollDue: Bool { false }

    /// The next record begins a new segment, which carries this checkpoint of the owner's state.
    public func roll(checkpoint: [UInt8]) throws(JournalError) {}

    // MARK: Watermarks

    public var watermarks: Watermarks {
        Watermarks(appended: .none, written: .none, durable: .none)
    }
    public var health: RecorderHealth { .sound }

    /// Makes the recorder drain now instead of within a millisecond.
    public func hurry() {}

    /// Calls `body` once `number` is *written*, at once when it is already, else on the recorder's thread.
    ///
    /// The recorder drains at once. `body` gets false when the journal failed and it never will be.
    public func whenWritten(_ number: SequenceNumber, _ body: @escaping @Sendable (Bool) -> Void) {}

    /// As ``whenWritten(_:_:)`` for *durable*; the sync begins at once and is shared by all who wait.
    public func whenDurable(_ number: SequenceNumber, _ body: @escaping @Sendable (Bool) -> Void) {}

    /// Blocks until `number` is *written*.
    public func waitUntilWritten(_ number: SequenceNumber) throws(JournalError) {}

    /// Blocks until `number` is *durable*.
    public func waitUntilDurable(_ number: SequenceNumber) throws(JournalError) {}

    public var statistics: RecorderStatistics { RecorderStatistics() }

    // MARK: Ending

    /// Writes what is queued, the summary and footer of the last segment and the manifest. Blocks.
    @discardableResult
    public func seal() throws(JournalError) -> Manifest { throw JournalError(.closed, file: path) }

    /// Makes everything durable and stops without a seal: the next `open` goes on as the next run.
    public func close() throws(JournalError) {}
}

/// What a recorder has done since it was opened.
public struct RecorderStatistics: Hashable, Sendable {
    public var records: UInt64 = 0
    /// Payload bytes.
    public var payloadBytes: UInt64 = 0
    /// Bytes of segments; tails and HEAD are not counted.
    public var segmentBytes: UInt64 = 0
    public var tailBytes: UInt64 = 0
    public var chunks: UInt64 = 0
    public var syncs: UInt64 = 0

    public init() {}
}

/// What was found where an earlier run ended without a seal.
public struct Recovery: Hashable, Sendable {
    /// The last number that could be read.
    public var last: SequenceNumber
    /// Of these, how many came from the tails and are now in the new segment.
    public var fromTails: UInt64
    /// Bytes behind the last record that formed none; 0 for a clean end.
    public var tornBytes: UInt64

    public init(last: SequenceNumber, fromTails: UInt64, tornBytes: UInt64) {
        self.last = last
        self.fromTails = fromTails
        self.tornBytes = tornBytes
    }
}
