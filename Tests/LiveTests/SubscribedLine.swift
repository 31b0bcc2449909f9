import Bybit
import Market

@testable import Gateway

/// One connection: the session's state machine, and at the other end an exchange that judges each request.
///
/// Times are Unix milliseconds. Answers take a tenth of a second to three seconds.
struct SubscribedLine {
    let category: Market.Category
    var state: ConnectionState
    /// Topics that the exchange has of it.
    private(set) var has: Set<String> = []
    private var characters = 2
    /// Where the exchange's limits were passed, or a topic was asked for twice.
    private(set) var problems: [String] = []
    private(set) var requests = 0
    private var answers: [(due: Int64, frame: ControlFrame)] = []
    private var wakeAt: Int64?
    private var chance: UInt64

    init(_ category: Market.Category) {
        self.category = category
        var settings = ConnectionState.Settings(.publicData(category))
        // Hours pass in which nothing is said here: pings are not what is tried.
        settings.heartbeat = .max / 4
        settings.quiet = .max / 4
        settings.stale = .max / 4
        state = ConnectionState(settings: settings)
        chance = UInt64(category.rawValue) + 7
    }

    /// When something happens by itself.
    var next: Int64? {
        let answer = answers.map(\.due).min()
        guard let wakeAt else { return answer }
        return min(wakeAt, answer ?? wakeAt)
    }

    private func nanoseconds(_ milliseconds: Int64) -> Int64 { milliseconds * 1_000_000 }

    mutating func start(_ now: Int64) {
        perform(state.start(now: nanoseconds(now)), now)
        perform(state.opened(now: nanoseconds(now)), now)
    }

    mutating func want(_ topics: [String], _ now: Int64, _ bits: UInt64) {
        chance ^= bits
        perform(state.want(topics, now: nanoseconds(now)), now)
    }

    mutating func lose(_ now: Int64, _ bits: UInt64) {
        forget()
        perform(state.closed(reason: "reset", now: nanoseconds(now), chance: bits), now)
    }

    private mutating func forget() {
        has.removeAll()
        characters = 2
        answers.removeAll()
    }

    mutating func run(to now: Int64, _ bits: UInt64) {
        while let place = answers.indices.filter({ answers[$0].due <= now }).min() {
            let frame = answers.remove(at: place).frame
            perform(state.received(frame, now: nanoseconds(now), chance: bits), now)
        }
        if let wakeAt, wakeAt <= now {
            perform(state.wake(now: nanoseconds(now), chance: bits), now)
        }
    }

    private mutating func perform(_ actions: [ConnectionState.Action], _ now: Int64) {
        for action in actions {
            switch action {
            case .connect:
                forget()
                // At once: the wait was before.
                if state.connections > 0 { perform(state.opened(now: nanoseconds(now)), now) }
            case .send(.subscribe(let topics), let id): subscribe(topics, id, now)
            case .send(.unsubscribe(let topics), let id): unsubscribe(topics, id, now)
            case .report(.failed, let reason): problems.append(reason)
            case .close: forget()
            case .send, .authenticate, .report: break
            }
        }
        // Rounded up: a deadline that is met early is none.
        wakeAt = state.deadline.map { ($0 + 999_999) / 1_000_000 }
        if let due = wakeAt, due > now + 86_400_000 { wakeAt = nil }
    }

    private mutating func subscribe(_ topics: [String], _ id: String, _ now: Int64) {
        requests += 1
        let most = BybitLimits.topicsPerRequest(.publicData(category))
        if topics.count > most { problems.append("\(topics.count) topics in one request") }
        for topic in topics {
            if !has.insert(topic).inserted { problems.append("\(topic) is subscribed already") }
            characters += topic.utf8.count + 3
        }
        if characters > 21_000 { problems.append("\(characters) characters on \(category)") }
        if category == .option, has.count > 2_000 { problems.append("\(has.count) option topics") }
        answer("subscribe", topics, id, now)
    }

    private mutating func unsubscribe(_ topics: [String], _ id: String, _ now: Int64) {
        requests += 1
        for topic in topics {
            if has.remove(topic) == nil { problems.append("\(topic) was not subscribed") }
            characters -= topic.utf8.count + 3
        }
        answer("unsubscribe", topics, id, now)
    }

    private mutating func answer(
        _ operation: String,
        _ topics: [String],
        _ id: String,
        _ now: Int64
    ) {
        chance = Mix.spread(chance)
        var answer = ControlFrame.Answer()
        answer.isSuccess = true
        if category == .option {
            // `COMMAND_RESP` has neither an operation nor an id.
            answer.succeeded = topics
        } else {
            answer.operation = operation
            answer.requestID = id
        }
        // In the order of the requests.
        let last = answers.last?.due ?? 0
        answers.append((max(last, now + 100 + Int64(chance % 2_900)), .answer(answer)))
    }
}
