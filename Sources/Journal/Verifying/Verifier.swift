import Market

/// Proves a recording: checksums, chain, numbers without holes, commits, counts, manifest.
public enum Verifier {
    /// Reads all of it, one chunk at a time.
    ///
    /// - Parameters:
    ///   - path: a recording's directory, or one MCAP file (then without HEAD and manifest).
    ///   - key: whose signature is asked for; without one a signature must only be that of the key it names.
    ///   - entering: called with each segment's name before it is read.
    ///   - progress: bytes read so far and in all, called after each chunk.
    /// - Throws: ``JournalError`` only where nothing can be judged: missing, no recording, newer format.
    public static func verify(
        _ path: String,
        files: any JournalFiles = SystemFiles(),
        key: PublicKey? = nil,
        entering: (_ file: String) -> Void = { _ in },
        progress: (_ read: UInt64, _ all: UInt64) -> Void = { _, _ in }
    ) throws(JournalError) -> Verification {
        var tries = 5
        while true {
            tries -= 1
            do throws(JournalError) {
                var audit = try Audit(path, files)
                try audit.run(key, entering, progress)
                // A recorder that prunes beside us took a segment away while it was read.
                if tries == 0 || audit.result.findings.isEmpty || !audit.hasLostSegments {
                    return audit.result
                }
            } catch {
                guard tries > 0, error.reason == .missing, error.file.hasSuffix(".mcap") else {
                    throw error
                }
            }
        }
    }
}

/// One verification under way.
private struct Audit {
    private let recording: Recording
    private var layout: Layout { recording.layout }
    private var chain: ChainValue
    private var expected: SequenceNumber
    private var time: UInt64 = 0
    /// Streams announced by `session/channel` so far, by id.
    private var announced: [UInt16: String] = [:]
    /// Something was announced since Channels were compared last.
    private var hasAnnounced = true
    /// Messages of the segment in hand, by channel id.
    private var counts: [UInt64] = []
    private let hasher = ChainHasher()
    private let chunk = DecodedChunk()
    private let finder = ChunkFinder()
    private(set) var result: Verification

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
        result.covered = ["checksums", "times", "counts", "summaries"]
        if layout.isOurs {
            result.covered += ["numbers", "commits", "chain", "announcements", "indexes"]
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

    private mutating func find(_ error: JournalError) {
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
            entering(name)
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

    private mutating func begin(_ segment: SegmentFile, _ position: Int) {
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
    private mutating func miss(to first: SequenceNumber, _ error: JournalError) {
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

    // MARK: One segment

    private mutating func read(
        _ segment: SegmentFile,
        _ position: Int,
        _ limit: UInt64,
        _ progress: (UInt64) -> Void
    ) throws(JournalError) {
        if segment.headFailure == nil {
            // Until the segment is complete no other checksum covers the owner's state.
            do throws(JournalError) {
                _ = try segment.checkpoint()
            } catch {
                find(error)
            }
        }
        var offset = segment.dataStart
        var crc = Checksum.crc32(try segment.window.bytes(at: 0, count: offset))
        var count: UInt64 = 0
        var chunks: [SegmentIndex.Entry] = []
        counts.removeAll(keepingCapacity: true)
        while offset < limit {
            guard let record = try place(segment, &offset, limit), let next = record.end else {
                break
            }
            let opcode = MCAP.Opcode(rawValue: record.opcode)
            if opcode == .dataEnd {
                try end(segment, record, crc)
                if segment.summary == nil {
                    find(segment.error(.damaged("the segment's summary does not read"), at: next))
                }
                break
            }
            let whole = try segment.window.bytes(at: offset, count: next - offset)
            crc = Checksum.crc32(whole, from: crc)
            switch opcode {
            case .chunk:
                let body = UnsafeRawBufferPointer(rebasing: whole[MCAP.recordHeader...])
                if let entry = take(segment, record, body) {
                    chunks.append(entry)
                    count += chunk.count + UInt64(chunk.commits.count)
                } else if segment.isOurs {
                    offset = try resume(segment, record, limit)
                    continue
                }
            case .attachment:
                let body = UnsafeRawBufferPointer(rebasing: whole[MCAP.recordHeader...])
                do throws(JournalError) {
                    _ = try segment.parse(at: offset) { () throws(Malformed) in
                        try MCAP.attachment(body)
                    }
                } catch {
                    guard segment.isOurs else { throw error }
                    find(error)
                    offset = try resume(segment, record, limit)
                    continue
                }
            case .message where !segment.isOurs: count += 1
            case .metadata: break
            default: break
            }
            offset = next
            progress(offset)
        }
        compareSummary(segment, chunks, count)
        if !segment.isOurs { result.records = max(result.records, count) }
    }

    private func resume(
        _ segment: SegmentFile,
        _ record: RecordPlace,
        _ limit: UInt64
    ) throws(JournalError) -> UInt64 {
        try finder.resume(
            in: segment.window,
            behind: record.offset,
            end: record.end ?? limit,
            before: limit
        )
    }

    /// The record at `offset`; where none reads there, the next chunk that proves itself.
    private mutating func place(
        _ segment: SegmentFile,
        _ offset: inout UInt64,
        _ limit: UInt64
    ) throws(JournalError) -> RecordPlace? {
        do throws(JournalError) {
            let record = try segment.window.record(at: offset)
            guard !segment.isOurs || record?.belongs != false else {
                throw segment.error(.damaged("a record that has no place here"), at: offset)
            }
            return record
        } catch {
            guard segment.isOurs,
                let found = try finder.next(in: segment.window, behind: offset, before: limit)
            else { throw error }
            find(error)
            offset = found.place.offset
            return found.place
        }
    }

    private mutating func end(
        _ segment: SegmentFile,
        _ record: RecordPlace,
        _ crc: UInt32
    ) throws(JournalError) {
        let body = try segment.window.body(record)
        let stored = try segment.parse(at: record.offset) { () throws(Malformed) in
            var reader = ByteReader(body)
            return try reader.integer(UInt32.self)
        }
        if segment.isOurs, let summary = segment.summary, record.end != summary.start {
            find(
                segment.error(
                    .damaged("the data does not end where the summary begins"),
                    at: record.offset
                )
            )
        }
        if stored != crc, stored != 0 || segment.isOurs {
            find(segment.error(.damaged("the data fails its checksum"), at: record.offset))
        }
    }

    /// Proves one chunk; `nil` when it does not read.
    private mutating func take(
        _ segment: SegmentFile,
        _ record: RecordPlace,
        _ body: UnsafeRawBufferPointer
    ) -> SegmentIndex.Entry? {
        result.chunks += 1
        do throws(JournalError.Reason) {
            let first = segment.isOurs ? expected : SequenceNumber(result.records + 1)
            try chunk.decode(chunk: body, isOurs: segment.isOurs, first: first)
        } catch {
            find(segment.error(error, at: record.offset, sequence: expected.previous))
            return nil
        }
        result.records += chunk.count
        guard segment.isOurs, let commit = chunk.commits.first else {
            return nil
        }
        if chunk.first != expected {
            miss(
                to: chunk.first,
                segment.error(
                    .damaged("record \(chunk.first) stands where \(expected) should"),
                    at: record.offset,
                    sequence: expected.previous
                )
            )
            // What lies behind a hole is proven from the link that it names itself.
            chain = commit.previous
        }
        prove(segment, record)
        expected = chunk.last.next
        if result.first == .none { result.first = chunk.first }
        result.last = chunk.last
        return SegmentIndex.Entry(
            offset: record.offset,
            length: (record.end ?? 0) - record.offset,
            first: chunk.first,
            last: chunk.last,
            startTime: chunk.startTime,
            endTime: chunk.endTime,
            uncompressedSize: UInt64(chunk.records.count),
            compressedSize: 0,
            channels: chunk.channelIDs
        )
    }

    private mutating func prove(_ segment: SegmentFile, _ record: RecordPlace) {
        var words: [String] = []
        var links = chunk.commits[...]
        var run = (start: 0, end: 0)
        let bytes = chunk.records.bytes
        var place = 0
        if let first = links.first { hasher.begin(after: first.previous) }
        while place < bytes.count {
            let length = Int(
                bytes.loadUnaligned(fromByteOffset: place + 1, as: UInt64.self).littleEndian
            )
            let end = place + MCAP.recordHeader + length
            if bytes[place] == MCAP.Opcode.message.rawValue, let base = bytes.baseAddress {
                let header = MessageHeader(record: base + place)
                while counts.count <= Int(header.channel) { counts.append(0) }
                counts[Int(header.channel)] &+= 1
                if header.time < time { words.append("a time below the record before") }
                time = max(time, header.time)
                if header.channel == StreamTable.channelID.value {
                    let start = place + MCAP.recordHeader + MCAP.messageHeader
                    announce(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
                }
                // Messages that stand together are hashed together.
                if header.channel == StreamTable.commitID.value || run.end != place {
                    hasher.update(UnsafeRawBufferPointer(rebasing: bytes[run.start..<run.end]))
                    run.start = place
                }
                run.end = end
                if header.channel == StreamTable.commitID.value, let link = links.popFirst() {
                    close(link, &words)
                    if let next = links.first { hasher.begin(after: next.previous) }
                    run = (end, end)
                }
            }
            place = end
        }
        for channel in channelsToProve() where announced[channel.id] != channel.topic {
            // What announced it may have stood in the head.
            if segment.headFailure != nil, announced[channel.id] == nil {
                announced[channel.id] = channel.topic
                continue
            }
            words.append("channel \(channel.id) was not announced as `\(channel.topic)`")
        }
        for word in words {
            find(segment.error(.damaged(word), at: record.offset, sequence: chunk.first))
        }
    }

    /// One link of the chain: the digest of its records, and the place where it begins.
    private mutating func close(_ link: Commit, _ words: inout [String]) {
        if hasher.finish() != link.chain { words.append("the chain does not fit the records") }
        if link.previous != chain {
            words.append("the chain is broken before record \(link.first)")
        }
        chain = link.chain
    }

    /// Channels of the chunk that were not proved before it; all of them where an announcement was read.
    private mutating func channelsToProve() -> [MCAP.Channel] {
        defer { hasAnnounced = false }
        return hasAnnounced ? chunk.channels : chunk.newChannels
    }

    private mutating func announce(_ payload: UnsafeRawBufferPointer) {
        guard let stream = ChannelAnnouncement(payload: payload) else { return }
        announced[stream.id.value] = stream.name.text
        hasAnnounced = true
    }

    /// A summary is what readers elsewhere go by: it must say what is there.
    private mutating func compareSummary(
        _ segment: SegmentFile,
        _ chunks: [SegmentIndex.Entry],
        _ count: UInt64
    ) {
        guard segment.isOurs, let summary = segment.summary else { return }
        let places = chunks.map(\.offset)
        if summary.chunks.map(\.offset) != places || summary.statistics?.messageCount != count
            || !says(summary, chunks)
        {
            find(
                segment.error(.damaged("the summary is not that of the chunks"), at: summary.start)
            )
        }
        do throws(JournalError) {
            guard let index = try segment.index() else {
                find(segment.error(.damaged("the segment has no index"), at: summary.start))
                return
            }
            let isSame =
                index.entries.map(\.offset) == places
                && index.entries.map(\.length) == chunks.map(\.length)
                && index.entries.map(\.uncompressedSize) == chunks.map(\.uncompressedSize)
                && index.entries.map(\.channels) == chunks.map(\.channels)
                && index.entries.map(\.first) == chunks.map(\.first)
                && index.entries.map(\.last) == chunks.map(\.last)
                && index.entries.map(\.startTime) == chunks.map(\.startTime)
                && index.entries.map(\.endTime) == chunks.map(\.endTime)
                && index.chain == chain
            if !isSame {
                find(
                    segment.error(
                        .damaged("the index is not that of the chunks"),
                        at: summary.start
                    )
                )
            }
        } catch {
            find(error)
        }
    }

    /// Times, sizes and counts by channel as the records have them.
    private func says(_ summary: SegmentFile.Summary, _ chunks: [SegmentIndex.Entry]) -> Bool {
        guard let statistics = summary.statistics else { return false }
        let known = counts.indices.filter { counts[$0] > 0 }.map { id in
            MCAP.ChannelCount(channel: UInt16(id), count: counts[id])
        }
        return statistics.channelMessageCounts.sorted { $0.channel < $1.channel } == known
            && statistics.chunkCount == UInt32(chunks.count)
            && statistics.startTime == chunks.first?.startTime ?? 0
            && statistics.endTime == chunks.last?.endTime ?? 0
            && zip(summary.chunks, chunks).allSatisfy {
                $0.startTime == $1.startTime && $0.endTime == $1.endTime && $0.length == $1.length
                    && $0.uncompressedSize == $1.uncompressedSize
            }
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
            if manifest != recording.manifest {
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
