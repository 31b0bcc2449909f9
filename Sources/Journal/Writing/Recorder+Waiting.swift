public import Market
import Synchronization

extension Recorder {
    public var watermarks: Watermarks { progress.marks }
    public var health: RecorderHealth { progress.health }
    public var statistics: RecorderStatistics { progress.statistics }

    /// Bytes of records that this process has appended, written and made durable, before compression.
    public var byteMarks: (appended: UInt64, written: UInt64, durable: UInt64) {
        // In this order, so that what is seen never goes down the line.
        let durable = progress.durableBytes.load(ordering: .acquiring)
        let written = queue.writtenBytes
        return (queue.appendedBytes, written, durable)
    }

    /// Makes the recorder drain now instead of within a millisecond.
    public func hurry() { bell.hurry() }

    /// Calls `body` once `number` is *written*, at once when it is already, else on the recorder's thread.
    ///
    /// The recorder drains at once. `body` gets false when the journal failed or ended before: it never will be.
    public func whenWritten(_ number: SequenceNumber, _ body: @escaping @Sendable (Bool) -> Void) {
        progress.whenWritten(number, body)
        if progress.marks.written < number { bell.hurry() }
    }

    /// Calls `body` once `number` is *durable*, at once when it is already, else on a thread of the recorder.
    ///
    /// A sync begins at once and is shared by all who wait. `body` gets false when it never will be.
    public func whenDurable(_ number: SequenceNumber, _ body: @escaping @Sendable (Bool) -> Void) {
        progress.whenDurable(number, body)
        if progress.marks.durable < number { bell.hurry() }
    }

    /// Blocks until `number` is *written*.
    ///
    /// - Throws: `failed` or `closed` when it never will be.
    public func waitUntilWritten(_ number: SequenceNumber) throws(JournalError) {
        try wait(number, whenWritten)
    }

    /// Blocks until `number` is *durable*.
    ///
    /// - Throws: `failed` or `closed` when it never will be.
    public func waitUntilDurable(_ number: SequenceNumber) throws(JournalError) {
        try wait(number, whenDurable)
    }

    private func wait(
        _ number: SequenceNumber,
        _ register: (SequenceNumber, @escaping @Sendable (Bool) -> Void) -> Void
    ) throws(JournalError) {
        let gate = Gate()
        let outcome = Outcome()
        register(number) { isReached in
            outcome.isReached.store(isReached, ordering: .releasing)
            gate.open()
        }
        gate.wait()
        guard !outcome.isReached.load(ordering: .acquiring) else { return }
        if case .failed(let error) = health { throw error }
        throw JournalError(.closed, file: path, sequence: number)
    }

    private final class Outcome: Sendable {
        let isReached = Atomic<Bool>(false)
    }
}

/// What a recorder has done since it was opened.
public struct RecorderStatistics: Hashable, Sendable {
    public var records: UInt64 = 0
    /// Payload bytes.
    public var payloadBytes: UInt64 = 0
    /// Bytes of chunks in segments; tails and HEAD are not counted.
    public var segmentBytes: UInt64 = 0
    public var chunks: UInt64 = 0
    public var syncs: UInt64 = 0
    /// Nanoseconds that rounds of syncing took: the last, the longest, and all.
    public var lastSync: Int64 = 0
    public var longestSync: Int64 = 0
    public var syncTime: Int64 = 0
    /// Errors of the disk that were met; each was dealt with, or is in ``Recorder/health``.
    public var diskErrors: UInt64 = 0
    /// Segments that were given up for a new one after an error of the disk.
    public var replacedSegments: UInt64 = 0
    /// Bytes in the reserve now; 0 while the disk has room.
    public var reserveBytes: UInt64 = 0

    public init() {}
}
