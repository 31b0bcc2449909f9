import Bybit
import Market
import Testing

/// A place of a push where a number stands: `@` in the text.
struct NumberPlace<Value>: Sendable, CustomTestStringConvertible {
    var stream: String
    var text: String
    /// What a finding about it names.
    var path: String
    var value: @Sendable (Event) -> Value?

    var testDescription: String { "\(stream) \(path)" }

    func push(_ number: String) -> [UInt8] { Array(text.replacing("@", with: number).utf8) }
}

/// Numbers at the limits of what fits are read to the digit, or refused with the reason: never is another one read.
@Suite struct DigitLimitTests {
    private static let bookHead =
        #"{"topic":"orderbook.50.BTCUSDT","type":"delta","ts":1,"cts":2,"#
        + #""data":{"s":"BTCUSDT","u":5,"seq":6,"#
    private static let asks = #""a":[["97250.20","0.001"],["97250.30","0.002"]]}}"#
    private static let trade =
        #"{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":1,"data":[{"T":2,"s":"BTCUSDT","S":"Buy","#

    /// Of a level: far from the end of the text, and near it.
    static let decimals: [NumberPlace<Numeral>] = [
        NumberPlace(
            stream: FastPush.book,
            text: bookHead + #""b":[["@","1"]],"# + asks,
            path: "data.b[0][0]",
            value: { $0.book.bids.first?.price }
        ),
        NumberPlace(
            stream: FastPush.book,
            text: bookHead + #""b":[["1","@"]],"# + asks,
            path: "data.b[0][1]",
            value: { $0.book.bids.first?.size }
        ),
        NumberPlace(
            stream: FastPush.book,
            text: bookHead + #""b":[],"a":[["@","1"]]}}"#,
            path: "data.a[0][0]",
            value: { $0.book.asks.first?.price }
        ),
        NumberPlace(
            stream: FastPush.book,
            text: bookHead + #""b":[],"a":[["1","@"]]}}"#,
            path: "data.a[0][1]",
            value: { $0.book.asks.first?.size }
        ),
        NumberPlace(
            stream: FastPush.trades,
            text: trade + #""v":"@","p":"1","i":"x"}]}"#,
            path: "data[0].v",
            value: { $0.trades.first?.size }
        ),
        NumberPlace(
            stream: FastPush.trades,
            text: trade + #""v":"1","p":"@","i":"x"}]}"#,
            path: "data[0].p",
            value: { $0.trades.first?.price }
        ),
        NumberPlace(
            stream: FastPush.ticker,
            text: #"{"topic":"tickers.BTCUSDT","type":"delta","data":{"symbol":"BTCUSDT","#
                + #""lastPrice":"@"},"cs":3,"ts":4}"#,
            path: "data.lastPrice",
            value: { $0.ticker.lastPrice }
        ),
    ]

    /// With 17 to 20 digits, some of them zeros in front, with the point in every place, and both signs.
    static let decimalTexts: [String] = {
        var texts = [
            // 2⁶⁴ and 2¹²⁸ more than one.
            "18446744073709551617", "-18446744073709551617",
            "340282366920938463463374607431768211457",
        ]
        for count in 17...20 {
            for zeros in [0, 2, 17] {
                for pattern in ["99999999999999999999", "12345678901234567890"] {
                    let rest = String(pattern.prefix(count - zeros))
                    let digits = String(repeating: "0", count: zeros) + rest
                    for sign in ["", "-"] {
                        texts.append(sign + digits)
                        for point in 1..<count {
                            let whole = String(digits.prefix(point))
                            let fraction = String(digits.dropFirst(point))
                            texts.append("\(sign)\(whole).\(fraction)")
                        }
                    }
                }
            }
        }
        return texts
    }()

    /// The text without zeros in front, as a number of at most 18 digits is written; `nil`: it has more.
    private static func canonical(_ text: String) -> String? {
        let unsigned = text.drop(while: { $0 == "-" })
        let parts = unsigned.split(separator: ".", omittingEmptySubsequences: false)
        let whole = String(parts[0].drop(while: { $0 == "0" }))
        let fraction = parts.count > 1 ? String(parts[1]) : ""
        let significant = (whole + fraction).drop(while: { $0 == "0" }).count
        guard significant <= 18, fraction.count <= 18 else { return nil }
        let sign = text.hasPrefix("-") ? "-" : ""
        let point = fraction.isEmpty ? "" : "." + fraction
        return sign + (whole.isEmpty ? "0" : whole) + point
    }

    @Test(arguments: decimals)
    func `a decimal is read to the digit, or is known to be too long`(
        place: NumberPlace<Numeral>
    ) {
        let ways = BothWays(place.stream)
        for text in Self.decimalTexts {
            let push = place.push(text)
            let event = ways.compare(push)
            let digits = text.filter { $0 != "-" && $0 != "." }.count
            #expect(ways.takes(push) == (digits <= 18), "\(text)")
            if let expected = Self.canonical(text) {
                #expect(place.value(event)?.description == expected, "\(text)")
                #expect(event.findings.isEmpty, "\(text)")
            } else {
                let finding = DecodeFinding(field: place.path, reason: .number(.tooLong))
                #expect(event.findings == [finding], "\(text)")
                #expect(place.value(event) == nil, "\(text)")
            }
        }
    }

    @Test(arguments: decimals)
    func `what is no decimal is no number`(place: NumberPlace<Numeral>) {
        let ways = BothWays(place.stream)
        let texts = [
            "-", ".", "-.5", ".5", "5.", "-5.", "1..2", "1.2.3", "1e3", "+1", " 1", "1 ", "--1",
            "1-", "0x1", "1,5", "12345678/", ":", "NaN", "123456789012345678.", "/1", "1:",
        ]
        for text in texts {
            let push = place.push(text)
            let event = ways.compare(push)
            #expect(!ways.takes(push), "\(text)")
            #expect(event.findings.map(\.field) == [place.path], "\(text)")
            #expect(place.value(event) == nil, "\(text)")
        }
    }

    static let integers: [NumberPlace<Int64>] = [
        NumberPlace(
            stream: FastPush.book,
            text:
                #"{"topic":"t","type":"delta","ts":@,"data":{"s":"BTCUSDT","b":[],"a":[],"u":5,"seq":6},"cts":2}"#,
            path: "ts",
            value: { $0.exchangeMilliseconds }
        ),
        NumberPlace(
            stream: FastPush.book,
            text:
                #"{"topic":"t","type":"delta","ts":1,"data":{"s":"BTCUSDT","b":[],"a":[],"u":5,"seq":6},"cts":@}"#,
            path: "cts",
            value: { $0.book.matchTimeMilliseconds }
        ),
        NumberPlace(
            stream: FastPush.book,
            text:
                #"{"topic":"t","type":"delta","ts":1,"data":{"s":"BTCUSDT","b":[],"a":[],"u":@,"seq":6},"cts":2}"#,
            path: "data.u",
            value: { $0.book.updateID }
        ),
        NumberPlace(
            stream: FastPush.book,
            text:
                #"{"topic":"t","type":"delta","ts":1,"data":{"s":"BTCUSDT","b":[],"a":[],"u":5,"seq":@},"cts":2}"#,
            path: "data.seq",
            value: { $0.book.crossSequence }
        ),
        NumberPlace(
            stream: FastPush.trades,
            text: #"{"data":[{"T":2,"s":"BTCUSDT","S":"Buy","v":"1","p":"2","i":"x"}],"ts":@}"#,
            path: "ts",
            value: { $0.exchangeMilliseconds }
        ),
        NumberPlace(
            stream: FastPush.trades,
            text: #"{"data":[{"T":@,"s":"BTCUSDT","S":"Buy","v":"1","p":"2","i":"x"}],"ts":1}"#,
            path: "data[0].T",
            value: { $0.trades.first?.timeMilliseconds }
        ),
        NumberPlace(
            stream: FastPush.trades,
            text:
                #"{"data":[{"T":2,"s":"BTCUSDT","S":"Buy","v":"1","p":"2","i":"x","seq":@}],"ts":1}"#,
            path: "data[0].seq",
            value: { $0.trades.first?.crossSequence }
        ),
        NumberPlace(
            stream: FastPush.ticker,
            text: #"{"type":"delta","data":{"symbol":"BTCUSDT"},"cs":3,"ts":@}"#,
            path: "ts",
            value: { $0.exchangeMilliseconds }
        ),
        NumberPlace(
            stream: FastPush.ticker,
            text: #"{"type":"delta","data":{"symbol":"BTCUSDT"},"cs":@,"ts":4}"#,
            path: "cs",
            value: { $0.ticker.crossSequence }
        ),
    ]

    @Test(arguments: integers)
    func `a whole number is read to the digit as far as it fits`(place: NumberPlace<Int64>) {
        let ways = BothWays(place.stream)
        let fitting: [(text: String, value: Int64, isFast: Bool)] = [
            ("0", 0, true),
            ("7", 7, true),
            ("999999999999999999", 999_999_999_999_999_999, true),
            ("1000000000000000000", 1_000_000_000_000_000_000, false),
            ("9223372036854775807", 9_223_372_036_854_775_807, false),
            ("-1", -1, false),
        ]
        for number in fitting {
            let push = place.push(number.text)
            let event = ways.compare(push)
            #expect(ways.takes(push) == number.isFast, "\(number.text)")
            #expect(place.value(event) == number.value, "\(number.text)")
            #expect(event.findings.isEmpty, "\(number.text)")
        }
    }

    @Test(arguments: integers)
    func `a whole number that does not fit, or is none, is a finding`(
        place: NumberPlace<Int64>
    ) {
        let ways = BothWays(place.stream)
        let refused: [(text: String, reason: NumberError)] = [
            ("9223372036854775808", .overflow),
            ("18446744073709551617", .overflow),
            ("1.0", .tooFine(decimals: 1, scale: 0)),
            ("1e3", .unexpectedByte(offset: 1)),
        ]
        for number in refused {
            let push = place.push(number.text)
            let event = ways.compare(push)
            let finding = DecodeFinding(field: place.path, reason: .number(number.reason))
            #expect(!ways.takes(push), "\(number.text)")
            #expect(event.findings == [finding], "\(number.text)")
            // As where it is absent.
            let value = place.value(event) ?? 0
            #expect(value == 0, "\(number.text)")
        }
        for text in ["01", "00", "-", "+1", "1.", "0x1"] {
            let push = place.push(text)
            let event = ways.compare(push)
            #expect(!ways.takes(push), "\(text)")
            #expect(event.kind == .malformed, "\(text)")
            #expect(event.findings.map(\.field) == [""], "\(text)")
        }
    }
}
