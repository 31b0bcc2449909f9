public import Market

/// Cuts a part out of a recording: records as they are, with their numbers, under a chain of their own.
public struct Slicer {
    /// The owner's state before the first record, where it could be made.
    public var checkpoint: [UInt8] = []
    public var key: SigningKey?
    /// Bytes at which a segment ends; `nil`: as every recording has them.
    var segmentBytes: UInt64?
    /// Stand beside the records.
    var notes: [MCAP.Attachment] = []
    /// What becomes of a record's payload, asked in order; `nil` leaves each as it is.
    public var rewrite: ((Record, StreamName) -> [UInt8])?
    /// What becomes of a stream's name.
    public var rename: ((StreamName) -> StreamName)?
    /// What the slice says in the place of another recording's id: of the one that it was cut out of, and of those that
    /// were merged into that.
    public var renameRecording: ((String) -> String)?
    /// What the slice says of itself besides where it was cut out.
    public var labels: [Label] = []
    /// zstd's level; more makes a smaller file, slower.
    public var level: Int32?

    public init() {}

    /// Where a slice ends that was to end at a position: with all outputs of its last input.
    ///
    /// Outputs follow their input at once. A slice that ended among them, or right before them, would say of its last
    /// input that it led to less than it did, and its replay would differ.
    ///
    /// - Parameters:
    ///   - position: where it was to end.
    ///   - isPast: says what lies behind the position.
    /// - Returns: the last output behind the position that belongs to an input before it; `nil` where there is none.
    public func end(
        of recording: Recording,
        behind position: CursorStart,
        isPast: (SequenceNumber, Timestamp) -> Bool
    ) throws(JournalError) -> SequenceNumber? {
        let cursor = try recording.cursor(from: position)
        var last: SequenceNumber?
        do throws(JournalError) {
            while let record = try cursor.next() {
                guard isPast(record.sequence, record.time) else { continue }
                let kind = cursor.name(of: record.stream).kind
                // What was sent, or that a stream is new, may stand between.
                guard kind.isOutput || kind.isEvidence else { break }
                if kind.isOutput { last = record.sequence }
            }
        } catch {
            // What does not read is no output; the slice ends before it.
            guard error.isOfOneSegment else { throw error }
        }
        return last
    }

    /// - Parameters:
    ///   - start: the first record that goes in, or the next one after it.
    ///   - isPast: says where to stop.
    ///   - path: a directory that holds no recording.
    /// - Throws: ``JournalError``: `outside` where no record lies between, `notARecording` for a foreign file, `sealed`
    ///   where there is a recording already, `damaged` where the part does not read.
    public func slice(
        _ recording: Recording,
        from start: CursorStart,
        isPast: (SequenceNumber, Timestamp) -> Bool,
        to path: String,
        files: any JournalFiles = SystemFiles()
    ) throws(JournalError) -> Manifest {
        guard recording.layout.isOurs else {
            throw JournalError(.notARecording, file: recording.path)
        }
        let outside = JournalError(
            .outside(first: recording.first, last: recording.last),
            file: recording.path
        )
        let cursor = try recording.cursor(from: start)
        guard let record = try cursor.next(), !isPast(record.sequence, record.time) else {
            throw outside
        }
        let link = try recording.link(before: record.sequence)
        let origin = SliceOrigin(
            recording: renameRecording?(recording.id) ?? recording.id,
            commit: link.commit,
            chain: link.chain
        )
        let id = path.split(separator: "/").last.map(String.init) ?? "slice"
        let head = SegmentHead(
            id: id,
            run: link.run,
            first: record.sequence,
            chain: origin.beginning(id: id),
            time: record.time,
            previous: nil,
            recovered: 0,
            labels: recording.manifest.labels.filter {
                !$0.key.hasPrefix("slice.") && !RowLink.owns($0)
            }.map(renamed) + origin.labels + labels,
            streams: try recording.announcements().map { stream in
                guard let rename else { return stream }
                return ChannelAnnouncement(
                    id: stream.id,
                    name: rename(stream.name),
                    origin: stream.origin
                )
            },
            checkpoint: checkpoint
        )
        let builder = try RecordingBuilder(path, head, files: files)
        builder.notes = notes
        if let segmentBytes { builder.segmentBytes = segmentBytes }
        if let level { builder.level = level }
        try add(record, cursor, to: builder)
        while let record = try cursor.next(), !isPast(record.sequence, record.time) {
            try add(record, cursor, to: builder)
        }
        return try builder.seal(link.run > 1 ? .recovered : .sealed, key: key)
    }

    /// A label with other ids of recordings in it, where it names some.
    private func renamed(_ label: Label) -> Label {
        guard let renameRecording, [Recording.mergeLabel, Bundler.originLabel].contains(label.key)
        else { return label }
        let ids = label.value.split(separator: ",").map { renameRecording(String($0)) }
        return Label(label.key, ids.joined(separator: ","))
    }

    private func add(
        _ record: Record,
        _ cursor: Cursor,
        to builder: RecordingBuilder
    ) throws(JournalError) {
        guard let rewrite else {
            return try builder.add(record.stream, time: record.time, payload: record.payload)
        }
        let payload = rewrite(record, cursor.name(of: record.stream))
        try payload.withUnsafeBufferPointer { (bytes) throws(JournalError) in
            try builder.add(
                record.stream,
                time: record.time,
                payload: UnsafeRawBufferPointer(bytes)
            )
        }
    }
}

extension Recording {
    /// The last link of the chain that covers nothing at or behind `number`, and the run that wrote `number`.
    func link(
        before number: SequenceNumber
    ) throws(JournalError) -> (commit: SequenceNumber, chain: ChainValue, run: Int) {
        let position = layout.firsts.lastIndex { $0 <= number } ?? 0
        let segment = try SegmentFile(layout.names[position], in: layout.directory)
        guard let head = segment.head else {
            throw segment.error(.damaged("not a segment of ours"), at: 0)
        }
        var link = (commit: head.first.previous, chain: head.chain, run: head.run)
        guard let index = try layout.index(of: position, segment) else { return link }
        let entry = index.firstEntry { $0.last < number }
        guard entry < index.entries.count else {
            link.commit = index.entries.last?.last ?? link.commit
            link.chain = index.chain
            return link
        }
        guard let place = try segment.window.record(at: index.entries[entry].offset) else {
            return link
        }
        let chunk = DecodedChunk()
        let body = try segment.window.body(place)
        do throws(JournalError.Reason) {
            try chunk.decode(chunk: body, isOurs: true, first: .none)
        } catch {
            throw segment.error(error, at: place.offset)
        }
        // A compacted chunk closes several links.
        guard let commit = chunk.commits.last(where: { $0.first <= number }) else { return link }
        link.commit = commit.first.previous
        link.chain = commit.previous
        return link
    }

    /// Every stream of the recording, ids from 1 without holes.
    func announcements() throws(JournalError) -> [ChannelAnnouncement] {
        guard let name = layout.names.last, let first = layout.firsts.last else { return [] }
        var streams = try SegmentFile(name, in: layout.directory).head?.streams ?? []
        let cursor = try cursor(from: .sequence(first)) { $0.text == SessionRecords.channel }
        while let record = try cursor.next() {
            guard let stream = ChannelAnnouncement(payload: record.payload),
                Int(stream.id.value) == streams.count + 1
            else { continue }
            streams.append(stream)
        }
        return streams
    }
}
