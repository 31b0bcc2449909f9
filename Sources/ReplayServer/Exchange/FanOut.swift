import Bybit
import Market
import NIOCore
import Simulation

/// What becomes of the lists of instruments while the exchange runs.
enum ListingChange {
    case listed(InstrumentID)
    /// A fault of the calendar.
    case notListed(InstrumentID, reason: String)
    case delivered(InstrumentID)
}

/// Who is subscribed to what, and the way of each event to them.
///
/// A public push is encoded once and the same bytes go to all its subscribers. A private one goes to the sockets of
/// its account, once for each topic text that takes it.
final class FanOut {
    private var feeds: [PublicFeed: [Client]] = [:]
    private var personal: [AccountID: [Client]] = [:]
    /// Intervals with subscribers, and how far each has come.
    private var candles: [InstrumentID: [CandleFold]] = [:]
    private var combinations = CombinationRows()
    private var writer = MessageWriter()
    private var messageNumber = 0
    /// Where each public frame is made; whoever gets it copies it.
    private var frame = ByteBuffer()
    /// Clients with bytes that are not yet handed to their sockets.
    private var touched: [Client] = []
    /// Those of them whose bytes wait for the end of a step.
    private var gathered: [Client] = []
    private var isGathering = false
    /// Base coin of each option listed so far.
    var baseCoins: [InstrumentID: String] = [:]
    /// Called with what becomes of the lists of instruments; set once.
    var changed: (ListingChange) -> Void = { _ in }
    /// False keeps every push back.
    var isOn = true
    private(set) var pushes = 0
    private(set) var pushedBytes = 0

    // MARK: subscribers

    /// True when these are the feed's first ears.
    func add(_ client: Client, to feed: PublicFeed) -> Bool {
        feeds[feed, default: []].append(client)
        return feeds[feed]?.count == 1
    }

    /// True when nobody listens to the feed any more.
    func remove(_ client: Client, from feed: PublicFeed) -> Bool {
        feeds[feed]?.removeAll { $0 === client }
        guard feeds[feed]?.isEmpty == true else { return false }
        feeds[feed] = nil
        if case .candles(let id, let interval) = feed {
            candles[id]?.removeAll { $0.interval == interval }
            if candles[id]?.isEmpty == true { candles[id] = nil }
        }
        return true
    }

    func add(_ client: Client, to account: AccountID) {
        personal[account, default: []].append(client)
    }

    func remove(_ client: Client, from account: AccountID) {
        personal[account]?.removeAll { $0 === client }
    }

    /// Begins an interval of candles with the minutes that are there.
    func begin(_ fold: CandleFold, _ id: InstrumentID) { candles[id, default: []].append(fold) }

    func hasCandles(_ id: InstrumentID) -> Bool { candles[id] != nil }

    func isHeard(_ feed: PublicFeed) -> Bool { feeds[feed] != nil }

    /// Instruments whose price limits somebody listens to, in a fixed order.
    var heardPriceLimits: [InstrumentID] {
        feeds.keys.compactMap { if case .priceLimit(let id) = $0 { id } else { nil } }.sorted()
    }

    /// True while a socket of the account has that topic, whatever its category.
    func isHeard(_ kind: PrivateTopic.Kind, by account: AccountID) -> Bool {
        (personal[account] ?? []).contains { client in
            client.privateTopics.contains { $0.topic.kind == kind }
        }
    }

    /// The private sockets of an account that are logged in.
    func sockets(of account: AccountID) -> [Client] { personal[account] ?? [] }

    // MARK: delivery

    func deliver(_ events: [TimedEvent]) {
        for item in events { deliver(item.event, at: item.time.milliseconds) }
        flush()
    }

    /// Ends a batch and hands what was pushed to the sockets; within a step of the market that is done at its end.
    func flush() {
        for client in touched {
            client.isTouched = false
            if isGathering { gather(client) } else { client.flush() }
        }
        touched.removeAll(keepingCapacity: true)
    }

    private func gather(_ client: Client) {
        client.endBatch()
        guard !client.isGathered else { return }
        client.isGathered = true
        gathered.append(client)
    }

    /// Until ``endStep()`` sockets get nothing: one write of many batches costs what one write of one does.
    func beginStep() { isGathering = true }

    /// Hands what the step's batches have left to the sockets.
    func endStep() {
        isGathering = false
        for client in gathered {
            client.isGathered = false
            client.flush()
        }
        gathered.removeAll(keepingCapacity: true)
    }

    private func deliver(_ event: ExchangeEvent, at ts: Int64) {
        switch event {
        case .book(let id, let update):
            let stream: PublicStream =
                update.isImprovement ? .improvementBook(id) : .book(id, depth: update.depth)
            publish(.stream(stream)) { $0.book(update, symbol: id.symbol, ts: ts) }
        case .trades(let id, let trades): deliver(trades, of: id, at: ts)
        case .ticker(let id, let update):
            let number = id.category == .option ? nextID(id.symbol.description, ts) : ""
            publish(.stream(.ticker(id))) {
                $0.ticker(update, category: id.category, symbol: id.symbol, id: number, ts: ts)
            }
        case .candles(let id, let minutes): deliver(minutes, of: id, at: ts)
        case .liquidation(let id, let row):
            publish(.stream(.liquidations(id))) {
                $0.details(
                    [.liquidation(row.wire)],
                    topic: "allLiquidation.\(id.symbol)",
                    isPrivate: false,
                    time: ts
                )
            }
        case .order, .execution, .position, .wallet: deliverPrivate(event, at: ts)
        case .listed(let id): changed(.listed(id))
        case .notListed(let id, let error): changed(.notListed(id, reason: "\(error)"))
        case .delivered(let id): changed(.delivered(id))
        }
    }

    /// At most 1,024 trades a message; all options of a coin share one topic.
    private func deliver(_ trades: [PublicTrade], of id: InstrumentID, at ts: Int64) {
        for start in stride(from: 0, to: trades.count, by: 1_024) {
            let part = Array(trades[start..<min(start + 1_024, trades.count)])
            guard id.category == .option else {
                publish(.stream(.trades(id))) {
                    $0.trades(part, category: id.category, symbol: id.symbol, ts: ts)
                }
                continue
            }
            let coin = baseCoins[id] ?? ""
            let number = nextID(coin, ts)
            publish(.optionTrades(baseCoin: coin)) {
                $0.optionTrades(part, baseCoin: coin, id: number, ts: ts)
            }
        }
    }

    private func deliver(_ minutes: [Candle], of id: InstrumentID, at ts: Int64) {
        guard var folds = candles[id] else { return }
        for place in folds.indices {
            var rows: [Candle] = []
            for minute in minutes {
                let candle = folds[place].add(minute)
                // A minute that ends within a longer candle is in the row of the next one.
                if rows.last?.startMilliseconds == candle.startMilliseconds { rows.removeLast() }
                rows.append(candle)
            }
            publish(.candles(id, folds[place].interval)) {
                $0.candles(rows, symbol: id.symbol, ts: ts)
            }
        }
        candles[id] = folds
    }

    private func deliverPrivate(_ event: ExchangeEvent, at ts: Int64) {
        switch event {
        case .order(let account, let record):
            // A row that nobody hears is never made.
            guard hears(account) else { return }
            deliver(record, of: account, at: ts)
        case .execution(let account, let record):
            guard hears(account) else { return }
            deliver(record, of: account, at: ts)
        case .position(let account, let record):
            tell(account, .position, record.instrument.category) { topic, id in
                self.bytes { $0.positions([record.row], topic: topic, id: id, creationTime: ts) }
            }
        case .wallet(let account, let report):
            tell(account, .wallet, nil) { topic, id in
                self.bytes {
                    $0.wallet(
                        report.coins,
                        totals: report.totals,
                        topic: topic,
                        id: id,
                        creationTime: ts
                    )
                }
            }
        case .book, .trades, .ticker, .candles, .liquidation, .listed, .notListed, .delivered: break
        }
    }

    private func deliver(_ record: OrderRecord, of account: AccountID, at ts: Int64) {
        let row = record.row
        if row.instrument.category == .spread {
            let detail = Detail.spreadOrder(CombinationRows.combination(row))
            tell(account, .spreadOrder, [detail], at: ts)
        } else if record.isLeg {
            tell(account, .spreadOrder, [.spreadOrder(CombinationRows.leg(row))], at: ts)
        } else {
            tell(account, .order, row.instrument.category) { topic, id in
                self.bytes { $0.orders([row], topic: topic, id: id, creationTime: ts) }
            }
        }
    }

    private func deliver(_ record: ExecutionRecord, of account: AccountID, at ts: Int64) {
        let row = record.row
        if row.instrument.category == .spread {
            let detail = Detail.spreadExecution(combinations.execution(row, of: account))
            tell(account, .spreadExecution, [detail], at: ts)
            return
        }
        tell(account, .execution, row.instrument.category) { topic, id in
            self.bytes { $0.executions([row], topic: topic, id: id, creationTime: ts) }
        }
        if row.type == .trade {
            let fast = Detail.fastExecution(row.fast)
            tell(account, .fastExecution, row.instrument.category) { topic, _ in
                self.bytes { $0.details([fast], topic: topic, isPrivate: true, time: ts) }
            }
        } else if row.type == .futureSpread {
            let leg = Detail.spreadExecution(combinations.leg(row, of: account))
            tell(account, .spreadExecution, [leg], at: ts)
        }
    }

    private func hears(_ account: AccountID) -> Bool {
        isOn && personal[account]?.isEmpty == false
    }

    /// One message for all who hear the feed.
    func publish(_ feed: PublicFeed, _ write: (inout MessageWriter) -> Void) {
        guard isOn, let subscribers = feeds[feed], !subscribers.isEmpty else { return }
        let frame = made(write)
        for client in subscribers { push(frame, to: client) }
    }

    /// Rows without a category of their own.
    func tell(
        _ account: AccountID,
        _ kind: PrivateTopic.Kind,
        _ rows: [Detail],
        at ts: Int64
    ) {
        tell(account, kind, nil) { topic, id in
            self.bytes { $0.details(rows, topic: topic, id: id, isPrivate: true, time: ts) }
        }
    }

    private func tell(
        _ account: AccountID,
        _ kind: PrivateTopic.Kind,
        _ category: Category?,
        _ message: (_ topic: String, _ id: String) -> [UInt8]
    ) {
        guard isOn, let clients = personal[account], !clients.isEmpty else { return }
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

    private func nextID(_ name: String, _ ts: Int64) -> String {
        messageNumber += 1
        return "\(name)-\(messageNumber)-\(ts)"
    }

    /// One message for one client: its first snapshot.
    func send(to client: Client, _ write: (inout MessageWriter) -> Void) {
        push(made(write), to: client)
    }

    /// A frame in memory that the next one is made in, unless somebody keeps it.
    private func made(_ write: (inout MessageWriter) -> Void) -> ByteBuffer {
        writer.reset()
        write(&writer)
        writer.withBytes { payload in
            frame.clear(minimumCapacity: payload.count + 10)
            WebSocketFrames.append(.text, payload, to: &frame)
        }
        return frame
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
