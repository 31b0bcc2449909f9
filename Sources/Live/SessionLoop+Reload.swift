import Bybit
import Gateway
import Journal
import Logging
import Market
import NIOCore
import NIOPosix
import Runtime
import Trading

/// A session file that is read anew while the session runs: all of what changed is applied, or nothing.
extension SessionLoop {
    typealias ReloadOutcome = Result<ReloadReport, RequestRefusal>

    /// What was read, off the loop.
    private struct Reading: Sendable {
        var configuration: SessionConfiguration
        var credentials: Credentials?
        var proxyCredentials: ProxyCredentials?
    }

    func reload(_ order: ReloadOrder, whenDone: @escaping (ReloadOutcome) -> Void) {
        guard let host else {
            return whenDone(.failure(.init("usage", "this session has no file to read anew")))
        }
        if let refusal = reloadRefusal { return whenDone(.failure(refusal)) }
        isReloading = true
        let finish: (ReloadOutcome) -> Void = { [unowned self] outcome in
            isReloading = false
            if case .failure(let refusal) = outcome {
                logger.error("the session file was not applied", metadata: ["why": "\(refusal)"])
            }
            whenDone(outcome)
        }
        let destination = wiring.destination
        let bound = NIOLoopBound((self, finish), eventLoop: loop)
        let loop = loop
        // Files are read elsewhere: a disk that hangs may not hold up the market.
        NIOThreadPool.singleton.submit { _ in
            let reading = SessionLoop.read(host, destination)
            loop.execute {
                let (session, finish) = bound.value
                switch reading {
                case .success(let reading): session.decide(reading, order, finish)
                case .failure(let refusal): finish(.failure(refusal))
                }
            }
        }
    }

    private var reloadRefusal: RequestRefusal? {
        if isFailed { return SessionLoop.journalFailed }
        if isStopped || isStopAsked {
            return RequestRefusal("busy", "the session is coming to its end")
        }
        if isReloading { return RequestRefusal("busy", "the session file is being read already") }
        guard isStarted else {
            return RequestRefusal("busy", "the session is starting", do: "Ask again in a moment.")
        }
        return nil
    }

    private static func read(
        _ host: SessionHost,
        _ destination: Destination
    ) -> Result<Reading, RequestRefusal> {
        do throws(RequestRefusal) {
            let configuration = try host.settings()
            do throws(SessionError) {
                let credentials = try Wiring.credentials(configuration)
                // Of another target nothing is applied, and what is wrong is told by the comparison.
                if configuration.key != nil, let credentials {
                    try permit(credentials, destination)
                }
                return .success(
                    Reading(
                        configuration: configuration,
                        credentials: credentials,
                        proxyCredentials: try Wiring.proxyCredentials(configuration)
                    )
                )
            } catch {
                throw RequestRefusal(error)
            }
        } catch {
            return .failure(error)
        }
    }

    private static func permit(
        _ credentials: Credentials,
        _ destination: Destination
    ) throws(SessionError) {
        do throws(GatewayError) {
            try credentials.permit(destination)
        } catch {
            throw SessionError(error)
        }
    }

    private func decide(
        _ reading: Reading,
        _ order: ReloadOrder,
        _ finish: @escaping (ReloadOutcome) -> Void
    ) {
        let changes = SettingChanges(from: configuration, to: reading.configuration)
        if let refusal = changes.refusal { return finish(.failure(refusal)) }
        guard let old = wiring.credentials, let new = reading.credentials,
            !new.signer.isSame(as: old.signer)
        else { return apply(reading, changes, isKeyNew: false, order, finish) }
        // A key that does not work would cost the private stream: it shows first that it does.
        tryKey(new, reading.proxyCredentials) { [unowned self] refusal in
            if let refusal { return finish(.failure(refusal)) }
            if isStopped { return finish(.failure(.init("busy", "the session has ended"))) }
            apply(reading, changes, isKeyNew: true, order, finish)
        }
    }

    /// Changes everything at once, its record first.
    private func apply(
        _ reading: Reading,
        _ changes: SettingChanges,
        isKeyNew: Bool,
        _ order: ReloadOrder,
        _ finish: @escaping (ReloadOutcome) -> Void
    ) {
        var next = configuration
        next.subscriptions = reading.configuration.subscriptions
        next.key = reading.configuration.key
        next.credentialsFile = reading.configuration.credentialsFile
        next.lines = reading.configuration.lines
        next.watch.alerts = reading.configuration.watch.alerts
        next.watch.sinks = reading.configuration.watch.sinks
        var report = ReloadReport()
        report.added = changes.added.map(\.text)
        report.removed = changes.removed.map(\.text)
        report.isKeyNew = isKeyNew
        report.isProxyNew = isNew(reading.proxyCredentials)
        report.alerts = changes.alerts
        report.configurationHash = SessionLoop.hash(next, recorder, clock)
        // Other words for the same, such as another order of topics or another name of the key, are a change as well.
        guard
            isKeyNew || report.isProxyNew || !report.alerts.isEmpty
                || report.configurationHash != configurationHash
        else {
            configuration.lines = next.lines
            configuration.credentialsFile = next.credentialsFile
            return finish(.success(report))
        }
        do throws(RequestRefusal) {
            let plan = try SessionLoop.rules(next)
            report.sequence = try enter(
                "reload",
                reason: order.reason,
                uid: order.uid,
                arguments: arguments(report, next, reading.credentials)
            )
            let before = Set(topics)
            configuration = next
            self.plan.replace(plan)
            reloads += 1
            if !report.alerts.isEmpty { watcher?.change(next.watch) }
            // Before the key: with another key the private sockets connect anew, by the proxy.
            if report.isProxyNew { renew(proxy: reading.proxyCredentials) }
            if isKeyNew, let credentials = reading.credentials { try renew(credentials) }
            if !isKeyNew { wiring.credentials = reading.credentials }
            let final = report
            askForLists { [unowned self] in finish(.success(subscribe(final, before))) }
        } catch {
            finish(.failure(error))
        }
    }

    private func arguments(
        _ report: ReloadReport,
        _ next: SessionConfiguration,
        _ credentials: Credentials?
    ) -> [OperatorRequest.Argument] {
        var arguments: [OperatorRequest.Argument] = [
            .init("settings.old", configurationHash),
            .init("settings.new", report.configurationHash),
        ]
        if !report.added.isEmpty {
            arguments.append(.init("public.added", report.added.joined(separator: ", ")))
        }
        if !report.removed.isEmpty {
            arguments.append(.init("public.removed", report.removed.joined(separator: ", ")))
        }
        if !report.alerts.isEmpty {
            arguments.append(.init("alerts", report.alerts.joined(separator: ", ")))
        }
        if report.isKeyNew, let credentials {
            arguments.append(.init("credentials", credentials.name))
            arguments.append(.init("key", credentials.signer.fingerprint))
        }
        // Neither has a fingerprint: that of a user or a password could be guessed.
        if report.isProxyNew { arguments.append(.init("proxy.credentials", "new")) }
        if next.key != nil {
            let names = next.reconciledCategories.map(\.name).joined(separator: " ")
            arguments.append(.init(OperatorRequest.categories, names))
        }
        return arguments
    }

    private static func rules(
        _ configuration: SessionConfiguration
    ) throws(RequestRefusal) -> [SubscriptionRule] {
        do throws(SessionError) {
            return try plan(configuration).rules
        } catch {
            throw RequestRefusal(error)
        }
    }

    /// What the new rules go by: lists and ranks that were not asked for before.
    private func askForLists(whenDone: @escaping () -> Void) {
        var open = 2
        let done = {
            open -= 1
            if open == 0 { whenDone() }
        }
        askLists(whenDone: done)
        askRankings(whenDone: done)
    }

    /// What the answers to the questions before it have already brought counts too.
    private func subscribe(_ report: ReloadReport, _ before: Set<String>) -> ReloadReport {
        guard !isStopped else { return report }
        var report = report
        followRules()
        let after = Set(topics)
        report.topicsAdded = after.subtracting(before).count
        report.topicsRemoved = before.subtracting(after).count
        logger.notice("the session file was applied", metadata: ["what": "\(report.words)"])
        return report
    }

    /// All public topics that are wanted, each with its category.
    private var topics: [String] {
        homes.flatMap { category, home in
            home.plan.sockets.joined().map { "\(category.name):\($0)" }
        }
    }

    // MARK: - Keys

    /// From now on another key of the same account signs; sockets that had the old one connect anew.
    private func renew(_ credentials: Credentials) throws(RequestRefusal) {
        do throws(GatewayError) {
            try rest.renew(credentials)
            scanner.watch(credentials.signer)
            bots?.renew(credentials.signer)
            wiring.credentials = credentials
            for (number, slot) in slots.enumerated() where slot.isPrivate {
                try sockets[number].renew(credentials)
            }
        } catch {
            // Not possible: that the key belongs here was the first thing looked at.
            throw RequestRefusal(SessionError(error))
        }
    }

    private func isNew(_ credentials: ProxyCredentials?) -> Bool {
        guard let credentials, let old = wiring.proxyCredentials else {
            return (credentials == nil) != (wiring.proxyCredentials == nil)
        }
        return !credentials.isSame(as: old)
    }

    /// From now on the proxy is told these; what stands through it stays.
    private func renew(proxy credentials: ProxyCredentials?) {
        // Of what was replaced answers may still come: it stays watched.
        if let credentials { scanner.watch(credentials) }
        wiring.proxyCredentials = credentials
        rest.renew(proxy: credentials)
        bots?.renew(proxy: credentials)
        for socket in sockets { socket.renew(proxy: credentials) }
    }

    /// Asks the exchange what the new key may do, signed by itself, and whose it is.
    private func tryKey(
        _ credentials: Credentials,
        _ proxyCredentials: ProxyCredentials?,
        whenDone: @escaping (RequestRefusal?) -> Void
    ) {
        let client: RESTClient
        do throws(GatewayError) {
            var wiring = wiring
            wiring.proxyCredentials = proxyCredentials
            client = try wiring.client(
                credentials,
                account: configuration.account,
                clock: clock
            )
        } catch {
            return whenDone(RequestRefusal(SessionError(error)))
        }
        if let offset = clockOffset.best?.offset { client.setClockOffset(offset) }
        describe(by: client) { [unowned self] new, why in
            // Its thread is joined, which blocks.
            NIOThreadPool.singleton.submit { _ in client.stop() }
            guard let new else {
                return whenDone(
                    RequestRefusal(
                        "unavailable",
                        "the exchange does not take the new key \(credentials.label): \(why)",
                        do: "The old one stays in use. Correct the credentials, and reload."
                    )
                )
            }
            if let refusal = SessionLoop.refusal(of: new, credentials) { return whenDone(refusal) }
            describe(by: rest) { old, _ in
                // An old key that is gone already says nothing of its account.
                guard let old, old.userID != 0, new.userID != 0, old.userID != new.userID else {
                    return whenDone(nil)
                }
                whenDone(
                    RequestRefusal(
                        "refused",
                        "the new key \(credentials.label) belongs to another account",
                        do: "A session records one account: start another for this key."
                    )
                )
            }
        }
    }

    private func describe(
        by client: RESTClient,
        whenDone: @escaping (KeyDescription?, _ why: String) -> Void
    ) {
        let request = RESTRequest(endpoint: .other("/v5/user/query-api"), query: "")
        let call = RESTCall(
            request,
            after: recorder.watermarks.appended,
            timeout: 5_000_000_000
        )
        requestsOpen += 1
        client.send(call, on: loop) { [weak self] exchange in
            guard let self else { return }
            requestsOpen -= 1
            counts.requests += 1
            guard !isStopped else { return whenDone(nil, "the session has ended") }
            ingest(named: exchange.stream.text, time: exchange.received, payload: exchange.payload)
            let event = stepper.event
            if exchange.status == 403 { shutOut() }
            for case .key(let description) in event.details { return whenDone(description, "") }
            whenDone(nil, SessionLoop.words(exchange, event))
        }
    }

    private static func words(_ exchange: RESTExchange, _ event: Event) -> String {
        guard exchange.outcome == .answered else {
            return exchange.reason.isEmpty ? exchange.outcome.rawValue : exchange.reason
        }
        return event.kind == .reply && !event.reply.message.isEmpty
            ? "\(event.reply.code) \(event.reply.message)" : "HTTP \(exchange.status)"
    }

    /// A key that may move money out of the account is not for a recorder.
    private static func refusal(
        of key: KeyDescription,
        _ credentials: Credentials
    ) -> RequestRefusal? {
        let moves = key.permissions.filter { $0.contains("Withdraw") || $0.contains("Transfer") }
        guard !moves.isEmpty else { return nil }
        return RequestRefusal(
            "refused",
            "the new key \(credentials.label) may move money: " + moves.joined(separator: ", "),
            do: "Give one that may not."
        )
    }
}

extension Credentials {
    /// Without anything that is secret.
    fileprivate var label: String { "\(name) (\(signer.fingerprint))" }
}

extension RequestRefusal {
    init(_ error: SessionError) {
        if case .credentials(let place, let what, let todo, _) = error {
            self.init("refused", what, at: place, do: todo + ".")
        } else {
            self.init("session-file", error.description)
        }
    }
}
