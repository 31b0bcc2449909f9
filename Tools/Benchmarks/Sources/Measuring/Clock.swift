import Glibc

/// Time of the process and on the wall, in nanoseconds.
public enum Clock {
    public static var wall: Int { now(CLOCK_MONOTONIC) }
    public static var cpu: Int { now(CLOCK_PROCESS_CPUTIME_ID) }
    public static var thread: Int { now(CLOCK_THREAD_CPUTIME_ID) }

    private static func now(_ clock: clockid_t) -> Int {
        var time = timespec()
        clock_gettime(clock, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }
}

/// Resident memory of this process, in KiB.
public enum Memory {
    /// The most since the process began.
    public static var peak: Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss
    }

    /// The most since ``reset()``.
    public static var high: Int { status("VmHWM:") }
    public static var now: Int { status("VmRSS:") }

    /// What is resident now becomes the most so far, for ``high``; Linux's own switch for it.
    public static func reset() throws(BenchError) {
        let file = open("/proc/self/clear_refs", O_WRONLY)
        guard file >= 0 else { throw BenchError("/proc/self/clear_refs cannot be opened") }
        defer { close(file) }
        var digit = UInt8(ascii: "5")
        guard write(file, &digit, 1) == 1 else {
            throw BenchError("/proc/self/clear_refs cannot be written")
        }
    }

    private static func status(_ key: String) -> Int {
        guard let text = try? Files.text("/proc/self/status") else { return 0 }
        for line in text.split(separator: "\n") where line.hasPrefix(key) {
            return Int(line.filter(\.isNumber)) ?? 0
        }
        return 0
    }
}
