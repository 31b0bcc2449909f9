import Glibc

/// Ends the process with a word when a case does not end by itself.
enum Alarm {
    nonisolated(unsafe) private static let text = UnsafeMutablePointer<CChar>.allocate(
        capacity: 512
    )

    /// From now on `name` has so many seconds.
    static func set(_ name: String, seconds: UInt32 = 60) {
        let words = "torture: no end after \(seconds) s: \(name)\n"
        _ = words.withCString { strncpy(text, $0, 511) }
        signal(SIGALRM) { _ in
            _ = write(2, Alarm.text, strlen(Alarm.text))
            // Not the status of a result.
            _exit(3)
        }
        alarm(seconds)
    }

    static func clear() { alarm(0) }
}
