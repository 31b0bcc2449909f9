import CCrypto
import Glibc
public import Market

/// What was found where an earlier run ended without a seal.
public struct Recovery: Hashable, Sendable {
    /// The last number that could be read.
    public var last: SequenceNumber
    /// Of these, how many came from the tails and are now in the new segment.
    public var fromTails: UInt64
    /// Bytes behind the last record that formed none; 0 for a clean end.
    public var tornBytes: UInt64

    public init(last: SequenceNumber, fromTails: UInt64, tornBytes: UInt64) {
        self.last = last
        self.fromTails = fromTails
        self.tornBytes = tornBytes
    }
}

extension Recorder {
    /// Makes the directory, or recovers an unsealed recording in it and goes on as its next run.
    ///
    /// Recovery reads only, until the new run's first segment is durable under its name. A kill at any
    /// moment leaves the old recording or the new one.
    ///
    /// - Throws: ``JournalError``: `held` (75), `sealed` (73), `damaged` (2), `newer` (65), `system` (74).
    public static func open(
        _ path: String,
        options: RecorderOptions = RecorderOptions(),
        files: any JournalFiles = SystemFiles()
    ) throws(JournalError) -> Recorder {
        do throws(SystemFailure) {
            try files.makeDirectory(path)
        } catch {
            throw JournalError(.system(call: "mkdir", code: error.code), file: path)
        }
        let directory = try RecordingDirectory.open(path, files: files)
        var lock: OpenFile?
        do throws(JournalError) {
            let held = try takeLock(directory)
            lock = held
            return try begin(directory, options, held)
        } catch {
            if let lock { files.close(lock) }
            directory.close()
            throw error
        }
    }

    /// The lock, with this process's name in it for whoever comes second.
    static func takeLock(_ directory: RecordingDirectory) throws(JournalError) -> OpenFile {
        let name = RecordingDirectory.lock
        let file = try directory.open(name, .readWrite)
        do throws(JournalError) {
            var isOurs: Bool
            do throws(SystemFailure) {
                isOurs = try directory.files.lock(file)
                // A reader that asks whether the lock is held has it for an instant.
                for _ in 0..<5 where !isOurs {
                    usleep(5_000)
                    isOurs = try directory.files.lock(file)
                }
            } catch {
                throw directory.failure(error, "flock", name)
            }
            guard isOurs else {
                var text = ByteBuffer(capacity: 128)
                try directory.read(file, name, into: &text, count: 128, at: 0)
                let holder = String(
                    decoding: text.bytes.prefix { $0 > 0x20 || $0 == 0x20 },
                    as: UTF8.self
                )
                let trimmed = holder.prefix { $0 != "\n" }
                throw JournalError(
                    .held(by: trimmed.isEmpty ? "unknown" : String(trimmed)),
                    file: directory.path
                )
            }
            var text = ByteBuffer(capacity: 64)
            // One width, so that no digit of an earlier holder stays behind it.
            let holder = "process \(getpid())"
            text.append(
                Array(
                    (holder + String(repeating: "\n", count: max(1, 32 - holder.utf8.count))).utf8
                )
            )
            try directory.write(file, name, text.bytes, at: 0)
            return file
        } catch {
            directory.files.close(file)
            throw error
        }
    }

    private static func begin(
        _ directory: RecordingDirectory,
        _ options: RecorderOptions,
        _ lock: OpenFile
    ) throws(JournalError) -> Recorder {
        if try directory.segmentNames().isEmpty {
            return try beginNew(directory, options, lock)
        }
        let salvage = try Salvage(directory)
        guard !salvage.isSealed else { throw JournalError(.sealed, file: directory.path) }
        if let damage = salvage.damage.first { throw damage }
        return try goOn(directory, options, lock, salvage)
    }

    private static func beginNew(
        _ directory: RecordingDirectory,
        _ options: RecorderOptions,
        _ lock: OpenFile
    ) throws(JournalError) -> Recorder {
        var options = options
        options.labels += options.row?.labels ?? []
        let id = options.id ?? lastPart(of: directory.path)
        let head = SegmentHead(
            beginning: id,
            options,
            behind: options.row,
            time: options.notBefore,
            checkpoint: []
        )
        let segment = try SegmentWriter(head, in: directory)
        try segment.publish()
        syncParent(of: directory)
        let plan = Plan(
            segment: segment,
            table: StreamTable([]),
            earlier: [],
            started: 0,
            number: head.first.previous,
            lastTime: UInt64(bitPattern: head.time.nanoseconds),
            announced: 0,
            generation: 0
        )
        return try launch(directory, options, lock, plan, recovery: nil)
    }

    /// Builds the new run's first segment from what only the tails hold.
    private static func goOn(
        _ directory: RecordingDirectory,
        _ options: RecorderOptions,
        _ lock: OpenFile,
        _ salvage: Salvage
    ) throws(JournalError) -> Recorder {
        let list = try SegmentList(directory, salvage)
        if let damage = list.damage.first { throw damage }
        if let first = list.segments.first {
            let check = try BeginningCheck(
                directory,
                salvage.lastHead.id,
                salvage.lastHead.labels,
                first
            )
            if let finding = check.findings.first { throw finding }
        }
        var options = options
        options.labels += salvage.lastHead.labels.filter { RowLink.owns($0) }
        var earlier = list.segments
        // A last segment without a record gives its name to the new one, by the rename.
        let isEmpty = salvage.lastInSegment < salvage.lastHead.first
        if isEmpty { earlier.removeLast() }
        let name = salvage.names.last ?? ""
        let head = SegmentHead(
            id: salvage.lastHead.id,
            run: salvage.lastHead.run + 1,
            first: salvage.lastInSegment.next,
            chain: salvage.chain,
            time: Timestamp(nanoseconds: Int64(bitPattern: salvage.timeInSegment)),
            previous: isEmpty
                ? salvage.lastHead.previous : SegmentHead.Previous(name: name, end: salvage.end),
            recovered: salvage.tailCount,
            labels: options.labels,
            streams: salvage.streams,
            checkpoint: []
        )
        let table = StreamTable(salvage.streams)
        if !isEmpty { try makeDurable(name, in: directory) }
        let segment = try SegmentWriter(head, in: directory)
        try copyTails(salvage, into: segment, table, options)
        try segment.publish()
        let started = try SegmentList.firstTime(directory, salvage)
        let plan = Plan(
            segment: segment,
            table: table,
            earlier: earlier,
            started: started,
            number: salvage.last,
            lastTime: salvage.lastTime,
            announced: salvage.streams.count,
            generation: salvage.head?.generation ?? 0
        )
        let recovery = Recovery(
            last: salvage.last,
            fromTails: salvage.tailCount,
            tornBytes: salvage.tornBytes
        )
        return try launch(directory, options, lock, plan, recovery: recovery)
    }

    /// What a killed run had written and not synced yet reads as if it were on the disk, and would end with the power.
    ///
    /// Its records are counted as durable from here on, and the tails that may hold them too are made anew.
    private static func makeDurable(
        _ name: String,
        in directory: RecordingDirectory
    ) throws(JournalError) {
        let file = try directory.open(name, .read)
        defer { directory.files.close(file) }
        try directory.sync(file, name)
    }

    private static func copyTails(
        _ salvage: Salvage,
        into segment: SegmentWriter,
        _ table: StreamTable,
        _ options: RecorderOptions
    ) throws(JournalError) {
        var builder = ChunkBuilder(size: options.chunkBytes, table: table, chain: salvage.chain)
        let compressor = Compressor()
        var scratch = ByteBuffer(capacity: 64 << 10)
        var number = salvage.lastInSegment
        var failure: JournalError?
        func close() {
            guard failure == nil, !builder.isEmpty else { return }
            do {
                let chunk = try EncodedChunk(
                    &builder,
                    compressor: compressor,
                    level: options.compressionLevel,
                    scratch: &scratch
                )
                builder.begin(after: chunk.commit.chain)
                try segment.append(chunk)
            } catch let error as JournalError {
                failure = error
            } catch {
                failure = JournalError(.failed("\(error)"), file: segment.name)
            }
        }
        // Without damage there is no hole, and one run at most.
        guard let run = salvage.tails.first else { return }
        let records = DecodedChunk()
        do throws(JournalError.Reason) {
            try records.decode(records: run.buffer.bytes, isOurs: true, first: number.next)
        } catch {
            throw JournalError(error, file: segment.directory.path, sequence: number)
        }
        records.forEachRecord { record, header in
            number = number.next
            builder.add(record, header, number)
            if builder.isFull { close() }
        }
        close()
        if let failure { throw failure }
    }

    private struct Plan {
        var segment: SegmentWriter
        var table: StreamTable
        var earlier: [Manifest.Segment]
        var started: UInt64
        var number: SequenceNumber
        var lastTime: UInt64
        var announced: Int
        var generation: UInt64
    }

    /// Tails, HEAD, threads: everything that may be made anew once the segment has its name.
    private static func launch(
        _ directory: RecordingDirectory,
        _ options: RecorderOptions,
        _ lock: OpenFile,
        _ plan: Plan,
        recovery: Recovery?
    ) throws(JournalError) -> Recorder {
        let tails = try Tails(in: directory, size: options.tailBytes, run: plan.segment.head.run)
        let reserve = try Reserve(
            in: directory,
            size: options.reserveBytes,
            run: plan.segment.head.run
        )
        let head = try HeadFile(in: directory, after: plan.generation)
        try directory.syncNames()
        let progress = Progress(at: plan.number)
        do throws(SystemFailure) {
            let bell = try Bell()
            let syncer = try Syncer(
                directory: directory,
                head: head,
                progress: progress,
                bell: bell
            )
            let writer = Writer(
                Writer.Parts(
                    directory: directory,
                    options: options,
                    queue: RecordQueue(),
                    table: plan.table,
                    progress: progress,
                    syncer: syncer,
                    lock: lock,
                    segment: plan.segment,
                    tails: tails,
                    reserve: reserve,
                    earlier: plan.earlier,
                    started: plan.started,
                    number: plan.number,
                    lastTime: plan.lastTime,
                    announced: plan.announced,
                    isRecovered: plan.segment.head.run > 1
                )
            )
            writer.publishHead()
            writer.refreshManifest()
            return try Recorder(
                Parts(writer, bell),
                recovery: recovery
            )
        } catch {
            throw JournalError(
                .system(call: "pthread_create", code: error.code),
                file: directory.path
            )
        }
    }

    static func lastPart(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? "recording"
    }

    /// The recording's own name in the directory above; a file system that will not say is no reason to stop.
    static func syncParent(of directory: RecordingDirectory) {
        let path = directory.path
        let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        guard let handle = try? directory.files.openDirectory(parent.isEmpty ? "/" : parent) else {
            return
        }
        try? directory.files.syncDirectory(handle)
        directory.files.close(handle)
    }
}
