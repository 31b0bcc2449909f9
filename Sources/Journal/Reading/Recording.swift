import Glibc
public import Market

/// A recording as it lies on disk, opened for reading; a recorder may be writing to it.
///
/// An unclean recording is recovered in memory and nothing is written. A single `.mcap` file of any
/// origin is a recording of one segment.
public struct Recording: Sendable {
    public let path: String
    /// Derived from the segments, whatever `manifest.json` says.
    public let manifest: Manifest
    /// A recorder holds the lock now.
    public let isHeld: Bool
    /// What was durable and is not there as it was; empty in a sound recording.
    public let damage: [JournalError]
    /// Bytes past HEAD that form no record; readers pass over them.
    public let torn: [JournalError]
    /// Files in its directory that are not part of it: copies under a name of their own, other MCAP files.
    public let strays: [JournalError]
    /// The last number that HEAD says is durable; `nil` when HEAD is missing or unreadable.
    public let durable: SequenceNumber?
    let layout: Layout
    /// Of the last segment and the tails, when it has no summary that counts.
    private let lastCounts: [UInt16: UInt64]
    private let lastNames: [UInt16: String]
    private let files: any JournalFiles

    public var id: String { manifest.id }
    public var state: Manifest.State { manifest.state }
    /// ``SequenceNumber/none`` when it holds no record.
    public var first: SequenceNumber { manifest.first }
    public var last: SequenceNumber { manifest.last }

    /// Opens a recording's directory, or one `.mcap` file.
    ///
    /// - Throws: ``JournalError``: `missing`, `notARecording`, `newer`, or what makes all of it unreadable.
    public static func open(
        _ path: String,
        files: any JournalFiles = SystemFiles()
    ) throws(JournalError) -> Recording {
        let directory: RecordingDirectory
        do throws(SystemFailure) {
            let handle = try files.openDirectory(path)
            directory = RecordingDirectory(path: path, files: files, handle: handle)
        } catch {
            if error == .missing { throw JournalError(.missing, file: path) }
            guard error == .notADirectory else {
                throw JournalError(.system(call: "open", code: error.code), file: path)
            }
            return try openFile(path, files)
        }
        do throws(JournalError) {
            return try openDirectory(directory)
        } catch {
            directory.close()
            throw error
        }
    }

    private static func openDirectory(
        _ directory: RecordingDirectory
    ) throws(JournalError) -> Recording {
        let hasStrays = try directory.mcapNames().contains {
            RecordingDirectory.firstNumber(ofSegment: $0) == nil
        }
        do throws(JournalError) {
            if !hasStrays { return try readDirectory(directory) }
        } catch {
            guard error.isOfNames else { throw error }
        }
        return try readDirectory(try directory.placed())
    }

    private static func readDirectory(
        _ directory: RecordingDirectory
    ) throws(JournalError) -> Recording {
        var salvage = try Salvage(directory)
        var list = try SegmentList(directory, salvage)
        // A recorder that prunes beside us takes files away between our look at their names and at them.
        for _ in 0..<4 where list.hasVanished {
            salvage = try Salvage(directory)
            list = try SegmentList(directory, salvage)
        }
        let started = try SegmentList.firstTime(directory, salvage)
        let damage = directory.placement.damage + salvage.damage + list.damage
        var segments = list.segments
        if salvage.tailCount > 0, var last = segments.popLast() {
            last.last = salvage.last
            segments.append(last)
        }
        let isEmpty = segments.isEmpty || salvage.last < segments[0].first
        let state: Manifest.State =
            if !damage.isEmpty {
                .damaged
            } else if !salvage.isSealed {
                .open
            } else {
                salvage.lastHead.run > 1
                    || salvage.lastHead.labels.contains { $0.key == Recording.lossLabel }
                    ? .recovered : .sealed
            }
        let manifest = Manifest(
            id: salvage.lastHead.id,
            state: state,
            runs: salvage.lastHead.run,
            first: isEmpty ? .none : segments[0].first,
            last: isEmpty ? .none : salvage.last,
            started: Timestamp(nanoseconds: Int64(bitPattern: isEmpty ? 0 : started)),
            ended: Timestamp(nanoseconds: Int64(bitPattern: isEmpty ? 0 : salvage.lastTime)),
            segments: segments,
            labels: salvage.lastHead.labels,
            signature: Signature(seal: salvage.seal)
        )
        let isHeld = try salvage.isSealed ? false : isLocked(directory)
        return Recording(
            path: directory.path,
            manifest: manifest,
            isHeld: isHeld,
            damage: damage,
            torn: salvage.torn,
            strays: directory.placement.strays,
            durable: salvage.head?.durable,
            layout: Layout(directory, list, salvage),
            lastCounts: salvage.counts,
            lastNames: Dictionary(
                salvage.streams.map { ($0.id.value, $0.name.text) },
                uniquingKeysWith: { first, _ in first }
            ),
            files: directory.files
        )
    }

    private static func isLocked(_ directory: RecordingDirectory) throws(JournalError) -> Bool {
        guard let file = try directory.openIfThere(RecordingDirectory.lock) else { return false }
        defer { directory.files.close(file) }
        do throws(SystemFailure) {
            return try !directory.files.lock(file)
        } catch {
            return false
        }
    }

    private static func openFile(
        _ path: String,
        _ files: any JournalFiles
    ) throws(JournalError) -> Recording {
        let slash = path.lastIndex(of: "/")
        let parent = slash.map { String(path[..<$0]) } ?? "."
        let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
        let directory = try RecordingDirectory.open(parent.isEmpty ? "/" : parent, files: files)
        do throws(JournalError) {
            let segment = try SegmentFile(name, in: directory)
            // From here on the layout closes the directory.
            let layout = Layout(file: name, in: directory, head: segment.head)
            let facts = try FileFacts(layout, segment)
            let chain = segment.head?.chain ?? ChainValue(words: (0, 0, 0, 0))
            let manifest = Manifest(
                id: segment.head?.id ?? name,
                state: segment.summary == nil ? .open : .sealed,
                runs: segment.head?.run ?? 1,
                first: facts.first,
                last: facts.last,
                started: facts.started,
                ended: facts.ended,
                segments: [
                    Manifest.Segment(
                        name: name,
                        first: facts.first,
                        last: facts.last,
                        chainFirst: chain,
                        chainLast: try segment.index()?.chain ?? chain
                    )
                ],
                labels: segment.head?.labels ?? []
            )
            return Recording(
                path: path,
                manifest: manifest,
                isHeld: false,
                damage: [],
                torn: [],
                strays: [],
                durable: nil,
                layout: layout,
                lastCounts: facts.counts,
                lastNames: facts.names,
                files: files
            )
        } catch {
            throw error
        }
    }

    /// A cursor before the first record at or after `start` whose stream passes `filter`.
    ///
    /// - Parameters:
    ///   - start: where to begin; behind the end gives a cursor without records.
    ///   - filter: asked once for each stream; `nil` passes all.
    ///   - follows: behind the last record ``Cursor/next()`` gives `nil` and, called again, what a recorder
    ///     has written meanwhile, over rolls, kills and the recorder's next runs; ``Cursor/isAtEnd`` after
    ///     the seal.
    public func cursor(
        from start: CursorStart = .beginning,
        streams filter: (@Sendable (StreamName) -> Bool)? = nil,
        follows: Bool = false
    ) throws(JournalError) -> Cursor {
        try Cursor(layout, from: start, filter, follows: follows)
    }

    /// Every stream that has records, with how many, in the order of ids; commits are not counted.
    public func streams() throws(JournalError) -> [StreamSummary] {
        var counts = lastCounts
        var names: [UInt16: String] = [:]
        for (position, name) in layout.names.enumerated() {
            // What does not read is in `damage`.
            guard let segment = try? SegmentFile(name, in: layout.directory, presumes: true)
            else { continue }
            for stream in segment.head?.streams ?? [] { names[stream.id.value] = stream.name.text }
            for channel in segment.summary?.channels ?? [] { names[channel.id] = channel.topic }
            let isCounted = position == layout.names.count - 1 && !lastCounts.isEmpty
            guard !isCounted else { continue }
            if let statistics = segment.summary?.statistics {
                for entry in statistics.channelMessageCounts {
                    counts[entry.channel, default: 0] += entry.count
                }
            } else {
                let limit = layout.limits[position] ?? segment.window.size
                let scan = try SegmentScan(segment, limit: limit, durable: limit, tails: nil)
                counts.merge(scan.counts) { $0 + $1 }
                for stream in scan.announced { names[stream.id.value] = stream.name.text }
            }
        }
        for (id, name) in lastNames where names[id] == nil { names[id] = name }
        return counts.keys.sorted().compactMap { id in
            let name = StreamName(names[id] ?? "")
            guard name.kind != .sessionCommit, let count = counts[id] else { return nil }
            return StreamSummary(id: StreamID(id), name: name, records: count)
        }
    }

    /// The checkpoint that the segment beginning with `first` carries; empty when it has none.
    public func checkpoint(at first: SequenceNumber) throws(JournalError) -> [UInt8] {
        guard let position = layout.firsts.firstIndex(of: first) else {
            throw JournalError(.outside(first: self.first, last: last), file: path, sequence: first)
        }
        let segment = try SegmentFile(
            layout.names[position],
            in: layout.directory,
            presumes: layout.isOurs
        )
        // No state is not the state of one whose head does not read.
        if let failure = segment.headFailure { throw failure }
        return try segment.checkpoint()
    }

    /// Bytes of all segments on disk.
    public func bytesOnDisk() throws(JournalError) -> UInt64 {
        var sum: UInt64 = 0
        for name in layout.names {
            guard let file = try layout.directory.openIfThere(name) else { continue }
            defer { files.close(file) }
            sum += try layout.directory.size(file, name)
        }
        return sum
    }
}

extension SystemFailure {
    static let notADirectory = SystemFailure(ENOTDIR)

    /// It says nothing of the files beside: a bad block, a symbolic link in its place, missing rights.
    var isOfOneFile: Bool { [EIO, ELOOP, EACCES, EISDIR, ENXIO].contains(code) }
}

/// Where a cursor begins.
public enum CursorStart: Hashable, Sendable {
    case beginning
    /// The record with this number, or the next one that is there.
    case sequence(SequenceNumber)
    /// The first record whose `log_time` is this or later.
    case time(Timestamp)
}

/// One stream of a recording.
public struct StreamSummary: Hashable, Sendable {
    public var id: StreamID
    public var name: StreamName
    public var records: UInt64

    public init(id: StreamID, name: StreamName, records: UInt64) {
        self.id = id
        self.name = name
        self.records = records
    }
}
