import Glibc

/// When the strategy was called, by record; in memory until the session ends.
enum Stamps {
    // One thread calls strategies: the session's.
    nonisolated(unsafe) private static var all: [(record: UInt64, nanoseconds: UInt64)] = {
        var empty: [(record: UInt64, nanoseconds: UInt64)] = []
        empty.reserveCapacity(2_000_000)
        return empty
    }()

    static func note(_ record: UInt64) {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        all.append((record, UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)))
    }

    /// Lines of record and nanoseconds, to the file that the environment names.
    static func write() {
        guard let path = getenv("LATENCY_STAMPS"), let file = fopen(path, "w") else { return }
        for stamp in all { fputs("\(stamp.record) \(stamp.nanoseconds)\n", file) }
        fclose(file)
    }
}
