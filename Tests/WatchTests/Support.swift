import Market
import Testing

@testable import Watch

let second: Int64 = 1_000_000_000
let day: Int64 = 86_400 * second

/// A session that is well, and a judge who looks at it each second of a clock that the test moves on.
final class Patient {
    var reading = Reading()
    var now: Int64 = 1_000 * second
    private(set) var judge: AlertJudge
    private(set) var news: [Alert] = []
    /// Keeps what has to go on by itself going on: the loop turns, data comes, records are written.
    var isAlive = true

    static let start: Int64 = 1_767_225_600_000_000_000

    init(_ settings: AlertSettings = AlertSettings()) {
        judge = AlertJudge(settings)
        var linear = Reading.Socket(name: "public/linear", isPublic: true)
        linear.isReady = true
        var account = Reading.Socket(name: "private/main", isPublic: false)
        account.isReady = true
        reading.sockets = [linear, account]
        reading.booksValid = 2
        reading.journal.queueCapacity = 1_000
        reading.clockOffset = 3_000_000
        reading.quotas = [Reading.Quota(group: "/v5/order/create", limit: 10, left: 9)]
    }

    var wall: Timestamp { Timestamp(nanoseconds: Patient.start + now) }

    /// Lets seconds pass; what was said in them.
    @discardableResult
    func pass(
        _ seconds: Int,
        _ each: (inout Reading, Int64) -> Void = { _, _ in }
    ) -> [Alert] {
        let before = news.count
        for _ in 0..<seconds {
            now += second
            if isAlive {
                reading.turned = now
                reading.lastAppend = now
                reading.sockets[0].heard = now
                reading.sockets[1].ready = now
                reading.journal.appended += 10
                reading.journal.written = reading.journal.appended
            }
            each(&reading, now)
            news += judge.look(reading, at: now, wall: wall)
        }
        return Array(news[before...])
    }

    func change(_ settings: AlertSettings) -> [Alert] { judge.change(settings, wall: wall) }

    func tell(_ name: AlertName, _ problem: String?) { judge.tell(name, problem: problem) }

    /// The one alert that began; nothing else was said.
    func began(
        _ alerts: [Alert],
        _ name: AlertName,
        _ location: SourceLocation = #_sourceLocation
    ) throws -> Alert {
        let alert = try #require(alerts.first, "nothing began", sourceLocation: location)
        #expect(alerts.count == 1, "\(alerts)", sourceLocation: location)
        #expect(alert.name == name && alert.state == .firing, sourceLocation: location)
        #expect(alert.time <= wall && alert.since <= alert.time, sourceLocation: location)
        #expect(!alert.text.isEmpty && !alert.value.isEmpty, sourceLocation: location)
        #expect(judge.reasons.map(\.name) == [name], sourceLocation: location)
        return alert
    }

    func ended(
        _ alerts: [Alert],
        _ first: Alert,
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        let alert = try #require(alerts.first, "nothing ended", sourceLocation: location)
        #expect(alerts.count == 1, "\(alerts)", sourceLocation: location)
        #expect(alert.name == first.name && alert.state == .resolved, sourceLocation: location)
        #expect(alert.since == first.since && alert.time > first.time, sourceLocation: location)
        #expect(alert.text.hasPrefix("over after "), sourceLocation: location)
        #expect(judge.reasons.isEmpty, sourceLocation: location)
    }
}
