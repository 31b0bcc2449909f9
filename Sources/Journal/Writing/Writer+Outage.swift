import Market

/// When a segment cannot be written: the next one, and what is kept where until there is one.
extension Writer {
    /// The time without a segment that takes chunks.
    struct Outage {
        /// Why.
        var error: JournalError
        /// The owner's state at the place where the next segment begins.
        var checkpoint: [UInt8]
        /// When the next segment is tried again.
        var nextTry: Int64
        /// Every retained chunk is in the reserve; without that nothing more is taken from the queue.
        var isKept = true
    }

    /// Records up to this one are durable outside the tails.
    var settled: SequenceNumber { max(durable.number, reserve.durable) }

    /// Gives the open segment up and writes what it has not made durable to a new one.
    ///
    /// `fdatasync` is not tried again on the old file: the kernel forgets after the first error. What lies in
    /// it past the last good sync does not count, and the new segment's head says so.
    func replaceSegment(_ error: JournalError, checkpoint: [UInt8]) {
        guard outage == nil, !progress.isFailed else { return }
        note(error)
        if let outcome = syncer.finish(waiting: true) {
            if outcome.isComplete {
                settle(outcome)
            } else if let failure = outcome.tailFailure {
                tails.abandon()
                note(failure)
            }
        }
        pending = nil
        let now = directory.files.now()
        // A disk that fails each new file too is given time.
        let isAgain = lastReplacement.map { now - $0 < options.retryInterval } ?? false
        lastReplacement = now
        guard !isAgain else { return beginOutage(error, checkpoint) }
        do throws(JournalError) {
            try nextSegment(checkpoint)
            progress.count { $0.replacedSegments += 1 }
            // The sync that failed took its files with it; the next one makes what it covered durable.
            noteWrite()
        } catch {
            beginOutage(error, checkpoint)
        }
    }

    /// A new segment behind `durable`, with the chunks that are not durable in the old one.
    func nextSegment(_ checkpoint: [UInt8]) throws(JournalError) {
        // Nothing of the old one durable: the new one takes its very name and place.
        let isInPlace = durable.number.next == segment.head.first
        let head = SegmentHead(
            id: segment.head.id,
            run: run,
            first: durable.number.next,
            chain: durable.chain,
            time: Timestamp(nanoseconds: Int64(bitPattern: durable.time)),
            previous: isInPlace
                ? segment.head.previous
                : SegmentHead.Previous(name: segment.name, end: durable.offset),
            recovered: 0,
            labels: options.labels,
            streams: Array(table.streams.prefix(announced)),
            checkpoint: checkpoint
        )
        let fresh = try SegmentWriter(head, in: directory)
        do throws(JournalError) {
            for chunk in retained { try fresh.append(chunk) }
            try fresh.publish()
        } catch {
            fresh.discard()
            throw error
        }
        if !isInPlace { remember(segment, last: durable.number, chain: durable.chain) }
        segment.close()
        segment = fresh
        segmentBegan = directory.files.now()
        adoptPublished()
        // What begins so has no state of the owner's; the next one shall.
        if checkpoint.isEmpty, !options.rollsItself { progress.wantRoll(rolls + 1) }
    }

    /// From now on chunks go to the reserve, and public data is refused.
    func beginOutage(_ error: JournalError, _ checkpoint: [UInt8]) {
        note(error)
        progress.setShort(true)
        outage = Outage(
            error: error,
            checkpoint: checkpoint,
            nextTry: directory.files.now() + options.retryInterval
        )
        for chunk in retained { keep(chunk) }
        tell(.full(error))
    }

    /// Puts a chunk into the reserve, where recovery finds it.
    func keep(_ chunk: EncodedChunk) {
        guard outage?.isKept == true else { return }
        do throws(JournalError) {
            outage?.isKept = try reserve.append(chunk)
            noteWrite()
            progress.count { $0.reserveBytes = reserve.offset }
        } catch {
            outage?.isKept = false
            // A disk that is merely full may take it later; on one that fails there is no place left.
            if !error.isNoSpace { fail(error) }
        }
    }

    /// Whether the next piece of the queue certainly finds room; always while there is a segment.
    var hasRoomForNext: Bool {
        guard let outage else { return true }
        return outage.isKept
            && reserve.hasRoom(forUnpacked: builder.records.count + nextRecords)
    }

    /// Bytes of the records in the queue's next piece: a state of the owner's among them goes to no reserve.
    private var nextRecords: Int {
        var bytes = 0
        Writer.forEachRecord(in: queue.nextPiece) { record, opcode in
            if opcode != RecordQueue.Mark.roll { bytes += record.count }
        }
        return bytes
    }

    /// Tries the next segment; when it is there, what waited goes into it and the reserve is empty again.
    func endOutage() {
        guard let current = outage, !progress.isFailed else { return }
        if let outcome = syncer.finish(waiting: true) { settle(outcome) }
        guard outage != nil, !progress.isFailed else { return }
        do throws(JournalError) {
            try nextSegment(current.checkpoint)
            progress.count { $0.replacedSegments += 1 }
        } catch {
            outage?.nextTry = directory.files.now() + options.retryInterval
            // Another kind of error is worse than want of room, and is told.
            note(error)
            return
        }
        outage = nil
        lastReplacement = nil
        reserve.empty()
        progress.count { $0.reserveBytes = 0 }
        progress.setShort(false)
        noteWrite()
        // The open chunk's records may be in no other place than a tail that was given up.
        if !tails.isUsable { finishChunk() }
        guard outage == nil, !progress.isFailed else { return }
        progress.written(number)
        refreshManifest()
        tell(.sound)
    }

    /// Tails and reserve stand ready.
    var isWriteAheadWhole: Bool { tails.isUsable && reserve.isUsable }

    /// Makes tails and reserve anew after they failed, once nothing in them is needed.
    func renewWriteAhead() {
        nextRenewal = directory.files.now() + options.retryInterval
        finishChunk()
        syncNow()
        guard outage == nil, !progress.isFailed, durable.number == number else { return }
        do throws(JournalError) {
            if !tails.isUsable {
                let fresh = try Tails(in: directory, size: options.tailBytes, run: run)
                try named { fresh.close() }
                tails.close()
                tails = fresh
            }
            if !reserve.isUsable {
                let fresh = try Reserve(in: directory, size: options.reserveBytes, run: run)
                try named { fresh.close() }
                reserve.close()
                reserve = fresh
            }
        } catch {
            note(error)
        }
    }

    /// New files count only when their names are durable: a power cut leaves those that failed, else, and what was
    /// synced in the new ones is in none.
    private func named(_ close: () -> Void) throws(JournalError) {
        do throws(JournalError) {
            try directory.syncNames()
        } catch {
            close()
            throw error
        }
    }

    // MARK: Health

    /// An error of the disk: want of room is told when it keeps a segment from being written.
    func note(_ error: JournalError) {
        progress.count { $0.diskErrors += 1 }
        if !error.isNoSpace { tell(.degraded(error)) }
    }

    func fail(_ error: JournalError) { tell(.failed(error)) }

    private func tell(_ health: RecorderHealth) {
        if let changed = progress.note(health) { options.onHealth(changed) }
    }
}
