import Market

/// Joins recordings by time into one for reading.
///
/// Records get new numbers. Before each run of records of one source stands a record of `session/origin` with its
/// recording and the number that the first of them had there. A time below the record before, as another program's file
/// may have it, is raised. What a source's own recorder said (`session/start`, `session/channel`) goes under `merged/…`.
/// What a source says of its import is said of the whole: see ``Manifest/knowsArrivalTimes``.
public struct Merger {
    public var key: SigningKey?

    static let origin = "session/origin"

    public init() {}

    /// One source and its next record.
    private final class Source {
        let recording: Recording
        let cursor: Cursor
        var next: Record?
        /// By the source's stream id.
        var streams: [StreamID: StreamID] = [:]

        init(_ recording: Recording) throws(JournalError) {
            self.recording = recording
            cursor = try recording.cursor()
            next = try cursor.next()
        }
    }

    /// - Throws: ``JournalError``: what does not read in a source; `sealed` where `path` holds a recording.
    public func merge(
        _ recordings: [Recording],
        to path: String,
        files: any JournalFiles = SystemFiles()
    ) throws(JournalError) -> Manifest {
        for recording in recordings
        where recording.manifest.labels.contains(where: { $0.key == Recording.mergeLabel }) {
            throw JournalError(
                .malformed("it is a merged recording itself; merge what it was made from"),
                file: recording.path
            )
        }
        let sources = try recordings.map { recording throws(JournalError) in
            try Source(recording)
        }
        let id = path.split(separator: "/").last.map(String.init) ?? "merged"
        let time = sources.compactMap { $0.next?.time }.min() ?? .zero
        let head = SegmentHead(
            id: id,
            run: 1,
            first: .first,
            chain: ChainHasher.genesis(id: id),
            time: .zero,
            previous: nil,
            recovered: 0,
            labels: [
                Label(Recording.mergeLabel, recordings.map(\.id).joined(separator: ","))
            ] + Merger.importLabels(of: recordings),
            streams: [],
            checkpoint: []
        )
        let builder = try RecordingBuilder(path, head, files: files)
        try begin(builder, recordings, time)
        var numbers = (source: -1, next: SequenceNumber.none)
        while let place = Merger.earliest(sources), let record = sources[place].next {
            if numbers.source != place || numbers.next != record.sequence {
                try writeOrigin(of: record, sources[place].recording.id, builder)
            }
            let stream = try stream(of: record, sources[place], builder)
            try builder.add(stream, time: record.time, payload: record.payload)
            numbers = (place, record.sequence.next)
            sources[place].next = try sources[place].cursor.next()
        }
        return try builder.seal(.sealed, key: key)
    }

    /// What the sources say of their import, each value once.
    private static func importLabels(of recordings: [Recording]) -> [Label] {
        var labels: [Label] = []
        for label in recordings.flatMap(\.manifest.labels) where Manifest.tellsImport(label) {
            guard let place = labels.firstIndex(where: { $0.key == label.key }) else {
                labels.append(label)
                continue
            }
            let told = labels[place].value.split(separator: Manifest.importSeparator)
            for value in label.value.split(separator: Manifest.importSeparator)
            where !told.contains(value) {
                labels[place].value += Manifest.importSeparator + value
            }
        }
        return labels
    }

    private static func earliest(_ sources: [Source]) -> Int? {
        var best: Int?
        for (place, source) in sources.enumerated() {
            guard let time = source.next?.time else { continue }
            if let known = best.flatMap({ sources[$0].next?.time }), known <= time { continue }
            best = place
        }
        return best
    }

    /// The first records, as every recording has them.
    private func begin(
        _ builder: RecordingBuilder,
        _ recordings: [Recording],
        _ time: Timestamp
    ) throws(JournalError) {
        var writer = JSONWriter()
        writer.object {
            $0.field(
                "merge",
                array: { list in
                    for recording in recordings {
                        list.object {
                            $0.field("recording", recording.id)
                            $0.field("first", recording.first)
                            $0.field("last", recording.last)
                            $0.field(
                                "chain",
                                recording.manifest.segments.last?.chainLast.description ?? ""
                            )
                        }
                    }
                }
            )
        }
        try add(writer.bytes, StreamTable.startID, time, builder)
        for stream in StreamTable.own {
            try add(stream.payload(), StreamTable.channelID, time, builder)
        }
    }

    private func add(
        _ payload: [UInt8],
        _ stream: StreamID,
        _ time: Timestamp,
        _ builder: RecordingBuilder
    ) throws(JournalError) {
        try payload.withUnsafeBufferPointer { buffer throws(JournalError) in
            try builder.add(stream, time: time, payload: UnsafeRawBufferPointer(buffer))
        }
    }

    private func writeOrigin(
        of record: Record,
        _ id: String,
        _ builder: RecordingBuilder
    ) throws(JournalError) {
        let stream = try stream(named: Merger.origin, record.time, builder)
        var writer = JSONWriter()
        writer.object {
            $0.field("recording", id)
            $0.field("first", record.sequence)
        }
        try add(writer.bytes, stream, record.time, builder)
    }

    private func stream(
        of record: Record,
        _ source: Source,
        _ builder: RecordingBuilder
    ) throws(JournalError) -> StreamID {
        if let known = source.streams[record.stream] { return known }
        let name = source.cursor.name(of: record.stream).text
        let isOwn = StreamTable.own.contains { $0.name.text == name }
        let stream = try stream(named: isOwn ? "merged/" + name : name, record.time, builder)
        source.streams[record.stream] = stream
        return stream
    }

    /// The stream's id, announced by a record when it is new.
    private func stream(
        named name: String,
        _ time: Timestamp,
        _ builder: RecordingBuilder
    ) throws(JournalError) -> StreamID {
        let count = builder.table.streams.count
        let id: StreamID
        do throws(JournalError.Reason) {
            id = try builder.table.id(named: name, origin: "")
        } catch {
            throw JournalError(error, file: builder.directory.path)
        }
        if Int(id.value) > count, let stream = builder.table.announcement(of: id) {
            try add(stream.payload(), StreamTable.channelID, time, builder)
        }
        return id
    }
}

extension Manifest {
    /// The label of a recording that was made of files in another format; labels that begin with it and a point say more.
    public static let importLabel = "imported"
    /// Its value where `log_time` is the exchange's time.
    public static let arrivalUnknown = "arrival times are not known"
    /// Between the values of recordings that were merged.
    static let importSeparator = "; "

    static func tellsImport(_ label: Label) -> Bool {
        label.key == importLabel || label.key.hasPrefix(importLabel + ".")
    }

    /// False where the times of some records are the exchange's: a latency computed from them would be a wrong figure.
    ///
    /// So it is with public history, and with what was merged with it. Whoever tells a latency asks this first.
    public var knowsArrivalTimes: Bool {
        !labels.contains {
            $0.key == Manifest.importLabel
                && $0.value.split(separator: Manifest.importSeparator)
                    .contains(Substring(Manifest.arrivalUnknown))
        }
    }
}
