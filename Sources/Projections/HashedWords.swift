import Glibc

/// Values of rows on their way from the thread that reads them to the one that hashes them: 64-bit words, type by type.
///
/// | type | words |
/// | --- | --- |
/// | ``bytesAlone`` | count, ⌊count ÷ 8⌋ + 1 words of bytes: they count, and no type |
/// | `SQLITE_INTEGER` | the type, the value |
/// | `SQLITE_NULL` | the type |
/// | any other | the type, and as bytes alone |
///
/// `@unchecked Sendable`: one thread has it at a time, and it changes hands through a lock.
final class HashedWords: @unchecked Sendable {
    static let bytesAlone: UInt64 = 0
    /// So many are handed over at once, or a row more: 256 KiB.
    private static let wordsMax = 32_768

    private var start: UnsafeMutablePointer<UInt64>
    private var capacity: Int
    private(set) var count = 0

    init() {
        // The row that is over it mostly has a place too.
        capacity = HashedWords.wordsMax + 1_024
        start = .allocate(capacity: capacity)
    }

    deinit { start.deallocate() }

    var isFull: Bool { count >= HashedWords.wordsMax }
    var isEmpty: Bool { count == 0 }
    var words: UnsafeBufferPointer<UInt64> { UnsafeBufferPointer(start: start, count: count) }

    func removeAll() { count = 0 }

    func add(type: UInt64) {
        reserve(1)
        start[count] = type
        count += 1
    }

    func add(type: UInt64, value: UInt64) {
        reserve(2)
        start[count] = type
        start[count + 1] = value
        count += 2
    }

    func add(type: UInt64, bytes: UnsafeRawBufferPointer) {
        let whole = bytes.count / 8
        reserve(whole + 3)
        let place = start + count
        place[0] = type
        place[1] = UInt64(bytes.count)
        // What the last word lacks is zero.
        place[whole + 2] = 0
        if let from = bytes.baseAddress { memcpy(place + 2, from, bytes.count) }
        count += whole + 3
    }

    private func reserve(_ more: Int) {
        guard count + more > capacity else { return }
        let wider = UnsafeMutablePointer<UInt64>.allocate(capacity: count + more)
        wider.update(from: start, count: count)
        start.deallocate()
        start = wider
        capacity = count + more
    }
}
