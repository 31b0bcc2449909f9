import Bybit
import Market
import Simulation

/// Subscriptions: what is admitted, what a subscriber gets first, and how it ends.
extension ExchangeVenue {
    func subscribe(_ topics: [String], _ frame: ClientFrame, _ client: Client) {
        // Pushes that are due go to those who are there: none may come before a newcomer's snapshot.
        driver.catchUp()
        if client.path.name.family == .commandResponse {
            return subscribeEach(topics, client)
        }
        var known = Set(client.topics)
        switch admit(topics, client, &known) {
        case .success(let feeds):
            acknowledge(frame.request, nil, frame.requestID, client)
            client.topics += topics
            counters.subscriptions += topics.count
            for feed in feeds { sendFirst(of: feed, to: client) }
            begin(topics, client)
        case .failure(let refusal):
            acknowledge(frame.request, refusal.text, frame.requestID, client)
        }
    }

    func unsubscribe(_ topics: [String], _ frame: ClientFrame, _ client: Client) {
        for topic in topics {
            guard let place = client.topics.firstIndex(of: topic) else { continue }
            client.topics.remove(at: place)
            counters.subscriptions -= 1
            release(topic, of: client)
            // An unsubscription is no loss of a connection.
            if let account = client.account, let product = PrivateTopic(topic)?.product,
                !isArmed(product, accounts[account])
            {
                guards.disarm(product, accounts[account])
            }
        }
        acknowledge(frame.request, nil, frame.requestID, client)
    }

    /// Options and combinations: each topic is judged on its own, and the answer names both kinds.
    private func subscribeEach(_ topics: [String], _ client: Client) {
        var failed: [String] = []
        var taken: [String] = []
        var feeds: [PublicFeed] = []
        var known = Set(client.topics)
        for topic in topics {
            switch admit([topic], client, &known) {
            case .success(let found):
                client.topics.append(topic)
                taken.append(topic)
                feeds += found
            case .failure: failed.append(topic)
            }
        }
        counters.subscriptions += taken.count
        reply(client) { [id = client.connectionID] in
            $0.commandResponse(failed: failed, taken: taken, connectionID: id)
        }
        for feed in feeds { sendFirst(of: feed, to: client) }
        begin(taken, client)
    }

    /// Of a recorded market: it begins with whoever listens first, and who comes later gets its state.
    private func begin(_ topics: [String], _ client: Client) {
        guard let tape = driver.tape, case .publicData = client.path else { return }
        driver.beginTape()
        for topic in topics { tape.sendFirst(of: topic, to: client) }
    }

    struct Refusal: Error {
        var text: String
    }

    /// Judges a whole request first: one bad topic refuses all of it, and changes nothing.
    ///
    /// - Parameter known: what is subscribed already, and what is asked for.
    private func admit(
        _ topics: [String],
        _ client: Client,
        _ known: inout Set<String>
    ) -> Result<[PublicFeed], Refusal> {
        for topic in topics where !known.insert(topic).inserted {
            return .failure(Refusal(text: "error:already subscribed,topic:" + topic))
        }
        switch client.path {
        case .privateData: return admitPrivate(topics, client).map { [] }
        case .publicData, .systemStatus: return admitPublic(topics, client)
        case .trade: return .failure(unknown(topics.first ?? ""))
        }
    }

    private func admitPrivate(_ topics: [String], _ client: Client) -> Result<Void, Refusal> {
        guard let account = client.account else {
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
        for item in read {
            if let product = item.topic.product { guards.arm(product, accounts[account]) }
        }
        return .success(())
    }

    private func admitPublic(_ topics: [String], _ client: Client) -> Result<[PublicFeed], Refusal>
    {
        if client.path == .publicData(.spot), topics.count > BybitLimits.spotTopicsPerRequest {
            return .failure(Refusal(text: "args size >10"))
        }
        let characters = client.topicCharacters + topics.reduce(0) { $0 + $1.utf8.count }
        guard characters <= BybitLimits.topicCharactersPerConnection else {
            return .failure(Refusal(text: "args length is over the limit"))
        }
        if client.path == .publicData(.option),
            client.topics.count + topics.count > BybitLimits.optionTopicsPerConnection
        {
            return .failure(Refusal(text: "topic count is over the limit"))
        }
        if let tape = driver.tape {
            if let missing = topics.first(where: { !tape.has($0, on: client.path) }) {
                return .failure(unknown(missing))
            }
            for topic in topics { tape.add(client, to: topic) }
            return .success([])
        }
        var feeds: [PublicFeed] = []
        for text in topics {
            guard let topic = PublicTopic(text, on: client.path), isKnown(topic.feed) else {
                return .failure(unknown(text))
            }
            feeds.append(topic.feed)
        }
        for feed in feeds where fanOut.add(client, to: feed) { activate(feed) }
        return .success(feeds)
    }

    private func unknown(_ topic: String) -> Refusal {
        Refusal(text: "error:handler not found,topic:" + topic)
    }

    private func isKnown(_ feed: PublicFeed) -> Bool {
        if let id = feed.instrument { return driver.exchange.isLive(id) }
        guard case .optionTrades(let coin) = feed else { return true }
        return !options(of: coin).isEmpty
    }

    private func options(of coin: String) -> [InstrumentID] {
        driver.exchange.listings.map(\.instrument)
            .filter { $0.id.category == .option && $0.baseCoin == coin }.map(\.id)
    }

    /// True while another socket of the account has the product's `dcp` topic.
    private func isArmed(_ product: ProtectedProduct, _ account: AccountID) -> Bool {
        fanOut.sockets(of: account).contains { client in
            client.privateTopics.contains { $0.topic.product == product }
        }
    }

    // MARK: feeds come and go

    private func activate(_ feed: PublicFeed) {
        switch feed {
        case .stream(let stream): _ = driver.withExchange { $0.activate(stream) }
        case .candles(let id, let interval):
            let minutes = driver.exchange.candles(id, limit: 1_441)
            fanOut.begin(CandleFold(interval, minutes: minutes), id)
            _ = driver.withExchange { $0.activate(.candle(id)) }
        case .optionTrades(let coin): listen(toOptionsOf: coin)
        case .priceLimit, .insurance, .deleveraging, .systemStatus: break
        }
    }

    /// Called again when options are listed while somebody listens.
    func listen(toOptionsOf coin: String) {
        for id in options(of: coin) where fanOut.baseCoins[id] == nil {
            fanOut.baseCoins[id] = coin
            _ = driver.withExchange { $0.activate(.trades(id)) }
        }
    }

    /// Ends what a topic of a client stands for; the topic itself is the caller's to forget.
    func release(_ topic: String, of client: Client) {
        client.privateTopics.removeAll { $0.text == topic }
        if let account = client.account, let product = PrivateTopic(topic)?.product,
            !isArmed(product, accounts[account])
        {
            let now = driver.exchange.now.milliseconds
            guards.lose(product, accounts[account], now: now)
        }
        if let tape = driver.tape { return tape.remove(client, from: topic) }
        guard let feed = PublicTopic(topic, on: client.path)?.feed,
            fanOut.remove(client, from: feed)
        else { return }
        switch feed {
        case .stream(let stream): driver.withExchange { $0.deactivate(stream) }
        case .candles(let id, _):
            if !fanOut.hasCandles(id) { driver.withExchange { $0.deactivate(.candle(id)) } }
        case .optionTrades(let coin):
            for id in options(of: coin) {
                fanOut.baseCoins[id] = nil
                driver.withExchange { $0.deactivate(.trades(id)) }
            }
        case .priceLimit, .insurance, .deleveraging, .systemStatus: break
        }
    }

    /// What a subscriber gets first: the state that the feed's next message continues from.
    func sendFirst(of feed: PublicFeed, to client: Client) {
        guard fanOut.isOn else { return }
        let exchange = driver.exchange
        let ts = exchange.now.milliseconds
        switch feed {
        case .stream(.book(let id, let depth)):
            // `orderbook.full` has no snapshot: REST has.
            guard depth != BookUpdate.fullDepth,
                let book = exchange.bookSnapshot(id, depth: depth)
            else { return }
            fanOut.send(to: client) { $0.book(book, symbol: id.symbol, ts: ts) }
        case .stream(.improvementBook(let id)):
            guard let book = exchange.bookSnapshot(id, depth: 50, isImprovement: true) else {
                return
            }
            fanOut.send(to: client) { $0.book(book, symbol: id.symbol, ts: ts) }
        case .stream(.ticker(let id)):
            guard let ticker = exchange.tickerSnapshot(id) else { return }
            let number = id.category == .option ? "\(id.symbol)-\(client.number)-\(ts)" : ""
            fanOut.send(to: client) {
                $0.ticker(ticker, category: id.category, symbol: id.symbol, id: number, ts: ts)
            }
        case .candles(let id, let interval):
            let minutes = exchange.candles(id, limit: 1_441)
            guard let open = minutes.first else { return }
            let candle = CandleFold(interval, minutes: minutes).joined(open)
            fanOut.send(to: client) { $0.candles([candle], symbol: id.symbol, ts: ts) }
        case .priceLimit, .insurance, .deleveraging: sendFirstRisk(of: feed, to: client, at: ts)
        case .stream(.trades), .stream(.liquidations), .stream(.candle), .optionTrades,
            .systemStatus:
            break
        }
    }
}

extension Client {
    fileprivate var topicCharacters: Int { topics.reduce(0) { $0 + $1.utf8.count } }
}
