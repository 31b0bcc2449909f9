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

    /// The turnover of 24 hours by symbol of an answer of tickers.
    var turnovers: [(symbol: Symbol, turnover: Amount)] {
        var turnovers: [(symbol: Symbol, turnover: Amount)] = []
        for case .ticker(let row) in details {
            turnovers.append((row.symbol, row.ticker.turnover24h ?? .zero))
        }
        return turnovers
    }
}
