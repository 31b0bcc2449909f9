import Bybit
import Market
import Testing

/// Pushes of books, trades and tickers have a fast way each: what it takes it reads as the general way does.
@Suite struct FastWayTests {
    @Test(arguments: FastPush.all)
    func `the fast way takes a usual push, and says of it what the general way says`(
        push: FastPush
    ) {
        let ways = BothWays(push.stream)
        #expect(ways.scans(push.bytes))
        #expect(ways.takes(push.bytes))
        let event = ways.compare(push.bytes)
        #expect(event.findings.isEmpty)
        #expect(event.kind != .malformed)
        // A blank leaves a push what it is, and is not usual.
        let blank = Array(push.text.replacing(#""ts":"#, with: #""ts": "#).utf8)
        #expect(!ways.scans(blank))
        #expect(lines(of: ways.compare(blank)) == lines(of: event))
    }

    @Test(arguments: FastPush.full)
    func `a push is read alike, whatever byte of it is another, missing or doubled`(
        push: FastPush
    ) {
        let ways = BothWays(push.stream)
        eachChange(of: push.bytes) { ways.compare($0) }
    }

    /// What the scanner leaves is decoded by the general way itself: only what it takes has to be compared.
    @Test(arguments: FastPush.short)
    func `each of the 256 bytes is read alike at each place of a push`(push: FastPush) {
        let ways = BothWays(push.stream)
        var text = push.bytes
        var taken = 0
        for place in text.indices {
            let own = text[place]
            for byte in UInt8.min...UInt8.max where byte != own {
                text[place] = byte
                guard ways.scans(text) else { continue }
                taken += 1
                ways.compare(text)
            }
            text[place] = own
        }
        // Other digits, and other letters in names.
        #expect(taken > 500)
        #expect(taken < text.count * 128)
    }

    @Test(arguments: FastPush.all)
    func `bytes beside the text change nothing, wherever it ends in memory`(push: FastPush) {
        let text = push.bytes
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
        var numbers = RandomNumbers(seed: 7)
        let head =
            #"{"topic":"orderbook.50.BTCUSDT","type":"delta","ts":1,"data":{"s":"BTCUSDT","b":["#
        let ways = BothWays(FastPush.book)
        for _ in 0..<2_000 {
            let bids = (0..<5).map { _ in numbers.level() }
            let text = head + bids.joined(separator: ",") + #"],"a":[],"u":5,"seq":6},"cts":3}"#
            let bytes = Array(text.utf8)
            #expect(ways.takes(bytes))
            ways.compare(bytes)
        }
    }
}
