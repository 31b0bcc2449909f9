import NIOCore
import Trading

/// A topic and where it is subscribed.
struct TopicKey: Hashable, Sendable {
    /// `nil`: on the private socket.
    var category: Category?
    var name: String

    var stream: StreamName {
        let socket = category.map { SocketName.publicData($0) } ?? ClientLoop.privateSocket
        return StreamName(socket.text + "/" + name)
    }

    /// True for `order` beside `order.linear`, which do not stand on one connection.
    ///
    /// - Source: bybit-v5 §2.4.
    func excludes(_ other: TopicKey) -> Bool {
        guard category == nil, other.category == nil else { return false }
        return name.isByCategory(of: other.name) || other.name.isByCategory(of: name)
    }

    /// The symbol at its end; none where it names something else.
    var instrument: InstrumentID? {
        guard let category, let last = name.split(separator: ".").last,
            let symbol = Symbol(String(last))
        else { return nil }
        return InstrumentID(category, symbol)
    }
}

extension String {
    /// True for `order.linear` of `order`.
    fileprivate func isByCategory(of all: String) -> Bool {
        hasPrefix(all + ".") && Category(name: dropFirst(all.utf8.count + 1)) != nil
    }
}

/// What a push does to its topic.
struct PushEffect {
    /// What readers are told; `nil` where nothing has changed.
    var content: ClientEvent.Content?
    /// The book has missed something, and its snapshot is to be asked for.
    var isGap = false
}

/// One topic while somebody reads it: its readers, and what its pushes come to.
///
/// Confined to the client's loop.
final class TopicFeed {
    let key: TopicKey
    let route: StreamRoute
    private let bytes: [UInt8]
    /// Place of its socket; `nil` before it has one.
    var socket: Int?
    var readers: [Mailbox] = []
    /// The exchange has confirmed it on the connection that stands.
    var isConfirmed = false
    /// Of the topics whose pushes are merged.
    var book: BookFeed?
    /// As merged since the last snapshot.
    var ticker: TickerUpdate?
    var isTickerLive = false
    private let isTicker: Bool
    /// From when on a ticker's snapshot is due; `nil`: none is.
    private var tickerDue: Timestamp?
    /// How often it was asked for since the last one.
    private var tickerQuestions = 0

    init(_ key: TopicKey) {
        self.key = key
        route = StreamRoute(key.stream)
        bytes = Array(key.name.utf8)
        let parts = key.name.split(separator: ".", maxSplits: 2)
        isTicker = key.category != nil && parts.first == "tickers"
        // The full book and the RPI book have words there.
        guard key.category != nil, parts.count == 3, parts[0] == "orderbook",
            let depth = Int(parts[1])
        else { return }
        // A coarse scale: the first level brings its own.
        let scale = Scale(priceDecimals: 0, quantityDecimals: 0)
        book = BookFeed(depth: depth, topic: key.name, scale: scale)
    }

    func isNamed(_ topic: UnsafeRawBufferPointer) -> Bool { topic.elementsEqual(bytes) }

    var hash: UInt64 { bytes.withUnsafeBytes { StreamNaming.hash($0) } }

    var bookState: BookState? {
        guard let book, let instrument = key.instrument else { return nil }
        return BookState(book, of: instrument)
    }

    var tickerState: TickerState? { ticker.map { TickerState(ticker: $0, isLive: isTickerLive) } }

    /// The connection is lost: true when a book or ticker was whole and is not any more.
    func lose() -> Bool {
        isConfirmed = false
        var wasLive = isTickerLive
        isTickerLive = false
        (tickerDue, tickerQuestions) = (nil, 0)
        if book?.lose(slot: nil) == true { wasLive = true }
        // It is due when the topic is subscribed again.
        if book != nil, book?.freshness != .live { book?.expectSnapshot(from: nil) }
        return wasLive
    }

    /// Takes in a push of it.
    func take(_ event: Event, at time: Timestamp) -> PushEffect {
        switch event.kind {
        case .book where book != nil: return takeBook(event, at: time)
        case .book, .improvementBook: return PushEffect(content: .bookChange(event.book))
        case .ticker: return PushEffect(content: takeTicker(event.ticker, at: time))
        case .publicTrades: return PushEffect(content: .trades(event.trades))
        case .candles: return PushEffect(content: .candles(event.candles))
        case .orders: return PushEffect(content: .orders(event.orders))
        case .executions: return PushEffect(content: .executions(event.executions))
        case .positions: return PushEffect(content: .positions(event.positions))
        case .wallets: return PushEffect(content: .wallets(event.wallets))
        case .malformed: return takeUnreadable(at: time)
        default: return PushEffect(content: .rows(event.details))
        }
    }

    // MARK: Snapshots that are due

    /// A snapshot was asked for.
    func expectSnapshot(from time: Timestamp) {
        book?.expectSnapshot(from: time)
        guard isTicker else { return }
        tickerDue = time
        tickerQuestions += 1
    }

    /// True when the snapshot that is due has not come: it is to be asked for again.
    func isSnapshotOverdue(at time: Timestamp) -> Bool {
        if book?.isSnapshotOverdue(at: time) == true { return true }
        guard !isTickerLive, let tickerDue else { return false }
        // Twice as long each time: one that can never be read is not worth a question every few seconds.
        let patience: Int64 = 5_000_000_000 << Int64(max(0, min(tickerQuestions - 1, 6)))
        return time.nanoseconds - tickerDue.nanoseconds >= patience
    }

    // MARK: Pushes

    /// What it would have changed is not known: a book or ticker begins anew, also one that has not begun.
    private func takeUnreadable(at time: Timestamp) -> PushEffect {
        isTickerLive = false
        book?.spoil()
        // A snapshot that was asked for and cannot be read would come again just so: that is asked for now and then.
        let isGap = book != nil || (isTicker && tickerDue == nil)
        return PushEffect(content: .unreadable, isGap: isGap)
    }

    private func takeTicker(_ update: TickerUpdate, at time: Timestamp) -> ClientEvent.Content? {
        if update.isSnapshot {
            ticker = update
            isTickerLive = true
            (tickerDue, tickerQuestions) = (nil, 0)
        } else {
            // A change without a snapshot to change: the loss before it was told.
            guard isTickerLive else {
                tickerDue = tickerDue ?? time
                return nil
            }
            ticker?.merge(update)
        }
        return ticker.map { .ticker($0) }
    }

    /// The rules are the desk's own (``Trading/BookFeed``).
    private func takeBook(_ event: Event, at time: Timestamp) -> PushEffect {
        guard var book = self.book else { return PushEffect(content: .bookChange(event.book)) }
        // Taken out while it changes, so that its levels have one owner.
        self.book = nil
        defer { self.book = book }
        var errors: [(field: String, error: NumberError)] = []
        let outcome = book.apply(event.book, slot: 1, errors: &errors)
        let isIncomplete =
            !errors.isEmpty || event.findings.contains { BookFeed.isLevel($0.field) }
        if isIncomplete, outcome == .changed {
            book.spoil()
            // A snapshot that cannot be read would come again just so.
            return PushEffect(
                content: .stale(reason: "a level cannot be read"),
                isGap: !event.book.isSnapshot
            )
        }
        switch outcome {
        case .changed:
            guard let instrument = key.instrument else { return PushEffect() }
            return PushEffect(content: .book(BookState(book, of: instrument)))
        case .repeated: return PushEffect()
        case .early, .old:
            book.ignore(at: time)
            return PushEffect()
        case .gap(let expected, let seen):
            return PushEffect(
                content: .stale(reason: "expected u = \(expected), seen u = \(seen)"),
                isGap: true
            )
        case .backwards(let last, let seen):
            return PushEffect(
                content: .stale(reason: "expected seq >= \(last), seen seq = \(seen)"),
                isGap: true
            )
        case .crossed(let bid, let ask):
            return PushEffect(
                content: .stale(reason: "crossed: bid \(bid), ask \(ask)"),
                isGap: true
            )
        }
    }
}
