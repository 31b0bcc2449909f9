import Bybit
import Market
import Testing

/// The record of a change of rules, as the engine reads it.
@Suite struct RulesRecordTests {
    @Test func `books and tickers that came and went are read, and nothing else`() {
        let text = """
            {"change":"rules","socket":"public/linear","reason":"","count":6,\
            "added":"orderbook.1.BTCUSDT tickers.BTCUSDT publicTrade.BTCUSDT",\
            "removed":"orderbook.50.ETHUSDT orderbook.rpi.ETHUSDT kline.1.ETHUSDT"}
            """
        var event = Event()
        Array(text.utf8).withUnsafeBytes {
            MessageDecoder().decode(StreamName("link/public/linear"), $0, into: &event)
        }
        #expect(event.kind == .link && event.link.change == .rules && event.link.count == 6)
        func id(_ symbol: String) -> InstrumentID { InstrumentID(.linear, Symbol(symbol) ?? .none) }
        #expect(
            event.link.feeds == [
                FeedChange(instrument: id("ETHUSDT"), feed: .book(depth: 50), isAdded: false),
                FeedChange(instrument: id("ETHUSDT"), feed: .improvementBook, isAdded: false),
                FeedChange(instrument: id("BTCUSDT"), feed: .book(depth: 1), isAdded: true),
                FeedChange(instrument: id("BTCUSDT"), feed: .ticker, isAdded: true),
            ]
        )
        #expect(event.findings.isEmpty)
    }
}
