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
    private var filters: [UInt64: FrameFilter] = [:]
    /// The exchange's time up to which it is closed for maintenance.
    private var closedUntil: Timestamp?
    private lazy var control = ControlDoor(self)

    init(_ exchange: ExchangeVenue, manners: Manners, loop: any EventLoop) {
        self.exchange = exchange
        self.manners = manners
        self.loop = loop
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

    // MARK: requests

    func answer(_ request: HTTPRequest, _ reply: @escaping (HTTPReply) -> Void) {
        if request.path.hasPrefix(ControlDoor.prefix) { return control.answer(request, reply) }
        if isClosed {
            note(.maintenance, "", request)
            return reply(refusal(.serviceUnavailable, .serverError, 0))
        }
        let account = alias(ofKey: request.headers.first(name: "X-BAPI-API-KEY"))
        let verdict = manners.request(
            path: request.path,
            account: account,
            client: nil,
            isOrder: request.method == .POST
        )
        guard let verdict else { return exchange.answer(request, reply) }
        let cause = verdict.cause
        let milliseconds = verdict.decision.milliseconds
        switch verdict.manner {
        case .latency:
            note(.latency, cause, request, milliseconds)
            schedule(milliseconds) { [exchange] in exchange.answer(request, reply) }
        case .lateAnswer:
            exchange.answer(request) { [self] answer in
                note(.lateAnswer, cause, request, milliseconds, answer)
                schedule(milliseconds) { reply(answer) }
            }
        case .unanswered:
            exchange.answer(request) { [self] answer in
                note(.unanswered, cause, request, nil, answer)
            }
        case .disconnect:
            note(.disconnect, cause, request)
            reply(.cutOff)
        case .rateLimit:
            note(.rateLimit, cause, request, milliseconds)
            reply(refusal(.ok, .rateLimit, milliseconds))
        case .forbidden:
            note(.forbidden, cause, request)
            reply(refusal(.forbidden, .forbidden, 0))
        case .serverError:
            let status = HTTPResponseStatus(statusCode: verdict.decision.status)
            note(.serverError, cause, request, nil, nil, status: verdict.decision.status)
            reply(refusal(status, .serverError, 0))
        case .maintenance:
            beginMaintenance(milliseconds, cause: cause)
            reply(refusal(.serviceUnavailable, .serverError, 0))
        case .clockOffset:
            setClockOffset(milliseconds, cause: cause)
            exchange.answer(request, reply)
        default:
            exchange.answer(request, reply)
        }
    }

    private func schedule(_ milliseconds: Int, _ body: @escaping () -> Void) {
        let delay = TimeAmount.milliseconds(Int64(max(0, milliseconds)))
        loop.assumeIsolated().scheduleTask(in: delay, body)
    }

    /// What a refused request gets, in the words of the exchange.
    private func refusal(
        _ status: HTTPResponseStatus,
        _ manner: Manner,
        _ milliseconds: Int
    ) -> HTTPReply {
        let time = now.milliseconds
        let failure: (code: Int64, text: String) =
            switch manner {
            case .rateLimit: (10_006, "Too many visits!")
            case .forbidden: (403, "access too frequent")
            default: (10_016, "System error. Please try again later.")
            }
        var reply = HTTPReply(
            status: status,
            body: exchange.written {
                $0.failure(code: failure.code, message: failure.text, time: time)
            }
        )
        guard manner == .rateLimit else { return reply }
        reply.headers = [
            ("Timenow", String(time)),
            ("X-Bapi-Limit", "10"),
            ("X-Bapi-Limit-Status", "0"),
            ("X-Bapi-Limit-Reset-Timestamp", String(time + Int64(milliseconds))),
        ]
        return reply
    }

    /// The account whose key that is, known or not by its signature; for choosing whom a manner is meant for.
    private func alias(ofKey key: String?) -> String {
        guard let key, let place = exchange.directory.place(ofKey: key) else { return "" }
        return exchange.directory.entries[place].alias
    }

    // MARK: sockets

    func accepts(_ path: SocketPath) -> Bool { exchange.accepts(path) }

    func refusal(_ path: SocketPath) -> HTTPResponseStatus? {
        guard isClosed else { return nil }
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
            if client.isTooSlow { $0.field("reason", "too slow") }
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

    /// A message of the trade socket is a request like one of REST.
    private func receiveTrade(_ message: [UInt8], from client: Client) {
        let head = try? JSONParser().read(message) { root in
            (operation: root["op"]?.string ?? "", id: root["reqId"]?.string ?? "")
        }
        guard let head, head.operation.hasPrefix("order.") else {
            return exchange.received(message, from: client)
        }
        let verdict = manners.request(
            path: client.path.text,
            account: alias(of: client),
            client: client.number,
            isOrder: true
        )
        guard let verdict else { return exchange.received(message, from: client) }
        let details = { (json: inout JSONWriter) in
            json.field("client", Int(client.number))
            json.field("account", self.alias(of: client))
            json.field("path", client.path.text)
            json.field("operation", head.operation)
            json.field("request_id", head.id)
        }
        switch verdict.manner {
        case .unanswered:
            filters[client.number]?.unanswered[head.id] = verdict.cause
            exchange.received(message, from: client)
        case .latency, .lateAnswer:
            manners.note(verdict.manner, at: now, cause: verdict.cause) {
                details(&$0)
                $0.field("milliseconds", verdict.decision.milliseconds)
            }
            schedule(verdict.decision.milliseconds) { [exchange] in
                exchange.received(message, from: client)
                client.flush()
            }
        case .disconnect:
            manners.note(.disconnect, at: now, cause: verdict.cause, details)
            client.disconnect()
        default:
            manners.note(verdict.manner, at: now, cause: verdict.cause, details)
            let isLimit = verdict.manner == .rateLimit
            client.send(
                WebSocketFrames.text(
                    TradeRefusal.reply(
                        id: head.id,
                        operation: head.operation,
                        code: isLimit ? 10_006 : 10_016,
                        message: isLimit
                            ? "Too many visits!" : "System error. Please try again later.",
                        connectionID: client.connectionID,
                        time: now.milliseconds
                    )
                )
            )
        }
    }
}

extension MannersVenue {
    // MARK: what is done to sockets and to everybody

    var isClosed: Bool { closedUntil.map { now < $0 } ?? false }

    func beginMaintenance(_ milliseconds: Int, cause: String) {
        closedUntil = now.advanced(nanoseconds: Int64(max(0, milliseconds)) * 1_000_000)
        manners.note(.maintenance, at: now, cause: cause) {
            $0.field("milliseconds", milliseconds)
            $0.field("sockets", clients.count)
        }
        for client in sockets { client.disconnect() }
    }

    func setClockOffset(_ milliseconds: Int, cause: String) {
        manners.note(.clockOffset, at: now, cause: cause) { $0.field("milliseconds", milliseconds) }
        exchange.driver.clockOffset = Int64(milliseconds) * 1_000_000
    }

    /// Carries an order out at once on every socket that it is meant for; how many there were.
    func carryOut(_ order: MannerOrder) -> Int {
        let cause = "order \(order.number)"
        switch order.manner {
        case .maintenance:
            beginMaintenance(order.milliseconds, cause: cause)
            return 1
        case .clockOffset:
            setClockOffset(order.milliseconds, cause: cause)
            return 1
        default: break
        }
        var count = 0
        for client in sockets {
            let isMeant = order.target.takes(
                client: client.number,
                account: alias(of: client),
                path: client.path.text,
                topic: order.target.topic
            )
            guard isMeant else { continue }
            switch order.manner {
            case .disconnect:
                noteSocket(.disconnect, cause, client)
                client.disconnect()
                count += 1
            case .halfOpen:
                noteSocket(.halfOpen, cause, client)
                filters[client.number]?.mute()
                count += 1
            default:
                let topics = client.topics.filter {
                    $0.hasPrefix("orderbook.")
                        && (order.target.topic.isEmpty
                            || TextPattern.matches(order.target.topic, $0))
                }
                for topic in topics {
                    noteSocket(order.manner, cause, client, topic: topic)
                    if order.manner == .snapshot {
                        sendSnapshot(of: topic, to: client)
                        count += 1
                    } else if restart(topic, on: client.path) {
                        count += 1
                    }
                }
                client.flush()
            }
        }
        return count
    }

    /// The state that the topic's next delta continues from, once more.
    func sendSnapshot(of topic: String, to client: Client) {
        guard let feed = PublicTopic(topic, on: client.path)?.feed else { return }
        exchange.sendFirst(of: feed, to: client)
    }

    /// Begins `u` again for everybody who subscribes to that book.
    func restart(_ topic: String, on path: SocketPath) -> Bool {
        guard let feed = PublicTopic(topic, on: path)?.feed,
            case .stream(.book(let id, let depth)) = feed,
            exchange.driver.withExchange({ $0.restartUpdateIDs(id, depth: depth) })
        else { return false }
        for client in exchange.fanOut.subscribers(of: feed) {
            exchange.sendFirst(of: feed, to: client)
            client.flush()
        }
        return true
    }

    private func noteSocket(
        _ manner: Manner,
        _ cause: String,
        _ client: Client,
        topic: String? = nil
    ) {
        manners.note(manner, at: now, cause: cause) {
            $0.field("client", Int(client.number))
            let account = alias(of: client)
            if !account.isEmpty { $0.field("account", account) }
            $0.field("path", client.path.text)
            if let topic { $0.field("topic", topic) }
        }
    }

    fileprivate func note(
        _ manner: Manner,
        _ cause: String,
        _ request: HTTPRequest,
        _ milliseconds: Int? = nil,
        _ answer: HTTPReply? = nil,
        status: Int? = nil
    ) {
        let account = request.headers.first(name: "X-BAPI-API-KEY").flatMap {
            exchange.directory.place(ofKey: $0)
        }.map { exchange.directory.entries[$0].alias }
        manners.note(manner, at: now, cause: cause) {
            if let account { $0.field("account", account) }
            $0.field("method", request.method.rawValue)
            $0.field("path", request.path)
            if let milliseconds { $0.field("milliseconds", milliseconds) }
            if let status { $0.field("status", status) }
            // The body says which order it was, and holds no secret: the signature is in the headers.
            if !request.body.isEmpty {
                $0.field("request", String(decoding: request.body, as: UTF8.self))
            }
            if let answer { $0.field("answer", String(decoding: answer.body, as: UTF8.self)) }
        }
    }
}

/// A refusal on the trade WebSocket, where there is no HTTP status.
///
/// - Source: replies of `/v5/trade`: `reqId`, `retCode`, `retMsg`, `op`, `data`, `retExtInfo`, `header`, `connId`.
enum TradeRefusal {
    static func reply(
        id: String,
        operation: String,
        code: Int,
        message: String,
        connectionID: String,
        time: Int64
    ) -> [UInt8] {
        var json = JSONWriter()
        json.object {
            $0.field("reqId", id)
            $0.field("retCode", code)
            $0.field("retMsg", message)
            $0.field("op", operation)
            $0.field("data", object: { _ in })
            $0.field("retExtInfo", object: { _ in })
            $0.field("header", object: { $0.field("Timenow", String(time)) })
            $0.field("connId", connectionID)
        }
        return json.bytes
    }
}
