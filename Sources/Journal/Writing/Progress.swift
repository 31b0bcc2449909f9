import Glibc
import Market
import Synchronization

/// Watermarks, health, and those who wait for them.
///
/// Shared by all threads.
final class Progress: Sendable {
    private struct Waiter {
        var number: UInt64
        var body: @Sendable (Bool) -> Void
    }

    private struct Waiters {
        var written: [Waiter] = []
        var durable: [Waiter] = []
        var failed: JournalError?
        var degraded: JournalError?
        var full: JournalError?
        var statistics = RecorderStatistics()

        var health: RecorderHealth {
            if let failed { return .failed(failed) }
            if let degraded { return .degraded(degraded) }
            return full.map { .full($0) } ?? .sound
        }
    }

    /// What the appending thread writes and asks at each record stands apart from what the others change.
    private let appendedValue: Apart<UInt64>
    /// ``Bit``.
    private let gate = Apart<UInt8>(0)
    private let writtenValue: Atomic<UInt64>
    private let durableValue: Atomic<UInt64>
    /// What ``RecordQueue/writtenBytes`` was when the last sync that succeeded began.
    let durableBytes = Atomic<UInt64>(0)
    private let waitingForWritten = Atomic<Int>(0)
    private let waitingForDurable = Atomic<Int>(0)
    private let waiters = Mutex(Waiters())

    private enum Bit {
        /// Nothing is taken any more.
        static let ended: UInt8 = 1
        /// Nothing is taken that may be shed.
        static let short: UInt8 = 2
    }

    init(at number: SequenceNumber) {
        appendedValue = Apart(number.value)
        writtenValue = Atomic(number.value)
        durableValue = Atomic(number.value)
    }

    /// Behind another recording, which has not brought all of its records to the disk yet.
    init(at number: SequenceNumber, written: SequenceNumber, durable: SequenceNumber) {
        appendedValue = Apart(number.value)
        writtenValue = Atomic(written.value)
        durableValue = Atomic(durable.value)
    }

    var marks: Watermarks {
        // In this order, so that durable ≤ written ≤ appended in what is seen.
        let durable = durableValue.load(ordering: .acquiring)
        let written = writtenValue.load(ordering: .acquiring)
        let appended = appendedValue.value.load(ordering: .acquiring)
        return Watermarks(
            appended: SequenceNumber(appended),
            written: SequenceNumber(written),
            durable: SequenceNumber(durable)
        )
    }

    @inline(__always)
    func appended(_ number: UInt64) { appendedValue.value.store(number, ordering: .releasing) }

    /// Never lowers it; only the recorder's thread calls this.
    func written(_ number: SequenceNumber) {
        guard number.value > writtenValue.load(ordering: .relaxed) else { return }
        writtenValue.store(number.value, ordering: .sequentiallyConsistent)
        if waitingForWritten.load(ordering: .sequentiallyConsistent) > 0 { release() }
    }

    /// Never lowers it; only whoever runs the one sync under way calls this.
    func durable(_ number: SequenceNumber) {
        guard number.value > durableValue.load(ordering: .relaxed) else { return }
        durableValue.store(number.value, ordering: .sequentiallyConsistent)
        if waitingForDurable.load(ordering: .sequentiallyConsistent) > 0 { release() }
    }

    /// The ordinal of the roll that the owner is asked for; one that it has begun is not asked for again.
    private let rollWanted = Atomic<UInt64>(0)
    func wantRoll(_ ordinal: UInt64) { rollWanted.store(ordinal, ordering: .relaxed) }
    func isRollWanted(after rolls: UInt64) -> Bool { rollWanted.load(ordering: .relaxed) > rolls }

    var isDurableWanted: Bool { waitingForDurable.load(ordering: .acquiring) > 0 }
    /// Nothing stands in the way of any record.
    @inline(__always)
    var isOpen: Bool { gate.value.load(ordering: .relaxed) == 0 }
    var isFailed: Bool { gate.value.load(ordering: .relaxed) & Bit.ended != 0 }
    /// Public data is refused: the disk has no room for it.
    var isShort: Bool { gate.value.load(ordering: .relaxed) & Bit.short != 0 }
    var health: RecorderHealth { waiters.withLock { $0.health } }
    var statistics: RecorderStatistics {
        waiters.withLock { $0.statistics }
    }

    func count(_ change: (inout RecorderStatistics) -> Void) {
        waiters.withLock { change(&$0.statistics) }
    }

    /// Takes up one change; gives the health when it is another then.
    ///
    /// What failed stays failed, and what was degraded stays that: only a lack of room ends.
    func note(_ health: RecorderHealth) -> RecorderHealth? {
        let changed = waiters.withLock { waiters -> RecorderHealth? in
            let before = waiters.health
            switch health {
            case .sound: waiters.full = nil
            case .full(let error): waiters.full = error
            case .degraded(let error): waiters.degraded = waiters.degraded ?? error
            case .failed(let error): waiters.failed = waiters.failed ?? error
            }
            return waiters.health == before ? nil : waiters.health
        }
        if case .failed = health { end() }
        return changed
    }

    /// Whether public data is refused from now on.
    func setShort(_ isShort: Bool) {
        if isShort {
            gate.value.bitwiseOr(Bit.short, ordering: .sequentiallyConsistent)
        } else {
            gate.value.bitwiseAnd(~Bit.short, ordering: .sequentiallyConsistent)
        }
    }

    /// No record will come any more: whoever still waits gets false.
    func end() {
        gate.value.bitwiseOr(Bit.ended, ordering: .sequentiallyConsistent)
        release()
    }

    func whenWritten(_ number: SequenceNumber, _ body: @escaping @Sendable (Bool) -> Void) {
        if writtenValue.load(ordering: .acquiring) >= number.value { return body(true) }
        waiters.withLock { $0.written.append(Waiter(number: number.value, body: body)) }
        waitingForWritten.add(1, ordering: .sequentiallyConsistent)
        // It may have been written between the first look and the entry in the list.
        if writtenValue.load(ordering: .sequentiallyConsistent) >= number.value || isFailed {
            release()
        }
    }

    func whenDurable(_ number: SequenceNumber, _ body: @escaping @Sendable (Bool) -> Void) {
        if durableValue.load(ordering: .acquiring) >= number.value { return body(true) }
        waiters.withLock { $0.durable.append(Waiter(number: number.value, body: body)) }
        waitingForDurable.add(1, ordering: .sequentiallyConsistent)
        if durableValue.load(ordering: .sequentiallyConsistent) >= number.value || isFailed {
            release()
        }
    }

    /// Calls everyone whose number has come, or all when none will come any more.
    private func release() {
        let hasFailed = gate.value.load(ordering: .sequentiallyConsistent) & Bit.ended != 0
        let written = writtenValue.load(ordering: .sequentiallyConsistent)
        let durable = durableValue.load(ordering: .sequentiallyConsistent)
        let (first, second) = waiters.withLock { waiters -> ([Waiter], [Waiter]) in
            let first = waiters.written.filter { hasFailed || $0.number <= written }
            let second = waiters.durable.filter { hasFailed || $0.number <= durable }
            if !first.isEmpty {
                waiters.written.removeAll { hasFailed || $0.number <= written }
                waitingForWritten.subtract(first.count, ordering: .sequentiallyConsistent)
            }
            if !second.isEmpty {
                waiters.durable.removeAll { hasFailed || $0.number <= durable }
                waitingForDurable.subtract(second.count, ordering: .sequentiallyConsistent)
            }
            return (first, second)
        }
        for waiter in first { waiter.body(waiter.number <= written) }
        for waiter in second { waiter.body(waiter.number <= durable) }
    }
}

/// Blocks one thread until another opens it.
///
/// `@unchecked Sendable`: a POSIX semaphore is made to be shared.
final class Gate: @unchecked Sendable {
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(semaphore, 0, 0) }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func open() { sem_post(semaphore) }

    func wait() {
        while sem_wait(semaphore) != 0, errno == EINTR {}
    }
}
