import Glibc
import Synchronization

/// SIGINT, SIGTERM and SIGHUP as a wish that a long-running command sees and carries out: seal, then end with 0.
///
/// A session takes SIGHUP as the wish to have its file read anew, as daemons do, unless it is what a terminal sends
/// that goes away.
enum Interruption {
    /// What SIGHUP means.
    enum Hangup {
        case ends
        case reloads
    }

    private static let received = Atomic<Int32>(0)
    /// Hangups that came, and those that were taken up.
    private static let hangups = Atomic<Int>(0)
    private static let reason = Mutex("")
    private static let hadTerminal = Atomic<Bool>(false)

    /// From here on these signals are a wish instead of the end.
    static func watch(hangup meaning: Hangup = .ends) {
        // A parent may have left them blocked; a recorder that cannot be stopped is not what anybody wants.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        sigaddset(&signals, SIGHUP)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        for number in [SIGINT, SIGTERM] {
            signal(number) { received in
                // Only an atomic store: all that a signal handler may do.
                Interruption.received.store(received, ordering: .relaxed)
            }
        }
        hadTerminal.store(hasTerminal, ordering: .relaxed)
        // `nohup` has it ignored.
        guard !isIgnored(SIGHUP) else { return }
        switch meaning {
        case .ends:
            signal(SIGHUP) { Interruption.received.store($0, ordering: .relaxed) }
        case .reloads:
            signal(SIGHUP) { _ in _ = Interruption.hangups.add(1, ordering: .relaxed) }
        }
    }

    /// Whether a parent has had a signal ignored, which stays so.
    static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        sigaction(number, nil, &action)
        // Functions have no `==`; both are pointers of one size.
        let handler = action.__sigaction_handler.sa_handler.map {
            unsafeBitCast($0, to: Int.self)
        }
        return handler == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    static var isRequested: Bool { received.load(ordering: .relaxed) != 0 }

    /// What a signal asks for, asked for by ourselves: nobody can read the results any more.
    static func request() { received.store(SIGPIPE, ordering: .relaxed) }

    /// The same, asked for by an operator; the reason goes on record.
    static func request(reason: String) {
        guard !isRequested else { return }
        self.reason.withLock { $0 = reason }
        received.store(SIGUSR1, ordering: .relaxed)
    }

    /// Why a session ended, for its record.
    static var name: String {
        switch received.load(ordering: .relaxed) {
        case SIGTERM: "SIGTERM"
        case SIGHUP: "SIGHUP"
        case SIGPIPE: "its standard output cannot be written"
        case SIGUSR1: reason.withLock { $0 }
        default: "SIGINT"
        }
    }

    /// Whether hangups came since this was asked last; several at once are one.
    private static func takeHangup() -> Bool {
        hangups.exchange(0, ordering: .relaxed) > 0
    }

    /// Whether this process has a terminal that controls it.
    private static var hasTerminal: Bool {
        let terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard terminal >= 0 else { return false }
        close(terminal)
        return true
    }

    /// Waits until the wish comes, `nanoseconds` have passed, or `isOver` says so.
    ///
    /// - Parameters:
    ///   - body: called each `interval` nanoseconds.
    ///   - reload: called after a SIGHUP where ``watch(hangup:)`` was told so.
    static func wait(
        nanoseconds: Int64?,
        interval: Int64 = 1_000_000_000,
        each body: () async -> Void,
        reload: () async -> Void = {},
        until isOver: (() async -> Bool)? = nil
    ) async {
        let start = ContinuousClock.now
        // A session that trades is not to be woken for nothing too often.
        let pause: Duration = isOver == nil ? .milliseconds(100) : .milliseconds(20)
        var nextReport = start + .nanoseconds(interval)
        while !isRequested {
            let now = ContinuousClock.now
            if let nanoseconds, now - start >= .nanoseconds(nanoseconds) { return }
            if now >= nextReport {
                await body()
                nextReport += .nanoseconds(interval)
            }
            if takeHangup() {
                if hadTerminal.load(ordering: .relaxed), !hasTerminal {
                    received.store(SIGHUP, ordering: .relaxed)
                    return
                }
                await reload()
            }
            if let isOver, await isOver() { return }
            let left = nanoseconds.map { start + .nanoseconds($0) - now } ?? pause
            try? await Task.sleep(for: min(.nanoseconds(interval), pause, left))
        }
    }
}
