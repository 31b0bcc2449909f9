import GRDB
import Glibc
import Synchronization

/// Hashes the tables of a file on two connections at once, each of which takes the next table that nobody has.
///
/// For who writes the file, and between two transactions: what both read has to be the same.
///
/// `@unchecked Sendable`: the thread is told of under the owner's hands only, everything else lies behind `work`.
final class TableHashing: @unchecked Sendable {
    private struct Work {
        var next = 0
        var hashes = [ContentHash?](repeating: nil, count: Schema.tables.count)
        var failure: (any Error)?
    }

    private let path: String
    private let work = Mutex(Work())
    private var thread: pthread_t?

    /// Begins on a thread and a connection of its own; where the system gives no thread, all is left to ``finish(in:)``.
    init(path: String) {
        self.path = path
        let own = Unmanaged.passRetained(self)
        var thread = pthread_t()
        let code = pthread_create(
            &thread,
            nil,
            { context in
                guard let context else { return nil }
                Unmanaged<TableHashing>.fromOpaque(context).takeRetainedValue().run()
                return nil
            },
            own.toOpaque()
        )
        if code == 0 { self.thread = thread } else { own.release() }
    }

    /// Takes part in it, and waits for the other; to be called once.
    func finish(in database: Database) throws -> ContentHash {
        hash(in: database)
        if let thread { pthread_join(thread, nil) }
        return try work.withLock { work in
            if let failure = work.failure { throw failure }
            return ContentHash(of: work.hashes.compactMap { $0 })
        }
    }

    private func run() {
        do {
            let queue = try Connection.open(path, readOnly: true)
            queue.inDatabase { hash(in: $0) }
            try queue.close()
        } catch {
            work.withLock { $0.failure = error }
        }
    }

    private func hash(in database: Database) {
        while let place = next() {
            do {
                let hash = try ContentHash(of: Schema.tables[place], in: database)
                work.withLock { $0.hashes[place] = hash }
            } catch {
                work.withLock { $0.failure = error }
            }
        }
    }

    /// The next table; `nil` when all are taken, or one could not be read.
    private func next() -> Int? {
        work.withLock { work in
            guard work.failure == nil, work.next < work.hashes.count else { return nil }
            work.next += 1
            return work.next - 1
        }
    }
}
