import Testing

@testable import Live

/// Whose silence says something.
@Suite struct TopicHearingTests {
    @Test(arguments: [
        "orderbook.50.BTCUSDT", "orderbook.1.BTCUSDT", "orderbook.rpi.BTCUSDT", "tickers.BTCPERP",
        "tickers.1000PEPEUSDT", "tickers.BTCUSD",
    ])
    func `books and tickers of what does not expire`(topic: String) {
        #expect(TopicHearing.speaks(topic.utf8))
    }

    @Test(arguments: [
        "publicTrade.BTCUSDT", "allLiquidation.BTCUSDT", "kline.1.BTCUSDT", "insurance.USDT",
        "tickers.BTC-25DEC26-90000-C", "orderbook.50.BTCUSDT-25DEC26", "tickers.BTCUSDZ26",
        "tickers.SOLUSDT_SOL/USDT", "system.status", "", "orderbook",
    ])
    func `what is silent as long as nothing happens, and what expires, is not judged`(topic: String)
    {
        #expect(!TopicHearing.speaks(topic.utf8))
        #expect(TopicHearing().place(of: topic.utf8, number: 0) == -1)
    }

    @Test func `each socket's topic is noted by itself`() {
        let hearing = TopicHearing()
        let one = hearing.place(of: "tickers.BTCUSDT".utf8, number: 0)
        let other = hearing.place(of: "tickers.BTCUSDT".utf8, number: 1)
        #expect(one != other && hearing.place(of: "tickers.BTCUSDT".utf8, number: 0) == one)
        #expect(hearing.last("tickers.BTCUSDT", number: 0) == nil)
        hearing.note(one, at: 7)
        #expect(hearing.last("tickers.BTCUSDT", number: 0) == 7)
        #expect(hearing.last("tickers.BTCUSDT", number: 1) == nil)
    }
}
