import Bybit
import Market
import NIOCore
import Simulation

/// The WebSocket door: logins, subscriptions, pings.
extension ExchangeVenue {
    func received(_ message: [UInt8], from client: Client) {
        let frame = message.withUnsafeBytes { try? reader.frame($0) }
        guard let frame else {
            acknowledge(.other(""), "Params Error", .none, client)
            return
        }
        switch frame.request {
        case .ping:
            let now = driver.now.milliseconds
            reply(client) { [id = client.connectionID, path = client.path] in
                $0.pong(requestID: frame.requestID, connectionID: id, time: now, on: path.name)
            }
        case .auth(let key, let expires, let signature):
            let failure = login(client, key: key, expires: expires, signature: signature)
            acknowledge(frame.request, failure, frame.requestID, client)
        case .subscribe(let topics):
            switch admit(topics, client) {
            case .success(let streams):
                acknowledge(frame.request, nil, frame.requestID, client)
                client.topics += topics
                counters.subscriptions += topics.count
                for stream in streams { sendSnapshot(of: stream, to: client) }
            case .failure(let refusal):
                acknowledge(frame.request, refusal.text, frame.requestID, client)
            }
        case .unsubscribe(let topics):
            for topic in topics {
                guard let place = client.topics.firstIndex(of: topic) else { continue }
                client.topics.remove(at: place)
                counters.subscriptions -= 1
                release(topic, of: client)
            }
            acknowledge(frame.request, nil, frame.requestID, client)
        case .other(let operation):
            let text = "error:handler not found,topic:" + operation
            acknowledge(frame.request, text, frame.requestID, client)
        }
    }

    private func login(
        _ client: Client,
        key: String,
        expires: Int64,
        signature: String
    ) -> String? {
        guard client.path == .privateData,
            let place = directory.login(
                key: key,
                expires: expires,
                signature: signature,
                nowMilliseconds: driver.judge(expires).milliseconds
            )
        else { return "Params Error" }
        if let former = client.account { fanOut.remove(client, from: accounts[former]) }
        client.account = place
        fanOut.add(client, to: accounts[place])
        return nil
    }

    // MARK: subscriptions

    struct Refusal: Error {
        var text: String
    }

    /// Judges a whole request first: one bad topic refuses all of it, and changes nothing.
    private func admit(
        _ topics: [String],
        _ client: Client
    ) -> Result<[PublicStream], Refusal> {
        var taken: Set<String> = []
        for topic in topics
        where client.topics.contains(topic) || !taken.insert(topic).inserted {
            return .failure(Refusal(text: "error:already subscribed,topic:" + topic))
        }
        switch client.path {
        case .privateData: return admitPrivate(topics, client).map { [] }
        case .publicData(let category): return admitPublic(topics, category, client)
        }
    }

    private func admitPrivate(_ topics: [String], _ client: Client) -> Result<Void, Refusal> {
        guard client.account != nil else {
            return .failure(Refusal(text: "Request not authorized"))
        }
        var read: [(text: String, topic: PrivateTopic)] = []
        for text in topics {
            guard let topic = PrivateTopic(text) else { return .failure(unknown(text)) }
            // All-in-one and by category may not stand in one request.
            if let other = read.first(where: {
                $0.topic.kind == topic.kind
                    && ($0.topic.category == nil) != (topic.category == nil)
            }) {
                return .failure(
                    Refusal(text: "error:topic conflict,topic:\(other.text),\(text)")
                )
            }
            read.append((text, topic))
        }
        client.privateTopics += read
        return .success(())
    }

    private func admitPublic(
        _ topics: [String],
        _ category: Category,
        _ client: Client
    ) -> Result<[PublicStream], Refusal> {
        if category == .spot, topics.count > BybitLimits.spotTopicsPerRequest {
            return .failure(Refusal(text: "args size >10"))
        }
        let characters = (client.topics + topics).reduce(0) { $0 + $1.utf8.count }
        guard characters <= BybitLimits.topicCharactersPerConnection else {
            return .failure(Refusal(text: "args length is over the limit"))
        }
        if category == .option,
            client.topics.count + topics.count > BybitLimits.optionTopicsPerConnection
        {
            return .failure(Refusal(text: "topic count is over the limit"))
        }
        var streams: [PublicStream] = []
        for text in topics {
            guard let topic = PublicTopic(text, on: category) else {
                return .failure(unknown(text))
            }
            switch topic {
            case .stream(let stream):
                guard driver.withExchange({ $0.listing(stream.instrument) }) != nil else {
                    return .failure(unknown(text))
                }
                streams.append(stream)
            }
        }
        driver.catchUp()
        for (index, stream) in streams.enumerated() {
            if fanOut.add(client, to: stream), !driver.withExchange({ $0.activate(stream) }) {
                for added in streams[0...index] { drop(client, added) }
                return .failure(unknown(topics[index]))
            }
        }
        return .success(streams)
    }

    private func unknown(_ topic: String) -> Refusal {
        Refusal(text: "error:handler not found,topic:" + topic)
    }

    /// Ends what a topic of a client stands for; the topic itself is the caller's to forget.
    func release(_ topic: String, of client: Client) {
        client.privateTopics.removeAll { $0.text == topic }
        guard case .publicData(let category) = client.path,
            case .stream(let stream) = PublicTopic(topic, on: category)
        else { return }
        drop(client, stream)
    }

    private func drop(_ client: Client, _ stream: PublicStream) {
        if fanOut.remove(client, from: stream) {
            driver.withExchange { $0.deactivate(stream) }
        }
    }

    /// What a subscriber gets first: the state that the stream's next delta continues from.
    func sendSnapshot(of stream: PublicStream, to client: Client) {
        guard fanOut.isOn else { return }
        let exchange = driver.exchange
        let ts = exchange.now.milliseconds
        switch stream {
        case .book(let id, let depth):
            guard let book = exchange.bookSnapshot(id, depth: depth) else { return }
            fanOut.send(to: client) { $0.book(book, symbol: id.symbol, ts: ts) }
        case .ticker(let id):
            guard let ticker = exchange.tickerSnapshot(id) else { return }
            fanOut.send(to: client) {
                $0.ticker(ticker, category: id.category, symbol: id.symbol, ts: ts)
            }
        case .candle(let id):
            guard let candle = exchange.currentCandle(id) else { return }
            fanOut.send(to: client) { $0.candles([candle], symbol: id.symbol, ts: ts) }
        case .trades, .liquidations: break
        }
    }

    // MARK: replies

    private func acknowledge(
        _ request: SocketRequest,
        _ failure: String?,
        _ requestID: RequestID,
        _ client: Client
    ) {
        reply(client) { [id = client.connectionID, path = client.path] in
            $0.acknowledgement(
                request,
                success: failure == nil,
                message: failure ?? "",
                requestID: requestID,
                connectionID: id,
                on: path.name
            )
        }
    }

    private func reply(_ client: Client, _ write: (inout MessageWriter) -> Void) {
        writer.reset()
        write(&writer)
        client.send(WebSocketFrames.text(writer.bytes))
    }
}

extension SocketPath {
    /// As the Bybit module knows it; the account's name plays no part in replies.
    var name: SocketName {
        switch self {
        case .publicData(let category): .publicData(category)
        case .privateData: .privateData(account: "")
        }
    }
}
