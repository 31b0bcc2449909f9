import Bybit
import Gateway
import Journal
import Logging
import Market
import NIOCore
import Runtime
import Trading

/// Rules: from the exchange's lists to what each public socket subscribes.
extension SessionLoop {
    static func plan(_ configuration: SessionConfiguration) throws(SessionError) -> SubscriptionPlan
    {
        var rules: [SubscriptionRule] = []
        for subscription in configuration.subscriptions {
            do throws(SubscriptionRuleError) {
                rules.append(try SubscriptionRule(text: subscription.text))
            } catch {
                throw .gateway("public: \(error)", status: 78)
            }
        }
        return SubscriptionPlan(rules)
    }

    /// Applies the rules to what is known; sockets that are missing are made.
    func applyRules() throws(GatewayError) {
        let now = clock.now().milliseconds
        for change in plan.apply(now: now) {
            let limits = SubscriptionLimits(.publicData(change.category))
            homes[change.category, default: PublicSockets(limits: limits)].take(change)
        }
        for category in Category.allCases {
            guard var home = homes[category], home.isUnfinished else { continue }
            defer { homes[category] = home }
            let done = try home.carryOut(
                plan.topics(category, now: now),
                copies: configuration.redundancy,
                make: { (slot) throws(GatewayError) in try makePublic(category, slot: slot) },
                want: { sockets[$0].want($1) }
            )
            if let done, isStarted { tell(done.change, refused: done.refused) }
        }
    }

    private func makePublic(_ category: Category, slot: Int) throws(GatewayError) -> Int {
        let number = try add(SocketSlot(.publicData(category), slot: slot), nil)
        if isStarted { sockets[number].start() }
        return number
    }

    /// ``applyRules()`` while the session runs: what cannot be made is told, and tried again, ever more seldom.
    func followRules() {
        do throws(GatewayError) {
            try applyRules()
            rulesRetry = nil
        } catch {
            logger.error("topics were not subscribed", metadata: ["error": "\(error)"])
            let pause = min(60, 2 * (rulesRetry?.pause ?? 0) + 1)
            rulesRetry = (pause, clock.now().advanced(nanoseconds: pause * 1_000_000_000))
        }
    }

    /// Once a second: what could not be carried out is tried again, whether or not the rules pick anything else.
    func retryRules() {
        guard let rulesRetry, rulesRetry.due <= clock.now(), !isStopped else { return }
        followRules()
    }

    /// Once a second: what has an order or a position is followed, whatever the session file names.
    func followExposure() {
        guard isStarted, !isStopped, wiring.credentials != nil else { return }
        let exposed = stepper.engine.exposedInstruments
        if plan.follow(exposed, now: clock.now().milliseconds) { followRules() }
    }

    /// A record of what came and went.
    private func tell(_ change: SubscriptionPlan.Change, refused: [String]) {
        let socket = "public/\(change.category.name)"
        logger.info(
            "rules",
            metadata: [
                "socket": "\(socket)", "added": "\(change.added.count)",
                "removed": "\(change.removed.count)", "refused": "\(refused.count)",
            ]
        )
        writer.reset()
        writer.object {
            $0.field("change", LinkEvent.Change.rules.rawValue)
            $0.field("socket", socket)
            $0.field("reason", refused.isEmpty ? "" : "\(refused.count) topics find no room")
            $0.field("count", Int64(change.added.count + change.removed.count))
            $0.field("added", change.added.joined(separator: " "))
            $0.field("removed", change.removed.joined(separator: " "))
        }
        ingest(named: "link/" + socket, time: clock.now(), payload: writer.bytes)
    }

    // MARK: - Lists

    /// Asks for the instruments of every category whose list matters; `whenDone` when all have come or failed.
    func askLists(whenDone: @escaping () -> Void) {
        lists.removeAll()
        askAll(plan.listQuestions.map { request in { done in self.askList(request, done) } }) {
            [unowned self] in
            for (category, rows) in lists.sorted(by: { $0.key < $1.key }) {
                // A list that lacks a part would drop what that part holds.
                let isWhole = category != .option || rows.count == plan.optionBaseCoins.count
                guard isWhole else { continue }
                let all = rows.sorted { $0.key < $1.key }.flatMap(\.value)
                plan.listed(all, category)
            }
            if isStarted { followRules() }
            whenDone()
        }
    }

    /// Asks for one list, page after page.
    private func askList(
        _ request: RESTRequest,
        first: String? = nil,
        page: Int = 1,
        _ whenDone: @escaping () -> Void
    ) {
        let name = first ?? request.query
        if page == 1 { pages[name] = [] }
        ask(request) { [unowned self] in
            let event = stepper.event
            guard event.kind == .reply, event.reply.isSuccess else {
                pages[name] = nil
                return whenDone()
            }
            let isSpread = request.path.hasPrefix("/v5/spread/")
            pages[name, default: []] += event.listedSymbols
            let cursor = event.reply.nextPageCursor
            guard cursor.isEmpty || page >= 20 else {
                let next = request.page(cursor: cursor)
                return askList(next, first: name, page: page + 1, whenDone)
            }
            let category = isSpread ? Category.spread : event.category
            if cursor.isEmpty { lists[category, default: [:]][name] = pages[name] }
            pages[name] = nil
            whenDone()
        }
    }

    /// Asks for the tickers by which `top` rules rank, once a day.
    func askRankings(whenDone: @escaping () -> Void) {
        askAll(
            plan.rankQuestions.map { request in
                { done in
                    self.ask(request) { [unowned self] in
                        rank(stepper.event)
                        done()
                    }
                }
            }
        ) { [unowned self] in
            if isStarted { followRules() }
            whenDone()
        }
    }

    private func rank(_ event: Event) {
        guard event.kind == .reply, event.reply.isSuccess else { return }
        let turnover = event.turnovers
        guard !turnover.isEmpty else { return }
        plan.ranked(turnover, event.category)
    }

    /// Does several things that end later; `whenDone` after the last, and at once when there are none.
    private func askAll(
        _ questions: [(@escaping () -> Void) -> Void],
        whenDone: @escaping () -> Void
    ) {
        guard !questions.isEmpty else { return whenDone() }
        var open = questions.count
        for question in questions {
            question {
                open -= 1
                if open == 0 { whenDone() }
            }
        }
    }
}
