import Bybit
import JSON
import Journal
import Market
import Simulation
import Trading

/// What has to be known of a recording before its market can be simulated: one pass over it.
///
/// The session's own orders and fills, the latency of its acknowledgements, what it began with, and the instruments whose
/// books were recorded.
struct RecordingSurvey {
    /// A request of the recorded session.
    struct Request {
        var sequence: SequenceNumber
        var time: Timestamp
        var command: RecordedCommand
    }

    var instruments = ByInstrument<Instrument>()
    /// Deepest subscription by instrument; the full book only where there is no other.
    var depths = ByInstrument<Int>()
    /// Mark and index price of the first ticker, else the middle of the first book.
    var prices = ByInstrument<ReferencePrices>()
    /// Instruments with a ticker that tells a mark price.
    var marked: Set<InstrumentID> = []
    var own = OwnActivity()
    var requests: [Request] = []
    /// Of a recording that knows when its records arrived.
    var samples: [LatencyModel.Sample] = []
    let knowsArrivalTimes: Bool
    /// As the exchange told them first.
    var wallets: [WalletUpdate] = []
    /// Of hedge mode both legs.
    var positions: [PositionUpdate] = []
    var executions: [ExecutionReport] = []
    /// A private socket was ready at some time.
    var hasPrivate = false
    var hasTrades: Set<InstrumentID> = []
    // Of a recording that begins in the middle of a session; empty of others.
    /// The books as they stood, shallow first, without the full one.
    var feeds = ByInstrument<[BookFeed]>()
    var balances: [(coin: String, amount: Amount)] = []
    /// Signed sizes, and the entry value of each, ≥ 0.
    var holdings: [(id: InstrumentID, size: Quantity, entryValue: Amount)] = []
    var starts = 0
    var begins = Timestamp.zero
    var ends = Timestamp.zero
    /// Offsets of the exchange's clock from ours, nanoseconds, from the time they were measured on.
    private var offsets: [(time: Timestamp, offset: Int64)] = []
    /// As times of a session do; what was imported may come otherwise.
    private var offsetsRise = true
    // Only while reading.
    private var asked: [String: Timestamp] = [:]
    private var created: [String: Int64] = [:]
    private var answered: [String: Timestamp] = [:]
    private var seenExecutions: Set<String> = []
    /// What the session has traded itself up to here: what is told of a position then is not what it began with.
    private var traded: Set<InstrumentID> = []
    /// Lists of positions that have come so far, by their query.
    private var lists: [String: Int] = [:]

    /// - Parameter engine: as it stood before the first record of a recording that begins in the middle of a session.
    /// - Throws: what reading throws.
    init(_ recording: Recording, after engine: Engine? = nil) throws(ReplayError) {
        knowsArrivalTimes = recording.manifest.knowsArrivalTimes
        if let engine { begin(from: engine) }
        let parser = JSONParser()
        let decoder = MessageDecoder()
        var event = Event()
        var streams: [(name: StreamName, route: StreamRoute, isDone: Bool)?] = []
        do throws(JournalError) {
            let cursor = try recording.cursor()
            while let record = try cursor.next() {
                let place = Int(record.stream.value)
                while streams.count <= place { streams.append(nil) }
                if streams[place] == nil {
                    let name = cursor.name(of: record.stream)
                    streams[place] = (name, StreamRoute(name), false)
                }
                guard let stream = streams[place] else { continue }
                if begins == .zero { begins = record.time }
                ends = record.time
                if stream.isDone { continue }
                guard isWanted(stream.name.kind, record, parser) else {
                    // A public stream that has told what is needed of it never has to be read again.
                    if case .publicTopic = stream.name.kind { streams[place]?.isDone = true }
                    continue
                }
                decoder.decode(stream.route, record.payload, into: &event)
                take(event, stream.name, record.time)
            }
        } catch {
            throw .journal(error)
        }
        own.finish()
        pair()
        asked = [:]
        created = [:]
        answered = [:]
        seenExecutions = []
        traded = []
        lists = [:]
        executions.sort(by: ExecutionOrder.isBefore)
    }

    /// The exchange's clock less ours at a moment of ours.
    func offset(at time: Timestamp) -> Int64 {
        guard offsetsRise else {
            return (offsets.last { $0.time <= time } ?? offsets.first)?.offset ?? 0
        }
        var low = 0
        var high = offsets.count
        while low < high {
            let middle = (low + high) / 2
            if offsets[middle].time <= time { low = middle + 1 } else { high = middle }
        }
        return offsets.isEmpty ? 0 : offsets[max(0, low - 1)].offset
    }

    /// Whether a record has anything for this; what needs no decoding is taken at once.
    private mutating func isWanted(
        _ kind: StreamKind,
        _ record: Record,
        _ parser: JSONParser
    ) -> Bool {
        switch kind {
        case .publicTopic(let category, let topic):
            return isWanted(category, topic)
        case .privateTopic, .rest, .trade: return true
        case .link: return !hasPrivate
        case .command:
            if let command = RecordedCommand(record.payload, parser) {
                if case .place(let request) = command.action {
                    asked[request.orderLinkID] = record.time
                }
                requests.append(
                    Request(sequence: record.sequence, time: record.time, command: command)
                )
            }
            return false
        case .sessionStart:
            starts += 1
            return false
        case .sessionClock:
            let text = try? parser.parse(record.payload) { root throws(JSONError) in
                root["offset"]?.string ?? ""
            }
            if let text, let offset = Int64(text) {
                if let last = offsets.last, last.time > record.time { offsetsRise = false }
                offsets.append((record.time, offset))
            }
            return false
        default: return false
        }
    }

    private mutating func isWanted(_ category: Category, _ topic: String) -> Bool {
        let parts = topic.split(separator: ".")
        guard let last = parts.last, let symbol = Symbol(String(last)) else { return false }
        let id = InstrumentID(category, symbol)
        switch parts[0] {
        case "orderbook":
            guard parts.count == 3,
                let depth = parts[1] == "full"
                    ? BookUpdate.fullDepth : Int(String(parts[1]))
            else { return false }
            let known = depths[id]
            if depth != BookUpdate.fullDepth, known == nil || known == BookUpdate.fullDepth {
                depths[id] = depth
            } else if let known, depth > known, depth != BookUpdate.fullDepth {
                depths[id] = depth
            } else if known == nil {
                depths[id] = depth
            }
            return prices[id] == nil
        case "publicTrade":
            hasTrades.insert(id)
            return false
        case "tickers": return !marked.contains(id)
        default: return false
        }
    }

    private mutating func take(_ event: Event, _ name: StreamName, _ time: Timestamp) {
        for row in event.instruments { instruments[row.id] = row }
        for row in event.orders {
            own.take(row, scale: instruments[row.instrument]?.scale)
            if !row.orderLinkID.isEmpty, created[row.orderLinkID] == nil {
                created[row.orderLinkID] = row.createdMilliseconds
            }
        }
        for row in event.executions {
            if row.type.isFill, row.timeMilliseconds >= begins.milliseconds {
                traded.insert(row.instrument)
            }
            own.take(row, scale: instruments[row.instrument]?.scale)
            if seenExecutions.insert("\(row.instrument) \(row.executionID)").inserted {
                executions.append(row)
            }
        }
        switch event.kind {
        case .link:
            if event.link.change == .ready, event.link.socket.hasPrefix("private/") {
                hasPrivate = true
            }
        case .reply:
            if event.reply.endpoint == .wallet, wallets.isEmpty { wallets = event.wallets }
            if event.reply.endpoint == .positions { takePositions(event) }
            if event.reply.endpoint == .createOrder, event.reply.isSuccess,
                answered[event.reply.orderLinkID] == nil
            {
                answered[event.reply.orderLinkID] = time
            }
        case .book: noteMiddle(event)
        case .ticker:
            let id = InstrumentID(event.category, event.symbol)
            guard let instrument = instruments[id], let mark = event.ticker.markPrice else {
                return
            }
            let price = ReferencePrices.units(mark, instrument)
            let index =
                event.ticker.indexPrice.map { ReferencePrices.units($0, instrument) } ?? price
            guard price > 0 else { return }
            prices[id] = ReferencePrices(mark: Price(units: price), index: Price(units: index))
            marked.insert(id)
        default: break
        }
    }

    /// The first list of a query tells what the session began with, flat where it has no row; later ones tell what it has
    /// come to.
    private mutating func takePositions(_ event: Event) {
        guard event.reply.isSuccess else { return }
        let parts = event.reply.query.split(separator: "&")
        let own = parts.filter { !$0.hasPrefix("cursor=") }
        let query = own.joined(separator: "&")
        // Pages that follow on the first belong to its list.
        if own.count == parts.count { lists[query, default: 0] += 1 }
        guard lists[query, default: 0] <= 1 else { return }
        for row in event.positions where !row.size.isZero && !traded.contains(row.instrument) {
            let isKnown = positions.contains {
                $0.instrument == row.instrument && $0.positionIndex == row.positionIndex
            }
            if !isKnown { positions.append(row) }
        }
    }

    private mutating func noteMiddle(_ event: Event) {
        let id = InstrumentID(event.category, event.symbol)
        guard event.book.isSnapshot, let scale = instruments[id]?.scale,
            let bid = event.book.bids.first, let ask = event.book.asks.first,
            let low = try? scale.price(bid.price), let high = try? scale.price(ask.price)
        else { return }
        let middle = Price(units: low.units + (high.units - low.units) / 2)
        prices[id] = ReferencePrices(mark: middle, index: middle)
    }

    /// One sample for each order that was asked for, created by the exchange and acknowledged.
    private mutating func pair() {
        guard knowsArrivalTimes else { return }
        for request in requests {
            guard case .place(let order) = request.command.action,
                let answer = answered[order.orderLinkID], let made = created[order.orderLinkID],
                let asked = asked[order.orderLinkID], answer >= asked,
                let begin = Timestamp(milliseconds: max(0, made))
            else { continue }
            let round = answer.nanoseconds - asked.nanoseconds
            // The exchange's clock ticks in milliseconds: the middle of one is the best guess.
            let there = begin.advanced(nanoseconds: 500_000)
                .advanced(nanoseconds: 0 &- offset(at: answer))
            let entry = min(max(0, there.nanoseconds - asked.nanoseconds), round)
            samples.append(
                LatencyModel.Sample(time: asked.nanoseconds, entry: entry, response: round - entry)
            )
        }
    }
}

extension ReferencePrices {
    /// A price of a ticker in the instrument's scale, finer digits cut; 0 where it does not fit.
    static func units(_ numeral: Numeral, _ instrument: Instrument) -> Int64 {
        let decimals = instrument.scale.priceDecimals
        if let exact = try? numeral.units(decimals: decimals) { return exact }
        let trimmed = numeral.trimmed
        guard Int(trimmed.decimals) > decimals else { return 0 }
        return trimmed.mantissa / PowerOfTen.int64(Int(trimmed.decimals) - decimals)
    }
}
