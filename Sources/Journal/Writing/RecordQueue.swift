import CBarrier
import Glibc
import Synchronization

/// The way from the appending thread to the recorder's: bytes in blocks, no lock.
///
/// One thread writes, one thread reads. What travels is MCAP Message records as they will stand in a
/// chunk, and now and then a mark of our own (``Mark``). Blocks are reused, so a steady state takes no
/// memory; a burst takes blocks up to the bound and gives them back.
///
/// `@unchecked Sendable`: `writing…` is touched by the appending thread only, `reading…` by the recorder's
/// only; a block's bytes and its link are published by `published`, stored after them.
final class RecordQueue: @unchecked Sendable {
    static let blockBytes = 256 << 10
    /// A record of 512 bytes, more than most have.
    private static let linesAhead = 8

    /// Opcodes that MCAP leaves to applications, for what is no Message and never reaches a file.
    enum Mark {
        /// The records that follow belong to a new segment; the body is its checkpoint.
        static let roll: UInt8 = 0x81
    }

    private final class Block {
        let base: UnsafeMutableRawPointer
        let capacity: Int
        /// Bytes in it, once the writer has gone on to the next.
        let used = Atomic<Int>(Int.max)
        var next: Block?

        /// Pages of its own: what a burst took goes back to the system, and no block splits another's place.
        ///
        /// All of them at once: found one by one, each is a fault under an append, and one append in ten has one while a
        /// burst fills the queue. So it is one append in six hundred, and none where a spare was ready.
        init(capacity: Int) {
            self.capacity = capacity
            let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE
            guard let pages = mmap(nil, capacity, PROT_READ | PROT_WRITE, flags, -1, 0),
                pages != MAP_FAILED
            else { fatalError("no memory for \(capacity) bytes of the recorder's queue") }
            base = pages
        }

        deinit { munmap(base, capacity) }
    }

    // The appending thread's.
    private var writingBlock: Block
    private(set) var writingPlace: UnsafeMutableRawPointer
    private var writingEnd: UnsafeMutableRawPointer
    private var writingPosition: UInt64 = 0
    /// `released` when it was looked at last: a lower bound, and enough while the queue is far from full.
    private var releasedSeen: UInt64 = 0
    private let published = Apart<UInt64>(0)

    // The recorder thread's.
    private var readingBlock: Block
    private var readingOffset = 0
    private var readingPosition: UInt64 = 0
    private var finished: [Block] = []

    private let released = Apart<UInt64>(0)

    // Both.
    /// Free blocks: a fresh one costs the appending thread a page fault at each of its pages.
    private let spares: UnsafeMutablePointer<Atomic<Unmanaged<Block>?>>
    private static let sparesKept = 8

    init() {
        let block = Block(capacity: RecordQueue.blockBytes)
        writingBlock = block
        readingBlock = block
        writingPlace = block.base
        writingEnd = block.base + block.capacity
        spares = .allocate(capacity: RecordQueue.sparesKept)
        for place in 0..<RecordQueue.sparesKept { (spares + place).initialize(to: Atomic(nil)) }
        prepareSpare()
    }

    deinit {
        for place in 0..<RecordQueue.sparesKept {
            spares[place].load(ordering: .acquiring)?.release()
        }
        spares.deinitialize(count: RecordQueue.sparesKept)
        spares.deallocate()
        // Link by link: a long list must not be freed by recursion.
        var block: Block? = finished.first ?? readingBlock
        while let current = block {
            block = current.next
            current.next = nil
        }
    }

    // MARK: The appending thread

    /// Bytes appended and not yet on disk.
    var queued: Int {
        Int(
            published.value.load(ordering: .relaxed) &- released.value.load(ordering: .acquiring)
        )
    }

    /// Of all that passed, from any thread.
    var appendedBytes: UInt64 { published.value.load(ordering: .acquiring) }
    var writtenBytes: UInt64 { released.value.load(ordering: .acquiring) }

    /// Whether `count` bytes more are at most `limit`.
    ///
    /// What the recorder writes is fetched only where what was seen of it last does not do.
    @inline(__always)
    func hasRoom(for count: Int, within limit: Int) -> Bool {
        if Int(writingPosition &- releasedSeen) + count <= limit { return true }
        releasedSeen = released.value.load(ordering: .acquiring)
        return Int(writingPosition &- releasedSeen) + count <= limit
    }

    /// Where the next `count` bytes go; they are seen after ``publish(_:)``.
    @inline(__always)
    func room(for count: Int) -> UnsafeMutableRawPointer {
        if writingEnd - writingPlace < count { turnBlock(count) }
        return writingPlace
    }

    /// Shows the reader the `count` bytes that were put where ``room(for:)`` said.
    @inline(__always)
    func publish(_ count: Int) {
        writingPlace += count
        writingPosition &+= UInt64(count)
        // No more than a release, so that nobody waits here for the bytes to reach the cache: see `Bell`.
        published.value.store(writingPosition, ordering: .releasing)
        fetchAhead()
    }

    /// Where the next record will stand, the other thread has read the last one that stood there: its lines of cache are
    /// asked back now, while the appending thread has other work, and not when it waits for them.
    @inline(__always)
    private func fetchAhead() {
        for line in 0..<RecordQueue.linesAhead { tapedeck_fetch_to_write(writingPlace + 64 * line) }
    }

    @inline(never)
    private func turnBlock(_ count: Int) {
        let block: Block
        if count <= RecordQueue.blockBytes, let spare = takeSpare() {
            block = spare
        } else {
            block = Block(capacity: max(count, RecordQueue.blockBytes))
        }
        writingBlock.next = block
        writingBlock.used.store(writingPlace - writingBlock.base, ordering: .releasing)
        writingBlock = block
        writingPlace = block.base
        writingEnd = block.base + block.capacity
    }

    private func takeSpare() -> Block? {
        for place in 0..<RecordQueue.sparesKept {
            if let spare = spares[place].exchange(nil, ordering: .acquiring) {
                return spare.takeRetainedValue()
            }
        }
        return nil
    }

    // MARK: The recorder's thread

    /// Whether anything waits.
    var isEmpty: Bool { published.value.load(ordering: .sequentiallyConsistent) == readingPosition }

    /// The piece that ``read(upTo:into:)`` gives first; empty where nothing waits.
    var nextPiece: UnsafeRawBufferPointer {
        let end = published.value.load(ordering: .acquiring)
        var block = readingBlock
        var offset = readingOffset
        while true {
            let used = block.used.load(ordering: .acquiring)
            let ahead = Int(end - readingPosition)
            if offset < used {
                let count = used == Int.max ? ahead : min(ahead, used - offset)
                return UnsafeRawBufferPointer(start: block.base + offset, count: count)
            }
            guard let next = block.next else {
                return UnsafeRawBufferPointer(start: nil, count: 0)
            }
            block = next
            offset = 0
        }
    }

    /// Adds pieces of whole records, in order, to `pieces` until they hold `limit` bytes or more.
    ///
    /// - Returns: bytes given. They stay counted as queued, and stay where they are, until ``release()``.
    func read(upTo limit: Int, into pieces: inout [UnsafeRawBufferPointer]) -> Int {
        let end = published.value.load(ordering: .acquiring)
        var given = 0
        while readingPosition < end, given < limit {
            let used = readingBlock.used.load(ordering: .acquiring)
            if readingOffset == used {
                guard let next = readingBlock.next else { break }
                finished.append(readingBlock)
                readingBlock = next
                readingOffset = 0
                continue
            }
            let ahead = Int(end - readingPosition)
            let count = used == Int.max ? ahead : min(ahead, used - readingOffset)
            pieces.append(
                UnsafeRawBufferPointer(start: readingBlock.base + readingOffset, count: count)
            )
            readingOffset += count
            readingPosition += UInt64(count)
            given += count
        }
        return given
    }

    /// What was read is on disk: its bytes no longer count and its blocks are free.
    func release() {
        for block in finished { recycle(block) }
        finished.removeAll(keepingCapacity: true)
        released.value.store(readingPosition, ordering: .releasing)
        prepareSpare()
    }

    /// A block in hand, so that it is this thread that waits for its pages and not an append, which waits only where a
    /// burst takes blocks faster.
    private func prepareSpare() {
        for place in 0..<RecordQueue.sparesKept
        where spares[place].load(ordering: .relaxed) != nil { return }
        recycle(Block(capacity: RecordQueue.blockBytes))
    }

    private func recycle(_ block: Block) {
        block.next = nil
        guard block.capacity == RecordQueue.blockBytes else { return }
        block.used.store(Int.max, ordering: .relaxed)
        let spare = Unmanaged.passRetained(block)
        for place in 0..<RecordQueue.sparesKept {
            let isKept = spares[place]
                .compareExchange(expected: nil, desired: spare, ordering: .releasing).exchanged
            if isKept { return }
        }
        spare.release()
    }
}
