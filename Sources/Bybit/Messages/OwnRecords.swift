import JSON
import Market

/// Records that are ours: links, timers, the operator.
enum OwnRecords {
    /// Whose a request or a socket is that passes the proxy; without it, it is the session's own.
    static let bot = "bot"

    /// `{"change":"connected","socket":"public/linear","reason":"","count":0}`.
    static func readLink(_ root: JSONValue, _ event: inout Event, _ findings: inout Findings) {
        event.link = LinkEvent()
        event.kind = .malformed
        guard let change = Fields.text("change", in: root, &findings),
            let socket = Fields.text("socket", in: root, &findings)
        else { return }
        guard let known = LinkEvent.Change(rawValue: change) else {
            findings.add("change", .unexpected(change))
            return
        }
        event.kind = .link
        event.link.change = known
        event.link.socket = socket
        event.link.reason = Fields.optionalText("reason", in: root, &findings)
        event.link.count = Fields.integer("count", in: root, .optional, &findings) ?? 0
        event.link.isCarried = root["by"]?.string == bot
        guard known == .rules else { return }
        for (field, isAdded) in [("removed", false), ("added", true)] {
            let topics = root[field]?.string ?? ""
            for topic in topics.split(separator: " ") {
                guard let change = feed(String(topic), of: socket, isAdded: isAdded) else {
                    continue
                }
                event.link.feeds.append(change)
            }
        }
    }

    /// `nil` for topics of which the desk keeps no state.
    private static func feed(_ topic: String, of socket: String, isAdded: Bool) -> FeedChange? {
        let route = StreamRoute(StreamName(socket + "/" + topic))
        let instrument = InstrumentID(route.category, route.symbol)
        guard !route.symbol.isNone else { return nil }
        switch route.subject {
        case .book(let depth):
            return FeedChange(
                instrument: instrument,
                feed: route.isImprovementBook ? .improvementBook : .book(depth: depth),
                isAdded: isAdded
            )
        case .ticker:
            return FeedChange(instrument: instrument, feed: .ticker, isAdded: isAdded)
        default: return nil
        }
    }

    /// `{"strategy":"maker","name":"requote","due":"<nanoseconds>"}`.
    static func readTimer(_ root: JSONValue, _ event: inout Event, _ findings: inout Findings) {
        event.timer = TimerEvent()
        event.kind = .malformed
        guard let strategy = Fields.text("strategy", in: root, &findings),
            let name = Fields.text("name", in: root, &findings)
        else { return }
        guard let due = root["due"] else { return findings.missing("due", in: root) }
        guard due.isString, let nanoseconds = JSONNumber.int64(due.raw) else {
            return findings.add(due, .wrongType)
        }
        event.kind = .timer
        event.timer.strategy = strategy
        event.timer.name = name
        event.timer.due = Timestamp(nanoseconds: nanoseconds)
    }

    /// `{"verb":"mark","reason":"…","uid":1000,"arguments":{"text":"…"}}`.
    static func readOperator(_ root: JSONValue, _ event: inout Event, _ findings: inout Findings) {
        event.operatorRequest = OperatorRequest()
        event.kind = .malformed
        guard let verb = Fields.text("verb", in: root, &findings) else { return }
        event.kind = .operatorRequest
        event.operatorRequest.verb = verb
        event.operatorRequest.reason = Fields.optionalText("reason", in: root, &findings)
        event.operatorRequest.uid = Fields.integer("uid", in: root, .optional, &findings)
        guard let arguments = root["arguments"], !arguments.isNull else { return }
        guard arguments.isObject else { return findings.add(arguments, .wrongType) }
        for argument in arguments.elements {
            guard let value = argument.string else {
                findings.add(argument, .wrongType)
                continue
            }
            event.operatorRequest.arguments.append(.init(argument.key, value))
        }
    }
}
