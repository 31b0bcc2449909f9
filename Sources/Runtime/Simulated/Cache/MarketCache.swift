public import Journal
public import Market
import Synchronization

/// The market of a sealed recording, decoded: what runs of a sweep read instead of the recording.
///
/// The file `derived/market.events`, always safe to delete. It holds each record that a simulated run has a use for, as decoded
/// where it is a book, public trades or a ticker, else its bytes; what the recorded session had in the market is still in
/// it, and edits are none of its business. It proves itself block by block, and names the recording, its chain, the behaviour
/// and the program file that made it. One that does not read, or was made of another recording or by another program, is made
/// anew; a run that meets damage on its way goes on in the recording. It is only made while its file system has room to spare.
public final class MarketCache: Sendable {
    private static let prefix = "market."
    private static let name = prefix + "events"

    private let recording: Recording
    private let folder: DerivedFolder
    private let identity: String
    private let room: CacheRoom
    private let told = Mutex<[String]>([])

    /// - Returns: `nil` for a recording that is not sealed, or that has no folder of its own; also where it cannot be said
    ///   which program this is.
    public convenience init?(_ recording: Recording, files: any JournalFiles = SystemFiles()) {
        self.init(recording, files: files, room: .usual)
    }

    init?(_ recording: Recording, files: any JournalFiles = SystemFiles(), room: CacheRoom) {
        guard recording.state == .sealed || recording.state == .recovered, !recording.isHeld,
            DerivedIdentity.hasFolder(recording), let known = DerivedIdentity.known(recording)
        else { return nil }
        self.room = room
        self.recording = recording
        folder = DerivedFolder(
            recording: recording.path,
            prefix: MarketCache.prefix,
            files: files
        )
        let segments = recording.manifest.segments
        identity =
            "\(CacheFormat.version) \(known) \(recording.first)-\(recording.last)"
            + " \(segments.first?.chainFirst.description ?? "")"
            + " \(segments.last?.chainLast.description ?? "")"
    }

    /// What could not be used or written: sentences for people, with the file.
    public var notes: [String] { told.withLock { $0 } }

    /// Where the file is, or would be.
    public var path: String { folder.path + "/" + MarketCache.name }

    /// Makes it where there is none that can be used.
    ///
    /// What fails is a note, since a run does without; where another process is at it, nothing is done.
    ///
    /// - Returns: true when it was made.
    @discardableResult
    public func make(progress: (SequenceNumber) -> Void = { _ in }) -> Bool {
        let there = open()
        if let there, there.isWhole() { return false }
        do throws(SystemFailure) {
            guard let writer = try folder.openForWriting() else { return false }
            let file = try writer.begin()
            do {
                try write(file, progress)
                try writer.finish(file, as: MarketCache.name)
                if there != nil { note("\(path) was not what was written and was made anew") }
                return true
            } catch {
                writer.abandon(file)
                notKept((error as? SystemFailure)?.words ?? "\(error)")
            }
        } catch {
            notKept(error.words)
        }
        return false
    }

    private func write(_ file: DerivedFile, _ progress: (SequenceNumber) -> Void) throws {
        // It comes out about as large as the recording.
        let whole = RowFolder(recording.path).bytes(of: recording.path, ofSegments: true)
        try room.check(folder.path, needs: whole)
        var build = try CacheBuild(file, identity: identity)
        var looked: UInt64 = 0
        let cursor = try recording.cursor()
        while let record = try cursor.next() {
            try build.add(record, cursor)
            if build.block >= looked + room.interval {
                looked = build.block
                try room.check(folder.path, needs: whole - min(whole, build.written))
            }
            if record.sequence.value % 4_096 == 0 { progress(record.sequence) }
        }
        try build.finish()
        try room.check(folder.path, needs: 0)
    }

    private func notKept(_ why: String) {
        note(
            "the decoded market could not be kept in \(folder.path), so each run reads the recording: \(why)"
        )
    }

    /// Once, however often it is to be said.
    private func note(_ note: String) {
        told.withLock { if !$0.contains(note) { $0.append(note) } }
    }

    /// Before its first record; `nil` where there is none that can be used.
    func open() -> CachedRecords? {
        do throws(SystemFailure) {
            return try CachedRecords(
                try folder.open(MarketCache.name),
                of: recording,
                identity: identity
            )
        } catch {
            return nil
        }
    }

    /// What these records were read from is not what was written: the next one who makes it finds none.
    ///
    /// Files of this name change under the lock alone, so that one which another has put there meanwhile stays.
    func discard(_ records: CachedRecords) {
        let what = "\(path) was not what was written"
        do throws(SystemFailure) {
            guard folder.standing(MarketCache.name, as: records.file) != .nothing else {
                return note("\(what) and is gone; the recording was read instead")
            }
            // Whoever has the lock makes it anew, or removes it.
            guard let writer = try folder.openForWriting() else {
                return note("\(what); the recording was read instead")
            }
            switch folder.standing(MarketCache.name, as: records.file) {
            case .same:
                try writer.remove(MarketCache.name)
                note("\(what) and is gone; the recording was read instead")
            case .nothing: note("\(what) and is gone; the recording was read instead")
            case .another:
                note("\(what); the recording was read instead, and another file stands there now")
            }
        } catch {
            note(
                "\(what) and could not be removed (\(error.words)); the recording was read instead"
            )
        }
    }
}
