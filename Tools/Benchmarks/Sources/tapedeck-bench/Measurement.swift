import Glibc

/// User and system time of this process and its threads, and time on the wall; both in seconds.
struct Measurement {
    private let wallStart = Measurement.wallNow()
    private let cpuStart = Measurement.cpuNow()

    /// One line of JSON as the programs of `../shared/bench` print it.
    ///
    /// - Parameter extra: found out when time and memory have been read, so that looking at a result is no part of making it.
    func line(
        mode: String,
        count: Int,
        extra: @autoclosure () throws -> [(String, String)]
    ) rethrows -> String {
        let cpu = Measurement.cpuNow() - cpuStart
        let wall = Measurement.wallNow() - wallStart
        var fields = [
            "\"mode\":\"\(mode)\"", "\"n\":\(count)", "\"wall\":\(Measurement.text(wall))",
            "\"cpu\":\(Measurement.text(cpu))",
            "\"per_s_cpu\":\(Int(Double(count) / max(cpu, 1e-9)))",
            "\"rss_mb\":\(Measurement.residentMegabytes())",
        ]
        fields += try extra().map { "\"\($0.0)\":\"\($0.1)\"" }
        return "{" + fields.joined(separator: ",") + "}"
    }

    /// The same with nothing beside.
    func line(mode: String, count: Int) -> String { line(mode: mode, count: count, extra: []) }

    /// Six digits after the point.
    private static func text(_ seconds: Double) -> String {
        let micros = Int((seconds * 1e6).rounded())
        let rest = String(micros % 1_000_000)
        return "\(micros / 1_000_000)." + String(repeating: "0", count: 6 - rest.count) + rest
    }

    private static func wallNow() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    private static func usage() -> rusage {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage
    }

    private static func cpuNow() -> Double {
        let usage = usage()
        return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
            + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6
    }

    private static func residentMegabytes() -> Int { usage().ru_maxrss / 1_024 }
}

/// What went wrong, in one sentence.
struct BenchError: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}
