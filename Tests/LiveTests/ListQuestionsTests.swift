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
        let plan = try plan("linear:tickers.top:3", "option:tickers.top:3", "spot:tickers.A")
        #expect(
            plan.rankQuestions.map { "\($0.path)?\($0.query)" } == [
                "/v5/market/tickers?category=linear",
                "/v5/market/tickers?category=option&baseCoin=BTC",
            ]
        )
        // Of which the options are listed as well.
        #expect(plan.optionBaseCoins == ["BTC"])
    }
}
