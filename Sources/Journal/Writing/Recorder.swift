public import Market
import Synchronization

/// Writes a recording: appends on one thread, compression and disk on threads of its own.
///
/// The append side (`start`, `stream`, `append`, `hasRoom`, `roll`, `seal`, `close`) belongs to one thread at a
/// time, the event loop's. Watermarks, waits and health may be used from any thread.
///
/// `@unchecked Sendable`: what the append side changes is in `producer`, guarded by that rule; the rest is
/// constant or shared by atomics and locks of its own.
public final class Recorder: @unchecked Sendable {
    public let path: String
    /// The recording's id, the same in all its runs.
    public let id: String
    /// Which life of the process this is, from 1.
    public let run: Int
    /// What an earlier run left behind, when it ended without a seal.
    public let recovery: Recovery?

    let options: RecorderOptions
    let queue: RecordQueue
    let progress: Progress
    let bell: Bell
    let thread: RecorderThread
    private let table: StreamTable
    private let producer: UnsafeMutablePointer<Producer>
    /// By stream id: one bit each for known and sheddable.
    private let flags: UnsafeMutablePointer<UInt8>

    /// What the append side changes; behind a pointer, so that the compiler adds no checks to each access.
    private struct Producer {
        var number: UInt64
        var time: Int64
        var hasStarted = false
        var hasEnded = false
        /// Rolls asked for.
        var rolls: UInt64 = 0
        /// Streams with ids up to this have been announced.
        var announced: UInt16
        /// Steps that have begun and not ended.
        var steps = 0
    }

    private enum Flag {
        static let known: UInt8 = 1
        static let sheddable: UInt8 = 2
    }

    /// What the append side is made of.
    struct Parts {
        var path: String
        var id: String
        var run: Int
        var options: RecorderOptions
        var queue: RecordQueue
        var progress: Progress
        var table: StreamTable
        var bell: Bell
        var thread: RecorderThread
        /// The last number, and its time.
        var number: SequenceNumber
        var time: Timestamp
        var announced: Int

        /// Of a writer that is ready, whose thread begins here.
        init(_ writer: Writer, _ bell: Bell) throws(SystemFailure) {
            path = writer.directory.path
            id = writer.segment.head.id
            run = writer.run
            options = writer.options
            queue = writer.queue
            progress = writer.progress
            table = writer.table
            self.bell = bell
            number = writer.number
            time = Timestamp(nanoseconds: Int64(bitPattern: writer.lastTime))
            announced = writer.announced
            thread = try RecorderThread(bell) { writer }
        }

        /// Of a writer that its thread makes later.
        init(
            path: String,
            id: String,
            options: RecorderOptions,
            queue: RecordQueue,
            progress: Progress,
            table: StreamTable,
            bell: Bell,
            thread: RecorderThread,
            number: SequenceNumber,
            time: Timestamp
        ) {
            self.path = path
            self.id = id
            run = 1
            self.options = options
            self.queue = queue
            self.progress = progress
            self.table = table
            self.bell = bell
            self.thread = thread
            self.number = number
            self.time = time
            announced = 0
        }
    }

    init(_ parts: Parts, recovery: Recovery? = nil) {
        path = parts.path
        id = parts.id
        run = parts.run
        self.recovery = recovery
        options = parts.options
        queue = parts.queue
        progress = parts.progress
        table = parts.table
        bell = parts.bell
        thread = parts.thread
        producer = .allocate(capacity: 1)
        producer.initialize(
            to: Producer(
                number: parts.number.value,
                time: parts.time.nanoseconds,
                announced: UInt16(parts.announced)
            )
        )
        flags = .allocate(capacity: 1 << 16)
        flags.initialize(repeating: 0, count: 1 << 16)
        for stream in table.streams {
            flags[Int(stream.id.value)] = Recorder.flags(stream.name.kind)
        }
    }

    deinit {
        thread.abandon()
        producer.deinitialize(count: 1)
        producer.deallocate()
        flags.deallocate()
    }

    private static func flags(_ kind: StreamKind) -> UInt8 {
        kind.isSheddable ? Flag.known | Flag.sheddable : Flag.known
    }

    // MARK: Appending

    /// Until ``endStep()``, appends do not wake a recorder's thread that sleeps; ``whenWritten(_:_:)`` and its like do.
    ///
    /// For a record and what it leads to: woken once for all of it, the thread does not take the core from whoever
    /// decides. A step that does not end keeps nothing from the disk for longer than the thread sleeps.
    public func beginStep() { producer.pointee.steps += 1 }

    public func endStep() {
        producer.pointee.steps -= 1
        if producer.pointee.steps == 0 { bell.appended() }
    }

    /// The number that the next record gets, a `session/channel` record included.
    public var next: SequenceNumber { SequenceNumber(producer.pointee.number + 1) }
    /// `log_time` of the last record; the next is never below it.
    public var lastTime: Timestamp { Timestamp(nanoseconds: producer.pointee.time) }

    /// Appends `session/start`, the first record of this run.
    ///
    /// Streams that were looked up before and were not announced by an earlier run are announced behind it.
    @discardableResult
    public func start(time: Timestamp, payload: [UInt8]) throws(JournalError) -> SequenceNumber {
        guard !producer.pointee.hasStarted else { return next }
        producer.pointee.hasStarted = true
        let number = try append(StreamTable.startID, time: time, payload: payload)
        try announceNew()
        return number
    }

    /// The id of a stream; look it up once and keep it.
    ///
    /// A new stream is announced by a `session/channel` record now, or behind `session/start` when that has
    /// not come yet; so always before the stream's first message.
    ///
    /// - Parameters:
    ///   - name: as the architecture has them: `public/linear/tickers.BTCUSDT`, `desk/command`.
    ///   - origin: where it comes from, for the announcement, such as a host.
    public func stream(named name: String, origin: String = "") throws(JournalError) -> StreamID {
        let id: StreamID
        do throws(JournalError.Reason) {
            id = try table.id(named: name, origin: origin)
        } catch {
            throw JournalError(error, file: path)
        }
        if flags[Int(id.value)] == 0 {
            flags[Int(id.value)] = Recorder.flags(StreamName(name).kind)
        }
        if producer.pointee.hasStarted { try announceNew() }
        return id
    }

    private func announceNew() throws(JournalError) {
        while let stream = table.announcement(of: StreamID(producer.pointee.announced + 1)) {
            try append(
                StreamTable.channelID,
                time: Timestamp(nanoseconds: producer.pointee.time),
                payload: stream.payload()
            )
            producer.pointee.announced += 1
        }
    }

    /// Gives the record the next number and puts it on its way to the disk.
    ///
    /// - Parameters:
    ///   - stream: from ``stream(named:origin:)``; never the recorder's own commits.
    ///   - time: the core's clock; a time below the last record's is raised to it.
    ///   - payload: the bytes as they came.
    /// - Throws: `queueFull` and `diskFull` (nothing was appended), `notStarted`, `closed`, `failed`, `tooLarge`.
    @discardableResult
    public func append(
        _ stream: StreamID,
        time: Timestamp,
        payload: UnsafeRawBufferPointer
    ) throws(JournalError) -> SequenceNumber {
        let size = MCAP.recordHeader + MCAP.messageHeader + payload.count
        try check(size, flags[Int(stream.value)])
        let number = producer.pointee.number &+ 1
        let clock = max(producer.pointee.time, time.nanoseconds)
        let place = queue.room(for: size)
        place.storeBytes(of: MCAP.Opcode.message.rawValue, as: UInt8.self)
        place.storeBytes(
            of: UInt64(MCAP.messageHeader + payload.count).littleEndian,
            toByteOffset: 1,
            as: UInt64.self
        )
        place.storeBytes(of: stream.value.littleEndian, toByteOffset: 9, as: UInt16.self)
        place.storeBytes(
            of: UInt32(truncatingIfNeeded: number).littleEndian,
            toByteOffset: 11,
            as: UInt32.self
        )
        place.storeBytes(of: clock.littleEndian, toByteOffset: 15, as: Int64.self)
        place.storeBytes(of: clock.littleEndian, toByteOffset: 23, as: Int64.self)
        if let source = payload.baseAddress {
            (place + 31).copyMemory(from: source, byteCount: payload.count)
        }
        producer.pointee.number = number
        producer.pointee.time = clock
        progress.appended(number)
        queue.publish(size)
        if producer.pointee.steps == 0 { bell.appended() }
        return SequenceNumber(number)
    }

    /// Gives the record the next number and puts it on its way to the disk.
    @discardableResult
    public func append(
        _ stream: StreamID,
        time: Timestamp,
        payload: [UInt8]
    ) throws(JournalError) -> SequenceNumber {
        var result: Result<SequenceNumber, JournalError> = .success(.none)
        payload.withUnsafeBytes { bytes in
            do throws(JournalError) {
                result = .success(try append(stream, time: time, payload: bytes))
            } catch {
                result = .failure(error)
            }
        }
        return try result.get()
    }

    @inline(__always)
    private func check(_ size: Int, _ flags: UInt8) throws(JournalError) {
        let limit = flags & Flag.sheddable == 0 ? options.queueBytes : options.queueBytes / 4 * 3
        if producer.pointee.hasStarted, !producer.pointee.hasEnded, mayTake(flags),
            flags & Flag.known != 0, size <= options.largestPayload,
            queue.hasRoom(for: size, within: limit)
        {
            return
        }
        throw refusal(size, flags, limit)
    }

    /// Whether the disk's state lets a record of this kind in.
    @inline(__always)
    private func mayTake(_ flags: UInt8) -> Bool {
        progress.isOpen || (!progress.isFailed && flags & Flag.sheddable == 0)
    }

    @inline(never)
    private func refusal(_ size: Int, _ flags: UInt8, _ limit: Int) -> JournalError {
        if producer.pointee.hasEnded { return JournalError(.closed, file: path) }
        if case .failed(let error) = progress.health {
            return JournalError(.failed(error.what), file: error.file)
        }
        if progress.isFailed { return JournalError(.closed, file: path) }
        if !producer.pointee.hasStarted { return JournalError(.notStarted, file: path) }
        if flags & Flag.known == 0 { return JournalError(.streamName("?"), file: path) }
        if size > options.largestPayload {
            return JournalError(
                .tooLarge(
                    what: "a payload",
                    bytes: UInt64(size),
                    limit: UInt64(options.largestPayload)
                ),
                file: path,
                sequence: next
            )
        }
        if !mayTake(flags) { return JournalError(.diskFull, file: path, sequence: next) }
        return JournalError(
            .queueFull(queued: queue.queued, limit: limit),
            file: path,
            sequence: next
        )
    }

    /// Whether `append` of this many bytes would be taken now.
    ///
    /// Public data may fill three quarters of the queue and has no room on a full disk; everything else may
    /// fill all of the queue.
    public func hasRoom(for bytes: Int, on stream: StreamID) -> Bool {
        let isSheddable = flags[Int(stream.value)] & Flag.sheddable != 0
        if isSheddable, progress.isShort { return false }
        let limit = isSheddable ? options.queueBytes / 4 * 3 : options.queueBytes
        return queue.hasRoom(
            for: bytes + MCAP.recordHeader + MCAP.messageHeader,
            within: limit
        )
    }

    /// Public data is refused because no segment can be written.
    public var isDiskFull: Bool { progress.isShort }

    /// Bytes between `append` and the disk.
    public var queuedBytes: Int { queue.queued }

    /// Whether the segment is full and waits for ``roll(checkpoint:)``.
    public var isRollDue: Bool { progress.isRollWanted(after: producer.pointee.rolls) }

    /// The next record begins a new segment, which carries this checkpoint of the owner's state.
    public func roll(checkpoint: [UInt8]) throws(JournalError) {
        let size = MCAP.recordHeader + checkpoint.count
        guard producer.pointee.hasStarted, !producer.pointee.hasEnded, !progress.isFailed else {
            throw refusal(0, Flag.known, 0)
        }
        let place = queue.room(for: size)
        place.storeBytes(of: RecordQueue.Mark.roll, as: UInt8.self)
        place.storeBytes(
            of: UInt64(checkpoint.count).littleEndian,
            toByteOffset: 1,
            as: UInt64.self
        )
        checkpoint.withUnsafeBytes { bytes in
            guard let source = bytes.baseAddress else { return }
            (place + MCAP.recordHeader).copyMemory(from: source, byteCount: bytes.count)
        }
        producer.pointee.rolls += 1
        queue.publish(size)
        bell.hurry()
    }

    // MARK: Ending

    /// Puts an end to the append side, for whoever takes over; gives what it came to.
    ///
    /// - Throws: `closed`, `notStarted`, `failed`: there is nothing to take over.
    func endAppending() throws(JournalError) -> (number: SequenceNumber, time: Timestamp) {
        guard producer.pointee.hasStarted, !producer.pointee.hasEnded, !progress.isFailed else {
            throw refusal(0, Flag.known, 0)
        }
        producer.pointee.hasEnded = true
        return (SequenceNumber(producer.pointee.number), lastTime)
    }

    /// Writes what is queued, the summary and footer of the last segment, and the manifest.
    ///
    /// Blocks the caller for a few milliseconds, longer on a slow disk.
    @discardableResult
    public func seal() throws(JournalError) -> Manifest {
        guard !producer.pointee.hasEnded else { throw JournalError(.closed, file: path) }
        producer.pointee.hasEnded = true
        return try thread.seal()
    }

    /// Makes everything durable and stops without a seal: the next `open` goes on as the next run.
    public func close() throws(JournalError) {
        guard !producer.pointee.hasEnded else { return }
        producer.pointee.hasEnded = true
        try thread.close()
    }
}
