public import Market
import Synchronization

/// How a ``Recorder`` divides, compresses and syncs what it writes.
///
/// Times are nanoseconds, sizes bytes. The defaults are the design's figures; tests make them small.
public struct RecorderOptions: Sendable {
    /// A chunk closes when its uncompressed bytes reach this.
    ///
    /// MCAP's headers take a tenth of it, so that it holds 80 KiB of payloads.
    public var chunkBytes = 88 << 10
    /// A chunk closes when its first record is this old.
    public var chunkAge: Int64 = 10_000_000_000
    /// A segment rolls when it reaches this.
    ///
    /// Opening an unsealed recording reads its last segment whole.
    public var segmentBytes: UInt64 = 64 << 20
    /// A segment that has records rolls when it is this old.
    public var segmentAge: Int64 = 3_600_000_000_000
    /// The longest a record stays in memory only.
    public var drainInterval: Int64 = 1_000_000
    /// The longest that the recorder's thread sleeps when nothing comes.
    ///
    /// So long a record of a step that does not end stays in memory only (``Recorder/beginStep()``): when what decides
    /// in it hangs, its records are the ones wanted most.
    public var sleepInterval: Int64 = 250_000_000
    /// One `fdatasync` of each file written since the last.
    public var syncInterval: Int64 = 50_000_000
    /// HEAD itself is synced this often.
    public var headInterval: Int64 = 1_000_000_000
    /// zstd's level; halved queue space lowers it to 1.
    public var compressionLevel: Int32 = 3
    /// The level, when it is higher, of a chunk that took a second or more to fill: a twentieth fewer bytes for another
    /// 0.3 ms of the recorder's thread.
    public var quietLevel: Int32 = 5
    /// Bytes that may wait for the disk.
    ///
    /// A quarter is kept for all that is not public data.
    public var queueBytes = 32 << 20
    /// Size of each of the two tails.
    public var tailBytes = 4 << 20
    /// Size of the file that takes private data and commands while the disk is full.
    public var reserveBytes = 8 << 20
    /// So long after a segment could not be written a new one is tried.
    public var retryInterval: Int64 = 500_000_000
    /// The largest payload taken.
    public var largestPayload = 16 << 20
    /// The id of a new recording; by default the last part of its path.
    public var id: String?
    /// Where a new recording stands in a row; `nil` where it is in none.
    ///
    /// A recording that goes on keeps its own place.
    public var row: RowLink?
    /// `log_time` that the first record of a new recording is not below.
    public var notBefore = Timestamp.zero
    /// Facts of the owner that each segment and the manifest repeat: program, configuration hash.
    public var labels: [Label] = []
    /// Signs the seal; without one the recording is sealed unsigned.
    public var signingKey: SigningKey?
    /// Segments that it names are deleted at each roll, noted in `pruned.jsonl` before.
    public var disk = DiskRule()
    /// What segments may take, beside `disk`, when somebody else keeps the books of the disk.
    public var allowance: Allowance?
    /// Told on the recorder's thread what a roll deleted, or why it could not.
    public var onPrune: @Sendable (Result<Pruner.Plan, JournalError>) -> Void = { _ in }
    /// Whether a segment that is full rolls by itself, with an empty checkpoint.
    ///
    /// When false, the owner sees
    /// ``Recorder/isRollDue`` and answers with ``Recorder/roll(checkpoint:)`` between two records.
    public var rollsItself = true
    /// Called on a thread of the recorder at each change; keep it short.
    public var onHealth: @Sendable (RecorderHealth) -> Void = { _ in }

    public init() {}
}

/// Bytes that a recording's segments may take; changes while it is written.
public final class Allowance: Sendable {
    private let value = Atomic<UInt64>(.max)

    public init() {}

    /// `UInt64.max`: no limit.
    public var bytes: UInt64 {
        get { value.load(ordering: .acquiring) }
        set { value.store(newValue, ordering: .releasing) }
    }
}

/// One fact with its name.
public struct Label: Hashable, Sendable {
    public var key: String
    public var value: String

    public init(_ key: String, _ value: String) {
        self.key = key
        self.value = value
    }
}

/// Whether the journal still keeps its promises.
public enum RecorderHealth: Hashable, Sendable {
    case sound
    /// No segment can be written for want of space; public data is refused, all else goes to the reserve.
    ///
    /// Halt new orders. Becomes sound again by itself when there is room.
    case full(JournalError)
    /// A file was given up and what it had not acknowledged was written to a new one. Halt new orders.
    case degraded(JournalError)
    /// Nothing more is recorded. Halt new orders; cancels and reductions still leave.
    case failed(JournalError)
}

/// How far records have come; each includes those before it.
public struct Watermarks: Hashable, Sendable {
    /// Has a number, is in memory.
    public var appended: SequenceNumber
    /// `pwrite` returned: survives `kill -9`.
    public var written: SequenceNumber
    /// `fdatasync` returned: survives power loss.
    public var durable: SequenceNumber

    public init(appended: SequenceNumber, written: SequenceNumber, durable: SequenceNumber) {
        self.appended = appended
        self.written = written
        self.durable = durable
    }
}
