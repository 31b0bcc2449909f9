import Market

/// The recorder's thread: drains the queue into tail and chunks, syncs, rolls, seals.
///
/// Not Sendable: made by `Recorder.open`, then used by one thread.
final class Writer {
    let directory: RecordingDirectory
    let options: RecorderOptions
    let queue: RecordQueue
    let table: StreamTable
    let progress: Progress
    let syncer: Syncer
    let lock: OpenFile
    /// Which life of the process this is.
    let run: Int
    /// Some earlier run ended without a seal.
    let isRecovered: Bool

    var segment: SegmentWriter
    var tails: Tails
    var reserve: Reserve
    var builder: ChunkBuilder
    /// Segments before the open one, for the manifest.
    var earlier: [Manifest.Segment]
    /// The recording's first number.
    var begins: SequenceNumber
    /// `log_time` of the record with it; 0 until there is one.
    var started: UInt64
    /// The last record taken from the queue.
    var number: SequenceNumber
    var lastTime: UInt64
    /// How many of the table's streams have been announced by a record.
    var announced: Int

    /// How far the open segment is durable.
    struct Mark {
        var offset: UInt64
        var number: SequenceNumber
        var chain: ChainValue
        /// `log_time` of the record with that number.
        var time: UInt64
    }
    var durable: Mark
    /// What `durable` becomes when the sync under way succeeds.
    var pending: Mark?
    /// What `reserve.durable` becomes then.
    var pendingReserve = SequenceNumber.none
    /// Chunks behind `durable`, for a new file should this one fail.
    var retained: [EncodedChunk] = []
    var retainedBytes = 0
    var isSegmentDirty = false
    /// When the first bytes that are not durable were written.
    var dirtySince: Int64?
    var lastHeadSync: Int64
    /// No segment takes chunks now.
    var outage: Outage?
    /// When a segment was given up last.
    var lastReplacement: Int64?
    /// When the open segment was begun.
    var segmentBegan: Int64
    /// When tails or a reserve that failed are made anew.
    var nextRenewal: Int64 = 0
    /// The segment that the sync under way is of.
    var syncing: SegmentWriter?
    /// Rolls that the owner asked for and that were taken from the queue.
    var rolls: UInt64 = 0

    private var pieces: [UnsafeRawBufferPointer] = []
    private var entry = ByteBuffer(capacity: 96 << 10)
    private var entryMarks: ChannelMarks
    private let compressor = Compressor()
    private var scratch = ByteBuffer(capacity: 96 << 10)
    /// Chunks closed so far.
    private var closed: UInt64 = 0

    /// More than this is not taken from the queue at once: its blocks are free only when all of it is written.
    private static let largestDrain = 2 << 20
    /// Chunks that wait for a sync take no more than this.
    ///
    /// Half of the reserve, which takes them when the segment fails.
    static let largestRetained = 4 << 20

    init(_ parts: Parts) {
        directory = parts.directory
        options = parts.options
        queue = parts.queue
        table = parts.table
        progress = parts.progress
        syncer = parts.syncer
        lock = parts.lock
        run = parts.segment.head.run
        isRecovered = parts.isRecovered
        segment = parts.segment
        tails = parts.tails
        reserve = parts.reserve
        builder = ChunkBuilder(
            size: parts.options.chunkBytes,
            table: parts.table,
            chain: parts.segment.index.chain
        )
        earlier = parts.earlier
        begins = parts.earlier.first?.first ?? parts.segment.head.first
        started = parts.started
        number = parts.number
        lastTime = parts.lastTime
        announced = parts.announced
        durable = Mark(
            offset: parts.segment.offset,
            number: parts.number,
            chain: parts.segment.index.chain,
            time: parts.lastTime
        )
        lastHeadSync = parts.directory.files.now()
        segmentBegan = lastHeadSync
        entryMarks = ChannelMarks(parts.table)
    }

    /// What `Recorder.open` has made ready.
    struct Parts {
        var directory: RecordingDirectory
        var options: RecorderOptions
        var queue: RecordQueue
        var table: StreamTable
        var progress: Progress
        var syncer: Syncer
        var lock: OpenFile
        var segment: SegmentWriter
        var tails: Tails
        var reserve: Reserve
        var earlier: [Manifest.Segment]
        var started: UInt64
        var number: SequenceNumber
        var lastTime: UInt64
        var announced: Int
        var isRecovered: Bool
    }

    // MARK: One turn

    /// What a turn came to.
    struct Turn {
        /// Records were drained.
        var hasDrained: Bool
        /// What waits in the queue finds no room on the disk for now.
        var isStuck: Bool
        /// Nanoseconds until something is due by itself.
        var wait: Int64
    }

    /// Does what is due.
    func turn() -> Turn {
        let hasDrained = drain()
        if let outcome = syncer.finish(waiting: false) { settle(outcome) }
        let now = directory.files.now()
        if !builder.isEmpty, now - builder.opened >= options.chunkAge { closeChunk() }
        syncWhenDue(now)
        rollWhenOld(now)
        if let outage {
            if now >= outage.nextTry { endOutage() }
        } else if !isWriteAheadWhole, now >= nextRenewal {
            renewWriteAhead()
        }
        // A record that came since the look at the queue is none that finds no room: it must not wait for the clock.
        let isStuck = !hasDrained && !hasRoomForNext && !progress.isFailed
        return Turn(hasDrained: hasDrained, isStuck: isStuck, wait: timeLeft(now))
    }

    private func timeLeft(_ now: Int64) -> Int64 {
        var wait = options.chunkAge
        if !builder.isEmpty { wait = min(wait, builder.opened + options.chunkAge - now) }
        let rollDue = segmentBegan + options.segmentAge - now
        // Behind its time it waits for the owner, not for the clock.
        if rollDue > 0 { wait = min(wait, rollDue) }
        // While a sync runs its end wakes us.
        if let dirtySince, !syncer.isBusy {
            wait = min(wait, dirtySince + options.syncInterval - now)
        }
        if let outage {
            wait = min(wait, outage.nextTry - now)
        } else if !isWriteAheadWhole {
            wait = min(wait, nextRenewal - now)
        }
        return max(0, wait)
    }

    // MARK: Draining

    /// Takes what waits in the queue to the disk; true when there was something.
    @discardableResult
    func drain() -> Bool {
        pieces.removeAll(keepingCapacity: true)
        // Without a segment one piece at a time, each only when it has room: no record is half kept.
        guard hasRoomForNext else { return false }
        let taken = queue.read(upTo: outage == nil ? Writer.largestDrain : 1, into: &pieces)
        guard taken > 0 else { return false }
        defer { queue.release() }
        if progress.isFailed { return true }
        let isInTail = taken <= options.chunkBytes && tails.isUsable && writeTail()
        let closedBefore = closed
        feed()
        if !isInTail || !tails.isUsable {
            // Whole chunks have gone straight to the segment; only the rest needs the tail.
            writeRemainder(hasClosed: closed != closedBefore)
        }
        if progress.isFailed || outage?.isKept == false { return true }
        progress.written(number)
        // Even where a roll has just synced everything: those who wait are told by the next sync.
        noteWrite()
        return true
    }

    /// Everything that was drained, as one entry, before any of it becomes a chunk; false when it is not there.
    private func writeTail() -> Bool {
        TailEntry.begin(&entry)
        entryMarks.beginUnit()
        var count: UInt32 = 0
        for piece in pieces {
            Writer.forEachRecord(in: piece) { record, opcode in
                guard opcode == MCAP.Opcode.message.rawValue, let base = record.baseAddress else {
                    return
                }
                if let channel = entryMarks.missing(MessageHeader(record: base).channel) {
                    entry.append(channel)
                }
                entry.append(record)
                count += 1
            }
        }
        guard count > 0 else { return true }
        let last = SequenceNumber(number.value + UInt64(count))
        guard putEntry(first: number.next, count: count, last: last) else { return false }
        // Records are written in their order: not while one before is not.
        if outage?.isKept != false { progress.written(last) }
        return true
    }

    /// The open chunk's records, when whole chunks were closed before them in this drain.
    private func writeRemainder(hasClosed: Bool) {
        guard !builder.isEmpty else { return }
        guard tails.isUsable, hasClosed else { return closeChunk() }
        TailEntry.begin(&entry)
        entry.append(builder.records.bytes)
        let count = UInt32(truncatingIfNeeded: builder.last.value - builder.first.value + 1)
        if !putEntry(first: builder.first, count: count, last: builder.last) { closeChunk() }
    }

    private func putEntry(first: SequenceNumber, count: UInt32, last: SequenceNumber) -> Bool {
        let run = UInt32(truncatingIfNeeded: run)
        TailEntry.finish(&entry, run: run, number: first, count: count)
        if !tails.hasRoom(for: entry.count, settled: settled) {
            // Everything before is brought into a chunk and made durable: both tails are then free.
            closeChunk()
            syncNow()
            guard tails.hasRoom(for: entry.count, settled: settled) else {
                return false
            }
        }
        do throws(JournalError) {
            try tails.write(entry, last: last, settled: settled)
        } catch {
            note(error)
            nextRenewal = directory.files.now() + options.retryInterval
            return false
        }
        noteWrite()
        return true
    }

    /// Takes drained records into the open chunk, closing it whenever it is full.
    private func feed() {
        var records: UInt64 = 0
        var bytes: UInt64 = 0
        for piece in pieces {
            Writer.forEachRecord(in: piece) { record, opcode in
                guard opcode == MCAP.Opcode.message.rawValue, let base = record.baseAddress else {
                    if opcode == RecordQueue.Mark.roll {
                        rolls += 1
                        roll(checkpoint: Array(record[MCAP.recordHeader...]))
                    }
                    return
                }
                let header = MessageHeader(record: base)
                if builder.isEmpty { builder.opened = directory.files.now() }
                number = number.next
                if number == begins { started = header.time }
                lastTime = header.time
                builder.add(record, header, number)
                if header.channel == StreamTable.channelID.value { announced += 1 }
                records += 1
                bytes += UInt64(record.count - MCAP.recordHeader - MCAP.messageHeader)
                if builder.isFull { closeChunk() }
            }
        }
        progress.count {
            $0.records += records
            $0.payloadBytes += bytes
        }
    }

    @inline(__always)
    static func forEachRecord(
        in piece: UnsafeRawBufferPointer,
        _ body: (UnsafeRawBufferPointer, UInt8) -> Void
    ) {
        var offset = 0
        while offset < piece.count {
            let length = Int(
                UInt64(
                    littleEndian: piece.loadUnaligned(fromByteOffset: offset + 1, as: UInt64.self)
                )
            )
            let end = offset + MCAP.recordHeader + length
            body(UnsafeRawBufferPointer(rebasing: piece[offset..<end]), piece[offset])
            offset = end
        }
    }

    // MARK: Chunks

    /// Commits, compresses and writes the open chunk; rolls when the segment is then full.
    func closeChunk() {
        finishChunk()
        if segment.offset >= options.segmentBytes { rollOrAsk() }
    }

    /// Commits, compresses and writes the open chunk.
    func finishChunk() {
        guard !builder.isEmpty, !progress.isFailed else { return }
        let chunk: EncodedChunk
        do throws(Malformed) {
            chunk = try EncodedChunk(
                &builder,
                compressor: compressor,
                level: levelNow,
                scratch: &scratch
            )
        } catch {
            return fail(
                JournalError(.failed(error.text), file: segment.directory.place(segment.name))
            )
        }
        builder.begin(after: chunk.commit.chain)
        closed += 1
        retained.append(chunk)
        retainedBytes += chunk.buffer.count
        guard outage == nil else {
            keep(chunk)
            return tails.chunkClosed()
        }
        do throws(JournalError) {
            try segment.append(chunk)
            noteWrite()
            isSegmentDirty = true
            progress.count {
                $0.chunks += 1
                $0.segmentBytes += UInt64(chunk.buffer.count)
            }
        } catch {
            replaceSegment(error, checkpoint: [])
        }
        tails.chunkClosed()
        if outage == nil, retainedBytes > Writer.largestRetained { syncNow() }
    }

    /// Lower while the recorder is behind, higher where there is time for it.
    private var levelNow: Int32 {
        if queue.queued > options.queueBytes / 2 { return 1 }
        let isQuiet = directory.files.now() - builder.opened >= Writer.quietChunk
        return isQuiet
            ? max(options.compressionLevel, options.quietLevel) : options.compressionLevel
    }

    /// A chunk that takes this long to fill is a quiet one.
    private static let quietChunk: Int64 = 1_000_000_000

    func noteWrite() {
        if dirtySince == nil { dirtySince = directory.files.now() }
    }
}
