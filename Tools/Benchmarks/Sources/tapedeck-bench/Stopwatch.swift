import Glibc

/// CPU time of this thread over stretches of a run, for work whose input is made in between.
struct Stopwatch {
    private var seconds = 0.0
    private var begun = 0.0

    mutating func start() { begun = Stopwatch.now() }
    mutating func stop() { seconds += Stopwatch.now() - begun }

    /// One line of JSON as ``Measurement`` prints it; `wall` is that time too.
    func line(mode: String, count: Int) -> String {
        let micros = Int((seconds * 1e6).rounded())
        let rest = String(micros % 1_000_000)
        let text = "\(micros / 1_000_000)." + String(repeating: "0", count: 6 - rest.count) + rest
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return "{\"mode\":\"\(mode)\",\"n\":\(count),\"wall\":\(text),\"cpu\":\(text),"
            + "\"per_s_cpu\":\(Int(Double(count) / max(seconds, 1e-9))),"
            + "\"rss_mb\":\(usage.ru_maxrss / 1_024)}"
    }

    private static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
