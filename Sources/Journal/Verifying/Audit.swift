import Market

/// One verification under way.
struct Audit {
    let recording: Recording
    var layout: Layout { recording.layout }
    var chain: ChainValue
    var expected: SequenceNumber
    var time: UInt64 = 0
    /// Streams announced by `session/channel` so far, by id.
    var announced: [UInt16: String] = [:]
    /// Something was announced since Channels were compared last.
    var hasAnnounced = true
    /// Messages of the segment in hand, by channel id.
    var counts: [UInt64] = []
    let hasher = ChainHasher()
    let chunk = DecodedChunk()
    let finder = ChunkFinder()
    var result: Verification

    init(_ path: String, _ files: any JournalFiles) throws(JournalError) {
        recording = try Recording.open(path, files: files)
        let layout = recording.layout
        expected = layout.firsts.first ?? .first
        chain = ChainHasher.genesis(id: recording.id)
        // The recorder's own have fixed ids, and session/start comes before any announcement.
        for stream in StreamTable.own { announced[stream.id.value] = stream.name.text }
        result = Verification(id: recording.id, isSealed: recording.state != .open)
        result.isSealed = recording.state == .sealed || recording.state == .recovered
        result.segments = layout.names.count
        result.row = recording.manifest.row
        result.covered = ["checksums"]
        // What another program's chunks and summary say is not held against their records.
        if layout.isOurs {
            result.covered += [
                "times", "counts", "summaries", "numbers", "commits", "chain", "announcements",
                "indexes",
            ]
        }
        if layout.isOurs, recording.path == layout.directory.path {
            result.covered += ["manifest", "deletions"]
            if recording.durable != nil { result.covered.append("HEAD") }
            if !result.isSealed { result.covered.append("tails") }
            if recording.manifest.signature != nil { result.covered.append("signature") }
        }
        result.findings = recording.damage
        result.strays = recording.strays
    }

    /// Segments that were there when the recording was opened are not any more, as pruning leaves it.
    var hasLostSegments: Bool {
        guard let names = try? layout.directory.segmentNames() else { return false }
        return layout.names.contains { !names.contains($0) }
    }

    mutating func find(_ error: JournalError) {
        guard !result.findings.contains(error) else { return }
        result.findings.append(error)
    }

    mutating func run(
        _ key: PublicKey?,
        _ entering: (String) -> Void,
        _ progress: (UInt64, UInt64) -> Void
    ) throws(JournalError) {
        let all = try recording.bytesOnDisk()
        var before: UInt64 = 0
        for (position, name) in layout.names.enumerated() {
            entering(layout.directory.fileName(name))
            do throws(JournalError) {
                let segment = try SegmentFile(
                    name,
                    in: layout.directory,
                    listsChunks: true,
                    presumes: layout.isOurs
                )
                begin(segment, position)
                let limit = layout.limits[position] ?? segment.window.size
                try read(segment, position, limit) { progress(before + $0, all) }
                before += segment.window.size
            } catch {
                find(error)
            }
        }
        readTail()
        compareManifest()
        result.signature = recording.manifest.signature
        for finding in SignatureCheck.findings(recording, key: key) { find(finding) }
        do throws(JournalError) {
            let check = try BeginningCheck(recording)
            result.beginning = check.beginning
            for finding in check.findings { find(finding) }
        } catch {
            find(error)
        }
        progress(all, all)
        conclude()
    }

    mutating func begin(_ segment: SegmentFile, _ position: Int) {
        guard let head = segment.head else { return }
        hasAnnounced = true
        for stream in head.streams { announced[stream.id.value] = stream.name.text }
        if position == 0, head.first == .first {
            if head.chain != chain, SliceOrigin(head.labels) == nil {
                find(
                    segment.error(
                        .damaged("the chain does not begin with the recording's id"),
                        at: 0
                    )
                )
            }
        } else if position > 0, head.chain != chain, head.lost == nil {
            find(segment.error(.damaged("the chain is broken between segments"), at: 0))
        }
        chain = head.chain
        if head.id != recording.id, segment.headFailure == nil {
            find(segment.error(.damaged("a segment of recording `\(head.id)`"), at: 0))
        }
        if position > 0, let previous = head.previous, previous.name != layout.names[position - 1] {
            find(segment.error(.damaged("segment \(previous.name) is missing before it"), at: 0))
        }
        let isAwaited = position == 0 || head.lost?.first == expected
        if let lost = head.lost, isAwaited, lost.last == head.first.previous {
            // Recovery gave them up and says so.
            if lost.last >= lost.first {
                result.gaps.append(Verification.Gap(first: lost.first, last: lost.last))
            }
            expected = head.first
            return
        }
        miss(to: head.first, segment.error(.damaged("records are missing before it"), at: 0))
    }

    /// Notes that numbers from `expected` to before `first` are not there.
    mutating func miss(to first: SequenceNumber, _ error: JournalError) {
        if first > expected {
            result.gaps.append(Verification.Gap(first: expected, last: first.previous))
            var error = error
            error.reason = .damaged("records \(expected) to \(first.previous) are missing")
            find(error)
        } else if first < expected {
            find(error)
        }
        expected = first
    }

    // MARK: All of it

    private mutating func readTail() {
        for run in layout.tails {
            miss(
                to: run.first,
                JournalError(
                    .damaged("records are missing"),
                    file: layout.directory.path,
                    sequence: expected.previous
                )
            )
            result.records += run.count
            if result.first == .none { result.first = run.first }
            result.last = run.next.previous
            expected = run.next
        }
    }

    /// What the manifest says of a sealed recording must be so; one of an open recording may lag.
    private mutating func compareManifest() {
        guard layout.isOurs, recording.path == layout.directory.path else { return }
        let place = layout.directory.place(RecordingDirectory.manifest)
        do throws(JournalError) {
            let bytes = try layout.directory.contents(
                of: RecordingDirectory.manifest,
                limit: 64 << 20
            )
            // A lost manifest is derived anew and proves nothing.
            guard let bytes else { return }
            guard let manifest = Manifest(json: bytes) else {
                return find(JournalError(.damaged("the manifest does not read"), file: place))
            }
            let saysSealed = manifest.state == .sealed || manifest.state == .recovered
            // One that says open may lag, behind a seal too: a kill may come before the last is written.
            guard saysSealed else { return }
            var derived = recording.manifest
            // What has changed since is told where it stands.
            if derived.state == .damaged { derived.state = manifest.state }
            if manifest != derived {
                find(
                    JournalError(.damaged("the manifest is not that of the segments"), file: place)
                )
            }
        } catch {
            find(error)
        }
    }

    private mutating func conclude() {
        result.chain = chain
        result.durable = recording.durable
        if let lost = recording.lostEnd, lost.last > result.last { result.gaps.append(lost) }
        if !result.findings.isEmpty {
            result.state = .damaged
        } else if !recording.torn.isEmpty, !recording.isHeld {
            // Beside a recorder the end may be in the middle of a write.
            result.state = .cut
            result.findings = recording.torn
        } else {
            result.state = .sound
        }
    }
}
