import Bybit
public import Journal
public import Market
public import Simulation
public import Trading

/// A recorded market for clients of today: it moves an exchange that somebody else drives, and says what public topics
/// bring.
///
/// The exchange's side is matched at the moment that each record says of itself, pushes come when they came. The recorded
/// session's own orders and fills are taken out; what is pushed of a book or of trades is written anew only where they, or
/// resting orders of today's accounts, have a part in it.
public final class ServedMarket {
    /// A message of a public topic.
    public struct Push: Sendable {
        public var category: Category
        public var topic: String
        public var sequence: SequenceNumber
        /// In the recording's time.
        public var bytes: [UInt8]
    }

    /// Of the recording's first and last record.
    public let first: Timestamp
    public let last: Timestamp
    /// The record that was pushed last.
    public private(set) var position = SequenceNumber.none
    /// All has been pushed, or the recording reads no further.
    public private(set) var isOver = false
    public private(set) var failure: SimulatedError?
    private let survey: RecordingSurvey
    private let topics: Set<String>
    private var market: RecordedMarket
    private var reader: MarketReader
    private var sent = SentTopics()
    /// By category and topic, the slot of the socket whose frames are pushed, but for books that the exchange's side follows;
    /// look-ups only.
    private var carriers: [String: Int] = [:]
    private var writer = MessageWriter()
    /// The recording's time.
    private var now: Int64

    /// Reads the recording once.
    ///
    /// - Parameters:
    ///   - registry: makes the engine whose state a recording begins with that does not begin with record 1.
    ///   - takesOut: false leaves the recorded session's orders and fills in the market.
    public init(
        _ recording: Recording,
        registry: StrategyRegistry = .standard,
        queue: QueueModel = .power(hundredths: 200),
        takesOut: Bool = true
    ) throws(SimulatedError) {
        let survey = try Simulator.survey(recording, registry)
        guard let market = RecordedMarket(survey, queue: queue, takesOut: takesOut) else {
            throw .noMarket
        }
        self.survey = survey
        self.market = market
        first = survey.begins
        last = survey.ends
        now = survey.begins.nanoseconds
        do throws(JournalError) {
            reader = try MarketReader(
                recording,
                MarketEdits(),
                keepsAccount: false,
                offset: { survey.offset(at: $0) }
            )
            topics = Set(
                try recording.streams().compactMap { stream in
                    guard case .publicTopic(let category, let topic) = stream.name.kind else {
                        return nil
                    }
                    return ServedMarket.key(category, topic)
                }
            )
        } catch {
            throw .replay(.journal(error))
        }
        reader.keepsFrames = true
        for (id, feeds) in zip(survey.feeds.keys, survey.feeds.values) {
            for feed in feeds where feed.freshness == .live {
                let key = ServedMarket.key(id.category, "orderbook.\(feed.depth).\(id.symbol)")
                sent.begin(key, feed, id.symbol, time: survey.begins.milliseconds)
            }
        }
    }

    private static func key(_ category: Category, _ topic: String) -> String {
        category.name + " " + topic
    }

    /// Own orders and fills of the recorded session that were, or could not be, taken out so far.
    public var attribution: Attribution { market.attribution }

    public var queue: QueueModel { market.queue }

    /// Instruments that can be traded.
    public var instruments: [InstrumentID] { market.listings.map(\.instrument.id) }

    public func has(_ category: Category, _ topic: String) -> Bool {
        topics.contains(ServedMarket.key(category, topic))
    }

    /// An exchange without a market yet, with accounts that have what the recording tells first of the session's: balances
    /// and positions; 100,000 USDT where it tells none.
    ///
    /// - Parameter start: its clock; recorded times are moved there.
    public func exchange(
        start: Timestamp,
        aliases: [String]
    ) throws(SimulationError) -> SimulatedExchange {
        let deposits = SimulatedRun.deposits(SimulationPlan(), survey)
        let shift = start.nanoseconds - first.nanoseconds
        var listings = market.listings
        for index in listings.indices where listings[index].instrument.deliveryTime > .zero {
            listings[index].instrument.deliveryTime = listings[index].instrument.deliveryTime
                .advanced(nanoseconds: shift)
        }
        var exchange = try SimulatedExchange(
            SimulationConfiguration(
                seed: 0,
                start: start,
                listings: listings,
                accounts: aliases.map { survey.account($0, deposits) },
                fundingInterval: SimulationConfiguration.fundingInterval(of: market.listings)
            )
        )
        for account in exchange.accounts { survey.openPositions(in: &exchange, for: account) }
        market.accounts = exchange.accounts
        var nobody = ExchangeOutput()
        market.begin(in: &exchange, &nobody)
        return exchange
    }

    /// When in the recording the next message is pushed; `nil` at its end.
    public func nextPush() -> Timestamp? {
        do throws(SimulatedError) {
            while true {
                try reader.fill(to: now)
                guard let arrival = reader.arrival else {
                    guard !reader.hasEnded else {
                        isOver = true
                        return nil
                    }
                    try reader.readOn()
                    continue
                }
                if case .publicTopic = arrival.stream.kind { return arrival.time }
                note(arrival)
                reader.dropArrival(arrival)
            }
        } catch {
            end(error)
            return nil
        }
    }

    /// Goes on to the next push, or to `limit` where none comes before it: the exchange is brought to each moment on the
    /// way, and the market that was there taken into it.
    ///
    /// - Parameters:
    ///   - limit: in the recording's time.
    ///   - shift: what the exchange's clock is ahead of the recording's, nanoseconds.
    public func step(
        to limit: Timestamp,
        shift: Int64,
        _ exchange: inout SimulatedExchange,
        _ output: inout ExchangeOutput
    ) -> Push? {
        do throws(SimulatedError) {
            return try push(before: limit.nanoseconds, shift, &exchange, &output)
        } catch {
            end(error)
            return nil
        }
    }

    private func end(_ error: SimulatedError) {
        failure = failure ?? error
        isOver = true
    }

    private func push(
        before limit: Int64,
        _ shift: Int64,
        _ exchange: inout SimulatedExchange,
        _ output: inout ExchangeOutput
    ) throws(SimulatedError) -> Push? {
        while !isOver {
            try reader.fill(to: now)
            guard let arrival = reader.arrival else {
                if reader.hasEnded { isOver = true } else { try reader.readOn() }
                continue
            }
            let moment = reader.market?.moment ?? .max
            let next = min(moment, arrival.time.nanoseconds)
            guard next <= limit else { return nil }
            if next > now {
                now = next
                // What happened up to here may not have been read yet.
                continue
            }
            exchange.advance(to: Timestamp(nanoseconds: now + shift), into: &output)
            if moment == next, let item = reader.market {
                reader.dropMarket()
                match(item, &exchange, &output)
                continue
            }
            note(arrival)
            let push = push(of: arrival)
            reader.dropArrival(arrival)
            if let push { return push }
        }
        return nil
    }

    // MARK: - The exchange's side

    private func match(
        _ item: MarketItem,
        _ exchange: inout SimulatedExchange,
        _ output: inout ExchangeOutput
    ) {
        market.take(item, &exchange, &output)
        guard item.event.kind == .book, item.isWithheld else { return }
        // Of another depth than the one that is fed.
        item.isWithheld = false
        let id = InstrumentID(item.event.category, item.event.symbol)
        guard item.event.book.depth == 1, !market.isPlain(id), let book = market.snapshot(id)
        else { return }
        item.isRewritten = true
        item.event.book.isSnapshot = true
        item.event.book.bids = Array(book.bids.prefix(1))
        item.event.book.asks = Array(book.asks.prefix(1))
    }

    // MARK: - The clients' side

    /// Sockets that come and go: a topic's frames are pushed of one of them.
    private func note(_ item: MarketItem) {
        guard item.event.kind == .link, item.event.link.change == .disconnected else { return }
        let socket = StreamName(item.event.link.socket)
        guard socket.base.hasPrefix("public/") else { return }
        let prefix = socket.base.dropFirst(7) + " "
        carriers = carriers.filter { !($0.key.hasPrefix(prefix) && $0.value == socket.slot) }
    }

    private func push(of item: MarketItem) -> Push? {
        guard case .publicTopic(let category, let topic) = item.stream.kind, !item.isWithheld,
            !item.isCopy
        else { return nil }
        let key = ServedMarket.key(category, topic)
        // The push that changed the book is the one that was written anew, whichever connection gave it.
        if !item.isFirst {
            let slot = item.stream.slot
            guard carriers[key, default: slot] == slot else { return nil }
            carriers[key] = slot
        }
        position = item.number
        sent.note(item, key, scale: instrument(item)?.scale)
        let bytes = item.isRewritten ? written(item) : item.payload
        return Push(category: category, topic: topic, sequence: item.number, bytes: bytes)
    }

    private func instrument(_ item: MarketItem) -> Instrument? {
        survey.instruments[InstrumentID(item.event.category, item.event.symbol)]
    }

    private func written(_ item: MarketItem) -> [UInt8] {
        writer.reset()
        let ts = item.event.exchangeMilliseconds
        if item.event.kind == .book {
            writer.book(item.event.book, symbol: item.event.symbol, ts: ts)
        } else {
            writer.trades(
                item.event.trades,
                category: item.event.category,
                symbol: item.event.trades.first?.symbol ?? .none,
                ts: ts
            )
        }
        return writer.bytes
    }

    /// What somebody gets first who subscribes now: the state that the topic's next push goes on from.
    ///
    /// - Returns: `nil` for topics without a state, and where nothing has been pushed yet.
    public func state(of category: Category, _ topic: String) -> [UInt8]? {
        writer.reset()
        guard sent.write(ServedMarket.key(category, topic), category, &writer) else { return nil }
        return writer.bytes
    }
}
