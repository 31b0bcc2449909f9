import Gateway
import Journal
import NIOCore
public import Watch

extension Session {
    /// The port of `/metrics` and `/health`; `nil` where they are not served.
    public var metricsPort: Int? { watcher.port }

    /// Whether the event loop turned and a record was appended within so many nanoseconds: what a supervisor may
    /// restart the process for when it is false.
    ///
    /// Cheap, never waits, and may be called from any thread.
    public func isAlive(within nanoseconds: Int64 = 5_000_000_000) -> Bool {
        watcher.pulse.beats(within: nanoseconds, at: SessionClock.monotonic())
    }

    /// Something that a session cannot see by itself, such as that what was sealed at a roll does not verify; `nil`
    /// when it is over.
    ///
    /// - Parameter problem: a sentence without host, path, key or user id; it is sent to others.
    public func report(_ alert: AlertName, problem: String?) {
        watcher.tell(alert, problem: problem)
    }

    /// Why alerts cannot be posted to this address; `nil` when they can.
    public static func webhookProblem(_ url: String) -> String? { Webhook.problem(url) }

    func beWatched(_ configuration: SessionConfiguration) {
        let (loop, core) = (loop, core)
        watcher.attach(
            Watcher.Subject(
                current: current,
                version: configuration.program,
                commit: configuration.build,
                record: { payload in loop.execute { core.value.recordFigures(payload) } }
            )
        )
        let watcher = watcher
        loop.execute { core.value.watcher = watcher }
    }
}
