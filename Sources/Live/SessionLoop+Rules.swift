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
            let none = PublicSockets(limits: limits, copies: configuration.redundancy)
            homes[change.category, default: none].take(change)
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

    /// Once a second: a contract is delivered, or comes within a rule's window, between two lists as well.
    func followClock() {
        guard isStarted, !isStopped, let next = plan.nextChange,
            next <= clock.now().milliseconds
        else { return }
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

    /// Asks for the lists of instruments that are due; `whenDone` when these have come or failed.
    ///
    /// A list that has failed is due again soon, also in a session whose network comes up later than itself.
    func askLists(whenDone: @escaping () -> Void) {
        let due = listPolls.take(listQuestions, at: SessionClock.monotonic())
        guard !due.isEmpty else { return whenDone() }
        askAll(due.map { request in { done in self.askList(request, whenDone: done) } }) {
            [unowned self] in
            if isStarted, !isStopped { followRules() }
            whenDone()
        }
    }

    /// Lists of what is subscribed, and of what the account is asked about.
    ///
    /// Names are listed too: what they trade in changes, and they are delivered.
    private var listQuestions: [RESTRequest] {
        let ruled = plan.listedCategories
        // Combinations have a list of their own, options one for each coin that a rule names.
        let others = configuration.categories.filter {
            $0 != .spread && $0 != .option && !ruled.contains($0)
        }
        return plan.listQuestions + others.map { RESTRequest(.instruments($0)) }
    }

    /// Asks for one list, and before it for what it lacks.
    private func askList(_ question: RESTRequest, whenDone: @escaping () -> Void) {
        guard let early = plan.preLaunchQuestion(before: question) else {
            return askPages(question) { [unowned self] in ended(question, $0, whenDone) }
        }
        askPages(early) { [unowned self] rows in
            // Without an answer what it said last stands: the list itself does not wait for it.
            if let rows { partLists[early.query] = rows }
            guard !isStopped else { return whenDone() }
            askPages(question) { [unowned self] in ended(question, $0, whenDone) }
        }
    }

    /// Asks page after page; `whenDone` gets `nil` where one of them has no answer.
    ///
    /// - Parameter rows: of the pages before.
    private func askPages(
        _ request: RESTRequest,
        rows: [ListedSymbol] = [],
        page: Int = 1,
        whenDone: @escaping (_ rows: [ListedSymbol]?) -> Void
    ) {
        ask(request) { [unowned self] in
            let event = stepper.event
            guard event.kind == .reply, event.reply.isSuccess else { return whenDone(nil) }
            let rows = rows + event.listedSymbols
            let cursor = event.reply.nextPageCursor
            guard !cursor.isEmpty else { return whenDone(rows) }
            guard page < 20 else { return whenDone(nil) }
            askPages(request.page(cursor: cursor), rows: rows, page: page + 1, whenDone: whenDone)
        }
    }

    private func ended(
        _ question: RESTRequest,
        _ rows: [ListedSymbol]?,
        _ whenDone: () -> Void
    ) {
        let category = plan.category(of: question)
        // A category does not empty in five minutes: what would end every subscription is no answer. A coin's options may.
        let isEmptied = rows?.isEmpty == true && category != .option && plan.isListed(category)
        listPolls.ended(
            question,
            isAnswered: rows != nil && !isEmptied,
            at: SessionClock.monotonic()
        )
        if let rows, !isEmptied { listed(rows, by: question) }
        whenDone()
    }

    private func listed(_ rows: [ListedSymbol], by question: RESTRequest) {
        let category = plan.category(of: question)
        guard category == .option else {
            guard let early = plan.preLaunchQuestion(before: question)?.query else {
                return plan.listed(rows, category)
            }
            partLists[early] = partLists[early]?.missing(from: rows)
            return plan.listed(rows + (partLists[early] ?? []), category)
        }
        partLists[question.query] = rows
        // A list that lacks a coin would drop what that coin holds.
        let lists = plan.listQuestions.filter { plan.category(of: $0) == .option }
            .map { partLists[$0.query] }
        let whole = lists.compactMap(\.self)
        if whole.count == lists.count { plan.listed(whole.flatMap(\.self), .option) }
    }

    /// Asks for the tickers by which `top` rules rank, where they are due.
    func askRankings(whenDone: @escaping () -> Void) {
        let due = rankPolls.take(plan.rankQuestions, at: SessionClock.monotonic())
        guard !due.isEmpty else { return whenDone() }
        askAll(due.map { request in { done in self.askRanking(request, whenDone: done) } }) {
            [unowned self] in
            if isStarted, !isStopped { followRules() }
            whenDone()
        }
    }

    private func askRanking(_ request: RESTRequest, whenDone: @escaping () -> Void) {
        ask(request) { [unowned self] in
            let isRanked = rank(stepper.event, plan.category(of: request))
            rankPolls.ended(request, isAnswered: isRanked, at: SessionClock.monotonic())
            whenDone()
        }
    }

    /// Once a second.
    func askDueLists() {
        guard isStarted, !isStopped else { return }
        askLists {}
        askRankings {}
    }

    /// False where the answer says nothing.
    private func rank(_ event: Event, _ category: Category) -> Bool {
        guard event.kind == .reply, event.reply.isSuccess else { return false }
        let figures = event.dayFigures
        guard !figures.isEmpty else { return false }
        plan.ranked(figures, category)
        return true
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
