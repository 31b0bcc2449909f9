import Market
import Synchronization

/// The thread that a ``Writer`` runs on, and the door to it for sealing and closing.
///
/// `@unchecked Sendable`: `writer` is used by the thread alone once it runs; requests and results pass
/// through `mailbox`.
final class RecorderThread: @unchecked Sendable {
    struct Parts {
        var writer: Writer
        var bell: Bell
    }

    private enum Request {
        case seal
        case close
    }

    private struct Mailbox {
        var request: Request?
        var result: Result<Manifest?, JournalError>?
    }

    private let bell: Bell
    private let mailbox = Mutex(Mailbox())
    private let hasRequest = Atomic<Bool>(false)
    private let done = Gate()
    private var worker: Worker?
    private var writer: Writer?

    /// Naps after so many turns without a record become sleep.
    private static let napsBeforeSleep = 5

    init(_ parts: Parts) throws(SystemFailure) {
        bell = parts.bell
        writer = parts.writer
        // The thread keeps this alive until it ends; it ends when its recorder does.
        worker = try Worker { [self] in loop() }
    }

    private func loop() {
        guard let writer else { return }
        var naps = 0
        while true {
            let turn = writer.turn()
            if hasRequest.load(ordering: .acquiring) {
                answer(writer)
                return
            }
            naps = turn.hasDrained ? 0 : naps + 1
            if turn.hasDrained, !writer.queue.isEmpty,
                writer.queue.queued > writer.options.chunkBytes
            {
                continue
            }
            // While the disk has no room an append is no reason to look again.
            let isDeep = naps >= RecorderThread.napsBeforeSleep && !turn.isStuck
            bell.wait(
                deeply: isDeep,
                nanoseconds: isDeep || turn.isStuck
                    ? turn.wait : min(turn.wait, writer.options.drainInterval),
                unless: {
                    (isDeep && !writer.queue.isEmpty) || hasRequest.load(ordering: .acquiring)
                }
            )
        }
    }

    private func answer(_ writer: Writer) {
        let request = mailbox.withLock { $0.request }
        var result: Result<Manifest?, JournalError>
        do throws(JournalError) {
            switch request {
            case .seal: result = .success(try writer.seal())
            case .close, nil:
                try writer.close()
                result = .success(nil)
            }
        } catch {
            writer.fail(error)
            result = .failure(error)
        }
        writer.progress.end()
        writer.release()
        self.writer = nil
        let outcome = result
        mailbox.withLock { $0.result = outcome }
        done.open()
    }

    private func ask(_ request: Request) throws(JournalError) -> Manifest? {
        mailbox.withLock { $0.request = request }
        hasRequest.store(true, ordering: .sequentiallyConsistent)
        bell.hurry()
        done.wait()
        worker?.join()
        worker = nil
        let result = mailbox.withLock { $0.result }
        return try result?.get() ?? nil
    }

    func seal() throws(JournalError) -> Manifest {
        guard let manifest = try ask(.seal) else { throw JournalError(.closed, file: "") }
        return manifest
    }

    func close() throws(JournalError) { _ = try ask(.close) }

    /// The recorder was let go without an end: stop as `close` does, and keep quiet about it.
    func abandon() {
        guard let worker else { return }
        if worker.isCurrent {
            // The last reference went away in a callback on this very thread: it ends after its turn.
            worker.join()
            mailbox.withLock { $0.request = .close }
            hasRequest.store(true, ordering: .sequentiallyConsistent)
            return
        }
        _ = try? ask(.close)
    }
}
