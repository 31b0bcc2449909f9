import Glibc
import Watch

extension Reading.Machine {
    /// What the process uses now, and what is free where it records; it reads from `/proc` and asks the file system, so never
    /// on an event loop.
    ///
    /// How fast the disk fills is known to whoever has measured it for longer.
    static func measured(_ path: String) -> Reading.Machine {
        var machine = Reading.Machine()
        var usage = rusage()
        if getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 {
            machine.processor = nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime)
        }
        machine.resident = residentPages().map { $0 * Int64(sysconf(Int32(_SC_PAGESIZE))) }
        machine.openFiles = openFiles()
        var system = statvfs()
        if statvfs(path, &system) == 0 {
            let (bytes, overflow) = UInt64(system.f_bavail)
                .multipliedReportingOverflow(by: UInt64(system.f_frsize))
            machine.diskFree = overflow ? .max : Int64(min(bytes, UInt64(Int64.max)))
        }
        return machine
    }

    private static func nanoseconds(_ time: timeval) -> Int64 {
        Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_usec) * 1_000
    }

    /// The second number of `/proc/self/statm`.
    private static func residentPages() -> Int64? {
        let file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = read(file, &bytes, bytes.count)
        guard count > 0 else { return nil }
        let words = bytes[..<count].split(separator: UInt8(ascii: " "))
        return words.count > 1 ? Int64(String(decoding: words[1], as: UTF8.self)) : nil
    }

    private static func openFiles() -> Int64? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        var count: Int64 = 0
        while readdir(directory) != nil { count += 1 }
        // Not `.`, `..` and the one that this was read by.
        return max(0, count - 3)
    }
}
