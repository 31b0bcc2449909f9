import Bybit
import Market
import NIOCore

/// What the recording brings next goes to whoever waits for it.
extension RecordedVenue {
    func deliver(_ item: RecordedTape.Item, _ real: NIODeadline, _ usesClock: Bool) -> Pause {
        switch item.content {
        case .frame(let bytes, let socket, let topic, let path):
            if socket < 0 {
                guard broadcast(bytes, topic, path) else { return .forEvent }
            } else if let peer = bound[socket], peer.client.isOpen {
                guard peer.client.isWritable else { return .forEvent }
                if usesClock, hasOther(than: peer), !isConfirmed(real) {
                    return .nanoseconds(Self.poll)
                }
                move(to: item.time)
                push(bytes, to: peer, socket, path)
            } else {
                progress.undelivered += 1
            }
        case .reply(let exchange):
            if usesClock, !isConfirmed(real) { return .nanoseconds(Self.poll) }
            move(to: item.time)
            if let reply = pending.removeValue(forKey: item.sequence) {
                reply(recorded(exchange))
                if usesClock { settle(nil, real + .milliseconds(15)) }
            }
        case .end(let socket): bound[socket]?.client.disconnect()
        }
        move(to: item.time)
        progress.position = item.sequence
        if pace == .step { timing.steps -= 1 }
        tape.advance()
        return .none
    }

    /// Something went to another socket that may be read by another thread, and after this.
    private func hasOther(than peer: Peer) -> Bool {
        bound.values.contains { $0 !== peer && $0.confirmed < $0.sent }
    }

    private func push(_ bytes: [UInt8], to peer: Peer, _ socket: Int, _ path: SocketPath) {
        let isPublic = if case .publicData = path { true } else { false }
        let text = bytes.withUnsafeBytes {
            rewriter.rewritten(
                $0,
                requests: expectations.requestIDs[socket] ?? IdentityMap(),
                isPrivate: !isPublic
            )
        }
        send(text, to: peer.client)
        peer.sent += 1
    }

    private func send(_ text: [UInt8], to client: Client) {
        let frame = WebSocketFrames.text(text)
        counters.pushes += 1
        counters.pushedBytes += frame.readableBytes
        client.send(frame)
        client.flush()
    }

    private func broadcast(_ bytes: [UInt8], _ topic: String, _ path: SocketPath) -> Bool {
        let readers = peers.values.filter {
            $0.client.path == path && $0.client.topics.contains(topic)
        }
        guard readers.allSatisfy(\.client.isWritable) else { return false }
        let text = bytes.withUnsafeBytes { rewriter.rewritten($0, isPrivate: true) }
        for peer in readers { send(text, to: peer.client) }
        return true
    }
}
