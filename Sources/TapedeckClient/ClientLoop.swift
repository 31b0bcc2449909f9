import NIOCore

/// Which topics of one category are on which of its sockets.
struct PublicSockets {
    var plan: SocketPlan
    /// Places in the client's sockets, in the plan's order.
    var numbers: [Int] = []
}

/// The one loop of a client: sockets, books and readers.
///
/// Confined to its event loop. Nothing in it waits.
final class ClientLoop {
    let loop: any EventLoop
    let clock: SessionClock
    let configuration: ClientConfiguration
    let rest: RESTClient
    let tls: TLSContext?
    let decoder = MessageDecoder()
    var event = Event()
    var scanner = SecretScanner()
    var sockets: [Socket] = []
    /// Why each socket was last lost, or could not be made.
    var failures: [String] = []
    /// Sockets whose confirmed topics are to be looked at, since an answer has come.
    var unconfirmed: Set<Int> = []
    /// Topics of each socket by the hash of their names; the names are compared, a hash may be shared.
    var feedsByHash: [[UInt64: TopicFeed]] = []
    /// In the order they were asked for.
    private(set) var order: [TopicKey] = []
    private(set) var feeds: [TopicKey: TopicFeed] = [:]
    private var mailboxes: [UInt64: Mailbox] = [:]
    /// Readers of the connections alone.
    private var watchers: [UInt64: Mailbox] = [:]
    var homes: [Category: PublicSockets] = [:]
    /// Place of the private socket.
    var privateNumber: Int?
    var clockOffset = ClockOffset()
    var clockWaiters: [() -> Void] = []
    var isMeasuring = false
    private(set) var isClosed = false

    /// The account's word in names of streams and sockets.
    static let account = "main"
    static let privateSocket = SocketName.privateData(account: account)

    init(
        loop: any EventLoop,
        clock: SessionClock,
        configuration: ClientConfiguration,
        rest: RESTClient,
        tls: TLSContext?
    ) {
        self.loop = loop
        self.clock = clock
        self.configuration = configuration
        self.rest = rest
        self.tls = tls
        if let signer = configuration.credentials?.signer { scanner.watch(signer) }
        tickLater()
    }

    // MARK: - Readers

    /// A reader comes; without topics it is one of the connections.
    func join(_ id: UInt64, _ topics: [TopicKey]?, limit: Int) {
        let mailbox = Mailbox(topics: topics ?? [], limit: limit)
        mailboxes[id] = mailbox
        guard !isClosed else { return mailbox.finish(nil) }
        guard let topics else {
            watchers[id] = mailbox
            return
        }
        for key in topics {
            guard let other = (order + topics).first(where: key.excludes) else { continue }
            return mailbox.finish(
                .unfit("\(key.name) and \(other.name) do not stand on one connection")
            )
        }
        var isNew = false
        for key in topics {
            if let feed = feeds[key] {
                feed.readers.append(mailbox)
                tellPresent(feed, to: mailbox)
            } else {
                let feed = TopicFeed(key)
                feed.readers.append(mailbox)
                feeds[key] = feed
                order.append(key)
                isNew = true
            }
        }
        if isNew { assign(Set(topics.map(\.category))) }
    }

    func take(_ id: UInt64, _ taker: Mailbox.Taker) {
        guard let mailbox = mailboxes[id] else { return taker.resume(returning: .end(nil)) }
        mailbox.take(taker)
        if mailbox.isSpent { mailboxes[id] = nil }
    }

    /// A reader has gone; topics that nobody reads any more are unsubscribed.
    func leave(_ id: UInt64) {
        guard let mailbox = mailboxes.removeValue(forKey: id) else { return }
        watchers[id] = nil
        mailbox.abandon()
        part(mailbox)
    }

    /// Ends the reading of a topic with an error, for all its readers.
    func fail(_ key: TopicKey, _ error: ClientError) {
        guard let feed = feeds[key] else { return }
        for mailbox in feed.readers {
            mailbox.finish(error)
            part(mailbox)
        }
    }

    private func part(_ mailbox: Mailbox) {
        var changed: Set<Category?> = []
        for key in mailbox.topics {
            guard let feed = feeds[key] else { continue }
            feed.readers.removeAll { $0 === mailbox }
            guard feed.readers.isEmpty else { continue }
            feeds[key] = nil
            order.removeAll { $0 == key }
            if let socket = feed.socket, feedsByHash[socket][feed.hash] === feed {
                feedsByHash[socket][feed.hash] = nil
            }
            changed.insert(key.category)
        }
        if !changed.isEmpty { assign(changed) }
    }

    /// What a topic has come to so far, for one who joins its readers.
    private func tellPresent(_ feed: TopicFeed, to mailbox: Mailbox) {
        let time = clock.now()
        let key = feed.key
        func put(_ content: ClientEvent.Content) {
            mailbox.put(
                ClientEvent(content, category: key.category, topic: key.name, time: time)
            )
        }
        if feed.isConfirmed { put(.subscribed) }
        if let book = feed.bookState, book.freshness == .live { put(.book(book)) }
        if feed.isTickerLive, let ticker = feed.ticker { put(.ticker(ticker)) }
    }

    func tell(_ event: ClientEvent, _ feed: TopicFeed) {
        for mailbox in feed.readers { mailbox.put(event) }
    }

    /// An event of a socket: once to each reader of its topics, and to those of the connections.
    func tell(_ event: ClientEvent, socket number: Int) {
        var told: Set<ObjectIdentifier> = []
        for feed in feeds(on: number) {
            for mailbox in feed.readers where told.insert(ObjectIdentifier(mailbox)).inserted {
                mailbox.put(event)
            }
        }
        for mailbox in watchers.values { mailbox.put(event) }
    }

    /// In the order they were asked for.
    func feeds(on number: Int) -> [TopicFeed] {
        order.compactMap { feeds[$0] }.filter { $0.socket == number }
    }

    // MARK: - Life

    private func tickLater() {
        loop.assumeIsolated().scheduleTask(in: .seconds(1)) { [weak self] in
            guard let self, !isClosed else { return }
            askForSnapshots()
            tickLater()
        }
    }

    /// Closes the sockets; what waits in the sequences is still to be read, then they end.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        for socket in sockets { socket.stop(reason: "closed") }
        for mailbox in mailboxes.values { mailbox.finish(nil) }
        feeds.removeAll()
        order.removeAll()
        watchers.removeAll()
        let waiters = clockWaiters
        clockWaiters.removeAll()
        for waiter in waiters { waiter() }
    }

    /// Stops a socket that nobody needs for a while.
    func stopIfIdle(_ number: Int) {
        let idle = TimeAmount.nanoseconds(max(0, configuration.idle))
        loop.assumeIsolated().scheduleTask(in: idle) { [weak self] in
            guard let self, !isClosed, sockets[number].state.wanted.isEmpty else { return }
            sockets[number].stop(reason: "no topics")
        }
    }
}
