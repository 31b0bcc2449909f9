import JSON
import Journal
import Market

/// What a recording holds of a bot: its sockets and its requests, in order; what came to it stays on disk.
struct RecordedSession {
    /// One life of one socket of the bot.
    struct Socket {
        /// `public/linear`, `private/k9f86d081@2`: as `link` records say it.
        var name: String
        var path: SocketPath
        var opened: SequenceNumber
    }

    struct Request {
        var request: ClientRequest
        /// The record that says it.
        var sequence: SequenceNumber
        /// The last record before it left: what stands behind may be an effect of it.
        var after: SequenceNumber
        /// When the bot made it, by its own clock where that is known: what came later it had not seen.
        var moment: Timestamp
        /// Place among ``RecordedSession/sockets``; `nil` for REST.
        var socket: Int?
        /// `--ignore` names it: neither waited for nor compared.
        var isIgnored = false
    }

    private(set) var sockets: [Socket] = []
    /// By ``Request/after``.
    private(set) var requests: [Request] = []
    /// REST exchanges that are no bot's: what a session of ours asked.
    private(set) var questions: [Request] = []
    /// Topics that have records, for recordings without a bot.
    private(set) var topics: Set<String> = []
    private(set) var first = Timestamp.zero
    private(set) var last = Timestamp.zero
    private(set) var lastSequence = SequenceNumber.none
    /// The bot had left before the recording ended, so that nothing more was to come from it.
    private(set) var botLeft = false

    /// Somebody's bot passed a proxy here.
    var hasBot: Bool { !requests.isEmpty || !sockets.isEmpty }

    private var current: [String: Int] = [:]

    /// Reads all of it once; memory grows with the bot's own requests alone.
    ///
    /// - Parameter ignored: says of a request's name whether it is left out.
    init(
        _ recording: Recording,
        ignoring ignored: (String) -> Bool
    ) throws(JournalError) {
        let cursor = try recording.cursor()
        var isFirst = true
        while let record = try cursor.next() {
            if isFirst { first = record.time }
            isFirst = false
            last = max(last, record.time)
            lastSequence = record.sequence
            switch cursor.name(of: record.stream).kind {
            case .link: note(link: record)
            case .sent(let rest): note(sent: record, rest, ignored)
            case .rest(_, let method, let path): note(exchange: record, method, path, ignored)
            case .publicTopic(_, let topic), .privateTopic(_, let topic): topics.insert(topic)
            default: continue
            }
        }
        requests = requests.enumerated().sorted {
            ($0.element.after, $0.offset) < ($1.element.after, $1.offset)
        }.map(\.element)
        botLeft = hasBot && current.isEmpty && !sockets.isEmpty
    }

    private mutating func note(link record: Record) {
        guard let link = RecordedLink(record.payload), link.isBot else { return }
        switch link.change {
        case "connected":
            guard let path = link.path else { return }
            current[link.socket] = sockets.count
            sockets.append(Socket(name: link.socket, path: path, opened: record.sequence))
        case "disconnected": current[link.socket] = nil
        default: return
        }
    }

    private mutating func note(sent record: Record, _ rest: String, _ ignored: (String) -> Bool) {
        guard let socket = current[rest], let request = ClientRequest(frame: record.payload) else {
            return
        }
        requests.append(
            Request(
                request: request,
                sequence: record.sequence,
                after: SequenceNumber(record.sequence.value - 1),
                moment: record.time,
                socket: socket,
                isIgnored: ignored(request.name)
            )
        )
    }

    private mutating func note(
        exchange record: Record,
        _ method: String,
        _ path: String,
        _ ignored: (String) -> Bool
    ) {
        guard let exchange = RecordedExchange(record.payload) else { return }
        let request = ClientRequest(
            method: exchange.method,
            path: exchange.path,
            query: exchange.query,
            body: exchange.request
        )
        let item = Request(
            request: request,
            sequence: record.sequence,
            after: exchange.after,
            moment: exchange.moment,
            socket: nil,
            isIgnored: ignored(request.name)
        )
        if exchange.isBot { requests.append(item) } else { questions.append(item) }
    }
}

/// A record of `link/…`, as far as serving needs it.
struct RecordedLink {
    var change = ""
    var socket = ""
    var reason = ""
    var isBot = false

    init?(_ payload: UnsafeRawBufferPointer) {
        do throws(JSONError) {
            try JSONParser().parse(Array(payload)) { root throws(JSONError) in
                change = try root.string("change")
                socket = try root.string("socket")
                reason = root["reason"]?.string ?? ""
                isBot = root["by"]?.string == "bot"
            }
        } catch {
            return nil
        }
    }

    /// The URL's path; the account and the slot are names of ours.
    var path: SocketPath? {
        let words = StreamName(socket).base.split(separator: "/")
        switch words.first {
        case "public" where words.count == 2: return SocketPath(path: "/v5/public/\(words[1])")
        case "private": return .privateData
        case "trade": return .trade
        default: return nil
        }
    }

    /// The exchange ended it, or the line to it broke: the bot did not.
    var isByExchange: Bool {
        reason.hasPrefix("closed by the exchange") || reason.hasPrefix("the exchange")
    }
}

/// A record of `rest/…`: its line, and both bodies as they were.
struct RecordedExchange {
    var method = ""
    var path = ""
    var query = ""
    var status = 0
    var isAnswered = false
    var isBot = false
    var after = SequenceNumber.none
    var moment = Timestamp.zero
    var headers: [(name: String, value: String)] = []
    var request: [UInt8] = []
    var reply: [UInt8] = []

    init?(_ payload: UnsafeRawBufferPointer) {
        guard let end = payload.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        var lengths = (request: 0, reply: 0)
        do throws(JSONError) {
            try JSONParser().parse(Array(payload[..<end])) { root throws(JSONError) in
                method = try root.string("method")
                path = try root.string("path")
                query = try root.string("query")
                status = Int(try root.int64("status"))
                isAnswered = try root.string("outcome") == "answered"
                isBot = root["by"]?.string == "bot"
                after = SequenceNumber(root["after"]?.uint64 ?? 0)
                let sent = try root.timestamp("sent")
                moment = sent
                // The bot's own clock, when it signed: what came later had no part in it.
                if let word = root["timestamp"]?.string, let stamp = Int64(word),
                    let signed = Timestamp(milliseconds: stamp),
                    (0...1_000_000_000).contains(sent.nanoseconds - signed.nanoseconds)
                {
                    moment = signed
                }
                for (name, key) in [
                    ("X-Bapi-Limit", "limit"), ("X-Bapi-Limit-Status", "limit_status"),
                    ("X-Bapi-Limit-Reset-Timestamp", "limit_reset"),
                ] {
                    if let value = root[key]?.string, !value.isEmpty {
                        headers.append((name, value))
                    }
                }
                lengths = (Int(try root.int64("request")), Int(try root.int64("response")))
            }
        } catch {
            return nil
        }
        let body = payload[(end + 1)...]
        guard lengths.request >= 0, lengths.reply >= 0,
            lengths.request + lengths.reply == body.count
        else { return nil }
        request = Array(body.prefix(lengths.request))
        reply = Array(body.suffix(lengths.reply))
    }
}
