import Market

/// The longest run of consecutive numbers that a directory holds; found by reading only.
///
/// Verified chunks of the segments, then entries of both tails with a good CRC and the last segment's run.
/// Recorders go on from it, readers read it in memory.
struct Salvage {
    /// Names of the segments, in order of their numbers.
    ///
    /// Without those at the end of which nothing reads; `damage` names them.
    let names: [String]
    /// HEAD's newer slot; `nil` when none reads.
    let head: Head?
    /// What the last segment says of itself.
    let lastHead: SegmentHead
    /// Present where the recording is sealed.
    let seal: MCAP.Metadata?
    /// Chunks of the last segment that proved themselves.
    let index: SegmentIndex
    /// Behind the last record of the last segment that counts.
    let end: UInt64
    /// Numbers in the last segment's chunks end here.
    let lastInSegment: SequenceNumber
    private(set) var last: SequenceNumber
    private(set) var lastTime: UInt64
    /// `log_time` of the last record in the last segment's chunks, or of the one before it.
    let timeInSegment: UInt64
    private(set) var streams: [ChannelAnnouncement]
    /// What only the tails hold, behind `lastInSegment`: one run, more where records between them are damaged.
    private(set) var tails: [TailRun] = []
    var tailCount: UInt64 { tails.reduce(0) { $0 + $1.count } }
    /// Messages by channel in the last segment's chunks and the tail; empty when sealed.
    private(set) var counts: [UInt16: UInt64] = [:]
    /// Bytes past HEAD that form no record.
    private(set) var torn: [JournalError] = []
    private(set) var tornBytes: UInt64 = 0
    /// What was durable and is not there as it was.
    private(set) var damage: [JournalError] = []

    var isSealed: Bool { seal != nil }
    /// Chain value after the last chunk; what is only in tails has no link yet.
    var chain: ChainValue { index.chain }

    /// - Throws: `notARecording` when there is no segment; what makes the last head unreadable when no head reads.
    init(_ directory: RecordingDirectory) throws(JournalError) {
        // A recorder may be writing meanwhile: HEAD first, since what it says must be found in what is read
        // later; tails before segments, since records move from the one to the other.
        head = try Head.read(in: directory)
        var tails = try TailReader(in: directory)
        var names = try directory.segmentNames()
        guard !names.isEmpty else { throw JournalError(.notARecording, file: directory.path) }
        let segment = try Salvage.lastSegment(directory, &names, &damage)
        self.names = names
        let lastHead = try Salvage.head(of: segment, names, directory, head)
        self.lastHead = lastHead
        streams = lastHead.streams
        let ending = try Salvage.ending(of: segment, &damage)
        seal = ending?.seal
        if let ending {
            index = ending.index
            end = max(segment.window.size, ending.size)
            lastInSegment = index.entries.last?.last ?? SequenceNumber(lastHead.first.value - 1)
            last = lastInSegment
            lastTime = max(UInt64(bitPattern: lastHead.time.nanoseconds), ending.time)
            timeInSegment = lastTime
            checkHead(directory)
            return
        }
        tails.select(run: lastHead.run)
        let durable = Salvage.durable(head, of: lastHead) ?? 0
        let scan = try SegmentScan(
            segment,
            limit: segment.window.size,
            durable: durable,
            tails: tails
        )
        index = scan.index
        end = scan.end
        lastInSegment = scan.last
        last = scan.last
        lastTime = scan.lastTime
        timeInSegment = scan.lastTime
        counts = scan.counts
        announce(scan.announced)
        for finding in scan.findings {
            if (finding.offset ?? 0) < durable {
                damage.append(finding)
            } else {
                torn.append(finding)
                tornBytes += segment.window.size - scan.end
            }
        }
        torn += tails.torn
        tornBytes += tails.tornBytes
        // Each entry proves itself: what goes on behind the last chunk that reads is served, damage before it or not.
        read(tails, directory)
        if scan.hasDataEnd, segment.summary == nil, scan.end < durable {
            damage.append(
                segment.error(.damaged("the segment's summary does not read"), at: scan.end)
            )
        }
        checkHead(directory)
    }

    /// What a sealed recording's last segment holds at its end.
    private struct Ending {
        var seal: MCAP.Metadata
        var index: SegmentIndex
        /// Of the last record.
        var time: UInt64
        /// Of the file as it was sealed.
        var size: UInt64
    }

    /// The seal and what it comes with; `nil` where there is none, and where it does not read: then the segment is
    /// read as one without.
    private static func ending(
        of segment: SegmentFile,
        _ damage: inout [JournalError]
    ) throws(JournalError) -> Ending? {
        do throws(JournalError) {
            guard let seal = try segment.metadata(Seal.name), let index = try segment.index(),
                let statistics = segment.summary?.statistics
            else { return nil }
            return Ending(
                seal: seal,
                index: index,
                time: statistics.endTime,
                size: try CompactionMark(segment)?.end ?? 0
            )
        } catch {
            guard error.isOfOneSegment else { throw error }
            damage.append(error)
            return nil
        }
    }

    /// What the last segment says of itself, or what the rest of the recording says of it.
    private static func head(
        of segment: SegmentFile,
        _ names: [String],
        _ directory: RecordingDirectory,
        _ durable: Head?
    ) throws(JournalError) -> SegmentHead {
        guard var head = segment.head else {
            throw segment.error(.damaged("not a segment of ours"), at: 0)
        }
        guard let failure = segment.headFailure else { return head }
        var run = durable.map { Int(clamping: $0.run) } ?? 0
        let other = names.dropLast().reversed().lazy
            .compactMap { try? SegmentFile($0, in: directory, headOnly: true).head }.first
        if let other {
            head.id = other.id
            head.labels = other.labels
            run = max(run, other.run)
        } else if let bytes = try directory.contents(
            of: RecordingDirectory.manifest,
            limit: 64 << 20
        ), let manifest = Manifest(json: bytes) {
            head.id = manifest.id
            head.labels = manifest.labels
            run = max(run, manifest.runs)
        } else {
            throw failure
        }
        head.run = max(run, 1)
        if head.first == .first { head.chain = ChainHasher.genesis(id: head.id) }
        return head
    }

    /// The last segment of which anything reads; those behind it leave `names`.
    private static func lastSegment(
        _ directory: RecordingDirectory,
        _ names: inout [String],
        _ damage: inout [JournalError]
    ) throws(JournalError) -> SegmentFile {
        var first: JournalError?
        while let name = names.last {
            do throws(JournalError) {
                let segment = try SegmentFile(name, in: directory, presumes: true)
                if let failure = segment.presumption { damage.append(failure) }
                return segment
            } catch {
                guard error.isOfOneSegment else { throw error }
                first = first ?? error
                var named = error
                let number = RecordingDirectory.firstNumber(ofSegment: name) ?? .none
                named.reason = .damaged("records from \(number) on cannot be read: \(error.what)")
                damage.append(named)
                names.removeLast()
            }
        }
        throw first ?? JournalError(.notARecording, file: directory.path)
    }

    /// Takes up what stands in the tails behind the last chunk, and behind records of which HEAD says that they are
    /// missing: what lies past HEAD may be a later write that outlived an earlier one.
    private mutating func read(_ tails: TailReader, _ directory: RecordingDirectory) {
        take(tails)
        while let head, last < head.durable, self.tails.count < Salvage.mostRuns,
            let next = tails.next(behind: last)
        {
            let before = last
            last = next.previous
            take(tails)
            // One that does not fit here is passed over like one that is not there.
            guard last >= next else {
                last = before
                return
            }
            damage.append(
                JournalError(
                    .damaged("records \(before.next) to \(next.previous) are missing"),
                    file: directory.path,
                    sequence: before
                )
            )
        }
    }

    /// Tails with more holes than this were made to have them.
    private static let mostRuns = 1000

    /// Takes up the run of numbers behind ``last``.
    private mutating func take(_ tails: TailReader) {
        let run = TailRun(first: last.next)
        defer { if run.count > 0 { self.tails.append(run) } }
        var seen: Set<UInt16> = []
        while let record = tails.message(last.next), let base = record.baseAddress {
            let header = MessageHeader(record: base)
            guard header.sequence == UInt32(truncatingIfNeeded: last.next.value),
                header.time >= lastTime
            else { break }
            if seen.insert(header.channel).inserted {
                guard let channel = tails.channel(header.channel) else { break }
                run.buffer.append(channel)
            }
            run.buffer.append(record)
            run.count += 1
            counts[header.channel, default: 0] += 1
            last = last.next
            lastTime = header.time
            if header.channel == StreamTable.channelID.value {
                let start = MCAP.recordHeader + MCAP.messageHeader
                let payload = UnsafeRawBufferPointer(rebasing: record[start...])
                if let announcement = ChannelAnnouncement(payload: payload) {
                    announce([announcement])
                }
            }
        }
    }

    private mutating func announce(_ new: [ChannelAnnouncement]) {
        for stream in new where Int(stream.id.value) == streams.count + 1 { streams.append(stream) }
    }

    /// HEAD is written and synced before the first record: without it nobody can say what must be there.
    private mutating func judgeWithoutHead(_ directory: RecordingDirectory, _ place: String) {
        // What was sealed says itself where it ends, and a recording that was built has none.
        guard !isSealed, last >= lastHead.first || names.count > 1 else { return }
        var isThere = false
        if let file = try? directory.openIfThere(RecordingDirectory.head) {
            isThere = true
            directory.files.close(file)
        }
        let error = JournalError(
            .damaged(
                (isThere ? "neither slot of HEAD reads" : "HEAD is missing")
                    + ": what was durable, and whether all of it is there, cannot be said"
            ),
            file: place,
            sequence: last
        )
        // A power cut may take both slots while they are written; it does not take the file.
        if isThere { torn.append(error) } else { damage.append(error) }
    }

    /// Up to where HEAD says that the last segment's bytes are durable; `nil` where it does not speak of that file.
    ///
    /// A run that begins behind a segment without a record puts its own in that one's place. Until its first HEAD the
    /// one of the run before speaks of the file that is gone, which may have been longer: it held another checkpoint.
    private static func durable(_ head: Head?, of last: SegmentHead) -> UInt64? {
        guard let head, head.segment == last.first, head.run >= UInt64(last.run) else { return nil }
        return head.offset
    }

    /// What HEAD says was durable must be there.
    private mutating func checkHead(_ directory: RecordingDirectory) {
        let place = directory.place(RecordingDirectory.head)
        guard let head else { return judgeWithoutHead(directory, place) }
        if head.segment > lastHead.first {
            damage.append(
                JournalError(
                    .damaged(
                        "segment \(RecordingDirectory.segmentName(head.segment)) is missing"
                    ),
                    file: place,
                    sequence: last
                )
            )
        } else if head.durable > last {
            damage.append(
                JournalError(
                    .damaged(
                        "records \(last.next) to \(head.durable) were durable and are missing"
                    ),
                    file: place,
                    sequence: last
                )
            )
        } else if let durable = Salvage.durable(head, of: lastHead), durable > end {
            damage.append(
                JournalError(
                    .damaged("bytes up to \(durable) were durable and end at \(end)"),
                    file: directory.place(names.last ?? ""),
                    offset: end,
                    sequence: last
                )
            )
        }
    }
}

/// The `Metadata` record that makes a recording sealed; last in the data of its last segment.
enum Seal {
    static let name = "tapedeck.seal"

    static func metadata(_ manifest: Manifest) -> MCAP.Metadata {
        MCAP.Metadata(
            name: name,
            values: [
                Label("recording", manifest.id),
                Label("state", manifest.state.rawValue),
                Label("runs", String(manifest.runs)),
                Label("first", String(manifest.first.value)),
                Label("last", String(manifest.last.value)),
                Label("chain", (manifest.segments.last?.chainLast).map(\.description) ?? ""),
            ] + (manifest.signature?.labels ?? [])
        )
    }
}
