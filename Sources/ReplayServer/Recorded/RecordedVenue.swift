import Bybit
import Journal
import Market
import NIOCore
import NIOHTTP1

/// A recording in the place of the exchange: requests are answered with what was recorded, pushes come in recorded
/// order.
///
/// What stands behind a request of the bot in the recording may be an effect of it, so nothing of that is sent before
/// the request has come.
final class RecordedVenue: Venue {
    /// A WebSocket of the client, and which of the recorded ones it stands for.
    final class Peer {
        let client: Client
        /// Place among the recorded sockets; `nil` until its first frame says which it is.
        var socket: Int?
        /// Frames that went out, those behind which a PING went out, and those before which its PONG came.
        var sent = 0
        var pinged = 0
        var confirmed = 0

        init(_ client: Client) { self.client = client }
    }

    let session: RecordedSession
    let tape: RecordedTape
    let pace: RecordedPace
    let patience: TimeAmount
    let loop: any EventLoop
    private(set) var clock: ClientClock?
    private(set) var clockFailure: ServerError?
    let ignored: @Sendable (String) -> Bool
    var expectations: Expectations
    var rewriter = PayloadRewriter()
    var peers: [UInt64: Peer] = [:]
    /// By the recorded socket's place.
    var bound: [Int: Peer] = [:]
    /// Answers that the tape has not come to, by the record that holds them.
    var pending: [SequenceNumber: (HTTPReply) -> Void] = [:]
    var counters = ServerCounters()
    var progress = RecordingProgress()
    private let reader = RequestReader()
    private var writer = MessageWriter()
    var timing: RecordedTiming

    init(
        _ recording: Recording,
        _ session: RecordedSession,
        _ configuration: RecordingServerConfiguration,
        loop: any EventLoop
    ) {
        self.session = session
        self.loop = loop
        pace = configuration.pace
        patience = .milliseconds(Int64(configuration.patienceMilliseconds))
        ignored = configuration.ignored
        tape = RecordedTape(recording, session)
        expectations = Expectations(session.requests)
        let day: Int64 = 86_400_000
        rewriter.times =
            (session.first.milliseconds - day)...(session.last.milliseconds + day)
        progress.expected = expectations.total
        timing = RecordedTiming(
            start: session.first,
            now: .now(),
            factor: configuration.pace.factor
        )
        if let path = configuration.clockFile {
            do throws(ServerError) {
                clock = try ClientClock(path: path, time: session.first)
            } catch {
                clockFailure = error
            }
        }
        if clock != nil { loop.assumeIsolated().execute { [weak self] in self?.pump() } }
    }

    // MARK: Sockets

    func accepts(_ path: SocketPath) -> Bool {
        guard session.hasBot else { return path != .trade && path != .systemStatus }
        return session.sockets.contains { $0.path == path }
    }

    func opened(_ client: Client) {
        peers[client.number] = Peer(client)
        counters.clients += 1
        counters.connections += 1
    }

    func closed(_ client: Client) {
        guard let peer = peers.removeValue(forKey: client.number) else { return }
        counters.clients -= 1
        counters.subscriptions -= client.topics.count
        if let socket = peer.socket, bound[socket] === peer { bound[socket] = nil }
        pump()
    }

    func drained(_ client: Client) { pump() }

    func ponged(_ payload: [UInt8], from client: Client) {
        guard let peer = peers[client.number],
            let count = Int(String(decoding: payload, as: UTF8.self))
        else { return }
        peer.confirmed = max(peer.confirmed, count)
        pump()
    }

    func received(_ message: [UInt8], from client: Client) {
        guard let peer = peers[client.number] else { return }
        let frame = message.withUnsafeBytes { try? reader.frame($0) }
        if case .ping = frame?.request {
            let time = clock.map(\.time) ?? WallClock.now
            send(peer) {
                $0.pong(
                    requestID: frame?.requestID ?? .none,
                    connectionID: client.connectionID,
                    time: time.milliseconds,
                    on: client.path.name
                )
            }
            return
        }
        guard session.hasBot else { return subscribe(frame, peer) }
        guard let seen = message.withUnsafeBytes({ ClientRequest(frame: $0) }) else { return }
        begin()
        timing.arrivals += 1
        if ignored(seen.name) {
            acknowledge(frame, peer)
            return
        }
        let socket = place(of: peer, seen)
        switch judged(seen, socket: socket) {
        case .same: progress.same += 1
        case .departed(let departure):
            depart(departure)
            acknowledge(frame, peer, failure: departure.description)
        }
        pump()
    }

    /// Which recorded socket this one stands for: the first that is free and whose first frame was this one.
    private func place(of peer: Peer, _ seen: ClientRequest) -> Int {
        if let socket = peer.socket { return socket }
        let free = session.sockets.indices.filter {
            session.sockets[$0].path == peer.client.path && !progress.bound.contains($0)
        }
        guard
            let place = free.first(where: { expectations.fits(seen, socket: $0) }) ?? free.first
        else { return -2 }
        peer.socket = place
        bound[place] = peer
        progress.bound.insert(place)
        return place
    }

    func acknowledge(_ frame: ClientFrame?, _ peer: Peer, failure: String? = nil) {
        send(peer) {
            $0.acknowledgement(
                frame?.request ?? .other(""),
                success: failure == nil,
                message: failure ?? "",
                requestID: frame?.requestID ?? .none,
                connectionID: peer.client.connectionID,
                on: peer.client.path.name
            )
        }
    }

    private func send(_ peer: Peer, _ write: (inout MessageWriter) -> Void) {
        writer.reset()
        write(&writer)
        peer.client.send(WebSocketFrames.text(writer.bytes))
        peer.client.flush()
    }

    // MARK: REST

    func answer(_ request: HTTPRequest, _ reply: @escaping (HTTPReply) -> Void) {
        counters.requests += 1
        if request.path.hasPrefix("/tapedeck/") {
            return reply(control(request))
        }
        let seen = ClientRequest(
            method: request.method.rawValue,
            path: request.path,
            query: request.query,
            body: request.body
        )
        if !session.hasBot || ignored(seen.name) {
            return reply(latest(seen, among: session.hasBot ? session.requests : session.questions))
        }
        begin()
        timing.arrivals += 1
        switch judged(seen, socket: nil) {
        case .same(let place):
            progress.same += 1
            pending[expectations.requests[place].sequence] = reply
        case .departed(let departure):
            depart(departure)
            reply(refusal(departure.description))
        }
        pump()
    }

    private func judged(_ seen: ClientRequest, socket: Int?) -> Expectations.Judgement {
        let judgement = expectations.judge(seen, socket: socket)
        // What goes out from here on has the client's own ids.
        rewriter.links = expectations.links
        return judgement
    }

    /// Behind the end of a recording whose bot had not left, nothing says what it would have done.
    private func depart(_ departure: Departure) {
        guard !(progress.isOver && !session.botLeft) else {
            progress.behindEnd += 1
            return
        }
        progress.departures += 1
        if progress.departure == nil { progress.departure = departure }
    }

    /// The answer to the same question that the tape came past last, or else to the first there is.
    private func latest(
        _ seen: ClientRequest,
        among requests: [RecordedSession.Request]
    ) -> HTTPReply {
        let same = requests.filter {
            $0.socket == nil
                && $0.request.difference(from: seen, IdentityMap(), IdentityMap()) == nil
        }
        let past = same.last { $0.sequence <= progress.position } ?? same.first
        guard let past, let exchange = tape.exchange(at: past.sequence) else {
            let nearest = Expectations(requests).nearest(to: seen)
            if !session.hasBot { depart(nearest) }
            return refusal(nearest.description)
        }
        return recorded(exchange)
    }

    func recorded(_ exchange: RecordedExchange) -> HTTPReply {
        guard exchange.isAnswered else { return .cutOff }
        let body = exchange.reply.withUnsafeBytes {
            rewriter.rewritten($0, isPrivate: true)
        }
        return HTTPReply(
            status: HTTPResponseStatus(statusCode: exchange.status),
            headers: exchange.headers,
            body: body
        )
    }

    private func refusal(_ words: String) -> HTTPReply {
        writer.reset()
        writer.failure(
            code: 10_017,
            message: "tapedeck: " + words,
            time: (clock.map(\.time) ?? WallClock.now).milliseconds
        )
        return HTTPReply(status: .notFound, body: writer.bytes)
    }

    private func control(_ request: HTTPRequest) -> HTTPReply {
        if request.path == "/tapedeck/step", request.method == .POST {
            timing.steps += Int(QueryItems(request.query)["n"]) ?? 1
            pump()
        }
        var json = JSONWriter()
        json.object {
            $0.field("position", progress.position)
            $0.field("same", progress.same)
            $0.field("expected", progress.expected)
            $0.field("departures", progress.departures)
            $0.field("over", progress.isOver)
        }
        return HTTPReply(body: json.bytes)
    }

    // MARK: Without a bot

    /// Topics of a recording in which no bot passed: whoever subscribes gets them from here on.
    private func subscribe(_ frame: ClientFrame?, _ peer: Peer) {
        switch frame?.request {
        case .subscribe(let topics):
            let unknown = topics.filter { !session.topics.contains($0) }
            guard unknown.isEmpty else {
                let words = "not in the recording: " + unknown.joined(separator: ", ")
                return acknowledge(frame, peer, failure: words)
            }
            peer.client.topics += topics
            counters.subscriptions += topics.count
            acknowledge(frame, peer)
            begin()
            pump()
        case .unsubscribe(let topics):
            peer.client.topics.removeAll { topics.contains($0) }
            acknowledge(frame, peer)
        case .auth: acknowledge(frame, peer)
        case .ping, .other, nil: acknowledge(frame, peer, failure: "Params Error")
        }
    }
}
