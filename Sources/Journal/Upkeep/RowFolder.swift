import Market

/// A folder that rows of recordings lie in.
public struct RowFolder: Sendable {
    /// A recording in it that belongs to a row.
    public struct Member: Sendable {
        public var path: String
        public var manifest: Manifest
        public var link: RowLink
        /// A recorder writes to it now.
        public var isHeld: Bool
        /// What was durable and is not there as it was.
        public var isDamaged: Bool
    }

    public let path: String
    let files: any JournalFiles

    public init(_ path: String, files: any JournalFiles = SystemFiles()) {
        self.path = path
        self.files = files
    }

    /// Every recording of a row in the folder: row by row, each in order.
    ///
    /// What does not open is left out.
    public func members() throws(JournalError) -> [Member] { try scan().members }

    /// The same, and what did not open, by name in order: of that nobody knows whether it belongs to a row.
    func scan() throws(JournalError) -> (
        members: [Member], unopened: [(name: String, error: JournalError)]
    ) {
        var members: [Member] = []
        var unopened: [(name: String, error: JournalError)] = []
        for name in try names() {
            let recording: Recording
            do throws(JournalError) {
                recording = try Recording.open(path + "/" + name, files: files)
            } catch {
                unopened.append((name, error))
                continue
            }
            guard let link = recording.manifest.row else { continue }
            members.append(
                Member(
                    path: recording.path,
                    manifest: recording.manifest,
                    link: link,
                    isHeld: recording.isHeld,
                    isDamaged: !recording.damage.isEmpty
                )
            )
        }
        members.sort {
            ($0.link.row, $0.link.place, $0.path) < ($1.link.row, $1.link.place, $1.path)
        }
        return (members, unopened)
    }

    /// Names of the directories in it that hold a segment, sorted.
    func names() throws(JournalError) -> [String] {
        let directory = try RecordingDirectory.open(path, files: files)
        defer { directory.close() }
        let all: [String]
        do throws(SystemFailure) {
            all = try files.list(directory.handle)
        } catch {
            throw directory.failure(error, "readdir", "")
        }
        return all.filter { name in
            do throws(JournalError) {
                let inside = try RecordingDirectory.open(path + "/" + name, files: files)
                defer { inside.close() }
                return try !inside.segmentNames().isEmpty
            } catch {
                // A file is none; of a directory that does not open for a moment whoever opens it is told.
                if case .system(_, let code) = error.reason {
                    return code != SystemFailure.notADirectory.code
                }
                return false
            }
        }.sorted()
    }

    /// Takes away what a kill left of a recording that had not begun: directories with tails and no segment.
    ///
    /// - Returns: their names.
    public func tidy() throws(JournalError) -> [String] {
        let directory = try RecordingDirectory.open(path, files: files)
        defer { directory.close() }
        let all: [String]
        do throws(SystemFailure) {
            all = try files.list(directory.handle)
        } catch {
            throw directory.failure(error, "readdir", "")
        }
        let own = Set(
            RecordingDirectory.writeAhead + [
                RecordingDirectory.lock, SegmentWriter.draft, RecordingDirectory.head,
            ]
        )
        var removed: [String] = []
        for name in all.sorted() {
            guard let inside = try? RecordingDirectory.open(path + "/" + name, files: files)
            else { continue }
            defer { inside.close() }
            guard let there = try? files.list(inside.handle),
                there.contains(RecordingDirectory.lock), Set(there).isSubset(of: own),
                let lock = try? Recorder.takeLock(inside)
            else { continue }
            defer { files.close(lock) }
            for file in there { try inside.removeIfThere(file) }
            try? files.removeDirectory(path + "/" + name)
            removed.append(name)
        }
        return removed
    }

    /// Bytes of every file of a recording, what was derived from it included, as they are counted against a budget.
    ///
    /// - Parameter ofSegments: counts segments alone, which is what pruning can take.
    public func bytes(of path: String, ofSegments: Bool = false) -> UInt64 {
        guard let directory = try? RecordingDirectory.open(path, files: files) else { return 0 }
        defer { directory.close() }
        var sum: UInt64 = 0
        for name in (try? files.list(directory.handle)) ?? [] {
            // Directories open as files only for reading, and have a size of no meaning.
            guard name != RowFolder.derived, !ofSegments || name.hasSuffix(".mcap"),
                let file = try? directory.open(name, .read)
            else { continue }
            sum += (try? directory.size(file, name)) ?? 0
            files.close(file)
        }
        return ofSegments ? sum : sum + bytesInside(RowFolder.derived, directory, deep: 2)
    }

    private static let derived = "derived"

    /// Of the files in a folder and in the folders in it, as tables, states and caches lie, down to `deep`.
    ///
    /// None is opened: a file that is closed takes all locks of this process with it, those of SQLite too.
    private func bytesInside(_ name: String, _ directory: RecordingDirectory, deep: Int) -> UInt64 {
        guard deep > 0, let folder = try? files.open(name, in: directory.handle, .read) else {
            return 0
        }
        defer { files.close(folder) }
        let path = directory.path + "/" + name
        let inside = RecordingDirectory(path: path, files: files, handle: folder)
        var sum: UInt64 = 0
        for name in (try? files.list(folder)) ?? [] {
            switch try? files.look(at: name, in: folder) {
            case .file(let bytes): sum += bytes
            case .folder: sum += bytesInside(name, inside, deep: deep - 1)
            case .other, nil: break
            }
        }
        return sum
    }

    /// Bytes that all recordings in the folder take.
    public func bytes() throws(JournalError) -> UInt64 {
        try names().map { bytes(of: path + "/" + $0) }.reduce(0, +)
    }
}
