import Bybit
import Gateway
import Journal
import Logging
import Market
import NIOCore
import Runtime
import Trading
import Watch

/// The account as it is when a session begins, and its flows while it runs: asked by REST, recorded as answers are.
extension SessionLoop {
    // MARK: - The key

    /// Takes in what the key may do, asked before the recording began.
    func take(_ check: KeyCheck) {
        for exchange in check.exchanges {
            ingest(exchange)
            noteEnded(exchange)
        }
        keepQuiet()
        judged(check.outcome)
    }

    /// Asks what the key may do and until when it is good; `whenDone` gets `nil` where the exchange does not say.
    func askKey(whenDone: @escaping (KeyDescription?) -> Void) {
        ask(KeyCheck.question) { [unowned self] in
            guard case .key(let key) = stepper.event.details.first, stepper.event.reply.isSuccess
            else { return whenDone(nil) }
            whenDone(key)
        }
    }

    private func judged(_ outcome: KeyCheck.Outcome) {
        switch outcome {
        case .none: account.isPermitted = true
        case .permitted(let key):
            account.isPermitted = true
            if key.mayTrade, !configuration.mayTrade {
                logger.warning(
                    "this key may trade, which recording does not need; a read-only key is enough"
                )
            }
        case .notOffered(let words):
            account.isPermitted = true
            logger.notice(
                "the exchange does not say what the key may do; there is no money to move here",
                metadata: ["answer": "\(words)"]
            )
        case .unknown(let words):
            logger.warning(
                "what the key may do is not known: nothing private is connected or asked before it is",
                metadata: ["answer": "\(words)"]
            )
            askRightsLater()
        case .refused(let error):
            account.refusal = error
            logger.critical("the key is refused", metadata: ["reason": "\(error)"])
        }
    }

    private func askRightsLater() {
        loop.assumeIsolated().scheduleTask(in: .nanoseconds(KeyCheck.pause)) { [weak self] in
            guard let self, !isStopped, !account.isPermitted else { return }
            submit(RESTCall(KeyCheck.question, after: recorder.watermarks.appended)) {
                [unowned self] exchange in
                guard !isStopped else { return }
                judged(KeyCheck.judge(exchange, configuration, wiring.destination))
                guard account.isPermitted else { return }
                for (number, slot) in slots.enumerated() where slot.isPrivate {
                    sockets[number].start()
                }
            }
        }
    }

    // MARK: - The account

    /// Modes, fee rates, protection, in each recording; behind what the core asks, which must not wait for their quotas.
    private func askSurroundings() {
        guard account.isPermitted else { return }
        let requests = AccountSnapshot.surroundings(
            configuration.categories,
            asksProtection: mayAskProtection
        )
        for request in account.surroundings.take(requests, at: account.seconds) {
            askOrSay(request) { [unowned self] in
                noteProtection(request)
                // What is to be armed and is off is asked for again: it may have been enabled meanwhile.
                let isOpen =
                    request.path == DisconnectWatch.question
                    && (!mayAskProtection
                        || account.protection.isOff(configuration.protectionTopics))
                account.surroundings.ended(
                    request,
                    isAnswered: isAnswered && !isOpen,
                    at: account.seconds
                )
            }
        }
    }

    /// What is armed may be on only while a socket has the topic: asked before, the answer would be a false alarm.
    private var mayAskProtection: Bool {
        guard !configuration.protectionTopics.isEmpty else { return true }
        return slots.indices.allSatisfy { place in
            guard case .privateData = slots[place].name else { return true }
            return sockets[place].state.isReady
        }
    }

    private func noteProtection(_ request: RESTRequest) {
        let event = stepper.event
        // Rows that cannot be read say nothing.
        guard request.path == DisconnectWatch.question, isAnswered, event.findings.isEmpty,
            mayAskProtection
        else { return }
        account.protection.told(
            event.details.compactMap {
                if case .disconnectProtection(let row) = $0 { row } else { nil }
            }
        )
    }

    /// Once a second: whether the exchange would cancel what is open, where the session file asks for that.
    private func followProtection() {
        guard configuration.armsDisconnectProtection, configuration.mayTrade else { return }
        var confirmed: [String] = []
        var rejected: [String] = []
        for (number, slot) in slots.enumerated() {
            guard case .privateData = slot.name else { continue }
            confirmed += sockets[number].state.subscribed
            rejected += sockets[number].state.refused.keys
        }
        let news = account.protection.look(
            wanted: configuration.protectionTopics,
            confirmed: confirmed,
            rejected: rejected
        )
        switch news {
        case .began(let problem):
            logger.critical(
                "cancel-on-disconnect is not armed: have it enabled, or leave `dcp` out of the session file",
                metadata: ["reason": "\(problem)"]
            )
            watcher?.tell(.unprotected, problem: problem)
        case .ended:
            logger.notice("cancel-on-disconnect is armed now")
            watcher?.tell(.unprotected, problem: nil)
        case nil: break
        }
    }

    /// Limits of risk of each contract that is named or held, in each recording.
    private func askLimits() {
        guard account.surroundings.hasAsked else { return }
        var contracts = Set(namedContracts)
        let accounts = stepper.engine.ledger.accounts
        for place in accounts.keys.indices
        where (0...2).contains(where: { !accounts.values[place][$0].isFlat }) {
            let instrument = accounts.keys[place]
            guard instrument.category == .linear || instrument.category == .inverse else {
                continue
            }
            contracts.insert(instrument)
        }
        askLimits(account.limits.take(contracts.sorted(), at: account.seconds)[...])
    }

    /// One contract after the other.
    private func askLimits(_ contracts: ArraySlice<InstrumentID>) {
        guard let contract = contracts.first else { return }
        askOrSay(AccountSnapshot.limits(contract)) { [unowned self] in
            account.limits.ended(contract, isAnswered: isAnswered, at: account.seconds)
            askLimits(contracts.dropFirst())
        }
    }

    /// Once a second: whether the account has become whole again, so that what happened meanwhile is asked for.
    func followAccount() {
        guard isStarted, !isStopped, wiring.credentials != nil else { return }
        let isReconciled = stepper.engine.isReconciled
        defer { account.wasReconciled = isReconciled }
        account.seconds += 1
        followProtection()
        // An account that cannot be reconciled is told of all the same.
        if isReconciled || account.seconds > AccountSnapshot.patience { askSurroundings() }
        askLimits()
        guard isReconciled, !account.wasReconciled else { return }
        if account.hasHistory {
            askTransactionLog()
        } else {
            account.hasHistory = true
            askHistory()
        }
    }

    /// The day before, one list after the other; the core asks for further pages itself.
    private func askHistory() {
        let now = exchangeMilliseconds
        let categories = configuration.categories
        let requests =
            AccountSnapshot.history(categories, since: max(0, now - AccountSnapshot.history))
            + AccountSnapshot.modes(namedContracts)
        askTransactionLog()
        askInTurn(requests[...])
    }

    private func askInTurn(_ requests: ArraySlice<RESTRequest>) {
        guard let request = requests.first else { return }
        askOrSay(request) { [unowned self] in askInTurn(requests.dropFirst()) }
    }

    /// What has flowed since it was last asked; the first time, in the day before.
    func askTransactionLog() {
        guard account.isPermitted, account.hasHistory, !isStopped, !account.isAskingLog else {
            return
        }
        account.isAskingLog = true
        let now = exchangeMilliseconds
        let first = now - AccountSnapshot.history
        let since = account.logSince > 0 ? account.logSince : first
        let request = AccountSnapshot.transactionLog(
            since: max(0, max(since, now - AccountSnapshot.longest)),
            until: now + 60_000
        )
        askOrSay(request) { [unowned self] in
            account.isAskingLog = false
            guard isAnswered else { return }
            account.logSince = max(account.logSince, now - AccountSnapshot.overlap)
        }
    }

    /// The last word on the account's flows before the seal: asked for only where an answer can be expected.
    func askLastTransactionLog() -> Bool {
        guard stepper.engine.isReconciled, !isFailed, !isStopped else { return false }
        askTransactionLog()
        return account.isAskingLog
    }

    /// ``ask(_:attempt:whenDone:)``; what stays without an answer is said here, and by the core as a finding.
    private func askOrSay(_ request: RESTRequest, whenDone: @escaping () -> Void) {
        ask(request) { [unowned self] in
            let reply = stepper.event.reply
            if !isStopped, !isAnswered {
                logger.warning(
                    "a question about the account has no answer; the recording lacks it",
                    metadata: [
                        "path": "\(request.path)", "query": "\(request.query)",
                        "answer":
                            "\(reply.outcome.rawValue), HTTP \(reply.httpStatus), \(reply.code) \(reply.message)",
                    ]
                )
            }
            whenDone()
        }
    }

    /// The question that has just ended got what it asked for.
    private var isAnswered: Bool {
        stepper.event.kind == .reply && stepper.event.reply.isSuccess
    }

    /// Now, of the exchange's clock.
    var exchangeMilliseconds: Int64 {
        clock.now().advanced(nanoseconds: clockOffset.best?.offset ?? 0).milliseconds
    }

    /// Contracts that the session file names one by one, at most twenty.
    private var namedContracts: [InstrumentID] {
        var contracts: Set<InstrumentID> = []
        for subscription in configuration.subscriptions
        where subscription.category == .linear || subscription.category == .inverse {
            // These are by coin.
            let byCoin = ["insurance.", "adlAlert."]
            guard !byCoin.contains(where: { subscription.topic.hasPrefix($0) }) else { continue }
            let last = subscription.topic.split(separator: ".").last.map(String.init) ?? ""
            guard !last.contains("*"), !last.contains(" "), !last.contains(":"),
                let symbol = Symbol(last)
            else { continue }
            contracts.insert(InstrumentID(subscription.category, symbol))
        }
        return Array(contracts.sorted().prefix(20))
    }

    // MARK: - Records

    func ingest(_ exchange: RESTExchange) {
        ingest(named: exchange.stream.text, time: exchange.received, payload: exchange.payload)
    }
}
