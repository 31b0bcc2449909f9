import JSON
import Market
import NIOCore

/// What stands between the frames that are made for one socket and the socket: manners are done here.
///
/// Everything between two flushes is one batch; a push that was held back to let another pass goes out with its
/// batch at the latest.
final class FrameFilter {
    /// The alias of the account that the socket is logged in with.
    var account: () -> String = { "" }
    /// Asks for a snapshot of a topic's book, after the batch.
    var wantsSnapshot: (_ topic: String) -> Void = { _ in }
    var wantsRestart: (_ topic: String) -> Void = { _ in }
    /// Answers that a request of the trade socket shall not get, by `reqId`.
    var unanswered: [String: String] = [:]
    /// Who wants the node behind a trade socket to restart; it takes no request from then on.
    var restarting: String?
    /// The line is up and nothing comes any more.
    private(set) var isMute = false
    /// Pushes that were made for this socket.
    private(set) var pushes = 0
    /// The same by topic; counted only where the journal goes to a file, since it costs each push a look at its text.
    private(set) var pushesByTopic: [String: Int] = [:]

    private let manners: Manners
    private let now: () -> Timestamp
    private var held: (topic: String, frame: ByteBuffer, cause: String)?
    private var gaps: [String: (left: Int, cause: String)] = [:]
    private var snapshots: [String] = []
    private var restarts: [String] = []
    private var isLate = false
    private var late: [ByteBuffer] = []
    private let parser = JSONParser()

    init(manners: Manners, now: @escaping () -> Timestamp) {
        self.manners = manners
        self.now = now
    }

    // MARK: the way out

    func pass(_ frame: ByteBuffer, to client: Client) {
        guard !isMute else { return }
        // Nothing is wanted of anybody and nothing is under way: the usual case, once for each push and socket.
        if manners.isIdle, isClear {
            if FrameFilter.isPush(frame) {
                pushes += 1
                if manners.journal.hasFile, let payload = WebSocketFrames.payload(of: frame),
                    let topic = FrameFilter.topic(payload)
                {
                    pushesByTopic[topic, default: 0] += 1
                }
            }
            return client.append(frame)
        }
        guard let payload = WebSocketFrames.payload(of: frame),
            let topic = FrameFilter.topic(payload)
        else {
            guard !swallows(frame, client) else { return }
            return out(frame, client)
        }
        pushes += 1
        if manners.journal.hasFile { pushesByTopic[topic, default: 0] += 1 }
        if var gap = gaps[topic] {
            note(.gap, cause: gap.cause, frame, topic, client)
            gap.left -= 1
            gaps[topic] = gap.left > 0 ? gap : nil
            return
        }
        let kind = PushKind(topic: topic, isPrivate: client.path.isPrivate)
        let verdict = manners.push(
            kind,
            topic: topic,
            client: client.number,
            account: account(),
            path: client.path.text,
            number: pushes
        )
        guard let verdict else { return push(frame, topic, client) }
        carryOut(verdict, frame, topic, client)
    }

    private func carryOut(
        _ verdict: Manners.Verdict,
        _ frame: ByteBuffer,
        _ topic: String,
        _ client: Client
    ) {
        let cause = verdict.cause
        switch verdict.manner {
        case .gap:
            note(.gap, cause: cause, frame, topic, client)
            if verdict.decision.pushes > 1 { gaps[topic] = (verdict.decision.pushes - 1, cause) }
        case .duplicate:
            note(.duplicate, cause: cause, frame, topic, client)
            push(frame, topic, client)
            out(frame, client)
        case .reorder:
            if held == nil {
                held = (topic, WebSocketFrames.kept(frame), cause)
            } else {
                push(frame, topic, client)
            }
        case .snapshot:
            push(frame, topic, client)
            snapshots.append(topic)
            note(.snapshot, cause: cause, frame, topic, client)
        case .restart:
            push(frame, topic, client)
            restarts.append(topic)
            note(.restart, cause: cause, frame, topic, client)
        case .latency:
            note(.latency, cause: cause, frame, topic, client, verdict.decision.milliseconds)
            delay(verdict.decision.milliseconds, client)
            push(frame, topic, client)
        case .disconnect:
            note(.disconnect, cause: cause, frame, topic, client)
            client.disconnect()
        case .halfOpen:
            note(.halfOpen, cause: cause, frame, topic, client)
            mute()
        default:
            push(frame, topic, client)
        }
    }

    /// A push in its turn: one that was held back goes right after it, or before it when both are of one topic.
    private func push(_ frame: ByteBuffer, _ topic: String, _ client: Client) {
        guard let last = held else { return out(frame, client) }
        held = nil
        if last.topic == topic {
            out(last.frame, client)
            out(frame, client)
        } else {
            out(frame, client)
            note(.reorder, cause: last.cause, last.frame, last.topic, client, after: topic)
            out(last.frame, client)
        }
    }

    private var isClear: Bool { held == nil && gaps.isEmpty && !isLate && unanswered.isEmpty }

    private func out(_ frame: ByteBuffer, _ client: Client) {
        if isLate {
            late.append(WebSocketFrames.kept(frame))
        } else {
            client.append(frame)
        }
    }

    /// The end of a batch, before it is handed to the socket.
    func ended(_ client: Client) {
        if let last = held {
            held = nil
            out(last.frame, client)
        }
        guard !snapshots.isEmpty || !restarts.isEmpty else { return }
        let wishes = (snapshots, restarts)
        snapshots.removeAll()
        restarts.removeAll()
        // Not while the fan-out is still handing a batch to its sockets.
        client.next { [self] in
            for topic in wishes.1 { wantsRestart(topic) }
            for topic in wishes.0 { wantsSnapshot(topic) }
            client.flush()
        }
    }

    /// Frames from now on wait so long.
    private func delay(_ milliseconds: Int, _ client: Client) {
        guard !isLate, milliseconds > 0 else { return }
        isLate = true
        client.schedule(milliseconds) { [self] in
            isLate = false
            let frames = late
            late.removeAll()
            for frame in frames { client.append(frame) }
            client.flush()
        }
    }

    /// From here on nothing goes out, and what comes in is read and forgotten.
    func mute() {
        isMute = true
        held = nil
        late.removeAll()
    }

    // MARK: the trade socket's answers

    private func swallows(_ frame: ByteBuffer, _ client: Client) -> Bool {
        guard !unanswered.isEmpty, let payload = WebSocketFrames.payload(of: frame),
            let id = try? parser.read(Array(payload), { $0["reqId"]?.string }),
            let cause = unanswered.removeValue(forKey: id)
        else { return false }
        manners.note(.unanswered, at: now(), cause: cause) {
            $0.field("client", Int(client.number))
            $0.field("account", account())
            $0.field("path", client.path.text)
            $0.key("answer")
            $0.raw(payload)
        }
        return true
    }

    // MARK: the journal

    private func note(
        _ manner: Manner,
        cause: String,
        _ frame: ByteBuffer,
        _ topic: String,
        _ client: Client,
        _ milliseconds: Int? = nil,
        after other: String? = nil
    ) {
        let payload = WebSocketFrames.payload(of: frame).map(Array.init) ?? []
        manners.note(manner, at: now(), cause: cause) { json in
            json.field("client", Int(client.number))
            if !account().isEmpty { json.field("account", account()) }
            json.field("path", client.path.text)
            json.field("topic", topic)
            json.field("push", pushes)
            if let milliseconds { json.field("milliseconds", milliseconds) }
            if let other { json.field("after", other) }
            _ = try? parser.read(payload) { root in
                if let type = root["type"]?.string { json.field("type", type) }
                if let id = root["id"]?.string { json.field("id", id) }
                if let update = root["data"]?["u"]?.int64 { json.field("u", update) }
                if let sequence = root["data"]?["seq"]?.int64 { json.field("seq", sequence) }
            }
        }
    }

    /// By its first name: `topic`, or `id` where that stands first; replies begin otherwise.
    private static func isPush(_ frame: ByteBuffer) -> Bool {
        frame.withUnsafeReadableBytes { bytes in
            guard bytes.count > 16 else { return false }
            let start = bytes[1] < 126 ? 2 : bytes[1] == 126 ? 4 : 10
            let first = bytes[start + 2]
            return first == UInt8(ascii: "t") || first == UInt8(ascii: "i")
        }
    }

    /// The topic of a push, which stands within its first bytes; `nil` for every other frame.
    private static func topic(_ payload: ByteBufferView) -> String? {
        let mark = Array(#""topic":""#.utf8)
        let head = payload.prefix(160)
        guard let start = head.firstRange(of: mark)?.upperBound,
            let end = payload[start...].firstIndex(of: UInt8(ascii: "\""))
        else { return nil }
        return String(decoding: payload[start..<end], as: UTF8.self)
    }
}

extension SocketPath {
    /// Private topics come on it.
    var isPrivate: Bool {
        if case .publicData = self { return false }
        return true
    }
}
