public import Journal
public import Market
import Synchronization

/// The market of a sealed recording, decoded: what runs of a sweep read instead of the recording.
///
/// The file `derived/market.events`, always safe to delete. It holds each record that a simulated run has a use for, as decoded
/// where it is a book, public trades or a ticker, else its bytes; what the recorded session had in the market is still in
/// it, and edits are none of its business. It proves itself block by block, and names the recording, its chain, the behaviour
/// and the program file that made it. One that does not read, or was made of another recording or by another program, is made
/// anew; a run that meets damage on its way goes on in the recording.
public final class MarketCache: Sendable {
    private static let prefix = "market."
    private static let name = prefix + "events"

    private let recording: Recording
    private let folder: DerivedFolder
    private let identity: String
    private let told = Mutex<[String]>([])

    /// - Returns: `nil` for a recording that is not sealed, or that has no folder of its own.
    public init?(_ recording: Recording, files: any JournalFiles = SystemFiles()) {
        guard recording.state == .sealed || recording.state == .recovered, !recording.isHeld,
            DerivedIdentity.hasFolder(recording)
        else { return nil }
        self.recording = recording
        folder = DerivedFolder(
            recording: recording.path,
            prefix: MarketCache.prefix,
            files: files
        )
        let segments = recording.manifest.segments
        identity =
            "\(CacheFormat.version) \(DerivedIdentity.of(recording)) \(recording.first)-\(recording.last)"
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
        if let there = open() {
            if there.isWhole() { return false }
            told.withLock { $0.append("\(path) was not what was written and is made anew") }
        }
        do throws(SystemFailure) {
            guard let writer = try folder.openForWriting() else { return false }
            let file = try writer.begin()
            do {
                try write(file, progress)
                try writer.finish(file, as: MarketCache.name)
                return true
            } catch {
                writer.abandon(file)
                let words = (error as? SystemFailure)?.words ?? "\(error)"
                note("the decoded market could not be kept in \(folder.path)", words)
            }
        } catch {
            note("the decoded market could not be kept in \(folder.path)", error.words)
        }
        return false
    }

    private func write(_ file: DerivedFile, _ progress: (SequenceNumber) -> Void) throws {
        var build = try CacheBuild(file, identity: identity)
        let cursor = try recording.cursor()
        while let record = try cursor.next() {
            try build.add(record, cursor)
            if record.sequence.value % 4_096 == 0 { progress(record.sequence) }
        }
        try build.finish()
    }

    private func note(_ what: String, _ why: String) {
        told.withLock { $0.append("\(what), so each run reads the recording: \(why)") }
    }

    /// Before its first record; `nil` where there is none that can be used.
    func open() -> CachedRecords? {
        do throws(SystemFailure) {
            return try CachedRecords(try folder.open(MarketCache.name), identity: identity)
        } catch {
            return nil
        }
    }

    /// It is not what was written: the next one who makes it finds none.
    func discard() {
        try? folder.remove(MarketCache.name)
        told.withLock { notes in
            let note =
                "\(path) was not what was written and is gone; the recording was read instead"
            if !notes.contains(note) { notes.append(note) }
        }
    }
}
