import Bybit
import Market
import NIOCore
import Simulation

/// Who is subscribed to what, and the way of each event to them.
///
/// A public push is encoded once and the same bytes go to all its subscribers. A private one goes to the sockets of
/// its account, once for each topic text that takes it.
final class FanOut {
    private var feeds: [PublicStream: [Client]] = [:]
    private var personal: [AccountID: [Client]] = [:]
    private var writer = MessageWriter()
    private var messageNumber = 0
    /// Clients with bytes that are not yet handed to their sockets.
    private var touched: [Client] = []
    /// False keeps every push back.
    var isOn = true
    private(set) var pushes = 0
    private(set) var pushedBytes = 0

    // MARK: subscribers

    /// True when these are the stream's first ears.
    func add(_ client: Client, to stream: PublicStream) -> Bool {
        feeds[stream, default: []].append(client)
        return feeds[stream]?.count == 1
    }

    /// True when nobody listens to the stream any more.
    func remove(_ client: Client, from stream: PublicStream) -> Bool {
        feeds[stream]?.removeAll { $0 === client }
        guard feeds[stream]?.isEmpty == true else { return false }
        feeds[stream] = nil
        return true
    }

    func add(_ client: Client, to account: AccountID) {
        personal[account, default: []].append(client)
    }

    func remove(_ client: Client, from account: AccountID) {
        personal[account]?.removeAll { $0 === client }
    }

    /// Streams with subscribers, for fresh snapshots after pushes were kept back.
    var streams: [PublicStream] { Array(feeds.keys) }
    func subscribers(of stream: PublicStream) -> [Client] { feeds[stream] ?? [] }

    // MARK: delivery

    func deliver(_ events: [TimedEvent]) {
        guard isOn else { return }
        for item in events { deliver(item.event, at: item.time.milliseconds) }
        for client in touched {
            client.isTouched = false
            client.flush()
        }
        touched.removeAll(keepingCapacity: true)
    }

    private func deliver(_ event: ExchangeEvent, at ts: Int64) {
        switch event {
        case .book(let id, let update):
            publish(.book(id, depth: update.depth)) { $0.book(update, symbol: id.symbol, ts: ts) }
        case .trades(let id, let trades):
            publish(.trades(id)) { $0.trades(trades, symbol: id.symbol, ts: ts) }
        case .ticker(let id, let update):
            publish(.ticker(id)) {
                $0.ticker(update, category: id.category, symbol: id.symbol, ts: ts)
            }
        case .candle(let id, let candle):
            publish(.candle(id)) { $0.candles([candle], symbol: id.symbol, ts: ts) }
        case .liquidation(let id, let row):
            guard let subscribers = feeds[.liquidations(id)], !subscribers.isEmpty else { return }
            let frame = WebSocketFrames.text(LiquidationMessage.message(row, ts: ts))
            for client in subscribers { push(frame, to: client) }
        case .listed, .notListed, .delivered: break
        case .order(let account, let row):
            tell(account, .order, row.instrument.category) { topic, id in
                self.bytes { $0.orders([row], topic: topic, id: id, creationTime: ts) }
            }
        case .execution(let account, let row):
            tell(account, .execution, row.instrument.category) { topic, id in
                self.bytes { $0.executions([row], topic: topic, id: id, creationTime: ts) }
            }
            guard row.type == .trade else { return }
            tell(account, .fastExecution, row.instrument.category) { topic, _ in
                FastExecution.message(row, topic: topic, creationTime: ts)
            }
        case .position(let account, let row):
            tell(account, .position, row.instrument.category) { topic, id in
                self.bytes { $0.positions([row], topic: topic, id: id, creationTime: ts) }
            }
        case .wallet(let account, let report):
            tell(account, .wallet, nil) { topic, id in
                self.bytes { $0.wallet(report.coins, topic: topic, id: id, creationTime: ts) }
            }
        }
    }

    private func publish(_ stream: PublicStream, _ write: (inout MessageWriter) -> Void) {
        guard let subscribers = feeds[stream], !subscribers.isEmpty else { return }
        let frame = WebSocketFrames.text(bytes(write))
        for client in subscribers { push(frame, to: client) }
    }

    private func tell(
        _ account: AccountID,
        _ kind: PrivateTopic.Kind,
        _ category: Category?,
        _ message: (_ topic: String, _ id: String) -> [UInt8]
    ) {
        guard let clients = personal[account], !clients.isEmpty else { return }
        messageNumber += 1
        let id = "\(account.index)_\(messageNumber)"
        var frames: [(topic: String, frame: ByteBuffer)] = []
        for client in clients {
            for (text, topic) in client.privateTopics where topic.takes(kind, category) {
                if let made = frames.first(where: { $0.topic == text }) {
                    push(made.frame, to: client)
                } else {
                    let frame = WebSocketFrames.text(message(text, id))
                    frames.append((text, frame))
                    push(frame, to: client)
                }
            }
        }
    }

    /// One message for one client: its first snapshot.
    func send(to client: Client, _ write: (inout MessageWriter) -> Void) {
        push(WebSocketFrames.text(bytes(write)), to: client)
    }

    private func bytes(_ write: (inout MessageWriter) -> Void) -> [UInt8] {
        writer.reset()
        write(&writer)
        return writer.bytes
    }

    private func push(_ frame: ByteBuffer, to client: Client) {
        client.send(frame)
        pushes += 1
        pushedBytes += frame.readableBytes
        if !client.isTouched {
            client.isTouched = true
            touched.append(client)
        }
    }
}
