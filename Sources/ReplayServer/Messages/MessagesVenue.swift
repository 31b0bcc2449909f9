import JSON
import Market
import NIOCore
import NIOHTTP1

/// Gives every public socket the frames of a file, from its first acknowledgement on.
///
/// Subscriptions, pings and logins are answered whatever they name: the file decides what comes.
final class MessagesVenue: Venue {
    private let file: MessagesFile
    private let pace: MessagePace
    private let loop: any EventLoop
    private let parser = JSONParser()
    private var clients: [UInt64: Client] = [:]
    /// Clients whose frames have begun to go out, with the moment that was.
    private var starts: [UInt64: NIODeadline] = [:]
    private(set) var counters = ServerCounters()

    /// Bytes handed to one client before the others get their turn.
    private static let turnBytes = 1 << 20

    init(file: MessagesFile, pace: MessagePace, loop: any EventLoop) {
        self.file = file
        self.pace = pace
        self.loop = loop
    }

    func answer(_ request: HTTPRequest, _ reply: @escaping (HTTPReply) -> Void) {
        counters.requests += 1
        let now = WallClock.now
        guard request.path == "/v5/market/time", request.method == .GET else {
            return reply(.unknownPath(milliseconds: now.milliseconds))
        }
        reply(.time(now))
    }

    func accepts(_ path: SocketPath) -> Bool { true }

    func opened(_ client: Client) {
        clients[client.number] = client
        counters.clients += 1
        counters.connections += 1
    }

    func closed(_ client: Client) {
        clients[client.number] = nil
        starts[client.number] = nil
        counters.clients -= 1
        counters.subscriptions -= client.topics.count
    }

    func drained(_ client: Client) { feed(client) }

    func received(_ message: [UInt8], from client: Client) {
        let replies = SocketReplies(path: client.path, connectionID: client.connectionID)
        guard let request = SocketRequest(message, parser: parser) else {
            return client.fail(code: 1002)
        }
        switch request.operation {
        case "ping":
            let now = WallClock.now.milliseconds
            client.send(WebSocketFrames.text(replies.pong(request, milliseconds: now)))
        case "subscribe", "unsubscribe", "auth":
            let isSubscription = request.operation == "subscribe"
            if isSubscription {
                client.topics += request.arguments
                counters.subscriptions += request.arguments.count
            }
            let topics = request.operation == "auth" ? [] : request.arguments
            let ack = replies.acknowledgement(request, failure: nil, topics: topics)
            client.send(WebSocketFrames.text(ack))
            client.flush()
            if isSubscription, case .publicData = client.path, starts[client.number] == nil {
                starts[client.number] = .now()
                feed(client)
            }
        default:
            let text = "error:handler not found,topic:" + request.operation
            let ack = replies.acknowledgement(request, failure: text, topics: [])
            client.send(WebSocketFrames.text(ack))
        }
    }

    func disconnectAll(_ path: SocketPath) -> Int {
        let chosen = clients.values.filter { $0.path == path }
        for client in chosen { client.disconnect() }
        counters.dropped += chosen.count
        return chosen.count
    }

    /// Sends what is due, until the client's socket is full; ``drained(_:)`` goes on from there.
    private func feed(_ client: Client) {
        guard let start = starts[client.number], client.isOpen else { return }
        let end = due(since: start)
        var turn = 0
        while client.progress < end, client.isWritable, turn < MessagesVenue.turnBytes {
            var last = client.progress + 1
            let from = file.offsets[client.progress]
            while last < end, file.offsets[last + 1] - from <= 64 << 10 { last += 1 }
            guard let slice = file.frames.getSlice(at: from, length: file.offsets[last] - from)
            else { return }
            counters.pushes += last - client.progress
            counters.pushedBytes += slice.readableBytes
            turn += slice.readableBytes
            client.progress = last
            client.send(slice)
            client.flush()
        }
        guard client.progress < file.count, client.isWritable else { return }
        let wait = client.progress < end ? TimeAmount.zero : delay(to: client.progress, from: start)
        loop.assumeIsolated().scheduleTask(in: wait) { [weak client, weak self] in
            guard let self, let client else { return }
            self.feed(client)
        }
    }

    /// The number of frames whose time has come.
    private func due(since start: NIODeadline) -> Int {
        guard let factor = pace.factor, let first = file.times.first else { return file.count }
        let elapsed = (NIODeadline.now() - start).nanoseconds
        let (scaled, overflow) = elapsed.multipliedReportingOverflow(by: factor)
        let reach = overflow ? Int64.max : scaled
        var low = 0
        var high = file.count
        while low < high {
            let middle = (low + high) / 2
            if file.times[middle] - first <= reach { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func delay(to index: Int, from start: NIODeadline) -> TimeAmount {
        guard let factor = pace.factor, let first = file.times.first else { return .zero }
        let at = start + .nanoseconds((file.times[index] - first) / factor)
        return max(.milliseconds(1), at - .now())
    }
}

/// How fast the frames of a file are sent.
public enum MessagePace: Hashable, Sendable {
    /// As fast as each client reads.
    case asRead
    /// At the times of the file.
    case real
    /// So many times as fast as the file.
    case multiplied(Int)

    /// File time a unit of real time; `nil` for no pace at all.
    var factor: Int64? {
        switch self {
        case .asRead: nil
        case .real: 1
        case .multiplied(let factor): Int64(max(1, factor))
        }
    }
}
