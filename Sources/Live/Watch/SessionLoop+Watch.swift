import Bybit
import Gateway
import Journal
import Logging
import Market
import NIOCore
import Runtime
import Trading
import Watch

/// What the session tells of itself to whoever watches it.
extension SessionLoop {
    /// From the start on; the daily question after the key needs one.
    func beWatched() {
        every(.seconds(1)) { $0.tellWatcher() }
        guard wiring.credentials != nil else { return }
        every(.hours(24)) {
            guard !$0.isStopped else { return }
            $0.askKey { _ in }
        }
    }

    /// Twenty times a second: the loop turns, and records are appended.
    func noteTurn() {
        let last = recorder.watermarks.appended
        watcher?.pulse.turned(at: SessionClock.monotonic(), hasAppended: last != taps.lastSeen)
        taps.lastSeen = last
        taps.queuePeak = max(taps.queuePeak, recorder.queuedBytes)
    }

    /// A REST exchange ended and its record was made.
    func noteEnded(_ exchange: RESTExchange) {
        counts.requestsByOutcome[exchange.outcome, default: 0] += 1
        let request = exchange.call.request
        taps.quotas.note(
            group: RateLimiter.group(of: request),
            limit: Int(exchange.limit),
            left: Int(exchange.limitStatus),
            at: SessionClock.monotonic()
        )
        guard request.path == KeyCheck.question.path, stepper.event.kind == .reply,
            stepper.event.reply.isSuccess
        else { return }
        for case .key(let key) in stepper.event.details {
            taps.keyExpires = ExpiryTime.read(key.expiresAt)
        }
    }

    /// The trade socket answered.
    func noteAnswered(_ answer: TradeAnswer) {
        counts.requestsByOutcome[.answered, default: 0] += 1
        taps.quotas.note(
            group: answer.operation,
            limit: answer.limit,
            left: answer.remaining,
            at: SessionClock.monotonic()
        )
    }

    /// A record of all figures; the core takes no notice of it.
    func recordFigures(_ payload: [UInt8]) {
        guard !isStopped, !isFailed else { return }
        ingest(named: "session/figures", time: clock.now(), payload: payload)
    }

    private func tellWatcher() {
        guard let watcher else { return }
        watcher.take(reading(at: SessionClock.monotonic()))
        taps.queuePeak = 0
    }

    private func reading(at now: Int64) -> Reading {
        var reading = Reading()
        for number in sockets.indices {
            reading.sockets.append(taps.reading(sockets[number], number, at: now))
        }
        reading.topics = topicReadings
        for kind in Finding.Kind.allCases {
            let count = counts.findingsByKind[kind] ?? 0
            reading.findings.append(Reading.Count(kind.rawValue, count))
        }
        for outcome in [Reply.Outcome.answered, .timedOut, .failed, .notSent] {
            let count = counts.requestsByOutcome[outcome] ?? 0
            reading.requests.append(Reading.Count(outcome.rawValue, count))
        }
        reading.commands = counts.commands
        reading.rejected = counts.rejected
        reading.shed = shed.values.reduce(counts.shed, +)
        reading.stalls = counts.stalls
        reading.blanked = counts.blanked
        (reading.booksValid, reading.booksInvalid) = stepper.engine.bookHealth
        reading.openOrders = stepper.engine.openOrders.count
        reading.haltReason = haltReason
        reading.clockOffset = taps.clock?.offset
        reading.clockUncertainty = taps.clock?.uncertainty ?? 0
        reading.quotas = taps.quotas.readings(at: now)
        reading.keyExpires = taps.keyExpires
        reading.journal.queueBytes = Int64(max(taps.queuePeak, recorder.queuedBytes))
        reading.journal.isLosing = bots?.isLosing == true
        reading.journal.queueCapacity = Int64(configuration.queueBytes)
        reading.machine.diskDaily = diskForecast?.bytesPerDay.map { Int64(clamping: $0) }
        reading.machine.diskLeft = diskForecast?.nanosecondsLeft
        return reading
    }

    /// Topics that are subscribed and have brought data; a paused socket's are not, for it is not read.
    private var topicReadings: [Reading.Topic] {
        guard !isStalled, !isFailed else { return [] }
        var topics: [Reading.Topic] = []
        for (number, slot) in slots.enumerated() where !slot.isPrivate {
            for topic in sockets[number].state.subscribed {
                guard let heard = hearing.last(topic, number: number) else { continue }
                topics.append(
                    Reading.Topic(
                        name: "\(topic) on \(slot)",
                        socket: number,
                        heard: clock.monotonicStart &+ (heard &- clock.start.nanoseconds)
                    )
                )
            }
        }
        return topics
    }
}
