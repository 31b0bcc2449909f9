import Glibc

/// Time of the process and on the wall, in nanoseconds.
enum Clock {
    static var wall: Int { now(CLOCK_MONOTONIC) }
    static var cpu: Int { now(CLOCK_PROCESS_CPUTIME_ID) }
    static var thread: Int { now(CLOCK_THREAD_CPUTIME_ID) }

    private static func now(_ clock: clockid_t) -> Int {
        var time = timespec()
        clock_gettime(clock, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }

    /// The most memory that was resident, in KiB.
    static var residentKiB: Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss
    }
}

/// What was measured, as one line of JSON.
struct Line {
    private var fields: [String]

    init(_ mode: String) { fields = ["\"mode\":\"\(mode)\""] }

    /// With time since `wall` and `cpu`.
    init(_ mode: String, count: Int, wall: Int, cpu: Int) {
        let (cpu, wall) = (Clock.cpu - cpu, Clock.wall - wall)
        fields = [
            "\"mode\":\"\(mode)\"", "\"n\":\(count)", "\"wall\":\(Line.seconds(wall))",
            "\"cpu\":\(Line.seconds(cpu))",
        ]
    }

    func adding(_ name: String, _ value: Int) -> Line {
        var line = self
        line.fields.append("\"\(name)\":\(value)")
        return line
    }

    var text: String { "{" + fields.joined(separator: ",") + "}" }

    private static func seconds(_ nanoseconds: Int) -> String {
        let micros = String(nanoseconds / 1_000 % 1_000_000)
        return "\(nanoseconds / 1_000_000_000)."
            + String(repeating: "0", count: 6 - micros.count) + micros
    }
}
