import Gateway
import Journal
import Logging
import Market
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Watch

/// The watcher's own loop: judges once a second, answers scrapers, hands alerts to sinks, and has the figures recorded.
///
/// Confined to its event loop. Nothing in it waits.
final class WatchLoop {
    /// Nanoseconds between two records of figures, and between two looks at the machine.
    static let recordInterval: Int64 = 30_000_000_000
    private static let machineInterval: Int64 = 5_000_000_000

    private struct Sink {
        /// Of one sink and no other, while the places of the others change.
        let number: Int
        var sink: AlertSink
        var queue: DeliveryQueue
    }

    private let loop: any EventLoop
    private let logger: Logger
    private var judge: AlertJudge
    private var sinks: [Sink] = []
    private var sinksMade = 0
    private var reading = Reading()
    private var subject: Watcher.Subject?
    private var pulse: Pulse?
    private var tick: RepeatedTask?
    private var isQuiet = false
    private var isMeasuring = false
    private var nextMeasure: Int64 = 0
    private var nextRecord: Int64 = 0
    /// Open while results of other threads may come back to the loop.
    private let gate = Returns()

    init(_ settings: WatchSettings, loop: any EventLoop, logger: Logger) {
        self.loop = loop
        self.logger = logger
        judge = AlertJudge(settings.alerts)
        sinks = arranged(settings.sinks)
    }

    /// The sinks in their order; those that were there before keep what waits for them.
    private func arranged(_ wanted: [AlertSink]) -> [Sink] {
        var left = sinks
        return wanted.enumerated().map { place, sink in
            let name = "\(sink.kind)-\(place + 1)"
            if let known = left.firstIndex(where: { $0.sink == sink }) {
                var kept = left.remove(at: known)
                kept.queue.rename(name)
                return kept
            }
            sinksMade += 1
            return Sink(number: sinksMade, sink: sink, queue: DeliveryQueue(name: name))
        }
    }

    /// What is switched off ends; what waits for a sink that is taken away is given up, and logged.
    func change(_ settings: WatchSettings) {
        let before = sinks
        sinks = arranged(settings.sinks)
        let numbers = Set(sinks.map(\.number))
        for gone in before where !numbers.contains(gone.number) { giveUp(gone) }
        for alert in judge.change(settings.alerts, wall: SessionClock.wall()) { tell(alert) }
    }

    private func giveUp(_ sink: Sink) {
        for alert in sink.queue.undelivered {
            logger.error(
                "an alert was not sent before its sink was taken away",
                metadata: ["sink": "\(sink.queue.counts.name)", "alert": "\(words(alert))"]
            )
        }
    }

    func attach(_ subject: Watcher.Subject, _ pulse: Pulse) {
        self.subject = subject
        self.pulse = pulse
        nextRecord = SessionClock.monotonic() + WatchLoop.recordInterval
        let bound = NIOLoopBound(self, eventLoop: loop)
        tick = loop.scheduleRepeatedTask(initialDelay: .zero, delay: .seconds(1)) { _ in
            bound.value.look()
        }
    }

    func take(_ reading: Reading) {
        var machine = self.reading.machine
        machine.diskDaily = reading.machine.diskDaily
        machine.diskLeft = reading.machine.diskLeft
        self.reading = reading
        self.reading.machine = machine
    }

    func tell(_ alert: AlertName, _ problem: String?) { judge.tell(alert, problem: problem) }

    func quiet() { isQuiet = true }

    func stop() {
        tick?.cancel()
        gate.close()
        subject = nil
        for sink in sinks {
            for alert in sink.queue.undelivered {
                logger.error(
                    "an alert was not sent before the end",
                    metadata: ["sink": "\(sink.queue.counts.name)", "alert": "\(words(alert))"]
                )
            }
        }
    }

    var isDelivered: Bool { sinks.allSatisfy { $0.queue.undelivered.isEmpty } }

    // MARK: - Once a second

    private func look() {
        guard let subject else { return }
        let now = SessionClock.monotonic()
        refresh(subject)
        if !isQuiet {
            for alert in judge.look(reading, at: now, wall: SessionClock.wall()) { tell(alert) }
        }
        send(at: now)
        measure(subject, at: now)
        if now >= nextRecord, !isQuiet {
            nextRecord = now + WatchLoop.recordInterval
            subject.record(figures(subject, at: now).payload)
        }
    }

    /// What is known without the session's loop, which may not turn.
    private func refresh(_ subject: Watcher.Subject) {
        if let pulse {
            reading.turned = pulse.turned
            reading.lastAppend = pulse.appended
        }
        let marks = subject.recorder.watermarks
        let bytes = subject.recorder.byteMarks
        let statistics = subject.recorder.statistics
        reading.journal.appended = Int64(marks.appended.value)
        reading.journal.written = Int64(marks.written.value)
        reading.journal.durable = Int64(marks.durable.value)
        reading.journal.appendedBytes = Int64(bytes.appended)
        reading.journal.writtenBytes = Int64(bytes.written)
        reading.journal.durableBytes = Int64(bytes.durable)
        reading.journal.segmentBytes = Int64(statistics.segmentBytes)
        reading.journal.syncs = Int64(statistics.syncs)
        reading.journal.syncTime = statistics.syncTime
        reading.journal.lastSync = statistics.lastSync
        reading.journal.longestSync = statistics.longestSync
        reading.journal.diskErrors = Int64(statistics.diskErrors)
        if case .failed = subject.recorder.health {
            reading.journal.isFailed = true
        } else {
            reading.journal.isFailed = false
        }
    }

    /// Asks the machine on another thread: a file system may not answer.
    private func measure(_ subject: Watcher.Subject, at now: Int64) {
        guard now >= nextMeasure, !isMeasuring else { return }
        nextMeasure = now + WatchLoop.machineInterval
        isMeasuring = true
        let bound = NIOLoopBound(self, eventLoop: loop)
        let (loop, gate) = (loop, gate)
        let path = subject.recorder.path
        NIOThreadPool.singleton.submit { _ in
            let machine = Reading.Machine.measured(path)
            gate.enter { loop.execute { bound.value.measured(machine) } }
        }
    }

    private func measured(_ machine: Reading.Machine) {
        isMeasuring = false
        var machine = machine
        // How fast the disk fills the session measures, over the last hours and all recordings of its row.
        machine.diskDaily = reading.machine.diskDaily
        machine.diskLeft = reading.machine.diskLeft
        reading.machine = machine
    }

    // MARK: - Alerts

    private func words(_ alert: Alert) -> String {
        "\(alert.name.rawValue) \(alert.state.rawValue)"
    }

    private func tell(_ alert: Alert) {
        let metadata: Logger.Metadata = [
            "alert": "\(alert.name.rawValue)", "since": "\(alert.since)", "text": "\(alert.text)",
        ]
        switch alert.state {
        case .firing: logger.error("an alert began", metadata: metadata)
        case .resolved: logger.warning("an alert ended", metadata: metadata)
        }
        for place in sinks.indices {
            guard let lost = sinks[place].queue.add(alert) else { continue }
            logger.critical(
                "an alert was given up: too many wait for this sink",
                metadata: [
                    "sink": "\(sinks[place].queue.counts.name)", "alert": "\(words(lost))",
                    "since": "\(lost.since)",
                ]
            )
        }
    }

    private func send(at now: Int64) {
        guard let subject else { return }
        for place in sinks.indices {
            guard let alert = sinks[place].queue.next(at: now) else { continue }
            let bound = NIOLoopBound(self, eventLoop: loop)
            let (loop, gate) = (loop, gate)
            let number = sinks[place].number
            SinkCall.begin(sinks[place].sink, alert.json(subject.identity)) { problem in
                gate.enter { loop.execute { bound.value.ended(number, alert, problem) } }
            }
        }
    }

    private func ended(_ number: Int, _ alert: Alert, _ problem: String?) {
        // It may have been taken away meanwhile.
        guard let place = sinks.firstIndex(where: { $0.number == number }) else { return }
        let now = SessionClock.monotonic()
        sinks[place].queue.ended(isTaken: problem == nil, at: now)
        guard let problem else { return send(at: now) }
        logger.error(
            "an alert was not taken and is sent again",
            metadata: [
                "sink": "\(sinks[place].queue.counts.name)", "alert": "\(words(alert))",
                "reason": "\(problem)",
            ]
        )
    }

    // MARK: - Pages

    private func figures(_ subject: Watcher.Subject, at now: Int64) -> Figures {
        Figures(
            reading,
            subject.identity,
            alerts: judge.counts,
            sinks: sinks.map(\.queue.counts),
            at: now,
            wall: SessionClock.wall()
        )
    }

    func answer(_ path: String) -> PageAnswer {
        guard let subject else {
            return page(.serviceUnavailable, "text/plain", Array("the session begins\n".utf8))
        }
        switch path {
        case "/metrics":
            refresh(subject)
            let figures = figures(subject, at: SessionClock.monotonic())
            return page(.ok, Figures.contentType, Array(figures.text.utf8))
        case "/health":
            let health = judge.health(subject.identity, at: SessionClock.wall())
            return page(
                health.isWell ? .ok : .serviceUnavailable,
                "application/json",
                health.body
            )
        default:
            return page(.notFound, "text/plain", Array("there are /metrics and /health\n".utf8))
        }
    }

    private func page(_ status: PageAnswer.Status, _ type: String, _ body: [UInt8]) -> PageAnswer {
        PageAnswer(status: status, contentType: type, body: body)
    }
}

/// The way back to a loop from threads that may outlive it: closed before the loop ends.
private final class Returns: Sendable {
    private let isOpen = Mutex(true)

    func enter(_ body: () -> Void) {
        isOpen.withLock { if $0 { body() } }
    }

    func close() { isOpen.withLock { $0 = false } }
}
