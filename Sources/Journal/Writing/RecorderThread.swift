import Market
import Synchronization

/// The thread that a ``Writer`` runs on, and the door to it for sealing and closing.
///
/// `@unchecked Sendable`: `make` and `writer` are used by the thread alone once it runs; requests and results pass
/// through `mailbox`.
final class RecorderThread: @unchecked Sendable {
    /// How a recorder ends.
    enum Request {
        case seal
        case close
        /// Another recording goes on behind this one: what this one came to is told as soon as it is durable, and it
        /// is sealed then.
        case handOver(RowEnd)
    }

    private struct Mailbox {
        var request: Request?
        var result: Result<Manifest?, JournalError>?
        /// Told how it ended, on this thread.
        var then: (@Sendable (Result<Manifest?, JournalError>) -> Void)?
    }

    private let bell: Bell
    private let mailbox = Mutex(Mailbox())
    private let hasRequest = Atomic<Bool>(false)
    private let done = Gate()
    private var worker: Worker?
    private var make: (() -> Writer?)?

    /// Naps after so many turns without a record become sleep.
    private static let napsBeforeSleep = 5

    /// - Parameter make: called on the thread, first of all; without a writer the thread ends.
    init(_ bell: Bell, _ make: @escaping () -> Writer?) throws(SystemFailure) {
        self.bell = bell
        self.make = make
        // The thread keeps this alive until it ends; it ends when its recorder does.
        worker = try Worker { [self] in loop() }
    }

    /// Its recorder is to end; a thread that waits for something asks now and then.
    var isEnding: Bool { hasRequest.load(ordering: .acquiring) }

    private func loop() {
        let writer = make?()
        make = nil
        guard let writer else { return end(.failure(JournalError(.closed, file: ""))) }
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
                nanoseconds: min(
                    turn.wait,
                    isDeep || turn.isStuck
                        ? writer.options.sleepInterval : writer.options.drainInterval
                ),
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
            case .handOver(let end):
                end.tell(writer.settleForGood())
                result = .success(try writer.seal())
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
        end(result)
    }

    private func end(_ outcome: Result<Manifest?, JournalError>) {
        let then = mailbox.withLock { mailbox in
            mailbox.result = outcome
            defer { mailbox.then = nil }
            return mailbox.then
        }
        done.open()
        then?(outcome)
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

    /// Has the thread end by itself; waits for nothing.
    func handOver(
        _ end: RowEnd,
        then: @escaping @Sendable (Result<Manifest?, JournalError>) -> Void
    ) {
        mailbox.withLock {
            $0.request = .handOver(end)
            $0.then = then
        }
        hasRequest.store(true, ordering: .sequentiallyConsistent)
        bell.hurry()
    }

    /// The recorder was let go without an end: stop as `close` does, and keep quiet about it.
    func abandon() {
        guard let worker else { return }
        if worker.isCurrent {
            // The last reference went away in a callback on this very thread: it ends after its turn.
            worker.join()
            mailbox.withLock { if $0.result == nil { $0.request = .close } }
            hasRequest.store(true, ordering: .sequentiallyConsistent)
            return
        }
        _ = try? ask(.close)
    }
}
