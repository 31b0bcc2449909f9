import Bybit
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
    private let reader = RequestReader()
    private var writer = MessageWriter()
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
        let isTime = request.path == "/v5/market/time" && request.method == .GET
        let body = written {
            if isTime {
                $0.serverTime(nanoseconds: now.nanoseconds)
            } else {
                $0.failure(code: 10_017, message: "Route not found.", time: now.milliseconds)
            }
        }
        reply(HTTPReply(status: isTime ? .ok : .notFound, body: body))
    }

    /// Its clients read: no order entry, and no status that a file could hold.
    func accepts(_ path: SocketPath) -> Bool { path != .trade && path != .systemStatus }

    func opened(_ client: Client) {
        clients[client.number] = client
        counters.clients += 1
        counters.connections += 1
    }

    func closed(_ client: Client) {
        clients[client.number] = nil
        starts[client.number] = nil
        counters.clients -= 1
        if client.fault != nil { counters.dropped += 1 }
        counters.subscriptions -= client.topics.count
    }

    func drained(_ client: Client) { feed(client) }

    func received(_ message: [UInt8], from client: Client) {
        let frame = message.withUnsafeBytes { try? reader.frame($0) }
        switch frame?.request {
        case .ping:
            let now = WallClock.now.milliseconds
            let pong = written {
                $0.pong(
                    requestID: frame?.requestID ?? .none,
                    connectionID: client.connectionID,
                    time: now,
                    on: client.path.name
                )
            }
            client.send(WebSocketFrames.text(pong))
        case .subscribe(let topics):
            client.topics += topics
            counters.subscriptions += topics.count
            acknowledge(frame, client)
            guard case .publicData = client.path, starts[client.number] == nil else { return }
            starts[client.number] = .now()
            feed(client)
        case .unsubscribe, .auth: acknowledge(frame, client)
        case .other, nil: acknowledge(frame, failure: "Params Error", client)
        }
    }

    private func acknowledge(_ frame: ClientFrame?, failure: String? = nil, _ client: Client) {
        let bytes = written {
            $0.acknowledgement(
                frame?.request ?? .other(""),
                success: failure == nil,
                message: failure ?? "",
                requestID: frame?.requestID ?? .none,
                connectionID: client.connectionID,
                on: client.path.name
            )
        }
        client.send(WebSocketFrames.text(bytes))
        client.flush()
    }

    private func written(_ write: (inout MessageWriter) -> Void) -> [UInt8] {
        writer.reset()
        write(&writer)
        return writer.bytes
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
