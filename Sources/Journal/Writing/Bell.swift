import CBarrier
import Glibc
import Synchronization

/// Wakes the recorder's thread, without a lock and mostly without a system call.
///
/// While records flow the thread naps for a drain interval at a time and nobody has to wake it; only a
/// thread that has gone to sleep on an empty queue, or one that a command waits for, is rung.
///
/// Appending thread and sleeper must not miss each other: one publishes and then looks here, the other says here that
/// it sleeps and then looks at what is published. That needs a full barrier on both sides, and on the appending one it
/// would wait at each record until all its bytes have reached the cache. So the sleeper, which comes this way a few
/// times a second at most, makes it for both (membarrier).
///
/// `@unchecked Sendable`: the descriptors are set once; the rest is atomic.
final class Bell: @unchecked Sendable {
    private enum Mode {
        static let awake: UInt8 = 0
        static let napping: UInt8 = 1
        static let sleeping: UInt8 = 2
    }

    /// A thread sleeps that an append must wake; what the appending thread looks at.
    private let isDeep = Apart(false)
    /// The system makes no barrier for other threads: each append makes its own.
    private let isSymmetric: Bool
    private let mode = Atomic<UInt8>(Mode.awake)
    private let urgent = Atomic<Bool>(false)
    private let reading: Int32
    private let writing: Int32

    init() throws(SystemFailure) {
        let ends = UnsafeMutablePointer<Int32>.allocate(capacity: 2)
        defer { ends.deallocate() }
        isSymmetric = !tapedeck_barrier_begin()
        guard pipe(ends) == 0 else { throw SystemFailure(errno) }
        reading = ends[0]
        writing = ends[1]
        for end in [reading, writing] {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
    }

    deinit {
        close(reading)
        close(writing)
    }

    /// After an append was published: wakes a sleeping thread, leaves a napping one alone.
    @inline(__always)
    func appended() {
        if isSymmetric { atomicMemoryFence(ordering: .sequentiallyConsistent) }
        if isDeep.value.load(ordering: .acquiring) { ring() }
    }

    /// Something cannot wait: wakes a napping thread too.
    func hurry() {
        urgent.store(true, ordering: .sequentiallyConsistent)
        ring()
    }

    @inline(never)
    private func ring() {
        guard mode.exchange(Mode.awake, ordering: .sequentiallyConsistent) != Mode.awake else {
            return
        }
        var byte: UInt8 = 1
        // A full pipe rings as well as one more byte would.
        _ = write(writing, &byte, 1)
    }

    /// Waits on the recorder's thread.
    ///
    /// - Parameters:
    ///   - deeply: whether an append ends it, or only ``hurry()`` and the time.
    ///   - nanoseconds: the longest wait; rounded up to a millisecond.
    ///   - hasWork: asked once more after the others have been told that this thread sleeps.
    func wait(deeply: Bool, nanoseconds: Int64, unless hasWork: () -> Bool) {
        var longest = nanoseconds
        mode.store(deeply ? Mode.sleeping : Mode.napping, ordering: .sequentiallyConsistent)
        if deeply {
            isDeep.value.store(true, ordering: .sequentiallyConsistent)
            // Registered, it does not fail; were it to, an append might not be seen, so this is a nap.
            if !isSymmetric, !tapedeck_barrier_all_threads() { longest = min(longest, 1_000_000) }
        }
        if !urgent.load(ordering: .sequentiallyConsistent), !hasWork() {
            let milliseconds = Int32(clamping: max(0, (longest + 999_999) / 1_000_000))
            var entry = pollfd(fd: reading, events: Int16(POLLIN), revents: 0)
            _ = poll(&entry, 1, milliseconds)
        }
        if deeply { isDeep.value.store(false, ordering: .relaxed) }
        mode.store(Mode.awake, ordering: .sequentiallyConsistent)
        urgent.store(false, ordering: .sequentiallyConsistent)
        var drained: UInt64 = 0
        while read(reading, &drained, 8) > 0 {}
    }
}

/// A thread of the journal's own; blocking calls have no place on a shared pool.
///
/// `@unchecked Sendable`: `handle` is written before and read after the thread's life, by its owner.
final class Worker: @unchecked Sendable {
    private var handle = pthread_t()
    private var isRunning = false

    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    init(_ run: @escaping @Sendable () -> Void) throws(SystemFailure) {
        let body = Unmanaged.passRetained(Body(run))
        let code = pthread_create(
            &handle,
            nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            },
            body.toOpaque()
        )
        guard code == 0 else {
            body.release()
            throw SystemFailure(code)
        }
        isRunning = true
    }

    /// Whether the caller is this thread.
    var isCurrent: Bool { isRunning && pthread_equal(handle, pthread_self()) != 0 }

    /// Blocks until the thread has ended.
    ///
    /// Called from the thread itself, lets it go instead.
    func join() {
        guard isRunning else { return }
        isRunning = false
        if pthread_equal(handle, pthread_self()) != 0 {
            pthread_detach(handle)
        } else {
            pthread_join(handle, nil)
        }
    }
}
