import Glibc
public import Market

/// One file to send: a part of a recording as a recording of one segment, with notes beside its records.
///
/// Taken whole it is a slice: records keep numbers, streams and state, and it replays as they did. What leaves records out
/// or changes them gives those that stay new numbers, from 1 on, and a chain of their own.
public struct Bundler {
    /// A text beside the records, an MCAP Attachment.
    public struct Note: Sendable {
        public var name: String
        public var mediaType: String
        public var data: [UInt8]

        public init(_ name: String, mediaType: String, data: [UInt8]) {
            self.name = name
            self.mediaType = mediaType
            self.data = data
        }
    }

    /// What becomes of a record.
    public enum Fate {
        case kept
        case leftOut
        /// Another stream's name, another payload, or both; as a pseudonym needs it.
        case changed(stream: String, payload: [UInt8])
    }

    /// The label of a bundle that is no slice: the id of the recording that it was taken from.
    static let originLabel = "bundle.of"

    public var notes: [Note] = []
    /// The owner's state before the first record, of a whole part.
    public var checkpoint: [UInt8] = []

    public init() {}

    /// - Parameters:
    ///   - start: the first record that goes in, or the next one after it.
    ///   - isPast: says where to stop.
    ///   - path: the file to make.
    /// - Throws: as ``Slicer/slice(_:from:isPast:to:files:)``; `sealed` where there is a file already.
    public func bundle(
        _ recording: Recording,
        from start: CursorStart,
        isPast: (SequenceNumber, Timestamp) -> Bool,
        to path: String
    ) throws(JournalError) -> Manifest {
        // Of another program's file, which has no chain of ours to go on with.
        guard recording.layout.isOurs else {
            return try bundle(recording, from: start, isPast: isPast, to: path) { _, _ in .kept }
                .manifest
        }
        var slicer = Slicer()
        slicer.checkpoint = checkpoint
        slicer.notes = attachments
        slicer.segmentBytes = .max
        let final = slicer
        return try Bundler.inOneFile(path) { (folder) throws(JournalError) in
            try final.slice(recording, from: start, isPast: isPast, to: folder)
        }
    }

    /// The same record by record.
    ///
    /// - Parameter fate: asked for each record but the announcements of streams, in order.
    /// - Returns: the bundle's manifest, and how many records were left out of each stream, in the order of the first.
    public func bundle(
        _ recording: Recording,
        from start: CursorStart,
        isPast: (SequenceNumber, Timestamp) -> Bool,
        to path: String,
        fate: (borrowing Record, StreamName) throws(JournalError) -> Fate
    ) throws(JournalError) -> (manifest: Manifest, leftOut: [(stream: String, records: UInt64)]) {
        var leftOut: [(stream: String, records: UInt64)] = []
        let cursor = try recording.cursor(from: start)
        let manifest = try Bundler.inOneFile(path) { (folder) throws(JournalError) in
            guard let first = try cursor.next(), !isPast(first.sequence, first.time) else {
                throw JournalError(
                    .outside(first: recording.first, last: recording.last),
                    file: recording.path
                )
            }
            let id = folder.split(separator: "/").last.map(String.init) ?? "bundle"
            let head = SegmentHead(
                id: id,
                run: 1,
                first: .first,
                chain: ChainHasher.genesis(id: id),
                time: .zero,
                previous: nil,
                recovered: 0,
                labels: recording.manifest.labels.filter {
                    ["program", "environment"].contains($0.key)
                        || $0.key.hasPrefix("pseudonymised.") || Manifest.tellsImport($0)
                } + [Label(Bundler.originLabel, recording.id)],
                streams: [],
                checkpoint: []
            )
            let builder = try RecordingBuilder(folder, head, files: SystemFiles())
            builder.segmentBytes = .max
            builder.notes = attachments
            var record: Record? = first
            while let next = record, !isPast(next.sequence, next.time) {
                let name = cursor.name(of: next.stream)
                if name.kind != .sessionChannel {
                    switch try fate(next, name) {
                    case .kept: try Bundler.add(next.payload, name.text, next.time, builder)
                    case .changed(let stream, let payload):
                        try payload.withUnsafeBufferPointer { bytes throws(JournalError) in
                            let raw = UnsafeRawBufferPointer(bytes)
                            try Bundler.add(raw, stream, next.time, builder)
                        }
                    case .leftOut:
                        let place = leftOut.firstIndex { $0.stream == name.text } ?? leftOut.count
                        if place == leftOut.count { leftOut.append((name.text, 0)) }
                        leftOut[place].records += 1
                    }
                }
                record = try cursor.next()
            }
            return try builder.seal(.sealed)
        }
        return (manifest, leftOut)
    }

    private var attachments: [MCAP.Attachment] {
        notes.map {
            MCAP.Attachment(time: 0, name: $0.name, mediaType: $0.mediaType, data: $0.data)
        }
    }

    /// With the announcement of its stream before it, when that is new.
    private static func add(
        _ payload: UnsafeRawBufferPointer,
        _ stream: String,
        _ time: Timestamp,
        _ builder: RecordingBuilder
    ) throws(JournalError) {
        let count = builder.table.streams.count
        let id: StreamID
        do throws(JournalError.Reason) {
            id = try builder.table.id(named: stream, origin: "")
        } catch {
            throw JournalError(error, file: builder.directory.path)
        }
        if Int(id.value) > count, let fresh = builder.table.announcement(of: id) {
            try fresh.payload().withUnsafeBufferPointer { bytes throws(JournalError) in
                try builder.add(
                    StreamTable.channelID,
                    time: time,
                    payload: UnsafeRawBufferPointer(bytes)
                )
            }
        }
        try builder.add(id, time: time, payload: payload)
    }

    /// Has a recording made in a folder beside, and gives its one segment the file's name.
    private static func inOneFile(
        _ path: String,
        _ make: (_ folder: String) throws(JournalError) -> Manifest
    ) throws(JournalError) -> Manifest {
        guard access(path, F_OK) != 0 else { throw JournalError(.sealed, file: path) }
        let base = path.split(separator: "/").last.map(String.init) ?? path
        let name = base.hasSuffix(".mcap") && base.count > 5 ? String(base.dropLast(5)) : base
        let around = path + ".unfinished"
        let folder = around + "/" + name
        // What an attempt before left there is nobody's.
        clear(around, folder)
        guard mkdir(around, 0o777) == 0 else {
            throw JournalError(.system(call: "mkdir", code: errno), file: around)
        }
        defer { clear(around, folder) }
        let manifest = try make(folder)
        guard manifest.segments.count == 1, let segment = manifest.segments.first else {
            throw JournalError(.damaged("the bundle has more than one segment"), file: folder)
        }
        guard link(folder + "/" + segment.name, path) == 0 else {
            let code = errno
            throw JournalError(
                code == EEXIST ? .sealed : .system(call: "link", code: code),
                file: path
            )
        }
        return manifest
    }

    private static func clear(_ around: String, _ folder: String) {
        for path in [folder, around] {
            guard let directory = opendir(path) else { continue }
            while let entry = readdir(directory) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name != ".", name != ".." { unlink(path + "/" + name) }
            }
            closedir(directory)
            rmdir(path)
        }
    }
}
