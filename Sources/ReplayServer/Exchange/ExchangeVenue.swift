import Bybit
import Market
import NIOCore
import NIOHTTP1
import Simulation

/// Bybit's protocol with the simulated exchange behind it: the sockets and the REST door of one market.
///
/// This file holds what both doors share; `+Sockets` and `+REST` hold the doors.
final class ExchangeVenue: Venue {
    let driver: MarketDriver
    let fanOut = FanOut()
    let directory: AccountDirectory
    /// The exchange's account of each key, by the key's place in the directory.
    let accounts: [AccountID]
    let loop: any EventLoop
    let reader = RequestReader()
    var writer = MessageWriter()
    var meter: RateMeter
    var socketMeter: SocketMeter
    var orderAnswers = OrderAnswers.prompt
    /// `reqId`s that each trade socket has used.
    var requestIDs: [UInt64: RecentIDs] = [:]
    var guards = DisconnectGuards()
    let risk = RiskFeeds()
    let history = ReferenceHistory()
    var counters = ServerCounters()
    /// Called with what becomes of the lists of instruments; set once.
    var noted: (ListingChange) -> Void = { _ in }
    private var clients: [UInt64: Client] = [:]

    init(
        driver: MarketDriver,
        directory: AccountDirectory,
        accounts: [AccountID],
        rateLimits: RateLimits,
        loop: any EventLoop
    ) {
        self.driver = driver
        self.directory = directory
        self.accounts = accounts
        self.loop = loop
        meter = RateMeter(rateLimits)
        socketMeter = SocketMeter(rateLimits)
        driver.deliver = { [fanOut] in fanOut.deliver($0) }
        driver.beginStep = { [fanOut] in fanOut.beginStep() }
        driver.endStep = { [fanOut] in fanOut.endStep() }
        driver.withExchange { $0.tellsDetails = true }
        driver.tick = { [weak self] in self?.tick() }
        driver.withExchange { history.sample($0) }
        fanOut.changed = { [weak self] in self?.lists($0) }
    }

    /// Instruments come and go; whoever listens to what has gone hears nothing more of it.
    private func lists(_ change: ListingChange) {
        switch change {
        case .listed(let id):
            // Options are listed every day, and whoever listens to a coin's trades hears the new ones too.
            if id.category == .option,
                let coin = driver.exchange.listing(id)?.instrument.baseCoin,
                fanOut.isHeard(.optionTrades(baseCoin: coin))
            {
                listen(toOptionsOf: coin)
            }
        case .notListed: counters.listingFaults += 1
        case .delivered(let id): fanOut.baseCoins[id] = nil
        }
        noted(change)
    }

    // MARK: sockets come and go

    func accepts(_ path: SocketPath) -> Bool { true }

    func refusal(_ path: SocketPath) -> HTTPResponseStatus? {
        socketMeter.admits(path, nowMilliseconds: milliseconds) ? nil : .forbidden
    }

    func opened(_ client: Client) {
        socketMeter.opened(client.path)
        clients[client.number] = client
        counters.clients += 1
        counters.connections += 1
    }

    func closed(_ client: Client) {
        clients[client.number] = nil
        requestIDs[client.number] = nil
        socketMeter.closed(client.path)
        if client.path == .trade, let account = client.account { socketMeter.ended(account) }
        meter.forgetSession(client.number)
        counters.clients -= 1
        if client.fault != nil { counters.dropped += 1 }
        counters.subscriptions -= client.topics.count
        for topic in client.topics { release(topic, of: client) }
        if let account = client.account { fanOut.remove(client, from: accounts[account]) }
    }

    func drained(_ client: Client) {}

    // MARK: control

    func disconnectAll(_ path: SocketPath) -> Int {
        let chosen = clients.values.filter { $0.path == path }
        for client in chosen { client.disconnect() }
        counters.dropped += chosen.count
        return chosen.count
    }

    /// Off keeps all pushes back; on sends every book and ticker afresh, since what was kept back is gone.
    func setPushing(_ isOn: Bool) {
        guard isOn != fanOut.isOn else { return }
        driver.catchUp()
        fanOut.isOn = isOn
        guard isOn else { return }
        for number in clients.keys.sorted() {
            guard let client = clients[number] else { continue }
            for topic in client.topics {
                driver.tape?.sendFirst(of: topic, to: client)
                guard driver.tape == nil,
                    let feed = PublicTopic(topic, on: client.path)?.feed
                else { continue }
                sendFirst(of: feed, to: client)
            }
            client.flush()
        }
    }

    var totals: ServerCounters {
        var totals = counters
        totals.pushes = fanOut.pushes + (driver.tape?.pushes ?? 0)
        totals.pushedBytes = fanOut.pushedBytes + (driver.tape?.pushedBytes ?? 0)
        return totals
    }
}

/// What becomes of the answer to an order request; the exchange takes the order in any case.
public enum OrderAnswers: Hashable, Sendable {
    case prompt
    /// So much later than it could be.
    case late(milliseconds: Int)
    /// Not at all: the client's own timeout ends the wait.
    case never
}
