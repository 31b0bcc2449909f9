import Bybit
import Market
import Testing

/// Pushes of books, trades and tickers have a fast way each: what it takes it reads as the general way does.
///
/// A member that nobody knows takes a push off the fast way.
@Suite struct FastWayTests {
    struct Push: Sendable, CustomTestStringConvertible {
        var stream: String
        var text: String
        var testDescription: String { stream }
    }

    static let pushes = [
        Push(
            stream: "public/linear/orderbook.50.BTCUSDT",
            text: #"{"topic":"orderbook.50.BTCUSDT","type":"delta","ts":1767225600025,"#
                + #""data":{"s":"BTCUSDT","#
                + #""b":[["97250.10","0.350"],["97250.00","0"],["9.5","12345678.12345678"],"#
                + #"["0.0208750","120000"],["123456789","1"]],"a":[["97250.20","1234567890.5"],"#
                + #"["97251","0.001"]],"u":500101,"seq":900000007},"#
                + #""cts":1767225600023}"#
        ),
        Push(
            stream: "public/linear/publicTrade.BTCUSDT",
            text: #"{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":1767225600025,"data":["#
                + #"{"T":1767225600024,"s":"BTCUSDT","S":"Buy","v":"0.001","p":"97250.10","L":"PlusTick","#
                + #""i":"c7a5d2f0-4b1e-5a3c-9d2e-0123456789ab","BT":false,"RPI":true,"seq":140000000001},"#
                + #"{"T":1767225600025,"s":"BTCUSDT","S":"Sell","v":"12","p":"97250","i":"2"}]}"#
        ),
        Push(
            stream: "public/linear/tickers.BTCUSDT",
            text: #"{"topic":"tickers.BTCUSDT","type":"delta","data":{"symbol":"BTCUSDT","#
                + #""tickDirection":"PlusTick","#
                + #""price24hPcnt":"-0.013100","lastPrice":"97250.10","openInterestValue":"5300000000.12","#
                + #""turnover24h":"123456789012.1234","volume24h":"100000.1234","nextFundingTime":"1732320000000","#
                + #""fundingRate":"","bid1Price":"97250.00","bid1Size":"0.350"},"cs":140000000001,"ts":1767225600025}"#
        ),
    ]

    /// Both ways must say the same; of a text that is none, where it breaks depends on its length.
    private func compare(_ stream: String, _ text: [UInt8]) {
        guard text.last == UInt8(ascii: "}") else { return }
        let long = text.dropLast() + Array(#","extra":{"x":[1,2]}}"#.utf8)
        let event = decode(stream, text)
        let general = decode(stream, Array(long))
        let isText = !general.findings.contains {
            if case .notJSON = $0.reason { return true }
            return false
        }
        if isText {
            #expect(
                lines(of: event) == lines(of: general),
                "\(String(decoding: text, as: UTF8.self))"
            )
        } else {
            #expect(event.kind == general.kind, "\(String(decoding: text, as: UTF8.self))")
        }
    }

    @Test(arguments: pushes)
    func `a push is read alike, whatever byte of it is another or missing`(push: Push) {
        let text = Array(push.text.utf8)
        compare(push.stream, text)
        #expect(decode(push.stream, text).findings.isEmpty)
        for place in text.indices {
            for byte in #"09.-+ "',:[]{}\aTbs"#.utf8 where byte != text[place] {
                var changed = text
                changed[place] = byte
                compare(push.stream, changed)
            }
            var shorter = text
            shorter.remove(at: place)
            compare(push.stream, shorter)
            var longer = text
            longer.insert(text[place], at: place)
            compare(push.stream, longer)
        }
    }

    @Test(arguments: pushes)
    func `bytes beside the text change nothing, wherever it ends in memory`(push: Push) {
        let text = Array(push.text.utf8)
        let expected = lines(of: decode(push.stream, text))
        let decoder = MessageDecoder()
        var event = Event()
        for digit in [UInt8(ascii: "7"), UInt8(ascii: "\"")] {
            let padded = [UInt8](repeating: digit, count: 64)
            let bytes = padded + text + padded
            bytes.withUnsafeBytes { bytes in
                let inner = UnsafeRawBufferPointer(rebasing: bytes[64..<64 + text.count])
                decoder.decode(StreamName(push.stream), inner, into: &event)
            }
            #expect(lines(of: event) == expected)
        }
    }

    @Test func `levels are read alike whatever their lengths are`() {
        var state: UInt64 = 7
        func number() -> String {
            state = Mix.spread(state)
            var digits = ""
            for place in 0...state % 11 { digits += String((state >> (place * 4 + 4)) % 10) }
            let decimals = Int((state >> 52) % 12)
            if decimals == 0 || decimals >= digits.count { return digits }
            return digits.dropLast(decimals) + "." + digits.suffix(decimals)
        }
        let head =
            #"{"topic":"orderbook.50.BTCUSDT","type":"delta","ts":1,"data":{"s":"BTCUSDT","b":["#
        for _ in 0..<2_000 {
            var bids: [String] = []
            for _ in 0..<5 {
                let (price, size) = (number(), number())
                bids.append(#"["\#(price)","\#(size)"]"#)
            }
            let text = head + bids.joined(separator: ",") + #"],"a":[],"u":5,"seq":6},"cts":3}"#
            compare("public/linear/orderbook.50.BTCUSDT", Array(text.utf8))
        }
    }
}
