import Bybit
import CCurl
import Glibc
import Market
import Synchronization

/// The thread that libcurl runs on, and the queues in front of it.
// Sendable: what threads share is behind the mutex or atomic; `multi` is the thread's own but for
// curl_multi_wakeup, which libcurl allows from anywhere; `thread` is written before others can see it.
final class CurlThread: @unchecked Sendable {
    private struct Waiting {
        let call: RESTCall
        let urgency: RateLimiter.Urgency
        let done: @Sendable (RESTExchange) -> Void

        init(call: RESTCall, done: @escaping @Sendable (RESTExchange) -> Void) {
            self.call = call
            self.done = done
            urgency = call.urgency
        }
    }

    private struct Shared {
        var incoming: [Waiting] = []
        var pending = 0
        /// Why orders that wait are to be given up; set by `keepOnlyCancels`, until the thread has done it.
        var givenUp: String?
        /// Monotonic time by which all must have ended; set by `stop`.
        var stopBy: Int64?
        /// The thread has ended and its connections are closed.
        var isClosed = false
    }

    let clockOffset = Atomic<Int64>(0)
    /// Signs what leaves from now on.
    private let signer: Mutex<Signer?>
    private let proxyCredentials: Mutex<ProxyCredentials?>
    private let settings: RESTClient.Settings
    private let clock: SessionClock
    private let multi: UnsafeMutableRawPointer
    private let shared = Mutex(Shared())
    private let joining = Mutex(())
    private var thread: pthread_t = 0

    /// libcurl's global state is set up once in a process, before any thread of ours.
    static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    init(settings: RESTClient.Settings, clock: SessionClock) throws(GatewayError) {
        guard CurlThread.isReady, let multi = curl_multi_init() else {
            throw .library("curl_global_init or curl_multi_init failed")
        }
        self.settings = settings
        self.clock = clock
        self.multi = multi
        signer = Mutex(settings.credentials?.signer)
        proxyCredentials = Mutex(settings.proxyCredentials)
        curl_multi_set_long(
            multi,
            CURLMOPT_MAXCONNECTS,
            settings.orderConnections + settings.cancelConnections + settings.questionConnections
        )
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let code = pthread_create(&thread, nil, CurlThread.main, context.toOpaque())
        guard code == 0 else {
            context.release()
            throw .library("pthread_create failed (errno \(code))")
        }
        self.thread = thread
    }

    private static let main: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? =
        {
            guard let context = $0 else { return nil }
            Unmanaged<CurlThread>.fromOpaque(context).takeRetainedValue().run()
            return nil
        }

    var pending: Int { shared.withLock { $0.pending } }

    func submit(_ call: RESTCall, done: @escaping @Sendable (RESTExchange) -> Void) {
        let refusal = refusal(of: call.request)
        let isTaken = shared.withLock { shared in
            guard refusal == nil, shared.stopBy == nil, shared.pending < settings.waitingMax else {
                return false
            }
            shared.pending += 1
            shared.incoming.append(Waiting(call: call, done: done))
            // Under the lock: `multi` is there as long as nothing has stopped.
            curl_multi_wakeup(multi)
            return true
        }
        guard isTaken else {
            return done(refused(call, refusal ?? "the client is stopped or its queue is full"))
        }
    }

    func renew(_ signer: Signer) {
        self.signer.withLock { $0 = signer }
    }

    func renew(proxy credentials: ProxyCredentials?) {
        proxyCredentials.withLock { $0 = credentials }
    }

    func keepOnlyCancels(reason: String) {
        shared.withLock { shared in
            guard shared.stopBy == nil else { return }
            shared.givenUp = reason
            curl_multi_wakeup(multi)
        }
    }

    func stop(grace: Int64) {
        shared.withLock { shared in
            guard shared.stopBy == nil else { return }
            shared.stopBy = SessionClock.monotonic() &+ max(0, grace)
            curl_multi_wakeup(multi)
        }
        joining.withLock { _ in
            guard !shared.withLock({ $0.isClosed }) else { return }
            if pthread_equal(thread, pthread_self()) != 0 {
                // Its last user let go on the thread itself, which then closes up alone.
                pthread_detach(thread)
                return
            }
            pthread_join(thread, nil)
            shared.withLock { $0.isClosed = true }
            curl_multi_cleanup(multi)
        }
    }

    deinit { if !shared.withLock({ $0.isClosed }) { curl_multi_cleanup(multi) } }

    /// Why a request must not leave; `nil` when it may.
    private func refusal(of request: RESTRequest) -> String? {
        if !request.isWellFormed { return "not a request of this protocol" }
        if request.isForbidden { return "this endpoint is never called" }
        // A POST changes something: the guard stands here too, whatever the caller checked.
        if request.method == "POST", !settings.takesOrders {
            return "no order entry to \(settings.destination)"
        }
        if request.isSigned, settings.credentials == nil { return "no key to sign with" }
        return nil
    }

    private func refused(_ call: RESTCall, _ reason: String) -> RESTExchange {
        let account = call.request.isSigned ? settings.account : "public"
        var exchange = RESTExchange(call: call, account: account, sent: clock.now())
        exchange.reason = reason
        return exchange
    }

    // MARK: On the thread

    private func run() {
        var waiting: [[Waiting]] = RESTCall.Lane.allCases.map { _ in [] }
        var active: [CurlTransfer] = []
        var scanner = SecretScanner()
        let limiter = settings.limiter ?? SharedLimiter(settings: settings.quotas)
        var watched: Signer?
        var watchedProxy: ProxyCredentials?
        while true {
            // Of a key that was replaced answers may still come: it stays watched.
            if let signer = signer.withLock({ $0 }), signer !== watched {
                scanner.watch(signer)
                watched = signer
            }
            if let proxy = proxyCredentials.withLock({ $0 }),
                watchedProxy?.isIdentical(to: proxy) != true
            {
                scanner.watch(proxy)
                watchedProxy = proxy
            }
            let (incoming, givenUp, stopBy) = shared.withLock { shared in
                defer {
                    shared.incoming.removeAll(keepingCapacity: true)
                    shared.givenUp = nil
                }
                return (shared.incoming, shared.givenUp, shared.stopBy)
            }
            for item in incoming { waiting[item.call.lane.rawValue].append(item) }
            if let givenUp { giveUp(&waiting[RESTCall.Lane.orders.rawValue], givenUp) }
            var wakeAt = Int64.max
            if stopBy == nil {
                wakeAt = startWaiting(&waiting, &active, limiter)
            } else {
                letCancelsGo(&waiting[RESTCall.Lane.orders.rawValue], &active, limiter)
                abandon(&waiting)
            }
            var running: Int32 = 0
            curl_multi_perform(multi, &running)
            let hasEnded = reap(&active, &scanner, limiter)
            if let stopBy, active.isEmpty || SessionClock.monotonic() >= stopBy {
                cut(&active)
                return
            }
            // What ended may have made room for what waits.
            if hasEnded { continue }
            let pause = stopBy.map { max(1, ($0 - SessionClock.monotonic()) / 1_000_000) } ?? 1_000
            // Rounded up: a poll that ends before its time would turn in place.
            let due = wakeAt == .max ? 1_000 : (wakeAt - SessionClock.monotonic()) / 1_000_000 + 1
            curl_multi_poll(multi, nil, 0, Int32(min(pause, max(1, due), 1_000)), nil)
        }
    }

    /// Starts what may start: of each lane the most urgent while it has room, none before its elder of the same key.
    ///
    /// - Returns: when a quota next has room for what waits for it; `.max` when nothing does.
    private func startWaiting(
        _ waiting: inout [[Waiting]],
        _ active: inout [CurlTransfer],
        _ limiter: SharedLimiter
    ) -> Int64 {
        var wakeAt = Int64.max
        for lane in RESTCall.Lane.allCases {
            let items = waiting[lane.rawValue]
            var used = active.count { $0.exchange.call.lane == lane }
            guard items.contains(where: { used < room(lane, $0.urgency) }) else { continue }
            var held = Set(active.lazy.map { $0.exchange.call.orderingKey })
            var left: Set<Int> = []
            for place in CurlThread.order(items) {
                let item = items[place]
                let key = item.call.orderingKey
                if used < room(lane, item.urgency), key.isEmpty || !held.contains(key) {
                    let now = SessionClock.monotonic()
                    switch limiter.take(item.call.request, item.urgency, now: now) {
                    case .go:
                        left.insert(place)
                        if begin(item, &active) {
                            used += 1
                        } else {
                            limiter.ended(item.call.request, now: now)
                        }
                    case .wait(let until): wakeAt = min(wakeAt, until)
                    case .quiet(let until):
                        left.insert(place)
                        let why = RateLimiter.quietWords(until: until, now: now)
                        finish(refused(item.call, why), item.done)
                    case .never(let excess):
                        left.insert(place)
                        finish(refused(item.call, excess.words), item.done)
                    }
                }
                held.insert(key)
            }
            guard !left.isEmpty else { continue }
            waiting[lane.rawValue] = items.enumerated().filter { !left.contains($0.offset) }
                .map(\.element)
        }
        return wakeAt
    }

    /// Requests at the same time: orders that hang must not keep a cancel waiting.
    private func room(_ lane: RESTCall.Lane, _ urgency: RateLimiter.Urgency) -> Int {
        guard lane == .orders else { return settings.questionConnections }
        return settings.orderConnections + (urgency == .urgent ? settings.cancelConnections : 0)
    }

    /// Places of what waits: of each key in the order they came, and keys whose first call is urgent before others.
    private static func order(_ items: [Waiting]) -> [Int] {
        guard let first = items.first, items.contains(where: { $0.urgency != first.urgency }) else {
            return Array(items.indices)
        }
        var urgency: [String: RateLimiter.Urgency] = [:]
        for item in items {
            let key = item.call.orderingKey
            if !key.isEmpty, urgency[key] == nil { urgency[key] = item.urgency }
        }
        let ranks = items.map { (urgency[$0.call.orderingKey] ?? $0.urgency).rawValue }
        return items.indices.sorted { (ranks[$0], $0) < (ranks[$1], $1) }
    }

    private func begin(_ item: Waiting, _ active: inout [CurlTransfer]) -> Bool {
        let account = item.call.request.isSigned ? settings.account : "public"
        let exchange = RESTExchange(call: item.call, account: account, sent: clock.now())
        let time = clock.now().advanced(
            nanoseconds: clockOffset.load(ordering: .relaxed)
        )
        let made = CurlTransfer(
            exchange: exchange,
            settings: settings,
            signer: signer.withLock { $0 },
            proxyCredentials: proxyCredentials.withLock { $0 },
            timestamp: time.milliseconds,
            done: item.done
        )
        guard let transfer = made, curl_multi_add_handle(multi, transfer.handle) == CURLM_OK else {
            finish(refused(item.call, "libcurl has no memory"), item.done)
            return false
        }
        active.append(transfer)
        return true
    }

    private func reap(
        _ active: inout [CurlTransfer],
        _ scanner: inout SecretScanner,
        _ limiter: SharedLimiter
    ) -> Bool {
        var hasEnded = false
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle
            else {
                continue
            }
            let result = curl_message_result(message)
            guard let index = active.firstIndex(where: { $0.handle == handle }) else { continue }
            let transfer = active.remove(at: index)
            curl_multi_remove_handle(multi, handle)
            transfer.finish(result, at: clock.now())
            tell(limiter, of: transfer.exchange)
            transfer.exchange.blanked = scanner.blank(&transfer.exchange.body)
            finish(transfer.exchange, transfer.done)
            hasEnded = true
        }
        return hasEnded
    }

    /// What an answer says of the quotas; its reset is a time of the exchange's clock.
    private func tell(_ limiter: SharedLimiter, of exchange: RESTExchange) {
        guard exchange.outcome == .answered else {
            return limiter.ended(exchange.call.request, now: SessionClock.monotonic())
        }
        var resetIn: Int64 = 0
        if let reset = Int64(exchange.limitReset), (0...9_000_000_000_000).contains(reset) {
            let time = exchange.received.advanced(
                nanoseconds: clockOffset.load(ordering: .relaxed)
            )
            resetIn = reset * 1_000_000 - time.nanoseconds
        }
        limiter.answered(
            exchange.call.request,
            status: exchange.status,
            code: exchange.code,
            limit: Int(exchange.limit),
            remaining: Int(exchange.limitStatus),
            resetIn: resetIn,
            now: SessionClock.monotonic()
        )
    }

    /// At the end cancels wait for nobody: better one that is refused than an order that stays.
    private func letCancelsGo(
        _ orders: inout [Waiting],
        _ active: inout [CurlTransfer],
        _ limiter: SharedLimiter
    ) {
        orders.removeAll { item in
            let now = SessionClock.monotonic()
            guard item.urgency == .urgent,
                limiter.take(item.call.request, .urgent, now: now) == .go
            else { return false }
            if !begin(item, &active) { limiter.ended(item.call.request, now: now) }
            return true
        }
    }

    private func giveUp(_ orders: inout [Waiting], _ reason: String) {
        let given = orders.filter { !$0.call.mayLeaveUnrecorded }
        orders.removeAll { !$0.call.mayLeaveUnrecorded }
        for item in given { finish(refused(item.call, reason), item.done) }
    }

    private func abandon(_ waiting: inout [[Waiting]]) {
        for lane in waiting.indices {
            for item in waiting[lane] {
                finish(refused(item.call, "the client stopped"), item.done)
            }
            waiting[lane].removeAll()
        }
    }

    private func cut(_ active: inout [CurlTransfer]) {
        for transfer in active {
            // Else libcurl would wait here until the system's resolver has given up a name, which takes its time.
            curl_easy_set_long(transfer.handle, CURLOPT_QUICK_EXIT, 1)
            curl_multi_remove_handle(multi, transfer.handle)
            transfer.finish(CURLE_ABORTED_BY_CALLBACK, at: clock.now())
            finish(transfer.exchange, transfer.done)
        }
        active.removeAll()
    }

    private func finish(_ exchange: RESTExchange, _ done: @Sendable (RESTExchange) -> Void) {
        shared.withLock { $0.pending -= 1 }
        done(exchange)
    }
}
