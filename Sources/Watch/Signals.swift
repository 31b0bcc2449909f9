import Market

/// From readings to what is wrong: what must be remembered from one reading to the next, and the thresholds.
struct Signals: Sendable {
    private static let second: Int64 = 1_000_000_000
    private static let day: Int64 = 86_400 * second

    var settings: AlertSettings
    /// What was told by ``AlertJudge/tell(_:problem:)``.
    var problems: [AlertName: String] = [:]
    /// Since when each book cannot be believed; sorted as in the reading.
    private var invalid: [(instrument: InstrumentID, since: Int64)] = []
    private var storms: [Storm] = []
    private var topics = TopicSilence()
    /// The record that was the last one at ``markedAt``, while it is not written.
    private var mark: Int64 = 0
    private var markedAt: Int64 = 0

    /// Reconnects of one socket.
    private struct Storm: Sendable {
        var socket: String
        var seen: Int64
        /// When each was seen, within the window.
        var times: [Int64] = []
    }

    init(_ settings: AlertSettings) { self.settings = settings }

    // MARK: - Memory

    mutating func take(_ reading: Reading, at now: Int64) {
        var still: [(instrument: InstrumentID, since: Int64)] = []
        still.reserveCapacity(reading.booksInvalid.count)
        var place = 0
        // Both are sorted: one walk.
        for instrument in reading.booksInvalid {
            while place < invalid.count, invalid[place].instrument < instrument { place += 1 }
            let isKnown = place < invalid.count && invalid[place].instrument == instrument
            still.append((instrument, isKnown ? invalid[place].since : now))
        }
        invalid = still
        for socket in reading.sockets { take(socket, at: now) }
        topics.take(reading, least: settings.silentAfter, at: now)
        if reading.journal.written >= mark {
            mark = reading.journal.appended
            markedAt = now
        }
    }

    private mutating func take(_ socket: Reading.Socket, at now: Int64) {
        guard let place = storms.firstIndex(where: { $0.socket == socket.name }) else {
            storms.append(Storm(socket: socket.name, seen: socket.reconnects))
            return
        }
        let more = max(0, socket.reconnects - storms[place].seen)
        storms[place].seen = socket.reconnects
        storms[place].times.removeAll { now - $0 >= settings.reconnectWindow }
        // More than twice the threshold says nothing more.
        let room = max(0, Int(2 * settings.reconnects) - storms[place].times.count)
        storms[place].times += Array(repeating: now, count: min(Int(more), room))
    }

    // MARK: - Thresholds

    mutating func signal(
        _ name: AlertName,
        _ reading: Reading,
        at now: Int64,
        wall: Timestamp
    ) -> Signal {
        switch name {
        case .streamSilent: silence(reading, now)
        case .bookInvalid: books(reading, now)
        case .reconnectStorm: storm()
        case .queueFilling: queue(reading.journal)
        case .diskFilling: disk(reading.machine)
        case .appendStalled: stall(reading, now)
        case .clockOffset: clock(reading)
        case .keyExpiring: key(reading, wall)
        case .rateQuota: quotas(reading)
        case .verifyFailed, .unprotected: told(name)
        case .shutOut: quiet(reading)
        }
    }

    /// Bad from the threshold up, good at most half of it.
    private func age(_ age: Int64, _ threshold: Int64, _ text: String) -> Signal {
        Signal(
            level: age >= threshold ? .bad : age <= threshold / 2 ? .good : .between,
            value: DecimalSeconds.text(age),
            threshold: DecimalSeconds.text(threshold),
            text: text
        )
    }

    private func silence(_ reading: Reading, _ now: Int64) -> Signal {
        var worst: (age: Int64, text: String) = (0, "every socket is heard")
        var silent = 0
        for socket in reading.sockets {
            let last = socket.isPublic ? socket.heard : socket.isReady ? now : socket.ready
            let age = max(0, now - last)
            if age >= settings.silentAfter { silent += 1 }
            guard age > worst.age else { continue }
            let words = DecimalSeconds.words(age)
            worst.age = age
            worst.text =
                socket.isPublic
                ? "no data on \(socket.name) for \(words) s"
                : "\(socket.name) has not been complete for \(words) s"
        }
        if silent > 1 { worst.text += ", and \(silent - 1) more sockets" }
        let sockets = age(worst.age, settings.silentAfter, worst.text)
        guard sockets.level != .bad, let topic = topics.worst else { return sockets }
        var words = "no data of \(topic.name) for \(DecimalSeconds.words(topic.age)) s"
        if topics.count > 1 { words += ", nor of \(topics.count - 1) more topics" }
        let signal = age(topic.age, topic.limit, words)
        if signal.level == .bad { return signal }
        // Neither is bad: what is not well of one is not well of both.
        return signal.level == .between ? signal : sockets
    }

    private func books(_ reading: Reading, _ now: Int64) -> Signal {
        guard let first = invalid.min(by: { $0.since < $1.since }) else {
            return age(0, settings.bookInvalidAfter, "every book can be believed")
        }
        let worst = now - first.since
        let all = reading.booksValid + reading.booksInvalid.count
        let text =
            "the book of \(first.instrument) cannot be believed for \(DecimalSeconds.words(worst)) s;"
            + " \(reading.booksInvalid.count) of \(all) books cannot now"
        return age(worst, settings.bookInvalidAfter, text)
    }

    private func storm() -> Signal {
        let worst = storms.max { $0.times.count < $1.times.count }
        let count = Int64(worst?.times.count ?? 0)
        let window = DecimalSeconds.words(settings.reconnectWindow)
        return Signal(
            level: count >= settings.reconnects
                ? .bad : count <= settings.reconnects / 2 ? .good : .between,
            value: String(count),
            threshold: String(settings.reconnects),
            text:
                "\(worst?.socket ?? "no socket") was connected again \(count) times within \(window) s"
        )
    }

    private func queue(_ journal: Reading.Journal) -> Signal {
        let percent = journal.queueBytes * 100 / max(1, journal.queueCapacity)
        return Signal(
            level: percent >= settings.queuePercent
                ? .bad : percent <= settings.queuePercent * 4 / 5 ? .good : .between,
            value: String(percent),
            threshold: String(settings.queuePercent),
            text: "\(percent) % of the queue to the disk is in use"
        )
    }

    private func disk(_ machine: Reading.Machine) -> Signal {
        let threshold = String(settings.diskDays)
        guard let left = machine.diskLeft else {
            return Signal(level: .between, threshold: threshold)
        }
        let bad = settings.diskDays * Signals.day
        let days = Signals.days(left)
        return Signal(
            level: left < bad ? .bad : left >= bad / 10 * 11 ? .good : .between,
            value: days,
            threshold: threshold,
            text: "the disk is full in \(days) days at the rate of the last hour"
        )
    }

    private func stall(_ reading: Reading, _ now: Int64) -> Signal {
        let waits = reading.journal.written >= mark ? 0 : now - markedAt
        let ages = [
            (max(0, now - reading.turned), "the event loop has not turned for"),
            (max(0, now - reading.lastAppend), "nothing was appended for"),
            (waits, "a record waits for the disk for"),
        ]
        let worst = ages.reduce(ages[0]) { $1.0 > $0.0 ? $1 : $0 }
        var signal = age(
            worst.0,
            settings.stalledAfter,
            "\(worst.1) \(DecimalSeconds.words(worst.0)) s"
        )
        if reading.journal.isLosing {
            signal.level = .bad
            signal.text = "what passes for bots finds no room in the journal and is not recorded"
        }
        if reading.journal.isFailed {
            signal.level = .bad
            signal.text = "the journal failed: nothing more is recorded"
        }
        return signal
    }

    /// Judged without what the measurement may be wrong by.
    private func clock(_ reading: Reading) -> Signal {
        let threshold = DecimalSeconds.text(settings.clockOffset)
        guard let offset = reading.clockOffset else {
            return Signal(level: .between, threshold: threshold)
        }
        let size = Int64(min(offset.magnitude, UInt64(Int64.max)))
        let sure = size - min(size, reading.clockUncertainty)
        let direction = offset < 0 ? "behind" : "ahead of"
        return Signal(
            level: sure > settings.clockOffset
                ? .bad : sure <= settings.clockOffset / 5 * 4 ? .good : .between,
            value: DecimalSeconds.text(offset),
            threshold: threshold,
            text: "the exchange's clock is \(size / 1_000_000) ms \(direction) ours"
        )
    }

    private func key(_ reading: Reading, _ wall: Timestamp) -> Signal {
        let threshold = String(settings.keyDays)
        guard let expires = reading.keyExpires else {
            return Signal(level: .between, threshold: threshold)
        }
        let (left, overflow) = expires.nanoseconds.subtractingReportingOverflow(wall.nanoseconds)
        guard !overflow else { return Signal(level: .between, threshold: threshold) }
        let isBad = left / Signals.day < settings.keyDays
        return Signal(
            level: isBad ? .bad : .good,
            value: Signals.days(left),
            threshold: threshold,
            text: left <= 0
                ? "the API key has expired" : "the API key expires in \(Signals.days(left)) days"
        )
    }

    private func quotas(_ reading: Reading) -> Signal {
        var worst = (percent: Int64(100), text: "every quota has room")
        for quota in reading.quotas where quota.limit > 0 {
            let left = Int64(max(0, min(quota.left, quota.limit)))
            // A quota of one or two is used up by any request.
            guard quota.limit >= 5 else { continue }
            let percent = left * 100 / Int64(quota.limit)
            guard percent < worst.percent else { continue }
            worst.percent = percent
            worst.text = "\(left) of \(quota.limit) requests were left for \(quota.group)"
        }
        return Signal(
            level: worst.percent < settings.quotaPercent
                ? .bad : worst.percent >= settings.quotaPercent * 3 / 2 ? .good : .between,
            value: String(worst.percent),
            threshold: String(settings.quotaPercent),
            text: worst.text
        )
    }

    private func quiet(_ reading: Reading) -> Signal {
        let left = reading.quietLeft
        return Signal(
            level: left > 0 ? .bad : .good,
            value: DecimalSeconds.text(left),
            threshold: "0",
            text: left > 0
                ? "the exchange answered 403: nothing is sent for \(DecimalSeconds.words(left)) s more, and"
                    + " cancels cannot leave"
                : "the exchange may be asked again"
        )
    }

    private func told(_ name: AlertName) -> Signal {
        let problem = problems[name]
        return Signal(
            level: problem == nil ? .good : .bad,
            value: problem == nil ? "0" : "1",
            threshold: "1",
            text: problem ?? "nothing is wrong any more"
        )
    }

    /// Rounded down to tenths.
    private static func days(_ nanoseconds: Int64) -> String {
        let tenths = nanoseconds / (day / 10)
        let sign = tenths < 0 ? "-" : ""
        return "\(sign)\(tenths.magnitude / 10).\(tenths.magnitude % 10)"
    }
}
