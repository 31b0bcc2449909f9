public import Market

/// Makes room in a folder by what is oldest in a row: whole recordings first, then segments of the next.
///
/// Each deletion is noted durably before: of a recording in the folder's `pruned.jsonl`, of a segment in its own.
public struct RowPruner {
    /// The user and program, for the notes.
    public var who = ""
    /// The rule, for the notes.
    public var why = ""
    /// Signs each note.
    public var key: SigningKey?

    public init() {}

    /// What was deleted.
    public struct Outcome: Hashable, Sendable {
        public var recordings: [PrunedRecording] = []
        /// Segments of the recording that is now the oldest.
        public var segments: [PrunedSegment] = []
        public var bytesFreed: UInt64 = 0

        public init() {}
    }

    /// Deletes until so many bytes are free, or nothing is left that may go.
    ///
    /// The recording that is being written stays, and so does everything behind it. One that is not sealed, or is
    /// damaged, ends it: what would be noted of it need not be so.
    ///
    /// - Parameters:
    ///   - bytes: 0 deletes only what is too old.
    ///   - keep: recordings whose last record is older, in nanoseconds, go in any case.
    /// - Throws: ``JournalError``: `system`, `damaged`, that of an older recording which does not open; what was deleted before is noted.
    public func free(
        _ bytes: UInt64,
        keep: Int64? = nil,
        in folder: RowFolder,
        row: String,
        now: Timestamp
    ) throws(JournalError) -> Outcome {
        let directory = try RecordingDirectory.open(folder.path, files: folder.files)
        defer { directory.close() }
        var log = try DeletionList<PrunedRecording>(directory)
        var outcome = Outcome()
        try finish(log, folder, directory)
        let (all, unopened) = try folder.scan()
        let members = all.filter { $0.link.row == row }
        for member in members.dropLast() {
            let isOld = keep.map { now.nanoseconds - member.manifest.ended.nanoseconds > $0 }
            guard isOld == true || outcome.bytesFreed < bytes else { break }
            guard !member.isHeld, !member.isDamaged,
                member.manifest.state == .sealed || member.manifest.state == .recovered
            else { break }
            // It may be an older one of this row: what came after it must not go before it.
            if let older = unopened.first(where: { folder.path + "/" + $0.name < member.path }) {
                throw older.error
            }
            let size = folder.bytes(of: member.path)
            let wanted = bytes > outcome.bytesFreed ? bytes - outcome.bytesFreed : 0
            if isOld != true, size > wanted, try trim(member, wanted, folder, now, &outcome) {
                break
            }
            var entry = PrunedRecording(
                member.manifest,
                member.link,
                bytes: folder.bytes(of: member.path)
            )
            entry.who = who
            entry.why = why
            entry.time = now
            if let key { entry.sign(with: key) }
            try log.append([entry], in: directory)
            try RowPruner.remove(member.path, folder, directory)
            outcome.bytesFreed += entry.bytes
            outcome.recordings.append(entry)
        }
        return outcome
    }

    /// Deletes segments of one recording; true when that is enough.
    private func trim(
        _ member: RowFolder.Member,
        _ wanted: UInt64,
        _ folder: RowFolder,
        _ now: Timestamp,
        _ outcome: inout Outcome
    ) throws(JournalError) -> Bool {
        var pruner = Pruner()
        pruner.who = who
        pruner.key = key
        // What pruning counts, and can take, are segments.
        let segments = folder.bytes(of: member.path, ofSegments: true)
        guard segments > wanted else { return false }
        let rule = DiskRule(maxSize: segments - wanted)
        let plan = try pruner.plan(member.path, rule: rule, now: now, files: folder.files)
        guard plan.bytesFreed >= wanted else { return false }
        let done = try pruner.prune(member.path, rule: rule, now: now, files: folder.files)
        outcome.segments = done.going
        outcome.bytesFreed += done.bytesFreed
        return true
    }

    /// Carries out what was noted before, and a crash kept from being done.
    private func finish(
        _ log: DeletionList<PrunedRecording>,
        _ folder: RowFolder,
        _ directory: RecordingDirectory
    ) throws(JournalError) {
        let noted = Set(log.entries.map(\.recording))
        let names: [String]
        do throws(SystemFailure) {
            names = try folder.files.list(directory.handle)
        } catch {
            throw directory.failure(error, "readdir", "")
        }
        let unfinished = names.sorted().filter { noted.contains($0) }
        // Whoever noted it may have ended before the note was durable.
        if !unfinished.isEmpty { try log.confirm(in: directory) }
        for name in unfinished {
            try RowPruner.remove(folder.path + "/" + name, folder, directory)
        }
    }

    /// What was derived from a recording: files, and folders of files, as the checkpoints are.
    private static func removeDerived(
        _ path: String,
        _ files: any JournalFiles
    ) throws(JournalError) {
        guard let derived = try? RecordingDirectory.open(path, files: files) else { return }
        defer { derived.close() }
        for name in (try? files.list(derived.handle)) ?? [] {
            do throws(JournalError) {
                try derived.removeIfThere(name)
            } catch {
                // A folder; opened so that no link to one is followed.
                guard let handle = try? files.open(name, in: derived.handle, .read) else {
                    throw error
                }
                defer { files.close(handle) }
                guard let names = try? files.list(handle) else { throw error }
                let inner = RecordingDirectory(
                    path: path + "/" + name,
                    files: files,
                    handle: handle
                )
                for name in names { try inner.removeIfThere(name) }
                try? files.removeDirectory(inner.path)
            }
        }
        try? files.removeDirectory(path)
    }

    /// Unlinks every file of a recording, then its directory.
    private static func remove(
        _ path: String,
        _ folder: RowFolder,
        _ archive: RecordingDirectory
    ) throws(JournalError) {
        let files = folder.files
        try removeDerived(path + "/derived", files)
        let inside = try RecordingDirectory.open(path, files: files)
        defer { inside.close() }
        // The manifest lists what goes.
        try inside.removeIfThere(RecordingDirectory.manifest)
        for name in try inside.segmentNames() { try inside.removeIfThere(name) }
        for name in (try? files.list(inside.handle)) ?? [] { try inside.removeIfThere(name) }
        do throws(SystemFailure) {
            try files.removeDirectory(path)
        } catch {
            throw inside.failure(error, "rmdir", "")
        }
        try archive.syncNames()
    }
}
