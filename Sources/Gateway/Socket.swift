import Bybit
import Market
public import NIOCore

/// One socket to the exchange that is kept alive: connects, authenticates, subscribes, beats, and comes back.
///
/// It lives on its owner's event loop: made, called and calling there. What happens goes out through `deliver`
/// in the order it happened; frames are never held back or dropped. ``ConnectionState`` decides, this carries out.
public final class Socket {
    public struct Settings {
        public let slot: SocketSlot
        /// Goes into each message; an index into the owner's own table.
        public var number: Int
        public let destination: Destination
        /// `nil` where the destination is plain `ws`.
        public var tls: TLSContext?
        /// For private sockets and the trade socket.
        public let signer: Signer?
        public var state: ConnectionState.Settings
        /// How long an authentication is good for, milliseconds.
        public var authenticationWindow: Int64 = 10_000
        /// Longest whole message, bytes.
        public var messageMax = 10 << 20
        /// Of its URL, where that is not the one of its name: `/v5/public/misc/status`.
        public var path: String?
        /// An HTTP proxy, `http://HOST:PORT`; `nil`: none, whatever the environment variables say.
        public var proxy: Address?
        /// User and password for ``proxy``; `nil`: it asks for none.
        public var proxyCredentials: ProxyCredentials?
        /// Says when a handshake may leave, and is told when the exchange takes none; `nil`: nobody does.
        public var limiter: SharedLimiter?

        /// - Parameter credentials: for a private socket and the trade socket; a public one is given none.
        /// - Throws: ``GatewayError/keyOfOtherEnvironment(key:destination:)``; of a trade socket also
        ///   ``GatewayError/orderEntryRefused(_:)`` and ``GatewayError/noTradeSocket(_:)``.
        public init(
            slot: SocketSlot,
            number: Int,
            destination: Destination,
            tls: TLSContext?,
            credentials: Credentials? = nil
        ) throws(GatewayError) {
            try credentials?.permit(destination)
            if case .trade = slot.name {
                // The guard of REST's order entry stands here too, whatever the caller checked.
                try destination.orderEntryAllowed()
                guard destination.hasTradeStream else {
                    throw .noTradeSocket(destination.description)
                }
            }
            precondition(
                slot.isPrivate == (credentials != nil),
                "private sockets, and they alone, have a key"
            )
            self.slot = slot
            self.number = number
            self.destination = destination
            self.tls = tls
            signer = credentials?.signer
            state = ConnectionState.Settings(slot.name)
        }
    }

    public let settings: Settings
    public private(set) var state: ConnectionState
    /// Exchange minus session clock, nanoseconds, as measured by the owner (``ClockOffset``).
    public var clockOffset: Int64 = 0
    /// Whole messages and their bytes received since the start.
    public private(set) var received: (messages: Int, bytes: Int) = (0, 0)
    /// Monotonic time of the last message that answers nothing; `nil` before the first.
    public private(set) var lastData: Int64?

    private var signer: Signer?
    private var proxyCredentials: ProxyCredentials?
    private let loop: any EventLoop
    private let clock: SessionClock
    private let chance: () -> UInt64
    private let deliver: (GatewayMessage) -> Void
    private var connection: Connection?
    /// When the last connection was begun.
    private var begun: Int64 = 0
    private var timer: Scheduled<Void>?
    private var timerDue: Int64 = .max
    private var isPaused = false
    private var todo: [ConnectionState.Action] = []
    private var isPerforming = false

    /// - Parameters:
    ///   - chance: 64 bits of chance for each wait between attempts.
    ///   - deliver: called on the loop, also from inside ``want(_:)``, ``start()`` and ``stop(reason:)``.
    public init(
        settings: Settings,
        loop: any EventLoop,
        clock: SessionClock,
        chance: @escaping () -> UInt64 = { UInt64.random(in: .min ... .max) },
        deliver: @escaping (GatewayMessage) -> Void
    ) {
        self.settings = settings
        signer = settings.signer
        proxyCredentials = settings.proxyCredentials
        self.loop = loop
        self.clock = clock
        self.chance = chance
        self.deliver = deliver
        state = ConnectionState(settings: settings.state)
    }

    public func start() {
        loop.preconditionInEventLoop()
        perform(state.start(now: SessionClock.monotonic()))
    }

    /// Closes the connection and stays closed.
    public func stop(reason: String = "stopped") {
        loop.preconditionInEventLoop()
        perform(state.stop(reason: reason))
    }

    /// Drops the connection as if the network had, and comes back: for exercises.
    public func disconnect(reason: String) {
        loop.preconditionInEventLoop()
        guard let connection else { return }
        connection.close()
        release()
        perform(state.closed(reason: reason, now: SessionClock.monotonic(), chance: chance()))
    }

    /// Authenticates with another key of the same account from now on, at once by a new connection.
    ///
    /// - Throws: ``GatewayError/keyOfOtherEnvironment(key:destination:)``.
    public func renew(_ credentials: Credentials) throws(GatewayError) {
        loop.preconditionInEventLoop()
        precondition(settings.slot.isPrivate, "private sockets, and they alone, have a key")
        try credentials.permit(settings.destination)
        signer = credentials.signer
        disconnect(reason: "the key was read anew")
    }

    /// What the proxy is told by connections from now on; the one that stands needs nothing more.
    public func renew(proxy credentials: ProxyCredentials?) {
        loop.preconditionInEventLoop()
        proxyCredentials = credentials
    }

    /// Sets the topics to have; the difference to those now had is subscribed and unsubscribed.
    public func want(_ topics: [String]) {
        loop.preconditionInEventLoop()
        perform(state.want(topics, now: SessionClock.monotonic()))
    }

    /// Has one topic unsubscribed and subscribed, so that its snapshot comes anew.
    public func resubscribe(_ topic: String) {
        loop.preconditionInEventLoop()
        perform(state.resubscribe(topic, now: SessionClock.monotonic()))
    }

    /// Puts a frame of the owner's on a connection that is ready; false when none is, and then nothing was sent.
    public func post(_ bytes: [UInt8]) -> Bool {
        loop.preconditionInEventLoop()
        guard state.isReady, connection != nil else { return false }
        send(bytes)
        return true
    }

    /// Stops reading until ``resume()``: what comes waits in the kernel, then at the exchange.
    public func pause() {
        loop.preconditionInEventLoop()
        guard !isPaused else { return }
        isPaused = true
        state.pause()
        connection?.setPaused(true)
        schedule()
    }

    public func resume() {
        loop.preconditionInEventLoop()
        guard isPaused else { return }
        isPaused = false
        state.resume(now: SessionClock.monotonic())
        connection?.setPaused(false)
        schedule()
    }

    // MARK: Carrying out

    /// What the owner asks for while something is delivered to it comes after what is being carried out.
    private func perform(_ actions: [ConnectionState.Action]) {
        todo += actions
        guard !isPerforming else { return }
        isPerforming = true
        var next = 0
        while next < todo.count {
            carryOut(todo[next])
            next += 1
        }
        todo.removeAll(keepingCapacity: true)
        isPerforming = false
        schedule()
    }

    private func carryOut(_ action: ConnectionState.Action) {
        switch action {
        case .connect: connect()
        case .authenticate(let requestID): authenticate(requestID)
        case .send(let request, let requestID):
            send(request.bytes(requestID: requestID.isEmpty ? .none : .text(requestID)))
        case .close:
            connection?.close()
            release()
        case .report(let change, let reason): report(change, reason)
        }
    }

    private func connect() {
        let now = SessionClock.monotonic()
        let address = settings.slot.address(at: settings.destination)
        switch settings.limiter?.connect(to: address, isPrivate: settings.slot.isPrivate, now: now)
        {
        // Said of batches alone.
        case .never: break
        case .go, nil: break
        case .wait(let until):
            return postpone(until, RateLimiter.connectionWords(until: until, now: now))
        case .quiet(let until):
            return postpone(until, RateLimiter.quietWords(until: until, now: now))
        }
        begun = now
        let attempt = Connection(
            settings: Connection.Settings(
                address: address,
                path: settings.path ?? settings.slot.name.path,
                tls: settings.tls,
                messageMax: settings.messageMax,
                proxy: settings.proxy,
                proxyCredentials: proxyCredentials
            ),
            loop: loop,
            clock: clock,
            happened: { [weak self] in self?.happened($0) }
        )
        connection = attempt
        attempt.setPaused(isPaused)
        attempt.connect()
    }

    private func postpone(_ until: Int64, _ reason: String) {
        perform(state.postponed(until: until, reason: reason, chance: chance()))
    }

    /// Lets go of the connection, closed or to be closed; the limiter counts none that its host has not seen.
    private func release() {
        guard let connection else { return }
        self.connection = nil
        guard !connection.hasReached else { return }
        settings.limiter?.missed(
            settings.slot.address(at: settings.destination),
            isPrivate: settings.slot.isPrivate,
            begun: begun
        )
    }

    private func happened(_ happening: Connection.Happening) {
        let now = SessionClock.monotonic()
        switch happening {
        case .opened: perform(state.opened(now: now))
        case .heard: state.heard(now: now)
        case .message(let bytes, let time): take(bytes, time)
        case .refused(status: 403):
            settings.limiter?.shutOut(now: now)
            deliver(message(.shutOut))
        case .refused: break
        case .closed(let reason):
            release()
            perform(state.closed(reason: reason, now: now, chance: chance()))
        }
    }

    /// The hot path: delivered first, then looked at for what concerns the connection.
    private func take(_ bytes: ByteBuffer, _ time: Timestamp) {
        received.messages += 1
        received.bytes += bytes.readableBytes
        let frame = bytes.withUnsafeReadableBytes { ControlFrame($0) }
        deliver(GatewayMessage(socket: settings.number, time: time, content: .received(bytes)))
        let monotonic = clock.monotonicStart &+ (time.nanoseconds &- clock.start.nanoseconds)
        guard frame != nil else {
            lastData = monotonic
            state.heard(now: monotonic)
            return
        }
        perform(state.received(frame, now: SessionClock.monotonic(), chance: chance()))
    }

    private func authenticate(_ requestID: String) {
        guard let signer, let connection else { return }
        let exchangeTime = clock.now().advanced(nanoseconds: clockOffset)
        let expires = exchangeTime.milliseconds + settings.authenticationWindow
        connection.send(signer.authenticationFrame(expires: expires, requestID: requestID))
        var record = JSONWriter()
        record.object { json in
            json.field("op", "auth")
            json.field("req_id", requestID)
            json.field("expires", expires)
            json.field("key", signer.fingerprint)
        }
        deliver(message(.sent(record.bytes)))
    }

    private func send(_ bytes: [UInt8]) {
        guard let connection else { return }
        connection.send(bytes)
        deliver(message(.sent(bytes)))
    }

    private func report(_ change: LinkEvent.Change, _ reason: String) {
        var event = LinkEvent()
        event.change = change
        event.socket = settings.slot.description
        event.reason = reason
        deliver(message(.link(event)))
    }

    private func message(_ content: GatewayMessage.Content) -> GatewayMessage {
        GatewayMessage(socket: settings.number, time: clock.now(), content: content)
    }

    // MARK: The one timer

    /// A timer that comes early finds a later deadline and is set again, so that data need not touch it.
    private func schedule() {
        guard let deadline = state.deadline else {
            timer?.cancel()
            timer = nil
            timerDue = .max
            return
        }
        guard timer == nil || deadline < timerDue else { return }
        timer?.cancel()
        timerDue = deadline
        let wait = max(0, deadline - SessionClock.monotonic())
        timer = loop.assumeIsolated().scheduleTask(in: .nanoseconds(wait)) { [weak self] in
            self?.wake()
        }
    }

    private func wake() {
        timer = nil
        timerDue = .max
        perform(state.wake(now: SessionClock.monotonic(), chance: chance()))
    }
}
