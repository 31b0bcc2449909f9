import Market

/// Ending segments: rolling to the next, sealing, closing.
extension Writer {
    /// The segment is full or old: rolls, or asks the owner for its checkpoint first.
    func rollOrAsk() {
        guard outage == nil, !progress.isFailed else { return }
        if options.rollsItself { roll(checkpoint: []) } else { progress.wantRoll(rolls + 1) }
    }

    /// A segment that has records rolls when its time has passed.
    func rollWhenOld(_ now: Int64) {
        guard now - segmentBegan >= options.segmentAge, number >= segment.head.first else { return }
        rollOrAsk()
    }

    /// Completes the open segment and begins the next with the owner's checkpoint.
    func roll(checkpoint: [UInt8]) {
        finishChunk()
        syncNow()
        guard !progress.isFailed, outage == nil, !segment.index.entries.isEmpty else { return }
        do throws(JournalError) {
            try segment.finish(seal: nil, streams: table.streams)
            try directory.sync(segment.file, segment.name)
            adoptPublished()
        } catch {
            return replaceSegment(error, checkpoint: checkpoint)
        }
        do throws(JournalError) {
            try nextSegment(checkpoint)
            progress.written(number)
            pruneByRule()
        } catch {
            beginOutage(error, checkpoint)
        }
        refreshManifest()
        publishHead()
    }

    /// HEAD at once and synced: everything written is durable.
    func publishHead() {
        lastHeadSync = directory.files.now()
        let outcome = syncer.run(
            SyncJob(tails: [], segment: nil, head: headNow(), syncsHead: true)
        )
        if let error = outcome.headFailure { note(error) }
    }

    // MARK: The end

    /// Drains everything and seals: summary, footer, HEAD, manifest; the tails go.
    func seal() throws(JournalError) -> Manifest {
        try finishDraining()
        finishChunk()
        syncNow()
        try throwIfFailed()
        // What is in the reserve is durable there: the recording stays open, and is recovered.
        if let outage { throw outage.error }
        var manifest = manifest(isRecovered ? .recovered : .sealed)
        manifest.signature = options.signingKey.map { Signature(manifest, with: $0) }
        try segment.finish(seal: Seal.metadata(manifest), streams: table.streams)
        try directory.sync(segment.file, segment.name)
        publishHead()
        try directory.replace(RecordingDirectory.manifest, with: manifest.json())
        tails.close()
        reserve.close()
        for name in RecordingDirectory.writeAhead { try directory.removeIfThere(name) }
        try directory.syncNames()
        return manifest
    }

    /// Drains everything and makes it durable; the recording stays open.
    func close() throws(JournalError) {
        try finishDraining()
        syncNow()
        tails.close()
        reserve.close()
        try throwIfFailed()
    }

    private func finishDraining() throws(JournalError) {
        while drain() {}
        if outage != nil {
            endOutage()
            while drain() {}
        }
        try throwIfFailed()
        if let outage, !outage.isKept || !queue.isEmpty { throw notKept(outage) }
    }

    /// Disk and reserve are full: which records end with this process.
    private func notKept(_ outage: Outage) -> JournalError {
        let marks = progress.marks
        var error = outage.error
        error.reason = .failed(
            "\(outage.error.what); the reserve is full too, and records "
                + "\(marks.written.next) to \(marks.appended) were not written"
        )
        error.sequence = marks.written
        return error
    }

    private func throwIfFailed() throws(JournalError) {
        if case .failed(let error) = progress.health { throw error }
    }

    /// Lets go of files and lock; the last thing that happens.
    func release() {
        segment.close()
        syncer.end()
        directory.files.close(lock)
        directory.close()
    }

    // MARK: The manifest

    func manifest(_ state: Manifest.State) -> Manifest {
        var segments = earlier
        segments.append(
            Manifest.Segment(
                name: segment.name,
                first: segment.head.first,
                last: number,
                chainFirst: segment.head.chain,
                chainLast: segment.index.chain
            )
        )
        let isEmpty = number < begins
        return Manifest(
            id: segment.head.id,
            state: state,
            runs: run,
            first: isEmpty ? .none : begins,
            last: isEmpty ? .none : number,
            started: Timestamp(nanoseconds: Int64(bitPattern: started)),
            ended: Timestamp(nanoseconds: Int64(bitPattern: isEmpty ? 0 : lastTime)),
            segments: segments,
            labels: options.labels
        )
    }

    /// The manifest of the open recording, which can be derived and may therefore lag.
    func refreshManifest() {
        do throws(JournalError) {
            try writeManifest(.open)
        } catch {
            note(error)
        }
    }

    func writeManifest(_ state: Manifest.State) throws(JournalError) {
        try directory.replace(RecordingDirectory.manifest, with: manifest(state).json())
    }
}

extension SequenceNumber {
    /// The one before; of the first, `none`.
    var previous: SequenceNumber { SequenceNumber(value > 0 ? value - 1 : 0) }
}
