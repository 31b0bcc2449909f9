public import Market

/// Whether something is wrong with a session: readings in, alerts that begin and end out.
///
/// Pure: time comes in as a value. Each alert has a second, easier threshold that it must stay within for a while before
/// it ends. `/health` tells ``reasons``, which are the alerts that last.
public struct AlertJudge: Sendable {
    private struct Seat: Sendable {
        let name: AlertName
        var hysteresis: Hysteresis
        var begun: Int64 = 0
        /// The alert as it was last seen, while it lasts.
        var alert: Alert?
    }

    public private(set) var settings: AlertSettings
    private var seats: [Seat]
    private var signals: Signals

    public init(_ settings: AlertSettings) {
        self.settings = settings
        signals = Signals(settings)
        seats = AlertName.allCases.filter { !settings.off.contains($0) }.map {
            Seat(name: $0, hysteresis: AlertJudge.hysteresis($0))
        }
    }

    /// Judges by other thresholds from the next look on; what lasts goes on, and what is switched off ends.
    ///
    /// - Returns: the alerts that end by it.
    public mutating func change(_ next: AlertSettings, wall: Timestamp) -> [Alert] {
        var news: [Alert] = []
        for seat in seats where next.off.contains(seat.name) {
            guard var alert = seat.alert else { continue }
            alert.state = .resolved
            alert.time = wall
            alert.text = "not looked at any more: it was switched off"
            news.append(alert)
        }
        settings = next
        signals.settings = next
        seats = AlertName.allCases.filter { !next.off.contains($0) }.map { name in
            seats.first { $0.name == name }
                ?? Seat(name: name, hysteresis: AlertJudge.hysteresis(name))
        }
        return news
    }

    private static let second: Int64 = 1_000_000_000

    private static func hysteresis(_ name: AlertName) -> Hysteresis {
        switch name {
        case .streamSilent, .bookInvalid: Hysteresis(endsAfter: 5 * second)
        case .reconnectStorm, .queueFilling: Hysteresis(endsAfter: 10 * second)
        case .diskFilling: Hysteresis(endsAfter: 60 * second)
        // A process that was stopped and goes on has not turned yet when it is first looked at.
        case .appendStalled: Hysteresis(beginsAfter: second / 2, endsAfter: 5 * second)
        case .clockOffset: Hysteresis(endsAfter: 10 * second)
        // A burst uses a quota up and it is whole again in ten seconds.
        case .rateQuota: Hysteresis(beginsAfter: 15 * second, endsAfter: 20 * second)
        case .keyExpiring, .verifyFailed, .shutOut, .unprotected: Hysteresis(endsAfter: 0)
        }
    }

    /// Something that is not in a reading: `nil` when it is over.
    ///
    /// Told at the next ``look(_:at:wall:)``.
    public mutating func tell(_ name: AlertName, problem: String?) {
        signals.problems[name] = problem
    }

    /// Takes in a reading; what begins or ends with it, in the order of ``AlertName``.
    ///
    /// - Parameters:
    ///   - now: monotonic nanoseconds, never below those of the call before.
    ///   - wall: the same moment.
    public mutating func look(_ reading: Reading, at now: Int64, wall: Timestamp) -> [Alert] {
        signals.take(reading, at: now)
        var news: [Alert] = []
        for place in seats.indices {
            let name = seats[place].name
            let signal = signals.signal(name, reading, at: now, wall: wall)
            let began = seats[place].hysteresis.since ?? now
            let change = seats[place].hysteresis.look(signal.level, at: now)
            var alert = Alert(
                name: name,
                state: .firing,
                since: wall.advanced(nanoseconds: began - now),
                time: wall,
                value: signal.value,
                threshold: signal.threshold,
                text: signal.text
            )
            switch change {
            case .began:
                seats[place].begun += 1
                seats[place].alert = alert
                news.append(alert)
            case .ended:
                alert.state = .resolved
                alert.since = seats[place].alert?.since ?? alert.since
                alert.text = "over after \(DecimalSeconds.words(now - began)) s: \(signal.text)"
                seats[place].alert = nil
                news.append(alert)
            case nil:
                guard seats[place].hysteresis.isFiring, let first = seats[place].alert else {
                    break
                }
                // What lasts is told as it is now, since when it was so.
                alert.since = first.since
                alert.time = first.time
                if signal.level == .bad || first.text.isEmpty { seats[place].alert = alert }
            }
        }
        return news
    }

    /// Alerts that last.
    public var reasons: [Alert] { seats.compactMap(\.alert) }

    public var counts: [AlertCount] {
        seats.map {
            AlertCount(name: $0.name, isFiring: $0.hysteresis.isFiring, begun: $0.begun)
        }
    }

    /// The answer to `/health`; the status is 200 without reasons and 503 with any.
    public func health(_ identity: Identity, at wall: Timestamp) -> (isWell: Bool, body: [UInt8]) {
        let reasons = reasons
        var writer = JSONWriter()
        writer.object { json in
            json.field("schema", "tapedeck.health/1")
            json.field("status", reasons.isEmpty ? "well" : "unwell")
            json.field("time", wall.description)
            json.field("recording", identity.recording)
            json.field("run", identity.run)
            json.field(
                "reasons",
                array: { json in
                    for reason in reasons { json.object { reason.reason(&$0) } }
                }
            )
        }
        writer.newline()
        return (reasons.isEmpty, writer.bytes)
    }
}
