import Bybit
import Market
import Testing

@testable import Live

/// The questions by which a session's rules learn what there is.
@Suite struct ListQuestionsTests {
    private func plan(_ rules: String...) throws -> SubscriptionPlan {
        SubscriptionPlan(try rules.map { try SubscriptionRule(text: $0) })
    }

    @Test func `each category that is subscribed is listed, options coin by coin`() throws {
        let plan = try plan(
            "linear:tickers.BTCUSDT",
            "option:tickers.ETH-*",
            "option:tickers.BTC-*",
            "spread:tickers.X"
        )
        let questions = plan.listQuestions.map { "\($0.path)?\($0.query)" }
        #expect(
            questions == [
                "/v5/market/instruments-info?category=linear&limit=1000",
                "/v5/market/instruments-info?category=option&baseCoin=ETH&limit=1000",
                "/v5/market/instruments-info?category=option&baseCoin=BTC&limit=1000",
                "/v5/spread/instrument?limit=500",
            ]
        )
        #expect(
            plan.listQuestions.map { plan.category(of: $0) } == [
                .linear, .option, .option, .spread,
            ]
        )
    }

    @Test
    func `a rank of options is asked for by a coin, without which the exchange answers nothing`()
        throws
    {
        // As text the rule for options is refused, since it does not say whose.
        let plan = SubscriptionPlan([
            try SubscriptionRule(text: "linear:tickers.top:3"),
            SubscriptionRule(.option, head: "tickers", selection: .top(3)),
            try SubscriptionRule(text: "spot:tickers.A"),
        ])
        #expect(
            plan.rankQuestions.map { "\($0.path)?\($0.query)" } == [
                "/v5/market/tickers?category=linear",
                "/v5/market/tickers?category=option&baseCoin=BTC",
            ]
        )
        // Of which the options are listed as well.
        #expect(plan.optionBaseCoins == ["BTC"])
    }

    @Test func `contracts before their launch are asked for where a pattern may pick them`() throws
    {
        let linear = RESTRequest(.instruments(.linear))
        let early = try plan("linear:tickers.*USDT").preLaunchQuestion(before: linear)
        #expect(early?.path == "/v5/market/instruments-info")
        #expect(early?.query == "category=linear&status=PreLaunch&limit=1000")
        for rule in ["linear:tickers.BTCUSDT", "linear:tickers.top:3", "inverse:tickers.*"] {
            #expect(try plan(rule).preLaunchQuestion(before: linear) == nil, "\(rule)")
        }
        // Other categories have none.
        let inverse = RESTRequest(.instruments(.inverse))
        #expect(try plan("inverse:tickers.*").preLaunchQuestion(before: inverse) == nil)
        #expect(try plan("linear:tickers.*").preLaunchQuestion(before: inverse) == nil)
    }

    @Test func `of a contract that is in both lists the list itself counts`() throws {
        func listing(_ name: String, _ isTrading: Bool) throws -> ListedSymbol {
            ListedSymbol(
                symbol: try #require(Symbol(name)),
                baseCoin: "",
                isTrading: isTrading
            )
        }
        let list = [try listing("AUSDT", true), try listing("BUSDT", true)]
        let early = [try listing("BUSDT", false), try listing("CUSDT", true)]
        #expect(list.joined(with: early) == [list[0], list[1], early[1]])
        #expect(list.joined(with: []) == list)
        #expect(early.missing(from: list) == [early[1]])
        #expect(early.missing(from: []) == early)
    }
}
