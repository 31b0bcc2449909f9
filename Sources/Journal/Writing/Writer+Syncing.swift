import Market

/// Making durable: group commit, what its failure means, and the new file then.
extension Writer {
    /// Begins a sync when its interval has passed or someone waits for one.
    func syncWhenDue(_ now: Int64) {
        guard !syncer.isBusy, !progress.isFailed, let dirtySince else { return }
        guard now - dirtySince >= options.syncInterval || progress.isDurableWanted else { return }
        syncer.begin(makeJob(now))
        if let outcome = syncer.finish(waiting: false) { settle(outcome) }
    }

    /// Syncs everything written so far, here and now.
    func syncNow() {
        if let outcome = syncer.finish(waiting: true) { settle(outcome) }
        guard dirtySince != nil, !progress.isFailed else { return }
        settle(syncer.run(makeJob(directory.files.now())))
    }

    private func makeJob(_ now: Int64) -> SyncJob {
        let syncsHead = now - lastHeadSync >= options.headInterval
        if syncsHead { lastHeadSync = now }
        let isSegmentDirty = isSegmentDirty
        self.isSegmentDirty = false
        dirtySince = nil
        let lastInSegment = segment.index.entries.last?.last ?? segment.head.first.previous
        pending = Mark(offset: segment.offset, number: lastInSegment, chain: segment.index.chain)
        return SyncJob(
            tails: tails.takeDirty().map { SyncJob.Target(file: $0.file, name: $0.name) },
            segment: isSegmentDirty
                ? SyncJob.Target(file: segment.file, name: segment.name) : nil,
            head: headNow(),
            syncsHead: syncsHead
        )
    }

    /// What HEAD may say once everything written is durable.
    func headNow() -> Head {
        Head(
            generation: 0,
            run: UInt64(run),
            segment: segment.head.first,
            durable: progress.marks.written,
            offset: segment.offset,
            chain: segment.index.chain
        )
    }

    /// Takes up how a sync ended.
    func settle(_ outcome: SyncJob.Outcome) {
        let reached = pending
        pending = nil
        if outcome.isComplete, let reached, outcome.head.segment == segment.head.first {
            durable = reached
            while let first = retained.first, first.entry.last <= reached.number {
                retainedBytes -= first.buffer.count
                retained.removeFirst()
            }
        }
        if let error = outcome.headFailure { degrade(error) }
        if let error = outcome.tailFailure {
            // The file is never synced again. Its records are in the open chunk or in the segment.
            tails.abandon()
            degrade(error)
            noteWrite()
            isSegmentDirty = true
            closeChunk()
        }
        if let error = outcome.segmentFailure { replaceSegment(error, checkpoint: []) }
    }

    /// Gives the open segment up and writes what it has not made durable to a new one.
    ///
    /// `fdatasync` is not tried again on the old file: the kernel forgets after the first error. What lies in
    /// it past the last good sync does not count, and the new segment's head says so.
    func replaceSegment(_ error: JournalError, checkpoint: [UInt8]) {
        guard !hasReplacedSegment else { return fail(error) }
        hasReplacedSegment = true
        degrade(error)
        if let outcome = syncer.finish(waiting: true), outcome.isComplete { settle(outcome) }
        pending = nil
        do throws(JournalError) {
            // Nothing of it durable: the new one takes its very name and place.
            let isWhole = durable.number.next == segment.head.first
            let head = SegmentHead(
                id: segment.head.id,
                run: run,
                first: durable.number.next,
                chain: durable.chain,
                time: Timestamp(
                    nanoseconds: Int64(bitPattern: retained.first?.entry.startTime ?? lastTime)
                ),
                previous: isWhole
                    ? segment.head.previous
                    : SegmentHead.Previous(name: segment.name, end: durable.offset),
                recovered: 0,
                labels: options.labels,
                streams: Array(table.streams.prefix(announced)),
                checkpoint: checkpoint
            )
            let fresh = try SegmentWriter(head, in: directory)
            for chunk in retained { try fresh.append(chunk) }
            try fresh.publish()
            if !isWhole { remember(segment, last: durable.number, chain: durable.chain) }
            segment.close()
            segment = fresh
            adoptPublished()
            // The sync that failed took its files with it; the next one makes what it covered durable.
            noteWrite()
        } catch {
            fail(error)
        }
    }

    /// The open segment is durable as it stands, with everything in it.
    func adoptPublished() {
        let lastInSegment = segment.index.entries.last?.last ?? segment.head.first.previous
        durable = Mark(offset: segment.offset, number: lastInSegment, chain: segment.index.chain)
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
