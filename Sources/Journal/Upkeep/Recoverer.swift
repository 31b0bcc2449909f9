public import Market

/// Makes a sealed recording of one that was not closed, or that is damaged.
///
/// Where nothing durable is lost, the recording is sealed in place, as its next run would do it. Where it is damaged, a
/// new one is written beside it with every record that proves itself, and the old one is left as it is.
public struct Recoverer {
    public var key: SigningKey?

    public init() {}

    /// What is not in the recovered recording.
    public struct Loss: Hashable, Sendable {
        /// The records; `none` where it is not known that bytes were records.
        public var first: SequenceNumber
        public var last: SequenceNumber
        public var what: String
    }

    public enum Way: String, Hashable, Sendable {
        /// It is sealed and sound: nothing was done.
        case sound
        /// Sealed where it was.
        case inPlace = "in-place"
        /// Written anew beside it.
        case copied
    }

    public struct Outcome: Hashable, Sendable {
        public var way: Way
        /// Where the sealed recording is.
        public var path: String
        public var first: SequenceNumber
        public var last: SequenceNumber
        public var lost: [Loss]
    }

    /// - Parameters:
    ///   - target: where a damaged recording is written anew; a directory that holds none.
    /// - Throws: ``JournalError``: `held` while a recorder writes, `sealed` where `target` holds a recording, `damaged`
    ///   where no chunk and no head can be read, `system`.
    public func recover(
        _ path: String,
        to target: String,
        files: any JournalFiles = SystemFiles()
    ) throws(JournalError) -> Outcome {
        var isDamaged = true
        do throws(JournalError) {
            let verification = try Verifier.verify(path, files: files)
            isDamaged = verification.state == .damaged
            if !isDamaged {
                let recording = try Recording.open(path, files: files)
                if verification.isSealed {
                    return outcome(.sound, path, recording.manifest, [])
                }
                return try sealInPlace(recording, files)
            }
        } catch {
            switch error.reason {
            case .damaged, .malformed, .tooLarge: break
            default: throw error
            }
        }
        return try copy(path, to: target, files)
    }

    private func outcome(
        _ way: Way,
        _ path: String,
        _ manifest: Manifest,
        _ lost: [Loss]
    ) -> Outcome {
        Outcome(way: way, path: path, first: manifest.first, last: manifest.last, lost: lost)
    }

    private func sealInPlace(
        _ recording: Recording,
        _ files: any JournalFiles
    ) throws(JournalError) -> Outcome {
        let lost = recording.torn.map { error in
            Loss(first: .none, last: .none, what: "\(error)")
        }
        var options = RecorderOptions()
        options.labels = recording.manifest.labels
        options.signingKey = key
        let recorder = try Recorder.open(recording.path, options: options, files: files)
        let manifest = try recorder.seal()
        return outcome(.inPlace, recording.path, manifest, lost)
    }

    // MARK: A damaged one

    private func copy(
        _ path: String,
        to target: String,
        _ files: any JournalFiles
    ) throws(JournalError) -> Outcome {
        let directory = try RecordingDirectory.open(path, files: files)
        defer { directory.close() }
        let source = try directory.placed()
        let names = try source.segmentNames()
        guard !names.isEmpty else { throw JournalError(.notARecording, file: path) }
        var heads: [String: SegmentHead] = [:]
        var lost: [Loss] = []
        for name in names {
            guard let segment = try? SegmentFile(name, in: source), var head = segment.head else {
                continue
            }
            do throws(JournalError) {
                head.checkpoint = try segment.checkpoint()
            } catch {
                lost.append(
                    Loss(
                        first: .none,
                        last: .none,
                        what: "\(name): the checkpoint does not read; no replay can begin there"
                    )
                )
            }
            heads[name] = head
        }
        // Where no head reads, what HEAD, the manifest and the chunks say.
        let known: SegmentHead
        if let head = names.lazy.compactMap({ heads[$0] }).first {
            known = head
        } else {
            known = try Salvage(source).lastHead
        }
        var search = ChunkSearch()
        for (position, name) in names.enumerated() {
            let next = position + 1 < names.count ? heads[names[position + 1]]?.previous : nil
            let mark = (try? SegmentFile(name, in: source)).flatMap { try? CompactionMark($0) }
            let isNamed = next?.name == name && mark?.end != next?.end
            try search.search(name, in: source, limit: isNamed ? next?.end : nil)
        }
        var tails = try? TailReader(in: source)
        tails?.select(run: heads.values.map(\.run).max() ?? known.run)
        var copy = Copy(
            source: source,
            heads: heads,
            search: search,
            tails: tails,
            promised: promised(source, names),
            lost: lost
        )
        let end = try copy.write(to: target, known, files, key)
        return outcome(.copied, target, end, copy.lost)
    }

    /// The last number that HEAD, the manifest or a segment's name says was there.
    private func promised(_ source: RecordingDirectory, _ names: [String]) -> SequenceNumber {
        var last = (try? Head.read(in: source))?.durable ?? .none
        if let bytes = try? source.contents(of: RecordingDirectory.manifest, limit: 64 << 20),
            let manifest = Manifest(json: bytes)
        {
            last = max(last, manifest.last)
        }
        if let name = names.last, let first = RecordingDirectory.firstNumber(ofSegment: name) {
            last = max(last, first.previous)
        }
        return last
    }

    /// The way of what was found into a new directory.
    private struct Copy {
        let source: RecordingDirectory
        let heads: [String: SegmentHead]
        let search: ChunkSearch
        /// Entries of the last run.
        let tails: TailReader?
        /// Up to here there was something once.
        let promised: SequenceNumber
        var lost: [Loss]

        mutating func write(
            to target: String,
            _ known: SegmentHead,
            _ files: any JournalFiles,
            _ key: SigningKey?
        ) throws(JournalError) -> Manifest {
            var labels =
                known.labels.filter {
                    $0.key != Recording.lossLabel && $0.key != Recording.lostEndLabel
                }
                + [Label(Recording.lossLabel, "see lost.first and lost.last of each segment")]
            let end = lastFound
            if promised > end {
                lost.append(
                    Loss(
                        first: end.next,
                        last: promised,
                        what: "they do not read, or are not there"
                    )
                )
                labels.append(Label(Recording.lostEndLabel, "\(end.next) \(promised)"))
            }
            var head = known
            head.labels = labels
            head.streams = streams
            head.previous = nil
            head.lost = nil
            // Without a chunk the tails may hold what there is.
            let found = search.found.first
            let first = found?.first ?? known.first
            let own = found.map { heads[$0.file] } ?? nil
            // What is missing at the front of a pruned recording is missing on purpose.
            let log = try? DeletionList<PrunedSegment>(source)
            let begins = max(
                heads.values.map(\.first).min() ?? .first,
                log?.entries.last(where: { $0.last < first })?.last.next ?? .first
            )
            let start = log?.entries.isEmpty == false ? min(begins, first) : .first
            head.first = first
            head.chain = found?.previous ?? known.chain
            head.run = own?.run ?? known.run
            head.checkpoint =
                own?.first == first ? own?.checkpoint ?? [] : []
            if first > start {
                head.lost = lose(start, first.previous, "the records before it do not read")
            }
            let builder = try RecordingBuilder(target, head, files: files)
            try copyChunks(into: builder, head)
            try copyTails(into: builder, head)
            guard builder.last >= first else {
                throw JournalError(.damaged("no record of it can be read"), file: source.path)
            }
            for bytes in search.lost {
                lost.append(
                    Loss(
                        first: .none,
                        last: .none,
                        what:
                            "\(bytes.file), byte \(bytes.offset): \(bytes.bytes) bytes form no record"
                            + (bytes.untried > 0
                                ? "; \(ChunkFinder.words(bytes.untried))" : "")
                    )
                )
            }
            if let log, !log.entries.isEmpty {
                var copied = try DeletionList<PrunedSegment>(builder.directory)
                try copied.append(log.entries, in: builder.directory)
            }
            return try builder.seal(.recovered, key: key)
        }

        /// Ids from 1 without holes; a stream that nothing names any more gets a name of its own.
        private var streams: [ChannelAnnouncement] {
            var all = search.streams
            for channel in tails?.allChannels ?? [] where all[channel.id] == nil {
                all[channel.id] = ChannelAnnouncement(
                    id: StreamID(channel.id),
                    name: StreamName(channel.topic),
                    origin: ""
                )
            }
            for head in heads.values {
                for stream in head.streams { all[stream.id.value] = stream }
            }
            for stream in StreamTable.own { all[stream.id.value] = stream }
            let last = all.keys.max() ?? 0
            return (1...max(last, 1)).map { id in
                all[id]
                    ?? ChannelAnnouncement(
                        id: StreamID(id),
                        name: StreamName("lost/\(id)"),
                        origin: ""
                    )
            }
        }

        private mutating func lose(
            _ first: SequenceNumber,
            _ last: SequenceNumber,
            _ what: String
        ) -> SegmentHead.Lost {
            lost.append(Loss(first: first, last: last, what: what))
            return SegmentHead.Lost(first: first, last: last)
        }

        private mutating func copyChunks(
            into builder: RecordingBuilder,
            _ front: SegmentHead
        ) throws(JournalError) {
            var window: ReadWindow?
            var file = search.found.first?.file ?? ""
            let chunk = DecodedChunk()
            for found in search.found {
                // A segment that failed left chunks behind which its successor has too.
                guard found.first > builder.last else { continue }
                let isHole = found.first != builder.last.next
                let isBroken = found.previous != builder.chain
                if isHole || isBroken || found.file != file {
                    var head = front
                    head.lost = nil
                    head.first = found.first
                    head.chain = found.previous
                    head.run = heads[found.file]?.run ?? front.run
                    head.recovered = 0
                    let own = heads[found.file]
                    head.checkpoint = own?.first == found.first ? own?.checkpoint ?? [] : []
                    if isHole || isBroken {
                        head.lost = lose(
                            builder.last.next,
                            found.first.previous,
                            isHole
                                ? "they do not read, or are not there"
                                : "no record, but the chain is broken before \(found.first)"
                        )
                    }
                    try builder.begin(head)
                }
                file = found.file
                if window?.name != found.file {
                    window = try ReadWindow(found.file, in: source)
                }
                guard let window else { continue }
                try builder.add(try EncodedChunk(found, in: window, chunk))
            }
        }

        /// The last number that will be in the new recording.
        private var lastFound: SequenceNumber {
            var last = search.found.map(\.last).max() ?? .none
            guard let tails else { return last }
            while true {
                while tails.message(last.next) != nil { last = last.next }
                guard let next = tails.next(behind: last) else { return last }
                last = next
            }
        }

        /// Entries of the last run behind the chunks.
        private mutating func copyTails(
            into builder: RecordingBuilder,
            _ front: SegmentHead
        ) throws(JournalError) {
            guard let tails else { return }
            while let next = tails.next(behind: builder.last), let record = tails.message(next),
                let base = record.baseAddress
            {
                let header = MessageHeader(record: base)
                guard header.time >= builder.lastTime,
                    header.sequence == UInt32(truncatingIfNeeded: next.value),
                    builder.table.announcement(of: StreamID(header.channel)) != nil
                else { break }
                if next > builder.last.next {
                    try builder.closeChunk()
                    var head = front
                    head.first = next
                    head.chain = builder.chain
                    head.recovered = 0
                    head.checkpoint = []
                    head.lost = lose(
                        builder.last.next,
                        next.previous,
                        "they do not read, or are not there"
                    )
                    try builder.begin(head)
                }
                try builder.add(record)
            }
        }
    }
}

extension EncodedChunk {
    /// A chunk as it stands in another file.
    fileprivate convenience init(
        _ found: ChunkSearch.Found,
        in window: ReadWindow,
        _ chunk: DecodedChunk
    ) throws(JournalError) {
        let whole = try window.bytes(
            at: found.place.offset,
            count: found.place.bodyLength + UInt64(MCAP.recordHeader)
        )
        do throws(JournalError.Reason) {
            try chunk.decode(
                chunk: UnsafeRawBufferPointer(rebasing: whole[MCAP.recordHeader...]),
                isOurs: true,
                first: .none
            )
        } catch {
            throw JournalError(error, file: window.place, offset: found.place.offset)
        }
        guard let commit = chunk.commits.last else {
            throw JournalError(.damaged("a chunk without a commit"), file: window.place)
        }
        var channels: [UInt16] = []
        var counts: [UInt64] = []
        chunk.forEachRecord { _, header in
            if let place = channels.firstIndex(of: header.channel) {
                counts[place] += 1
            } else {
                channels.append(header.channel)
                counts.append(1)
            }
        }
        self.init(
            copy: whole,
            Content(
                first: chunk.first,
                last: chunk.last,
                startTime: chunk.startTime,
                endTime: chunk.endTime,
                channels: channels,
                counts: counts,
                commit: commit
            ),
            uncompressed: chunk.records.count
        )
    }
}
