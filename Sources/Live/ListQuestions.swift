import Bybit
import Market

extension SubscriptionPlan {
    /// The questions whose answers are the lists that the rules go by: option lists come by base coin.
    var listQuestions: [RESTRequest] {
        listedCategories.flatMap { category -> [RESTRequest] in
            switch category {
            case .option:
                optionBaseCoins.map {
                    RESTRequest(
                        endpoint: .instruments,
                        query: "category=option&baseCoin=\($0)&limit=1000"
                    )
                }
            case .spread:
                [RESTRequest(endpoint: .other("/v5/spread/instrument"), query: "limit=500")]
            case .spot, .linear, .inverse: [RESTRequest(.instruments(category))]
            }
        }
    }

    /// What is asked before a list that lacks it: contracts that trade before their launch, which a rule with `*` picks too.
    ///
    /// Before it, so that one that is launched meanwhile is in both answers rather than in none.
    ///
    /// - Source: bybit-v5 §6.2, "default only `Trading`"; §3.1, rule 8.
    func preLaunchQuestion(before question: RESTRequest) -> RESTRequest? {
        guard question == RESTRequest(.instruments(.linear)) else { return nil }
        let hasPattern = rules.contains { rule in
            if case .pattern = rule.selection { return rule.category == .linear }
            return false
        }
        guard hasPattern else { return nil }
        return RESTRequest(
            endpoint: .instruments,
            query: "category=linear&status=PreLaunch&limit=1000"
        )
    }

    /// Of the answer to one of these questions.
    func category(of question: RESTRequest) -> Category {
        let words = question.query.split(separator: "&")
        return Category.allCases.first { words.contains("category=\($0.name)") } ?? .spread
    }

    /// The questions whose answers rank symbols by turnover: of options those of the coin that a rank means.
    ///
    /// - Source: protocol reference §6.2, "option needs symbol or baseCoin".
    var rankQuestions: [RESTRequest] {
        rankedCategories.map { category in
            let coin = category == .option ? "&baseCoin=BTC" : ""
            return RESTRequest(
                endpoint: .other("/v5/market/tickers"),
                query: "category=\(category.name)\(coin)"
            )
        }
    }
}

extension Event {
    /// The rows of an answer of a list of instruments, combinations included.
    var listedSymbols: [ListedSymbol] {
        var rows = instruments.map { ListedSymbol($0) }
        for case .spreadInstrument(let row) in details { rows.append(ListedSymbol(row)) }
        return rows
    }

    /// The figures of 24 hours by symbol of an answer of tickers.
    var dayFigures: [DayFigures] {
        var figures: [DayFigures] = []
        for case .ticker(let row) in details {
            figures.append(
                DayFigures(
                    symbol: row.symbol,
                    turnover: row.ticker.turnover24h ?? .zero,
                    volume: row.ticker.volume24h ?? .zero,
                    lastPrice: row.ticker.lastPrice
                )
            )
        }
        return figures
    }
}

extension Array<ListedSymbol> {
    /// These and those of `others` that are not among them: of a contract that both lists have, the list counts.
    func joined(with others: [ListedSymbol]) -> [ListedSymbol] { self + others.missing(from: self) }

    /// Those that are not in the list itself, which counts of a contract that both have.
    ///
    /// Once launched it stays so: what was told of it before would come back when the list has it no more.
    func missing(from list: [ListedSymbol]) -> [ListedSymbol] {
        let symbols = Set(list.map(\.symbol))
        return filter { !symbols.contains($0.symbol) }
    }
}
