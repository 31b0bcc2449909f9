import Glibc
import Market
import Synchronization

/// What a recording came to, from the thread that ends it to the one that begins the next.
///
/// `@unchecked Sendable`: told once, before the gate is opened, and read behind it.
final class RowEnd: @unchecked Sendable {
    struct Value {
        var last: SequenceNumber
        var chain: ChainValue
        /// `log_time` of the last record.
        var time: Timestamp
    }

    private let gate = Gate()
    private var value: Value?

    func tell(_ value: Value) {
        self.value = value
        gate.open()
    }

    /// Blocks until it is told; called by one thread, once.
    func wait() -> Value? {
        gate.wait()
        return value
    }
}

extension Writer {
    /// Brings everything into the segment and makes it durable; says what the recording came to.
    ///
    /// Another recording begins behind that, and names it, so it must not come out otherwise after a power cut. While
    /// the disk has no room this waits: what comes meanwhile stands in the queue of the next recording. Only a journal
    /// that has failed is not waited for.
    func settleForGood() -> RowEnd.Value {
        while !progress.isFailed {
            while drain() {}
            if outage == nil {
                finishChunk()
                syncNow()
            }
            if outage == nil, queue.isEmpty, builder.isEmpty, durable.number == number { break }
            if outage != nil {
                usleep(UInt32(clamping: options.retryInterval / 1_000))
                endOutage()
            } else {
                noteWrite()
                usleep(1_000)
            }
        }
        return RowEnd.Value(
            last: number,
            chain: builder.previous,
            time: Timestamp(nanoseconds: Int64(bitPattern: lastTime))
        )
    }
}
