import Gateway
import Glibc
import Live
import Market
import Synchronization

/// Looks on while the run goes, does to it what the plan says, and takes samples.
struct Watch {
    private let settings: Settings
    private let session: Session
    var twin: Twin
    private(set) var samples: [Sample] = []
    private(set) var seconds = 0
    /// Nanoseconds of exchange time that have passed.
    private(set) var virtual: Int64 = 0
    private(set) var orders = 0
    private(set) var refusals = 0
    private(set) var lastRefusal = ""

    init(_ settings: Settings, _ session: Session, row: String, twin: String) {
        self.settings = settings
        self.session = session
        self.twin = Twin(of: row, at: twin)
        samples.reserveCapacity(settings.seconds)
    }

    mutating func run(
        pace: Pace,
        bot: Bot,
        port: Int,
        advance: ClockAdvance,
        rotate: () async throws -> Void
    ) async throws {
        let trading = Task { await bot.run() }
        pace.start(port: port)
        let began = SessionClock.monotonic()
        let hour: Int64 = 3_600_000_000_000
        var (isRotated, steps) = (false, 0)
        while true {
            let elapsed = Double(SessionClock.monotonic() - began) / 1e9
            guard elapsed < Double(settings.seconds), pace.problem.isEmpty else { break }
            seconds += 1
            twin.look()
            if seconds % 5 == 0 { samples.append(Sample.take(at: elapsed)) }
            if seconds % 15 == 0 { try scrape() }
            if seconds % 60 == 0 { await tell(elapsed, pace) }
            let share = elapsed / Double(settings.seconds)
            if share > 0.4, !isRotated {
                isRotated = true
                try await rotate()
            }
            if share > 0.55, steps == 0 {
                steps = 1
                advance.stepWall(nanoseconds: 2 * hour)
            }
            if share > 0.6, steps == 1 {
                steps = 2
                advance.stepWall(nanoseconds: -hour)
            }
            let rest = began + Int64(seconds) * 1_000_000_000 - SessionClock.monotonic()
            if rest > 0 { try await Task.sleep(for: .nanoseconds(rest)) }
        }
        bot.stop()
        await trading.value
        pace.stop()
        guard pace.problem.isEmpty else { throw Trouble(description: pace.problem) }
        virtual = pace.virtual
        orders = bot.placed.load(ordering: .relaxed)
        refusals = bot.refused.load(ordering: .relaxed)
        lastRefusal = bot.refusal.withLock { $0 }
        try await settle()
    }

    /// As Prometheus does; the figures are thrown away.
    private func scrape() throws {
        guard let port = session.metricsPort else { return }
        _ = try ControlLine(port: port).ask("GET", "/metrics")
    }

    /// The exchange's time stands still: what it sent is recorded when no frame has come for a second.
    private func settle() async throws {
        var (frames, since) = (Int64(-1), 0)
        while since < 10 {
            let status = await session.status()
            since = status.counts.frames == frames ? since + 1 : 0
            frames = status.counts.frames
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    private func tell(_ elapsed: Double, _ pace: Pace) async {
        let status = await session.status()
        let last = samples.last
        complain(
            "\(Int(elapsed)) s, \(Report.text(Double(pace.virtual) / 3.6e12)) h: \(status.counts.frames) frames,"
                + " \(status.rolls.count) rolls, \(status.socketsReady)/\(status.sockets) sockets,"
                + " \(status.counts.disconnects) lost, \(status.counts.findings) findings,"
                + " \(Report.text(last?.resident ?? 0)) MiB, \(Int(last?.descriptors ?? 0)) files,"
                + " \(Report.text(last?.processor ?? 0)) s of processor, disk \(status.disk?.used ?? 0)"
                + " \(status.rolls.problem ?? "") \(status.counts.failure)\n"
        )
    }
}
