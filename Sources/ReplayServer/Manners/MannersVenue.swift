import Bybit
import JSON
import Market
import NIOCore
import NIOHTTP1
import Simulation

/// The exchange's venue with manners before it, and the control door beside it.
///
/// Without an order and without chaos everything passes as it is.
final class MannersVenue: Venue {
    let exchange: ExchangeVenue
    let manners: Manners
    let loop: any EventLoop
    private(set) var clients: [UInt64: Client] = [:]
    private(set) var filters: [UInt64: FrameFilter] = [:]
    /// The exchange's time up to which it is closed for maintenance.
    var closedUntil: Timestamp?
    private(set) lazy var control = ControlDoor(self)

    init(_ exchange: ExchangeVenue, manners: Manners, loop: any EventLoop) {
        self.exchange = exchange
        self.manners = manners
        self.loop = loop
        exchange.noted = { [unowned self] in note($0) }
    }

    private func note(_ change: ListingChange) {
        let (what, id, reason): (String, InstrumentID, String?) =
            switch change {
            case .listed(let id): ("listed", id, nil)
            case .notListed(let id, let reason): ("not-listed", id, reason)
            case .delivered(let id): ("delivered", id, nil)
            }
        manners.journal.append(what, at: now) {
            $0.field("category", id.category.name)
            $0.field("symbol", id.symbol.description)
            $0.field("exchange_time", exchange.driver.exchange.now.description)
            if let reason { $0.field("reason", reason) }
        }
    }

    var now: Timestamp { exchange.driver.now }

    func start() {
        let isPatient = exchange.driver.pace == .fast
        exchange.driver.mayGoOn = { [unowned self] in
            clients.values.allSatisfy { $0.isWritable || $0.filter?.isMute == true }
                && (!isPatient || exchange.counters.subscriptions > 0)
        }
        exchange.driver.heldUp = { [unowned self] in
            for client in sockets where !client.isWritable { client.giveUp() }
        }
        exchange.driver.start()
    }

    var totals: ServerCounters {
        var totals = exchange.totals
        totals.manners = manners.done
        return totals
    }

    /// Sockets in the order they were opened: what is done to all of them is done in this order.
    var sockets: [Client] { clients.values.sorted { $0.number < $1.number } }

    // MARK: sockets

    func accepts(_ path: SocketPath) -> Bool { exchange.accepts(path) }

    func refusal(_ path: SocketPath) -> HTTPResponseStatus? {
        guard isClosed else {
            let status = exchange.refusal(path)
            if status != nil {
                manners.journal.append("refused", at: now) {
                    $0.field("path", path.text)
                    $0.field("reason", "too many sockets of one address")
                }
            }
            return status
        }
        manners.note(.maintenance, at: now, cause: "") { $0.field("path", path.text) }
        return .serviceUnavailable
    }

    func opened(_ client: Client) {
        let filter = FrameFilter(manners: manners) { [exchange] in exchange.driver.now }
        filter.account = { [unowned self, weak client] in client.map(alias(of:)) ?? "" }
        filter.wantsSnapshot = { [unowned self, weak client] topic in
            if let client { sendSnapshot(of: topic, to: client) }
        }
        filter.wantsRestart = { [unowned self, weak client] topic in
            if let client { _ = restart(topic, on: client.path) }
        }
        client.filter = filter
        filters[client.number] = filter
        clients[client.number] = client
        manners.journal.append("opened", at: now) {
            $0.field("client", Int(client.number))
            $0.field("path", client.path.text)
        }
        exchange.opened(client)
    }

    func closed(_ client: Client) {
        manners.journal.append("closed", at: now) {
            $0.field("client", Int(client.number))
            $0.field("path", client.path.text)
            $0.field("pushes", filters[client.number]?.pushes ?? 0)
            if let topics = filters[client.number]?.pushesByTopic, !topics.isEmpty {
                $0.field(
                    "topics",
                    object: { json in
                        for (topic, count) in topics.sorted(by: { $0.key < $1.key }) {
                            json.field(topic, count)
                        }
                    }
                )
            }
            if let fault = client.fault { $0.field("reason", fault.rawValue) }
        }
        exchange.closed(client)
        clients[client.number] = nil
        filters[client.number] = nil
    }

    func drained(_ client: Client) {
        exchange.drained(client)
        exchange.driver.resume()
    }

    func received(_ message: [UInt8], from client: Client) {
        guard filters[client.number]?.isMute != true else { return }
        guard client.path.text == "/v5/trade" else {
            return exchange.received(message, from: client)
        }
        receiveTrade(message, from: client)
    }

    func alias(of client: Client) -> String {
        client.account.map { exchange.directory.entries[$0].alias } ?? ""
    }
}
