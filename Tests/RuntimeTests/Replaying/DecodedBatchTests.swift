import Bybit
import Journal
import Market
import Testing

@testable import Runtime

/// A batch hands over what decoding each record alone makes, however often its memory is used again.
@Suite struct DecodedBatchTests {
    private struct Written {
        var stream: String
        var text: String
        var isDecoded = true

        var bytes: [UInt8] { Array(text.utf8) }
        var route: StreamRoute? { isDecoded ? StreamRoute(StreamName(stream)) : nil }
    }

    private static func book(_ bids: Int, _ asks: Int, blank: String = "") -> Written {
        func levels(_ count: Int) -> String {
            (0..<count).map { #"["\#(100 + $0).50","\#($0).250"]"# }.joined(separator: ",")
        }
        return Written(
            stream: "public/linear/orderbook.50.BTCUSDT",
            text:
                #"{"topic":"orderbook.50.BTCUSDT","type":"delta","ts":\#(blank)1,"data":{"s":"BTCUSDT","b":["#
                + levels(bids) + #"],"a":["# + levels(asks)
                + #"],"u":\#(bids),"seq":\#(asks)},"cts":3}"#
        )
    }

    private static let records = [
        book(3, 2),
        // Not usual, and read nonetheless.
        book(4, 1, blank: " "),
        Written(
            stream: "public/linear/publicTrade.BTCUSDT",
            text:
                #"{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":7,"data":[{"T":6,"s":"BTCUSDT","#
                + #""S":"Sell","v":"0.010","p":"97250.10","i":"a"}]}"#
        ),
        Written(stream: "desk/output", text: #"{"kind":"output"}"#, isDecoded: false),
        book(40, 30),
        Written(
            stream: "public/linear/tickers.BTCUSDT",
            text: #"{"topic":"tickers.BTCUSDT","type":"delta","data":{"symbol":"BTCUSDT","#
                + #""lastPrice":"97250.10"},"cs":9,"ts":8}"#
        ),
        // Cut short.
        Written(
            stream: "public/linear/orderbook.50.BTCUSDT",
            text:
                #"{"topic":"orderbook.50.BTCUSDT","type":"delta","ts":1,"data":{"s":"BTCUSDT","b":[["1","#
        ),
        book(0, 1),
        book(0, 0),
    ]

    private static func text(_ event: Event) -> String {
        var text =
            "\(event.kind) \(event.category) \(event.symbol) \(event.exchangeMilliseconds) \(event.findings)\n"
        switch event.kind {
        case .book: dump(event.book, to: &text)
        case .publicTrades: dump(event.trades, to: &text)
        case .ticker: dump(event.ticker, to: &text)
        default: break
        }
        return text
    }

    /// What decoding it alone makes; `nil` where it is not decoded.
    private static func expected(_ written: Written) -> String? {
        guard let route = written.route else { return nil }
        var event = Event()
        let decoder = MessageDecoder()
        written.bytes.withUnsafeBytes { decoder.decode(route, $0, into: &event) }
        return text(event)
    }

    private static func add(
        _ written: Written,
        at place: Int,
        keepsPayload: Bool,
        isLeft: Bool = false,
        to batch: DecodedBatch,
        _ decoder: MessageDecoder
    ) {
        written.bytes.withUnsafeBytes { payload in
            let record = Record(
                sequence: SequenceNumber(UInt64(place + 1)),
                time: Timestamp(nanoseconds: Int64(place) * 10),
                stream: StreamID(UInt16(place)),
                payload: payload
            )
            batch.add(
                record,
                written.route,
                keepsPayload: keepsPayload,
                isLeft: isLeft,
                decoder
            )
        }
    }

    @Test func `what is not decoded comes with its bytes, between what is`() throws {
        let decoder = MessageDecoder()
        let batch = DecodedBatch()
        let lent = UnsafeMutablePointer<Event>.allocate(capacity: 1)
        lent.initialize(to: Event())
        defer {
            lent.deinitialize(count: 1)
            lent.deallocate()
        }
        for round in 0..<3 {
            batch.clear()
            for (place, written) in Self.records.enumerated() {
                Self.add(
                    written,
                    at: place,
                    keepsPayload: false,
                    isLeft: (place + round) % 2 == 0,
                    to: batch,
                    decoder
                )
            }
            var place = 0
            try batch.forEach(book: lent) { record, event in
                let written = Self.records[place]
                let isLeft = (place + round) % 2 == 0 && written.isDecoded
                #expect(Array(record.payload) == (isLeft ? written.bytes : []))
                #expect((event == nil) == (isLeft || !written.isDecoded))
                if let event { #expect(Self.text(event.pointee) == Self.expected(written)) }
                place += 1
                return true
            }
            #expect(place == Self.records.count)
        }
    }

    @Test func `each record comes out as decoding it alone has it`() throws {
        let decoder = MessageDecoder()
        let batch = DecodedBatch()
        let lent = UnsafeMutablePointer<Event>.allocate(capacity: 1)
        lent.initialize(to: Event())
        defer {
            lent.deinitialize(count: 1)
            lent.deallocate()
        }
        let rounds: [[Written]] = [Self.records, Self.records.reversed(), Self.records]
        for round in rounds {
            batch.clear()
            for (place, written) in round.enumerated() {
                Self.add(written, at: place, keepsPayload: place % 2 == 0, to: batch, decoder)
            }
            var place = 0
            try batch.forEach(book: lent) { record, event in
                let written = round[place]
                let text = event.map { Self.text($0.pointee) }
                #expect(text == Self.expected(written), "\(written.stream)")
                #expect(record.sequence == SequenceNumber(UInt64(place + 1)))
                #expect(record.stream == StreamID(UInt16(place)))
                let kept: [UInt8] = place % 2 == 0 ? written.bytes : []
                #expect(Array(record.payload) == kept)
                place += 1
                return true
            }
            #expect(place == round.count)
        }
    }
}
