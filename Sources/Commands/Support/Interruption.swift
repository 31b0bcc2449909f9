import Glibc
import Synchronization

/// SIGINT and SIGTERM as a wish that a long-running command sees and carries out: seal, then end with 0.
enum Interruption {
    private static let received = Atomic<Int32>(0)

    /// From here on the two signals are a wish instead of the end.
    static func watch() {
        // A parent may have left them blocked; a recorder that cannot be stopped is not what anybody wants.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        for number in [SIGINT, SIGTERM] {
            signal(number) { received in
                // Only an atomic store: all that a signal handler may do.
                Interruption.received.store(received, ordering: .relaxed)
            }
        }
    }

    static var isRequested: Bool { received.load(ordering: .relaxed) != 0 }

    /// `SIGINT` or `SIGTERM`, for the record that says why a session ended.
    static var name: String {
        received.load(ordering: .relaxed) == SIGTERM ? "SIGTERM" : "SIGINT"
    }

    /// Waits until the wish comes or `nanoseconds` have passed; calls `body` each `interval` nanoseconds.
    static func wait(
        nanoseconds: Int64?,
        interval: Int64 = 1_000_000_000,
        each body: () async -> Void
    ) async {
        let start = ContinuousClock.now
        var nextReport = start + .nanoseconds(interval)
        while !isRequested {
            let now = ContinuousClock.now
            if let nanoseconds, now - start >= .nanoseconds(nanoseconds) { return }
            if now >= nextReport {
                await body()
                nextReport += .nanoseconds(interval)
            }
            try? await Task.sleep(for: .nanoseconds(min(interval, 20_000_000)))
        }
    }
}
