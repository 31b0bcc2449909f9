import Bybit
import Gateway
import Journal
import Logging
import Market
import NIOCore
import Runtime
import Trading

/// Bots whose traffic passes the relay: each message and each request is appended, then goes on, then is applied.
///
/// Confined to the session's loop. Nothing in it waits for the disk: what finds no room in the journal passes
/// unrecorded, is counted, and is told in a record as soon as there is room; with `refuse` what could change something
/// does not pass.
final class BotTraffic: RelayOwner {
    unowned let session: SessionLoop
    let policy: RelayConfiguration.JournalFailure
    private(set) var relay: Relay?
    var counts = BotCounts()
    var streams: StreamTable
    /// Slots in use, by the socket's name.
    private var slots: [SocketName: Set<Int>] = [:]
    /// Place of each slot in the table of streams.
    private var numbers: [SocketSlot: Int] = [:]
    /// Paths of REST that have a stream of their own though nobody here speaks them.
    private var paths: Set<String> = []
    /// Messages that were not recorded and are not yet told, by the `link` stream that tells; there while it goes on.
    var lost: [String: Int64] = [:]
    /// When what was lost was told last, while it goes on.
    var lostToldAt: [String: Int64] = [:]
    var isLosing = false
    var isAwaitingRoom = false
    /// Where the session has sockets of its own with the same name, they have the slots below.
    private static let firstSlotBesideOwn = 101

    /// Unknown paths beyond so many share one stream for each account and method.
    private static let pathsMax = 256

    init(session: SessionLoop, configuration: RelayConfiguration) {
        self.session = session
        policy = configuration.onJournalFailure
        streams = StreamTable(
            recorder: session.recorder,
            origin: session.wiring.destination.description
        )
        var settings = RelaySettings(
            host: configuration.host,
            port: configuration.port,
            destination: session.wiring.destination
        )
        settings.proxy = session.wiring.proxy
        settings.proxyCredentials = session.wiring.proxyCredentials
        settings.limiter = session.wiring.limiter
        settings.mayRefuse = policy == .refuse
        settings.tls = session.tls
        let own = session.wiring.credentials.map {
            (signer: $0.signer, alias: session.configuration.account)
        }
        relay = Relay(
            settings: settings,
            secrets: BotSecrets(own: own),
            loop: session.loop,
            clock: session.clock,
            owner: self
        )
    }

    var status: BotCounts {
        var status = counts
        status.port = relay?.port ?? 0
        (status.connections, status.sockets) = relay?.connections ?? (0, 0)
        status.keys = relay?.secrets.keys ?? 0
        return status
    }

    func stop(reason: String) {
        relay?.stop(reason: reason)
        for link in lost.keys.sorted() { tellLost(link) }
    }

    /// The session goes on in another recording: streams are announced in it anew, sockets keep their names.
    func goOn(in recorder: Recorder) {
        streams = StreamTable(
            recorder: recorder,
            origin: session.wiring.destination.description
        )
    }

    /// The session signs with another key of its account.
    func renew(_ signer: Signer) {
        relay?.secrets.renew(signer, alias: session.configuration.account)
    }

    /// The HTTP proxy on the way to the exchange gets another user or password.
    func renew(proxy credentials: ProxyCredentials?) { relay?.renew(proxy: credentials) }

    // MARK: REST

    func relay(
        asked exchange: RelayExchange,
        forward: (RelayExchange, _ refusal: [UInt8]?) -> Void
    ) {
        session.rollIfDue(exchange.sent)
        // The recorder's thread is woken behind what it leaves for, not before: they would share a core.
        let recorder = session.recorder
        recorder.beginStep()
        defer { recorder.endStep() }
        noteKeys(exchange.account)
        var exchange = exchange
        exchange.after = recorder.watermarks.appended
        forward(exchange, refusal(of: exchange))
    }

    /// Puts on record what may change something; the answer with which it is refused where it is.
    private func refusal(of exchange: RelayExchange) -> [UInt8]? {
        guard exchange.isChange else { return nil }
        if isRefusing, !exchange.isCancel { return refuse() }
        // An order is on record before it leaves: its answer may never come.
        guard let payload = relay?.secrets.sentRecord(of: exchange),
            !keep("sent/" + name(of: exchange), exchange.sent, payload)
        else { return nil }
        if policy == .refuse, !exchange.isCancel { return refuse() }
        lose(link(of: exchange))
        return nil
    }

    private func refuse() -> [UInt8] {
        counts.refused += 1
        return RelayExchange.envelope(
            code: BotTraffic.refusal.code,
            message: BotTraffic.refusal.words,
            at: SessionClock.wall()
        )
    }

    func relay(ended exchange: RelayExchange, forward: () -> Void) {
        session.rollIfDue(exchange.received)
        counts.requests += 1
        if exchange.outcome != .answered { counts.unanswered += 1 }
        guard let payload = relay?.secrets.record(of: exchange) else { return forward() }
        let link = link(of: exchange)
        guard let entry = entry(named: name(of: exchange), link) else { return forward() }
        payload.withUnsafeBytes {
            pass($0, entry, link, exchange.received, mayShed: false, forward)
        }
    }

    /// `rest/k9f86d081/POST/v5/order/create`; a path that is no name of an endpoint is `-`, and stands in the record.
    private func name(of exchange: RelayExchange) -> String {
        let stem = "rest/\(exchange.account)/\(exchange.method)"
        // What the exchange's documentation names is nobody's secret.
        if Endpoints.isSpoken(exchange.path) { return stem + exchange.path }
        guard let path = relay?.secrets.plainPath(of: exchange) else { return stem + "/-" }
        if !paths.contains(path) {
            guard paths.count < BotTraffic.pathsMax else { return stem + "/-" }
            paths.insert(path)
        }
        return stem + path
    }

    private func link(of exchange: RelayExchange) -> String { "rest/" + exchange.account }

    private static let refusal = (
        code: 10_027,
        words: "tapedeck proxy: the journal cannot record this, so only cancels and questions pass"
            + " (on-journal-failure: refuse)"
    )

    /// The journal cannot keep its promises, and what cannot be recorded is not to be done.
    private var isRefusing: Bool {
        guard policy == .refuse else { return false }
        if session.isFailed || session.journalHalt != nil { return true }
        if case .degraded = session.recorder.health { return true }
        return false
    }

    /// All keys are taken for keys of one account: two accounts in one desk would be one.
    ///
    /// Their streams are apart, and that there is another is said in the log and on record.
    private func noteKeys(_ account: String) {
        let keys = relay?.secrets.keys ?? 0
        guard keys > counts.keys else { return }
        counts.keys = keys
        guard keys > 1 else { return }
        session.logger.warning(
            "another key passes; a key of another account needs a proxy of its own",
            metadata: ["keys": "\(keys)", "key": "\(account)"]
        )
        tell(
            .connected,
            "rest/" + account,
            "key \(keys) that passes here: taken for one of the same account",
            count: 0
        )
    }

    // MARK: Sockets

    func relayWasShutOut() { session.shutOut() }

    func relayIsFull() {
        counts.turnedAway += 1
        // Whoever comes back at once is told of at the first time, the second, the fourth, and so on.
        guard counts.turnedAway & (counts.turnedAway - 1) == 0 else { return }
        session.logger.error(
            "a connection of a bot was closed at once: as many are open as are taken",
            metadata: ["times": "\(counts.turnedAway)"]
        )
    }

    func relay(opened socket: RelaySocket) {
        counts.opened += 1
        // Whose a private socket is its bot says first.
        if !socket.path.isPrivate { settle(socket, account: "") }
    }

    func relay(closed socket: RelaySocket, reason: String) {
        guard socket.wasOpened else {
            let name = socket.path.socket(account: BotSecrets.anonymous)
            return tell(.failed, SocketSlot(name, slot: freeSlot(name)), reason)
        }
        if socket.slot == nil { settle(socket, account: BotSecrets.anonymous) }
        release(socket, reason: reason)
    }

    /// Gives a socket its name, from which its streams have theirs, and says so in a record.
    private func settle(_ socket: RelaySocket, account: String) {
        let name = socket.path.socket(account: account)
        let slot = freeSlot(name)
        slots[name, default: []].insert(slot)
        let place = SocketSlot(name, slot: slot)
        socket.account = account
        socket.slot = place
        socket.number = numbers[place] ?? numbers.count
        numbers[place] = socket.number
        tell(.connected, place, "")
    }

    private func freeSlot(_ name: SocketName) -> Int {
        let isShared = session.slots.contains { $0.name == name }
        var slot = isShared ? BotTraffic.firstSlotBesideOwn : 1
        while slots[name, default: []].contains(slot) { slot += 1 }
        return slot
    }

    private func release(_ socket: RelaySocket, reason: String) {
        guard let slot = socket.slot else { return }
        slots[slot.name]?.remove(slot.slot)
        socket.slot = nil
        tell(.disconnected, slot, reason)
    }

    func relay(
        message: UnsafeRawBufferPointer,
        on socket: RelaySocket,
        at time: Timestamp,
        isFromBot: Bool,
        forward: () -> Void
    ) {
        session.rollIfDue(time)
        if isFromBot {
            sent(message, socket, time, forward)
        } else {
            received(message, socket, time, forward)
        }
    }

    private func sent(
        _ message: UnsafeRawBufferPointer,
        _ socket: RelaySocket,
        _ time: Timestamp,
        _ forward: () -> Void
    ) {
        counts.framesSent += 1
        guard let frame = relay?.secrets.frame(message) else { return forward() }
        if socket.path.isPrivate { identify(socket, frame.account) }
        guard let slot = socket.slot else { return forward() }
        let mayRefuse = socket.holdsMessages && BotTraffic.isRefused(frame.operation)
        if !(mayRefuse && isRefusing) {
            if keep(slot.sentStream.text, time, frame.bytes) { return forward() }
            guard mayRefuse else {
                lose(slot.description)
                return forward()
            }
        }
        counts.refused += 1
        socket.answer(BotTraffic.answer(to: frame))
    }

    /// An authentication names the account; until then, and without one, it is nobody's.
    private func identify(_ socket: RelaySocket, _ account: String?) {
        if let account {
            noteKeys(account)
            guard socket.account != account else { return }
            if socket.slot != nil { release(socket, reason: "it is \(account) from here on") }
            settle(socket, account: account)
        } else if socket.slot == nil {
            settle(socket, account: BotSecrets.anonymous)
        }
    }

    private func received(
        _ message: UnsafeRawBufferPointer,
        _ socket: RelaySocket,
        _ time: Timestamp,
        _ forward: () -> Void
    ) {
        counts.framesReceived += 1
        if socket.slot == nil { settle(socket, account: BotSecrets.anonymous) }
        guard let slot = socket.slot else { return forward() }
        let entry: StreamTable.Entry
        do throws(JournalError) {
            entry = try streams.entry(of: message, from: slot, number: socket.number, at: time)
        } catch {
            session.failed(error)
            lose(slot.description)
            return forward()
        }
        if let clean = relay?.secrets.reply(message) {
            return clean.withUnsafeBytes {
                pass($0, entry, slot.description, time, mayShed: !slot.isPrivate, forward)
            }
        }
        pass(message, entry, slot.description, time, mayShed: !slot.isPrivate, forward)
    }

    /// All but cancels, pings and authentication: what is not known may be an order too.
    private static func isRefused(_ operation: String) -> Bool {
        !operation.hasPrefix("order.cancel") && !["ping", "pong", "auth"].contains(operation)
    }

    private static func answer(to frame: BotSecrets.Frame) -> [UInt8] {
        var writer = JSONWriter()
        writer.object {
            switch frame.requestID {
            case .none: break
            case .text(let text): $0.field("reqId", text)
            case .number(let digits):
                $0.key("reqId")
                $0.raw(Array(digits.utf8))
            }
            $0.field("retCode", refusal.code)
            $0.field("retMsg", refusal.words)
            $0.field("op", frame.operation)
            $0.field("data", object: { _ in })
            $0.field("retExtInfo", object: { _ in })
        }
        return writer.bytes
    }
}
