import Glibc

/// Hashes on a thread of its own what another one reads meanwhile; the reader waits when it is a few blocks ahead.
///
/// `@unchecked Sendable`: what is shared is touched under `mutex` only, the hash on the thread only until it has ended.
final class HashingThread: @unchecked Sendable {
    private static let blocks = 3

    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var thread: pthread_t?
    private var free: [HashedWords]
    private var ready: [HashedWords] = []
    private var isEnding = false
    private var hash: ContentHash

    /// - Parameter hash: goes on from it.
    init(_ hash: ContentHash) {
        self.hash = hash
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
        free = (1..<HashingThread.blocks).map { _ in HashedWords() }
        let own = Unmanaged.passRetained(self)
        var thread = pthread_t()
        let code = pthread_create(
            &thread,
            nil,
            { context in
                guard let context else { return nil }
                Unmanaged<HashingThread>.fromOpaque(context).takeRetainedValue().run()
                return nil
            },
            own.toOpaque()
        )
        if code == 0 { self.thread = thread } else { own.release() }
    }

    deinit {
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(condition)
        mutex.deallocate()
        condition.deallocate()
    }

    /// Hands a block over.
    ///
    /// - Returns: an empty one.
    func exchange(_ block: HashedWords) -> HashedWords {
        guard thread != nil else {
            // The system gave no thread.
            hash.add(block)
            block.removeAll()
            return block
        }
        return locked {
            ready.append(block)
            pthread_cond_broadcast(condition)
            while free.isEmpty { pthread_cond_wait(condition, mutex) }
            return free.removeLast()
        }
    }

    /// Hands the last block over and waits for the end; to be called once.
    func end(_ block: HashedWords) -> ContentHash {
        _ = exchange(block)
        guard let thread else { return hash }
        locked {
            isEnding = true
            pthread_cond_broadcast(condition)
        }
        pthread_join(thread, nil)
        return hash
    }

    private func run() {
        while let block = next() {
            hash.add(block)
            block.removeAll()
            locked {
                free.append(block)
                pthread_cond_broadcast(condition)
            }
        }
    }

    private func next() -> HashedWords? {
        locked {
            while ready.isEmpty, !isEnding { pthread_cond_wait(condition, mutex) }
            return ready.isEmpty ? nil : ready.removeFirst()
        }
    }

    private func locked<Value>(_ body: () -> Value) -> Value {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }
}
