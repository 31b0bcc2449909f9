import Testing

/// A push that the fast way of its stream takes.
struct FastPush: Sendable, CustomTestStringConvertible {
    var stream: String
    var text: String
    var testDescription: String { stream }

    var bytes: [UInt8] { Array(text.utf8) }

    static let book = "public/linear/orderbook.50.BTCUSDT"
    static let trades = "public/linear/publicTrade.BTCUSDT"
    static let ticker = "public/linear/tickers.BTCUSDT"

    /// With numbers of many lengths, and all that a push may have.
    static let full = [
        FastPush(
            stream: book,
            text: #"{"topic":"orderbook.50.BTCUSDT","type":"delta","ts":1767225600025,"#
                + #""data":{"s":"BTCUSDT","#
                + #""b":[["97250.10","0.350"],["97250.00","0"],["9.5","12345678.12345678"],"#
                + #"["0.0208750","120000"],["123456789","1"]],"a":[["97250.20","1234567890.5"],"#
                + #"["97251","0.001"]],"u":500101,"seq":900000007},"#
                + #""cts":1767225600023}"#
        ),
        FastPush(
            stream: trades,
            text: #"{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":1767225600025,"data":["#
                + #"{"T":1767225600024,"s":"BTCUSDT","S":"Buy","v":"0.001","p":"97250.10","L":"PlusTick","#
                + #""i":"c7a5d2f0-4b1e-5a3c-9d2e-0123456789ab","BT":false,"RPI":true,"seq":140000000001},"#
                + #"{"T":1767225600025,"s":"BTCUSDT","S":"Sell","v":"12","p":"97250","i":"2"}]}"#
        ),
        FastPush(
            stream: ticker,
            text: #"{"topic":"tickers.BTCUSDT","type":"delta","data":{"symbol":"BTCUSDT","#
                + #""tickDirection":"PlusTick","#
                + #""price24hPcnt":"-0.013100","lastPrice":"97250.10","openInterestValue":"5300000000.12","#
                + #""turnover24h":"123456789012.1234","volume24h":"100000.1234","nextFundingTime":"1732320000000","#
                + #""fundingRate":"","bid1Price":"97250.00","bid1Size":"0.350"},"cs":140000000001,"ts":1767225600025}"#
        ),
    ]

    /// Short ones, for tests that try much at each byte.
    ///
    /// Of a book, the same level far from the end of the text, where many bytes may be looked at together, and near it,
    /// where they may not; and levels as early in the text as they can be.
    static let short = [
        edgeBook(#"["97250.10","0.350"]"#),
        edgeBook(#"["12345678","0"]"#),
        FastPush(
            stream: book,
            text: #"{"data":{"b":[["1.5","2"],["1","0.5"]],"a":[],"s":"BTCUSDT","u":5,"seq":6},"#
                + #""topic":"t","type":"snapshot","ts":1}"#
        ),
        FastPush(
            stream: trades,
            text: #"{"topic":"t","type":"snapshot","ts":1767225600025,"data":["#
                + #"{"T":1767225600024,"s":"BTCUSDT","S":"Buy","v":"0.001","p":"97250.10","#
                + #""L":"PlusTick","i":"c7a5-2","BT":false,"RPI":true,"seq":14}]}"#
        ),
        FastPush(
            stream: ticker,
            text: #"{"topic":"t","type":"delta","data":{"symbol":"BTCUSDT","#
                + #""lastPrice":"97250.10","volume24h":"1.5","fundingRate":""},"#
                + #""cs":14,"ts":1767225600025}"#
        ),
    ]

    static let all = full + short

    private static func edgeBook(_ level: String) -> FastPush {
        FastPush(
            stream: book,
            text: #"{"topic":"t","type":"delta","ts":1767225600025,"cts":2,"#
                + #""data":{"s":"BTCUSDT","u":500101,"seq":9,"b":["# + level + #"],"a":["# + level
                + "]}}"
        )
    }
}
