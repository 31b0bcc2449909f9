import Market

/// Writes a sealed recording of records that have their numbers already: what `slice`, `merge` and `recover` make.
///
/// It has no tails and no HEAD: until the seal nothing was promised. Not Sendable: one owner, one thread.
final class RecordingBuilder {
    let directory: RecordingDirectory
    let table: StreamTable
    private let lock: OpenFile
    private var segment: SegmentWriter
    private var builder: ChunkBuilder
    private var segments: [Manifest.Segment] = []
    private let compressor = Compressor()
    private var scratch = ByteBuffer(capacity: 128 << 10)
    private var started: UInt64?
    private var first = SequenceNumber.none
    private(set) var last: SequenceNumber
    private(set) var lastTime: UInt64
    var level: Int32 = 6
    var segmentBytes: UInt64 = 256 << 20
    /// Stand beside the records of the last segment.
    var notes: [MCAP.Attachment] = []

    private static let chunkBytes = 64 << 10

    /// Makes the directory, which must hold no recording.
    ///
    /// - Throws: `sealed` where it holds one.
    init(
        _ path: String,
        _ head: SegmentHead,
        files: any JournalFiles
    ) throws(JournalError) {
        do throws(SystemFailure) {
            try files.makeDirectory(path)
        } catch {
            throw JournalError(.system(call: "mkdir", code: error.code), file: path)
        }
        directory = try RecordingDirectory.open(path, files: files)
        do throws(JournalError) {
            guard try directory.segmentNames().isEmpty else {
                throw JournalError(.sealed, file: path)
            }
            lock = try Recorder.takeLock(directory)
            table = StreamTable(head.streams)
            segment = try SegmentWriter(head, in: directory)
        } catch {
            directory.close()
            throw error
        }
        builder = ChunkBuilder(size: RecordingBuilder.chunkBytes, table: table, chain: head.chain)
        last = head.first.previous
        lastTime = UInt64(bitPattern: head.time.nanoseconds)
    }

    deinit {
        segment.close()
        directory.files.close(lock)
        directory.close()
    }

    /// Chain value after the last chunk.
    var chain: ChainValue { segment.index.chain }

    /// Adds one Message record, opcode and length included; its number is the one after ``last``, its time not below
    /// ``lastTime``.
    func add(_ message: UnsafeRawBufferPointer) throws(JournalError) {
        guard let base = message.baseAddress else { return }
        let header = MessageHeader(record: base)
        note(last.next, header.time)
        last = last.next
        lastTime = max(lastTime, header.time)
        builder.add(message, header, last)
        guard builder.isFull else { return }
        try closeChunk()
        if segment.offset >= segmentBytes { try roll() }
    }

    /// Adds one Message; a time below the last one's is raised to it.
    ///
    /// Another program's file may have times in any order, and above `Int64.max`, which are read as times before 1970. A
    /// chunk whose times go back is damage.
    func add(
        _ stream: StreamID,
        time: Timestamp,
        payload: UnsafeRawBufferPointer
    ) throws(JournalError) {
        var record = ByteBuffer(capacity: payload.count + 64)
        record.message(
            channel: stream.value,
            sequence: UInt32(truncatingIfNeeded: last.next.value),
            time: max(lastTime, UInt64(max(0, time.nanoseconds))),
            payload: payload
        )
        try add(record.bytes)
    }

    /// Adds a chunk as it is; its first number is the one after ``last``, and it links to ``chain``.
    func add(_ chunk: EncodedChunk) throws(JournalError) {
        try closeChunk()
        note(chunk.entry.first, chunk.entry.startTime)
        try segment.append(chunk)
        last = chunk.entry.last
        lastTime = max(lastTime, chunk.entry.endTime)
        builder.begin(after: chunk.commit.chain)
        if segment.offset >= segmentBytes { try roll() }
    }

    private func note(_ number: SequenceNumber, _ time: UInt64) {
        if started == nil {
            started = time
            first = number
        }
    }

    /// Writes what was added one by one, so that ``chain`` includes it.
    func closeChunk() throws(JournalError) {
        guard !builder.isEmpty else { return }
        let chunk: EncodedChunk
        do throws(Malformed) {
            chunk = try EncodedChunk(
                &builder,
                compressor: compressor,
                level: level,
                scratch: &scratch
            )
        } catch {
            throw JournalError(error.reason(isOurs: true), file: directory.path)
        }
        builder.begin(after: chunk.commit.chain)
        try segment.append(chunk)
    }

    private func roll() throws(JournalError) {
        var head = segment.head
        head.checkpoint = []
        head.recovered = 0
        head.lost = nil
        head.first = last.next
        head.chain = chain
        try begin(head)
    }

    /// Ends the segment and begins another, which may leave records out and begin with another link.
    func begin(_ head: SegmentHead) throws(JournalError) {
        try closeChunk()
        var head = head
        head.time = Timestamp(nanoseconds: Int64(bitPattern: lastTime))
        head.streams = table.streams
        if !segment.index.entries.isEmpty {
            try finish(seal: nil)
            head.previous = SegmentHead.Previous(name: segment.name, end: segment.offset)
        }
        segment.close()
        segment = try SegmentWriter(head, in: directory)
        builder.begin(after: head.chain)
        last = head.first.previous
    }

    private func finish(seal: MCAP.Metadata?) throws(JournalError) {
        let notes = seal == nil ? [] : notes
        try segment.finish(seal: seal, streams: table.streams, notes: notes)
        try segment.publish()
        segments.append(listed)
    }

    private var listed: Manifest.Segment {
        Manifest.Segment(
            name: segment.name,
            first: segment.head.first,
            last: last,
            chainFirst: segment.head.chain,
            chainLast: chain
        )
    }

    /// Ends it; the manifest is derived from what was written.
    func seal(
        _ state: Manifest.State,
        key: SigningKey? = nil
    ) throws(JournalError) -> Manifest {
        try closeChunk()
        var manifest = Manifest(
            id: segment.head.id,
            state: state,
            runs: segment.head.run,
            first: first,
            last: last,
            started: Timestamp(nanoseconds: Int64(bitPattern: started ?? 0)),
            ended: Timestamp(nanoseconds: Int64(bitPattern: started == nil ? 0 : lastTime)),
            segments: segments + [listed],
            labels: segment.head.labels
        )
        manifest.signature = key.map { Signature(manifest, with: $0) }
        try finish(seal: Seal.metadata(manifest))
        try directory.replace(RecordingDirectory.manifest, with: manifest.json())
        return manifest
    }
}
