import Glibc
import Market
import Synchronization

/// One `fdatasync` of each file written since the last.
struct SyncJob: Sendable {
    /// A file and its name, for the error.
    struct Target: Sendable {
        var file: OpenFile
        var name: String
    }

    var tails: [Target]
    var segment: Target?
    var reserve: Target?
    /// What is durable when all of them have returned; `generation` is not used.
    var head: Head
    /// HEAD itself too.
    var syncsHead: Bool
    /// Bytes of records that are durable then.
    var bytes: UInt64 = 0

    /// What of it failed; the others are durable.
    struct Outcome: Sendable {
        var head: Head
        var tailFailure: JournalError?
        var segmentFailure: JournalError?
        var reserveFailure: JournalError?
        var headFailure: JournalError?

        var isComplete: Bool {
            tailFailure == nil && segmentFailure == nil && reserveFailure == nil
        }
    }
}

/// Runs sync jobs, one at a time, beside the recorder's thread: a disk that takes 5 ms to sync must not
/// keep a command's record from being *written*.
///
/// `@unchecked Sendable`: the job and its outcome pass through `mailbox`; `head` is used by whoever runs the
/// job, and by the recorder's thread only while no job is under way.
final class Syncer: @unchecked Sendable {
    private struct Mailbox {
        var job: SyncJob?
        var outcome: SyncJob.Outcome?
        var isEnding = false
    }

    private let directory: RecordingDirectory
    private let head: HeadFile
    private let progress: Progress
    private let bell: Bell
    private let mailbox = Mutex(Mailbox())
    private let work = Gate()
    private let done = Gate()
    private var worker: Worker?

    init(
        directory: RecordingDirectory,
        head: HeadFile,
        progress: Progress,
        bell: Bell
    ) throws(SystemFailure) {
        self.directory = directory
        self.head = head
        self.progress = progress
        self.bell = bell
        worker = try Worker { [unowned self] in
            while true {
                work.wait()
                let (job, isEnding) = mailbox.withLock { ($0.job, $0.isEnding) }
                if let job {
                    let outcome = run(job)
                    mailbox.withLock {
                        $0.job = nil
                        $0.outcome = outcome
                    }
                    done.open()
                    bell.hurry()
                } else if isEnding {
                    return
                }
            }
        }
    }

    // MARK: The recorder's thread

    private(set) var isBusy = false

    /// Begins a job; none may be under way.
    func begin(_ job: SyncJob) {
        isBusy = true
        mailbox.withLock { $0.job = job }
        work.open()
    }

    /// The outcome of the job under way; `nil` while it runs and when there is none.
    ///
    /// - Parameter waiting: block until it is there.
    func finish(waiting: Bool) -> SyncJob.Outcome? {
        guard isBusy else { return nil }
        if !waiting, mailbox.withLock({ $0.outcome == nil }) { return nil }
        done.wait()
        isBusy = false
        return mailbox.withLock { mailbox in
            defer { mailbox.outcome = nil }
            return mailbox.outcome
        }
    }

    /// Runs a job here and now; none may be under way.
    func run(_ job: SyncJob) -> SyncJob.Outcome {
        var outcome = SyncJob.Outcome(head: job.head)
        let began = directory.files.now()
        var syncs: UInt64 = 0
        for target in job.tails {
            syncs += 1
            do throws(JournalError) {
                try directory.sync(target.file, target.name)
            } catch {
                outcome.tailFailure = error
            }
        }
        if let segment = job.segment {
            syncs += 1
            do throws(JournalError) {
                try directory.sync(segment.file, segment.name)
            } catch {
                outcome.segmentFailure = error
            }
        }
        if let reserve = job.reserve {
            syncs += 1
            do throws(JournalError) {
                try directory.sync(reserve.file, reserve.name)
            } catch {
                outcome.reserveFailure = error
            }
        }
        if outcome.isComplete {
            progress.durable(job.head.durable)
            if job.bytes > 0 { progress.durableBytes.store(job.bytes, ordering: .releasing) }
            do throws(JournalError) {
                try head.write(job.head)
                if job.syncsHead {
                    syncs += 1
                    try head.sync()
                }
            } catch {
                outcome.headFailure = error
            }
        }
        let time = directory.files.now() - began
        progress.count {
            $0.syncs += syncs
            $0.lastSync = time
            $0.longestSync = max($0.longestSync, time)
            $0.syncTime += time
        }
        return outcome
    }

    func end() {
        mailbox.withLock { $0.isEnding = true }
        work.open()
        worker?.join()
        worker = nil
        head.close()
    }
}
