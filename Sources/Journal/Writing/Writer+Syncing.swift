import Market

/// Making durable: group commit, what its failure means, and the new file then.
extension Writer {
    /// Begins a sync when its interval has passed or someone waits for one.
    func syncWhenDue(_ now: Int64) {
        // What is not kept anywhere cannot be made durable, nor what comes behind it.
        guard !syncer.isBusy, !progress.isFailed, outage?.isKept != false, let dirtySince else {
            return
        }
        guard now - dirtySince >= options.syncInterval || progress.isDurableWanted else { return }
        syncer.begin(makeJob(now))
        if let outcome = syncer.finish(waiting: false) { settle(outcome) }
    }

    /// Syncs everything written so far, here and now.
    func syncNow() {
        if let outcome = syncer.finish(waiting: true) { settle(outcome) }
        guard dirtySince != nil, !progress.isFailed, outage?.isKept != false else { return }
        settle(syncer.run(makeJob(directory.files.now())))
    }

    private func makeJob(_ now: Int64) -> SyncJob {
        let syncsHead = now - lastHeadSync >= options.headInterval
        if syncsHead { lastHeadSync = now }
        let isSegmentDirty = isSegmentDirty
        self.isSegmentDirty = false
        dirtySince = nil
        syncing = segment
        pending = outage == nil ? segmentEnd : durable
        pendingReserve = reserve.last
        return SyncJob(
            tails: tails.takeDirty().map { SyncJob.Target(file: $0.file, name: $0.name) },
            segment: isSegmentDirty && outage == nil
                ? SyncJob.Target(file: segment.file, name: segment.name) : nil,
            reserve: reserve.takeDirty().map {
                SyncJob.Target(file: $0, name: RecordingDirectory.reserve)
            },
            head: headNow(),
            syncsHead: syncsHead,
            bytes: queue.writtenBytes
        )
    }

    /// How far the open segment goes.
    private var segmentEnd: Mark {
        let last = segment.index.entries.last
        return Mark(
            offset: segment.offset,
            number: last?.last ?? segment.head.first.previous,
            chain: segment.index.chain,
            time: last?.endTime ?? UInt64(bitPattern: segment.head.time.nanoseconds)
        )
    }

    /// What HEAD may say once everything written is durable.
    func headNow() -> Head {
        // A segment that was given up counts up to its last good sync.
        let end = outage == nil ? segmentEnd : durable
        return Head(
            generation: 0,
            run: UInt64(run),
            segment: segment.head.first,
            durable: progress.marks.written,
            offset: end.offset,
            chain: end.chain
        )
    }

    /// Takes up how a sync ended.
    func settle(_ outcome: SyncJob.Outcome) {
        let reached = pending
        let isOfThisSegment = syncing === segment
        pending = nil
        syncing = nil
        if outcome.isComplete, let reached, isOfThisSegment {
            durable = reached
            if outage != nil { reserve.durable = pendingReserve }
            while let first = retained.first, first.entry.last <= reached.number {
                retainedBytes -= first.buffer.count
                retained.removeFirst()
            }
        }
        if let error = outcome.headFailure { note(error) }
        if let error = outcome.tailFailure {
            // The file is never synced again. Its records are in the open chunk or in a closed one.
            tails.abandon()
            nextRenewal = directory.files.now() + options.retryInterval
            note(error)
            noteWrite()
            isSegmentDirty = true
            closeChunk()
        }
        if let error = outcome.reserveFailure {
            // What it held is in memory only, as far as a power cut goes: there is no third place.
            reserve.abandon()
            outage?.isKept = false
            if !error.isNoSpace { fail(error) }
        }
        if let error = outcome.segmentFailure, isOfThisSegment {
            replaceSegment(error, checkpoint: [])
        }
    }

    /// The open segment is durable as it stands, with everything in it.
    func adoptPublished() {
        durable = segmentEnd
        retained.removeAll()
        retainedBytes = 0
        isSegmentDirty = false
    }

    func remember(_ segment: SegmentWriter, last: SequenceNumber, chain: ChainValue) {
        earlier.append(
            Manifest.Segment(
                name: segment.name,
                first: segment.head.first,
                last: last,
                chainFirst: segment.head.chain,
                chainLast: chain
            )
        )
    }
}
