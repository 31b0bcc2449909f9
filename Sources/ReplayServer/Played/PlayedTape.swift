import Market
import NIOCore
import Simulation

/// A recorded market between the exchange and its clients: who hears which topic, and what time it is in the recording.
final class PlayedTape {
    let market: any PlayedMarket
    /// What the exchange's clock is ahead of the recording's; `nil` before the tape begins.
    private(set) var shift: Int64?
    /// How many pushes may still go out: fewer than all of them at the pace of steps alone.
    var allowance = Int.max
    private var rewriter = PayloadRewriter()
    /// By category and topic.
    private var readers: [Topic: [Client]] = [:]
    private(set) var pushes = 0
    private(set) var pushedBytes = 0
    /// Clients with bytes that are not yet handed to their sockets.
    private var touched: [Client] = []

    private struct Topic: Hashable {
        var category: Category
        var text: String
    }

    init(_ market: any PlayedMarket) {
        self.market = market
        let day: Int64 = 86_400_000
        rewriter.times =
            (market.first.milliseconds - day)...(market.last.milliseconds + day)
    }

    var isBegun: Bool { shift != nil }

    /// When the next message is pushed, by the exchange's clock.
    var next: Timestamp? {
        guard let shift else { return nil }
        return market.nextPush()?.advanced(nanoseconds: shift)
    }

    var progress: PlayedProgress {
        var progress = PlayedProgress()
        progress.isBegun = isBegun
        progress.position = market.position
        progress.isOver = market.isOver
        return progress
    }

    /// The recording's first moment is the exchange's present from now on.
    func begin(_ exchange: inout SimulatedExchange) {
        let shift = exchange.now.nanoseconds - market.first.nanoseconds
        self.shift = shift
        rewriter.shift = shift
        exchange.moveFunding(by: shift)
    }

    // MARK: subscribers

    func has(_ topic: String, on path: SocketPath) -> Bool {
        guard case .publicData(let category) = path else { return false }
        return market.has(category, topic)
    }

    func add(_ client: Client, to topic: String) {
        guard case .publicData(let category) = client.path else { return }
        readers[Topic(category: category, text: topic), default: []].append(client)
    }

    func remove(_ client: Client, from topic: String) {
        guard case .publicData(let category) = client.path else { return }
        let key = Topic(category: category, text: topic)
        readers[key]?.removeAll { $0 === client }
        if readers[key]?.isEmpty == true { readers[key] = nil }
    }

    // MARK: pushes

    func send(_ push: PlayedPush) {
        if allowance != .max { allowance -= 1 }
        guard let clients = readers[Topic(category: push.category, text: push.topic)] else {
            return
        }
        let frame = frame(push.bytes)
        for client in clients { send(frame, to: client) }
    }

    /// The state that what comes next goes on from.
    func sendFirst(of topic: String, to client: Client) {
        guard case .publicData(let category) = client.path,
            let bytes = market.state(of: category, topic)
        else { return }
        send(frame(bytes), to: client)
        flush()
    }

    private func frame(_ bytes: [UInt8]) -> ByteBuffer {
        WebSocketFrames.text(
            bytes.withUnsafeBytes { rewriter.rewritten($0, isPrivate: false) }
        )
    }

    private func send(_ frame: ByteBuffer, to client: Client) {
        client.send(frame)
        pushes += 1
        pushedBytes += frame.readableBytes
        if !touched.contains(where: { $0 === client }) { touched.append(client) }
    }

    /// Hands what was pushed to the sockets.
    func flush() {
        for client in touched { client.flush() }
        touched.removeAll(keepingCapacity: true)
    }
}
