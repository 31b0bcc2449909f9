import Bybit
import Market
import Testing

/// Ranks by turnover, in one unit whatever coin the exchange tells it in.
@Suite struct DayFiguresTests {
    private func figures(
        _ name: String,
        turnover: String,
        volume: String = "0",
        price: String? = nil
    ) throws -> DayFigures {
        DayFigures(
            symbol: try #require(Symbol(name)),
            turnover: try Amount(text: turnover),
            volume: try Amount(text: volume),
            lastPrice: try price.map { try Numeral(text: $0) }
        )
    }

    private func listing(_ name: String, quote: String) throws -> ListedSymbol {
        ListedSymbol(symbol: try #require(Symbol(name)), baseCoin: "", quoteCoin: quote)
    }

    private func ranked(
        _ figures: [DayFigures],
        _ category: Category,
        listed: [ListedSymbol] = []
    ) -> [String] {
        DayFigures.ranked(figures, category, listed: listed).map(\.description)
    }

    @Test func `linear contracts rank by turnover`() throws {
        let rows = [
            try figures("AUSDT", turnover: "5", volume: "900"),
            try figures("BUSDT", turnover: "70", volume: "1"),
        ]
        #expect(ranked(rows, .linear) == ["BUSDT", "AUSDT"])
    }

    @Test func `inverse contracts rank by volume, which is in dollars there`() throws {
        // 5,000,000 XRP are less than 900 BTC.
        let rows = [
            try figures("XRPUSD", turnover: "5000000", volume: "10000000"),
            try figures("BTCUSD", turnover: "900", volume: "81000000"),
            try figures("ADAUSD", turnover: "7", volume: "10000000"),
        ]
        #expect(ranked(rows, .inverse) == ["BTCUSD", "ADAUSD", "XRPUSD"])
    }

    @Test func `pairs of spot rank in dollars, by the price of their quote coin`() throws {
        let rows = [
            // 3 BTC are 270,000 dollars, 9,000,000 TRY 225,000, 260,000 USDC 259,740.
            try figures("ETHBTC", turnover: "3", price: "0.03"),
            try figures("BTCTRY", turnover: "9000000", price: "3600000"),
            try figures("ETHUSDC", turnover: "260000", price: "2700"),
            try figures("BTCUSDT", turnover: "250000", price: "90000.00"),
            try figures("USDTTRY", turnover: "100", price: "40"),
            try figures("USDCUSDT", turnover: "200", price: "0.999"),
            // A coin that nothing has a price for, and a pair that no list has.
            try figures("BTCBRL", turnover: "99999999", price: "500000"),
            try figures("ODDUSDT", turnover: "99999999", price: "1"),
        ]
        let listed = [
            try listing("ETHBTC", quote: "BTC"), try listing("BTCTRY", quote: "TRY"),
            try listing("ETHUSDC", quote: "USDC"), try listing("BTCUSDT", quote: "USDT"),
            try listing("USDTTRY", quote: "TRY"), try listing("USDCUSDT", quote: "USDT"),
            try listing("BTCBRL", quote: "BRL"),
        ]
        #expect(
            ranked(rows, .spot, listed: listed) == [
                "ETHBTC", "ETHUSDC", "BTCUSDT", "BTCTRY", "USDCUSDT", "USDTTRY", "BTCBRL",
                "ODDUSDT",
            ]
        )
    }

    @Test func `a product without room, and a price of zero, rank last`() throws {
        let rows = [
            try figures("AWIDE", turnover: "100000000000000000000", price: "1"),
            try figures("BNONE", turnover: "5", price: "1"),
            try figures("CUSDT", turnover: "1", price: "1"),
            try figures("WIDEUSDT", turnover: "0", price: "900000000000000000"),
            try figures("NONEUSDT", turnover: "0", price: "0"),
        ]
        let listed = [
            try listing("AWIDE", quote: "WIDE"), try listing("BNONE", quote: "NONE"),
            try listing("CUSDT", quote: "USDT"), try listing("WIDEUSDT", quote: "USDT"),
            try listing("NONEUSDT", quote: "USDT"),
        ]
        #expect(
            ranked(rows, .spot, listed: listed) == [
                "CUSDT", "NONEUSDT", "WIDEUSDT", "AWIDE", "BNONE",
            ]
        )
    }

    @Test func `a rank of spot follows from list and tickers, whichever comes first`() throws {
        let rows = [
            try figures("ETHBTC", turnover: "3", price: "0.03"),
            try figures("BTCUSDT", turnover: "250000", price: "90000"),
        ]
        let listed = [
            try listing("ETHBTC", quote: "BTC"), try listing("BTCUSDT", quote: "USDT"),
        ]
        let rule = try SubscriptionRule(text: "spot:tickers.top:1")
        var late = SubscriptionPlan([rule])
        late.ranked(rows, .spot)
        late.listed(listed, .spot)
        #expect(late.topics(.spot, now: 0) == ["tickers.ETHBTC"])
        var early = SubscriptionPlan([rule])
        early.listed(listed, .spot)
        early.ranked(rows, .spot)
        #expect(early.topics(.spot, now: 0) == ["tickers.ETHBTC"])
    }
}
