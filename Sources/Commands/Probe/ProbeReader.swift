import Bybit
import JSON
import Journal
import Market

/// What a recording has of each topic and endpoint, held against what is expected.
struct ProbeReader {
    struct Row {
        var name: String
        var messages = 0
        /// Read without any finding.
        var decoded = 0
        var audit = MessageAudit()
    }

    /// `linear orderbook.50`, `private order`, `GET /v5/market/tickers`, `linear answers`; in the order of coming.
    private(set) var rows: [Row] = []
    private(set) var facts = ProbeFacts()
    private var places: [String: Int] = [:]
    private var sequences: [String: BookSequence] = [:]
    /// Questions without an answer so far, by row and query, and what became of them.
    private var unanswered: [String: String] = [:]
    private let parser = JSONParser()
    private let decoder = MessageDecoder()
    private var event = Event()

    private struct BookSequence {
        var update: Int64 = 0
        var cross: Int64 = 0
        var time: Int64 = 0
    }

    /// A time of the exchange's further from the record's own is in another unit, or another thing: an hour.
    private static let longest: Int64 = 3_600_000

    /// - Parameters:
    ///   - isPast: says where to stop.
    ///   - takes: which streams are looked at.
    init(
        _ recording: Recording,
        from start: CursorStart = .beginning,
        isPast: (SequenceNumber, Timestamp) -> Bool = { _, _ in false },
        takes: (StreamName) -> Bool = { _ in true }
    ) throws(JournalError) {
        let cursor = try recording.cursor(from: start)
        while let record = try cursor.next(), !isPast(record.sequence, record.time) {
            guard takes(cursor.name(of: record.stream)) else { continue }
            take(record, cursor.name(of: record.stream))
        }
        for (question, words) in unanswered.sorted(by: { $0.key < $1.key }) {
            let row = question.split(separator: " ").prefix(2).joined(separator: " ")
            rows[place(row)].audit.note(.refused("no answer: \(words)"))
        }
    }

    /// What was asked for and never came.
    mutating func expect(_ name: String, mustSpeak: Bool) {
        let place = self.place(name)
        guard rows[place].messages == 0, mustSpeak else { return }
        rows[place].audit.note(.absent("nothing came"))
    }

    private mutating func place(_ name: String) -> Int {
        if let place = places[name] { return place }
        places[name] = rows.count
        rows.append(Row(name: name))
        return rows.count - 1
    }

    /// `orderbook.50.BTCUSDT` as `orderbook.50`: a topic without its symbol.
    static func head(_ topic: String) -> String {
        let parts = topic.split(separator: ".").map(String.init)
        let byCoin = ["insurance", "adlAlert", "system"]
        guard parts.count > 1, let first = parts.first, !byCoin.contains(first) else {
            return topic
        }
        return parts.dropLast().joined(separator: ".")
    }

    // MARK: - Records

    private mutating func take(_ record: Record, _ name: StreamName) {
        switch name.kind {
        case .publicTopic(let category, let topic):
            push("\(category.name) \(ProbeReader.head(topic))", name, record, topic)
        case .privateTopic(_, let topic): push("private \(topic)", name, record, topic)
        case .publicOther(let category):
            answer("\(category.name) answers", .publicData(category), name, record)
        case .privateOther(let account):
            answer("private answers", .privateData(account: account), name, record)
        case .trade(let account): answer("trade answers", .trade(account: account), name, record)
        case .sent(let socket):
            guard let root = try? parser.root(record.payload) else { return }
            facts.sent(socket, root)
            guard root["op"]?.string == "subscribe" else { return }
            // What comes from here on need not follow what came before.
            for topic in root["args"]?.elements.compactMap(\.string) ?? [] {
                sequences["\(socket)/\(topic)"] = nil
            }
        case .rest(_, let method, let path): reply("\(method) \(path)", path, name, record)
        default: break
        }
    }

    /// Decodes as the core does; true when nothing was found.
    private mutating func isDecoded(_ name: StreamName, _ record: Record) -> Bool {
        decoder.decode(name, record.payload, into: &event)
        return event.findings.isEmpty && event.kind != .malformed && event.kind != .unknown
    }

    private mutating func push(
        _ row: String,
        _ name: StreamName,
        _ record: Record,
        _ topic: String
    ) {
        let place = self.place(row)
        rows[place].messages += 1
        if isDecoded(name, record) { rows[place].decoded += 1 }
        var audit = rows[place].audit
        do throws(JSONError) {
            let root = try parser.root(record.payload)
            if let kind = MessageKind.push(name, root) { audit.compare(root, kind: kind) }
            time(root, record, &audit)
            if topic.hasPrefix("orderbook.") { book(root, name.text, topic, &audit) }
            facts.push(topic, root, name)
        } catch {
            audit.note(.otherType("the message", expected: "JSON", seen: "\(error)"))
        }
        rows[place].audit = audit
    }

    private mutating func answer(
        _ row: String,
        _ socket: SocketName,
        _ name: StreamName,
        _ record: Record
    ) {
        let place = self.place(row)
        rows[place].messages += 1
        if isDecoded(name, record) { rows[place].decoded += 1 }
        var audit = rows[place].audit
        do throws(JSONError) {
            let root = try parser.root(record.payload)
            answer(socket, root, &audit)
        } catch {
            audit.note(.otherType("the message", expected: "JSON", seen: "\(error)"))
        }
        rows[place].audit = audit
    }

    private mutating func answer(
        _ socket: SocketName,
        _ root: JSONValue,
        _ audit: inout MessageAudit
    ) {
        guard let kind = MessageKind.answer(socket, root) else {
            return audit.note(.unknownKind("an answer without `op`"))
        }
        audit.compare(root, kind: kind)
        let failed = root["data"]?["failTopics"]?.elements.compactMap(\.string) ?? []
        facts.answer(socket, root)
        // One subscription is wrong on purpose: the exchange's words for it are an open point.
        if facts.isProvoked(root, failed) { return }
        if root["success"]?.bool == false {
            audit.note(.refused(root["ret_msg"]?.string ?? "without a word"))
        }
        for topic in failed { audit.note(.refused(topic)) }
    }

    private mutating func reply(
        _ row: String,
        _ path: String,
        _ name: StreamName,
        _ record: Record
    ) {
        let place = self.place(row)
        let isDecoded = self.isDecoded(name, record)
        let reply = event.reply
        let question = "\(row) \(reply.query)"
        guard event.kind == .reply, reply.outcome == .answered else {
            // A question is asked again; only one that never gets an answer is a difference.
            unanswered[question] = "\(reply.outcome.rawValue) \(reply.message)"
            return
        }
        unanswered[question] = nil
        rows[place].messages += 1
        if isDecoded { rows[place].decoded += 1 }
        let body = self.body(record.payload)
        var audit = rows[place].audit
        do throws(JSONError) {
            let root = try parser.root(body)
            if reply.isSuccess {
                audit.compare(root, kind: MessageKind.reply(path, query: reply.query, root))
                time(root, record, &audit)
                facts.reply(path, reply.query, root)
            } else if !facts.isAllowed(path, reply) {
                audit.note(.refused("\(reply.code) \(reply.message)"))
            }
        } catch {
            audit.note(
                .otherType(
                    "the answer",
                    expected: "JSON",
                    seen: "HTTP \(reply.httpStatus): \(error)"
                )
            )
        }
        rows[place].audit = audit
    }

    /// The answer's body: what stands behind the line and the request's body.
    private func body(_ payload: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard let end = payload.firstIndex(of: 0x0a) else { return payload }
        let line = UnsafeRawBufferPointer(rebasing: payload[..<end])
        guard let root = try? parser.root(line), let request = root["request"]?.int,
            let response = root["response"]?.int, request >= 0, response >= 0,
            request <= payload.count, response <= payload.count,
            end + 1 + request + response <= payload.count
        else { return payload }
        let start = end + 1 + request
        return UnsafeRawBufferPointer(rebasing: payload[start..<(start + response)])
    }

    // MARK: - Numbers that must go on

    private func time(_ root: JSONValue, _ record: Record, _ audit: inout MessageAudit) {
        for name in ["ts", "cts", "creationTime", "time"] {
            guard let value = root[name], value.isNumber, let time = value.int64 else { continue }
            let distance = time - record.time.milliseconds
            guard distance.magnitude > UInt64(ProbeReader.longest) else { continue }
            audit.note(.sequence("\(name) is no time of now in milliseconds"))
        }
    }

    private mutating func book(
        _ root: JSONValue,
        _ stream: String,
        _ topic: String,
        _ audit: inout MessageAudit
    ) {
        guard let data = root["data"], let update = data["u"]?.int64 else { return }
        let cross = data["seq"]?.int64 ?? 0
        let isSnapshot = root["type"]?.string == "snapshot" || update == 1
        defer {
            sequences[stream] = BookSequence(
                update: update,
                cross: cross,
                time: root["ts"]?.int64 ?? 0
            )
        }
        guard let last = sequences[stream] else { return }
        if cross < last.cross, !isSnapshot { audit.note(.sequence("seq goes back")) }
        guard !isSnapshot else { return }
        facts.delta(topic, isNext: update == last.update + 1)
        if update > last.update + 1 { audit.note(.sequence("u leaves numbers out")) }
        if update <= last.update { audit.note(.sequence("u does not rise")) }
    }
}
