import JSON
import Journal
import Market

/// What the recordings of a row hold, from the first to the last: frames by connection and topic, and the gaps that
/// they name.
struct RecordedCounts {
    struct Connection {
        /// Such as `public/linear@2`.
        var socket: String
        /// The exchange's number of it, from its answers; `nil` before the first.
        var client: Int?
        var topics: [String: Int] = [:]
        /// Of `disconnected`; `nil` while it is up.
        var end: String?
    }

    private(set) var connections: [Connection] = []
    /// Frames that records say were not kept, by socket.
    private(set) var shed: [String: Int] = [:]
    private(set) var records = 0
    private(set) var recordings = 0
    private(set) var findings: [String: Int] = [:]
    private(set) var clockSteps = 0
    /// Records that tell of topics that came and went.
    private(set) var ruleChanges = 0
    private(set) var problems: [String] = []

    private enum Place {
        case data(socket: String, topic: String)
        case other(socket: String)
        case link
        case clock
        case finding
        case nothing
    }

    private var current: [String: Int] = [:]
    private var next: SequenceNumber?
    private let parser = JSONParser()

    init(_ paths: [String]) throws {
        for path in paths { try read(Recording.open(path)) }
    }

    private mutating func read(_ recording: Recording) throws {
        recordings += 1
        if !recording.damage.isEmpty { problems.append("\(recording.path) is damaged") }
        let cursor = try recording.cursor()
        var places: [StreamID: Place] = [:]
        while let record = try cursor.next() {
            records += 1
            if let next, record.sequence != next {
                problems.append("record \(record.sequence) stands where \(next) should")
            }
            next = SequenceNumber(record.sequence.value + 1)
            let place: Place
            if let known = places[record.stream] {
                place = known
            } else {
                place = RecordedCounts.place(cursor.name(of: record.stream))
                places[record.stream] = place
            }
            take(record, place)
        }
    }

    private static func place(_ name: StreamName) -> Place {
        let slot = name.slot == 1 ? "" : "@\(name.slot)"
        switch name.kind {
        case .publicTopic(let category, let topic):
            return .data(socket: "public/\(category.name)\(slot)", topic: topic)
        case .publicOther(let category): return .other(socket: "public/\(category.name)\(slot)")
        case .privateTopic(let account, let topic):
            return .data(socket: "private/\(account)\(slot)", topic: topic)
        case .privateOther(let account): return .other(socket: "private/\(account)\(slot)")
        case .link: return .link
        case .sessionClock: return .clock
        case .finding: return .finding
        default: return .nothing
        }
    }

    private mutating func take(_ record: Record, _ place: Place) {
        switch place {
        case .data(let socket, let topic):
            guard let connection = current[socket] else {
                problems.append("record \(record.sequence) came while \(socket) was not connected")
                return
            }
            connections[connection].topics[topic, default: 0] += 1
        case .other(let socket):
            guard let connection = current[socket], connections[connection].client == nil else {
                return
            }
            connections[connection].client = RecordedCounts.client(record.payload)
        case .link: link(record.payload)
        case .clock:
            let step = try? parser.read(record.payload) { $0["step"]?.string }
            if step != nil { clockSteps += 1 }
        case .finding:
            let kind = try? parser.read(record.payload) { $0["kind"]?.string }
            findings[kind.flatMap { $0 } ?? "-", default: 0] += 1
        case .nothing: break
        }
    }

    private mutating func link(_ payload: UnsafeRawBufferPointer) {
        let event = try? parser.read(payload) {
            (
                $0["change"]?.string ?? "", $0["socket"]?.string ?? "", $0["reason"]?.string ?? "",
                $0["count"]?.int64 ?? 0
            )
        }
        guard let (change, socket, reason, count) = event else { return }
        switch change {
        case "connected":
            current[socket] = connections.count
            connections.append(Connection(socket: socket))
        case "disconnected":
            guard let connection = current.removeValue(forKey: socket) else { return }
            connections[connection].end = reason
        case "shed": shed[socket, default: 0] += Int(count)
        case "rules": ruleChanges += 1
        default: break
        }
    }

    private static let mark = Array(#""conn_id":"c"#.utf8)

    /// From an answer's `conn_id`, `c12-linear`.
    private static func client(_ payload: UnsafeRawBufferPointer) -> Int? {
        let bytes = Array(payload)
        guard let start = bytes.firstRange(of: mark)?.upperBound else { return nil }
        return Int(String(decoding: bytes[start...].prefix { $0 != 0x2d }, as: UTF8.self))
    }
}
