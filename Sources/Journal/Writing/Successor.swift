import Glibc
import Market
import Synchronization

/// A recording that stands ready to go on behind another: everything that takes time or may fail is done.
///
/// It has a directory, the lock, tails and reserve, and a thread that waits; no segment yet, so it is no recording
/// for anybody. ``Recorder/handOver(to:checkpoint:sealed:)`` makes it one, ``abandon()`` takes it away again.
///
/// `@unchecked Sendable`: tails and reserve pass to the waiting thread by `orders`, once.
public final class Successor: @unchecked Sendable {
    public let path: String
    /// The recording's id.
    public let id: String
    let options: RecorderOptions
    let directory: RecordingDirectory
    let bell: Bell
    let queue = RecordQueue()
    let table = StreamTable([])
    let thread: RecorderThread
    let orders: Orders
    private let lock: OpenFile
    private let state = Mutex(false)

    /// The room that the first segment's head will need beside the checkpoint; held by a file that it takes the place of.
    private static let headRoom = 256 << 10

    /// Makes the directory and everything in it but a segment.
    ///
    /// Takes some syncs of the disk: not for an event loop.
    ///
    /// - Parameters:
    ///   - path: where nothing is yet.
    ///   - options: those of the new recording; `row` does not count, its place follows from who hands over.
    ///   - checkpointBytes: how large the owner's state will be, about.
    /// - Throws: ``JournalError``: `system` (`EEXIST` where something has that path), `held`.
    public init(
        _ path: String,
        options: RecorderOptions = RecorderOptions(),
        checkpointBytes: Int = 0,
        files: any JournalFiles = SystemFiles()
    ) throws(JournalError) {
        if let there = try? files.openDirectory(path) {
            files.close(there)
            throw JournalError(
                .system(call: "mkdir", code: SystemFailure.exists.code),
                file: path
            )
        }
        do throws(SystemFailure) {
            try files.makeDirectory(path)
        } catch {
            throw JournalError(.system(call: "mkdir", code: error.code), file: path)
        }
        self.path = path
        self.options = options
        id = options.id ?? Recorder.lastPart(of: path)
        let directory = try RecordingDirectory.open(path, files: files)
        self.directory = directory
        var lock: OpenFile?
        var tails: Tails?
        var reserve: Reserve?
        do throws(JournalError) {
            let held = try Recorder.takeLock(directory)
            lock = held
            let madeTails = try Tails(in: directory, size: options.tailBytes, run: 1)
            tails = madeTails
            let madeReserve = try Reserve(in: directory, size: options.reserveBytes, run: 1)
            reserve = madeReserve
            let room = try directory.makeAllocated(
                SegmentWriter.draft,
                bytes: UInt64(checkpointBytes + checkpointBytes / 4 + Successor.headRoom)
            )
            files.close(room)
            try directory.syncNames()
            let orders = Orders(
                directory: directory,
                options: options,
                queue: queue,
                table: table,
                lock: held,
                tails: madeTails,
                reserve: madeReserve
            )
            do throws(SystemFailure) {
                let bell = try Bell()
                orders.bell = bell
                self.bell = bell
                thread = try RecorderThread(bell) { orders.carryOut() }
                orders.thread = thread
            } catch {
                throw JournalError(.system(call: "pthread_create", code: error.code), file: path)
            }
            self.orders = orders
            self.lock = held
        } catch {
            tails?.close()
            reserve?.close()
            if let lock { files.close(lock) }
            Successor.remove(directory)
            throw error
        }
    }

    deinit { abandon() }

    /// Takes everything away again; without effect once it was handed to.
    public func abandon() {
        if take() { discard() }
    }

    /// The same for whoever has taken it.
    func discard() {
        orders.give(nil)
        thread.abandon()
        directory.files.close(lock)
        Successor.remove(directory)
    }

    /// True for the first caller.
    func take() -> Bool {
        state.withLock { isTaken in
            defer { isTaken = true }
            return !isTaken
        }
    }

    /// What cannot be removed stays, and harms nobody: it is no recording.
    private static func remove(_ directory: RecordingDirectory) {
        for name in RecordingDirectory.writeAhead + [SegmentWriter.draft, RecordingDirectory.lock] {
            try? directory.removeIfThere(name)
        }
        try? directory.files.removeDirectory(directory.path)
        directory.close()
    }
}

/// What the thread of a successor waits for, and what it makes a writer of then.
///
/// `@unchecked Sendable`: filled before the thread may look, read by it alone behind the gate.
final class Orders: @unchecked Sendable {
    /// Who hands over, and with what.
    struct HandOver {
        var row: String
        var place: Int
        /// The recording before.
        var recording: String
        var end: RowEnd
        var checkpoint: [UInt8]
        var id: String
        var progress: Progress
    }

    private let gate = Gate()
    private var handOver: HandOver?
    private let directory: RecordingDirectory
    private let options: RecorderOptions
    private let queue: RecordQueue
    private let table: StreamTable
    private let lock: OpenFile
    private let tails: Tails
    private let reserve: Reserve
    var bell: Bell?
    weak var thread: RecorderThread?

    init(
        directory: RecordingDirectory,
        options: RecorderOptions,
        queue: RecordQueue,
        table: StreamTable,
        lock: OpenFile,
        tails: Tails,
        reserve: Reserve
    ) {
        self.directory = directory
        self.options = options
        self.queue = queue
        self.table = table
        self.lock = lock
        self.tails = tails
        self.reserve = reserve
    }

    /// `nil`: nobody hands over, the thread ends.
    func give(_ handOver: HandOver?) {
        self.handOver = handOver
        gate.open()
    }

    /// On the successor's thread: waits, then begins the recording; tries again for as long as the disk will not.
    func carryOut() -> Writer? {
        gate.wait()
        guard let handOver, let bell else {
            tails.close()
            reserve.close()
            return nil
        }
        guard let end = handOver.end.wait() else { return nil }
        let link = RowLink(
            row: handOver.row,
            place: handOver.place,
            previous: RowLink.Previous(
                recording: handOver.recording,
                last: end.last,
                chain: end.chain
            )
        )
        let progress = handOver.progress
        while true {
            do throws(JournalError) {
                let writer = try begin(handOver, link, end, bell)
                progress.written(end.last)
                progress.durable(end.last)
                progress.setShort(false)
                tell(.sound, progress)
                return writer
            } catch {
                progress.count { $0.diskErrors += 1 }
                if error.isNoSpace {
                    progress.setShort(true)
                    tell(.full(error), progress)
                } else {
                    tell(.degraded(error), progress)
                }
                if thread?.isEnding == true { return giveUp(error, progress) }
                usleep(UInt32(clamping: options.retryInterval / 1_000))
            }
        }
    }

    private func begin(
        _ handOver: HandOver,
        _ link: RowLink,
        _ end: RowEnd.Value,
        _ bell: Bell
    ) throws(JournalError) -> Writer {
        var options = options
        options.labels = options.labels.filter { !RowLink.owns($0) } + link.labels
        let head = SegmentHead(
            beginning: handOver.id,
            options,
            behind: link,
            time: end.time,
            checkpoint: handOver.checkpoint
        )
        let segment = try SegmentWriter(head, in: directory)
        do throws(JournalError) {
            try segment.publish()
        } catch {
            segment.discard()
            throw error
        }
        Recorder.syncParent(of: directory)
        do throws(JournalError) {
            let file = try HeadFile(in: directory, after: 0)
            try directory.syncNames()
            let writer = Writer(
                Writer.Parts(
                    directory: directory,
                    options: options,
                    queue: queue,
                    table: table,
                    progress: handOver.progress,
                    syncer: try syncer(file, handOver.progress, bell),
                    lock: lock,
                    segment: segment,
                    tails: tails,
                    reserve: reserve,
                    earlier: [],
                    started: 0,
                    number: end.last,
                    lastTime: UInt64(bitPattern: end.time.nanoseconds),
                    announced: 0,
                    isRecovered: false
                )
            )
            writer.publishHead()
            writer.refreshManifest()
            return writer
        } catch {
            segment.close()
            throw error
        }
    }

    private func syncer(
        _ head: HeadFile,
        _ progress: Progress,
        _ bell: Bell
    ) throws(JournalError) -> Syncer {
        do throws(SystemFailure) {
            return try Syncer(directory: directory, head: head, progress: progress, bell: bell)
        } catch {
            head.close()
            throw JournalError(
                .system(call: "pthread_create", code: error.code),
                file: directory.path
            )
        }
    }

    /// The end came before the disk took the first segment: what waits in the queue is lost, and is said to be.
    private func giveUp(_ error: JournalError, _ progress: Progress) -> Writer? {
        tell(.failed(error), progress)
        progress.end()
        tails.close()
        reserve.close()
        directory.files.close(lock)
        directory.close()
        return nil
    }

    private func tell(_ health: RecorderHealth, _ progress: Progress) {
        if let changed = progress.note(health) { options.onHealth(changed) }
    }
}
