public import Bybit
import Gateway
public import Market

/// What a session's rules come to now: the topics of each category, as the exchange's lists say.
public struct TopicResolution: Sendable {
    public struct Part: Sendable {
        public var category: Category
        public var topics: [String]
        /// Connections that the topics need, without redundancy.
        public var sockets: Int
    }

    public var parts: [Part] = []
    /// Questions that got no answer, each with why; rules that go by them pick nothing.
    public var unanswered: [String] = []
    /// Names that a whole list of their category does not have.
    public var unlisted: [String] = []

    /// - Parameter asks: false goes by no list: rules that pick symbols come to nothing.
    public static func resolve(
        _ configuration: SessionConfiguration,
        asks: Bool
    ) async throws(SessionError) -> TopicResolution {
        var plan = try SessionLoop.plan(configuration)
        var result = TopicResolution()
        let clock = SessionClock()
        if asks { try await result.ask(&plan, configuration, clock) }
        for category in Category.allCases {
            let topics = plan.topics(category, now: clock.now().milliseconds)
            guard !topics.isEmpty else { continue }
            let limits = SubscriptionLimits(.publicData(category))
            result.parts.append(
                Part(
                    category: category,
                    topics: topics,
                    sockets: limits.connections(for: topics).count
                )
            )
        }
        return result
    }

    private mutating func ask(
        _ plan: inout SubscriptionPlan,
        _ configuration: SessionConfiguration,
        _ clock: SessionClock
    ) async throws(SessionError) {
        let client = try TopicResolution.client(configuration, clock)
        var lists: [Category: [ListedSymbol]] = [:]
        var broken: Set<Category> = []
        // Named symbols are looked for in the lists too: a name with a slip is subscribed in vain.
        for question in plan.listQuestions {
            let category = plan.category(of: question)
            var early: [ListedSymbol] = []
            if let before = plan.preLaunchQuestion(before: question) {
                early = await pages(before, client) ?? []
            }
            guard let rows = await pages(question, client) else {
                broken.insert(category)
                continue
            }
            lists[category, default: []] += rows.joined(with: early)
        }
        for (category, rows) in lists.sorted(by: { $0.key < $1.key })
        where !broken.contains(category) {
            plan.listed(rows, category)
            let symbols = Set(rows.map(\.symbol.description))
            // These are by coin, and no list has them.
            let byCoin: Set<String> = ["insurance", "adlAlert"]
            for rule in plan.rules where rule.category == category && !byCoin.contains(rule.head) {
                guard case .name(let name) = rule.selection, !symbols.contains(name),
                    !rows.contains(where: { $0.baseCoin == name })
                else { continue }
                unlisted.append("\(rule)")
            }
        }
        for question in plan.rankQuestions {
            guard let event = await answer(question, client) else { continue }
            plan.ranked(event.dayFigures, plan.category(of: question))
        }
    }

    // MARK: - Questions

    fileprivate static func client(
        _ configuration: SessionConfiguration,
        _ clock: SessionClock
    ) throws(SessionError) -> RESTClient {
        var bare = configuration
        bare.key = nil
        let wiring = try Wiring(bare)
        do throws(GatewayError) {
            return try wiring.client(nil, account: configuration.account, clock: clock)
        } catch {
            throw SessionError(error)
        }
    }

    fileprivate mutating func pages(
        _ first: RESTRequest,
        _ client: RESTClient
    ) async -> [ListedSymbol]? {
        var rows: [ListedSymbol] = []
        var request = first
        for _ in 0..<20 {
            guard let event = await answer(request, client) else { return nil }
            rows += event.listedSymbols
            guard !event.reply.nextPageCursor.isEmpty else { break }
            request = request.page(cursor: event.reply.nextPageCursor)
        }
        return rows
    }

    fileprivate mutating func answer(_ request: RESTRequest, _ client: RESTClient) async -> Event? {
        let exchange = await client.exchange(RESTCall(request, timeout: 5_000_000_000))
        if let event = KeyCheck.decoded(exchange), event.reply.isSuccess { return event }
        let words =
            exchange.outcome == .answered ? "HTTP \(exchange.status)" : exchange.reason
        unanswered.append("\(request.path)?\(request.query): \(words)")
        return nil
    }
}

/// What is listed and traded now, by category; nothing of it is recorded.
public struct MarketSurvey: Sendable {
    public var lists: [Category: [ListedSymbol]] = [:]
    /// Symbols by their turnover of 24 hours in dollars, the highest first.
    public var ranks: [Category: [Symbol]] = [:]
    /// Questions that got no answer, each with why.
    public var unanswered: [String] = []

    public static func ask(
        _ configuration: SessionConfiguration
    ) async throws(SessionError) -> MarketSurvey {
        let client = try TopicResolution.client(configuration, SessionClock())
        var survey = MarketSurvey()
        var questions = TopicResolution()
        let option = "category=option&baseCoin=BTC"
        for category in Category.allCases {
            let list =
                category == .spread
                ? RESTRequest(endpoint: .other("/v5/spread/instrument"), query: "limit=500")
                : category == .option
                    ? RESTRequest(endpoint: .instruments, query: option + "&limit=1000")
                    : RESTRequest(.instruments(category))
            if let rows = await questions.pages(list, client) { survey.lists[category] = rows }
            guard category != .spread else { continue }
            let tickers = RESTRequest(
                endpoint: .other("/v5/market/tickers"),
                query: category == .option ? option : "category=\(category.name)"
            )
            guard let event = await questions.answer(tickers, client) else { continue }
            survey.ranks[category] = DayFigures.ranked(
                event.dayFigures,
                category,
                listed: survey.lists[category] ?? []
            )
        }
        survey.unanswered = questions.unanswered
        return survey
    }
}
