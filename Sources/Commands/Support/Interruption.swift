import Glibc
import Synchronization

/// SIGINT, SIGTERM and SIGHUP as a wish that a long-running command sees and carries out: seal, then end with 0.
enum Interruption {
    private static let received = Atomic<Int32>(0)

    /// From here on these signals are a wish instead of the end.
    static func watch() {
        // A parent may have left them blocked; a recorder that cannot be stopped is not what anybody wants.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        sigaddset(&signals, SIGHUP)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        var hangup = sigaction()
        sigaction(SIGHUP, nil, &hangup)
        // `nohup` has it ignored, and that stays so.
        let isIgnored = hangup.__sigaction_handler.sa_handler.map {
            unsafeBitCast($0, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
        }
        for number in [SIGINT, SIGTERM] + (isIgnored == true ? [] : [SIGHUP]) {
            signal(number) { received in
                // Only an atomic store: all that a signal handler may do.
                Interruption.received.store(received, ordering: .relaxed)
            }
        }
    }

    static var isRequested: Bool { received.load(ordering: .relaxed) != 0 }

    /// What a signal asks for, asked for by ourselves: nobody can read the results any more.
    static func request() { received.store(SIGPIPE, ordering: .relaxed) }

    /// Why a session ended, for its record.
    static var name: String {
        switch received.load(ordering: .relaxed) {
        case SIGTERM: "SIGTERM"
        case SIGHUP: "SIGHUP"
        case SIGPIPE: "its standard output cannot be written"
        default: "SIGINT"
        }
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
