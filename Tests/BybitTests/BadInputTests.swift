import Bybit
import Market
import SharedData
import Testing

/// Input that is not what its stream promises: a typed finding each, never a crash, never a number that was not there.
@Suite struct BadInputTests {
    static let bookStream = "public/linear/orderbook.50.BTCUSDT"
    static let book =
        #"{"topic":"orderbook.50.BTCUSDT","type":"delta","ts":1767225600025,"data":{"s":"BTCUSDT","#
        + #""b":[["90000.10","0"],["89999.90","4.100"]],"a":[["90001","1"]],"u":500101,"seq":900000007},"#
        + #""cts":1767225600023}"#
    static let forty = String(repeating: "1234567890", count: 4)

    struct Change: Sendable, CustomTestStringConvertible {
        var find: String
        var put: String
        var field: String
        var reason: DecodeFinding.Reason
        var kind: Event.Kind = .book
        var testDescription: String { "\(find) → \(put.prefix(60))" }
    }

    /// One change of a good book push each, with the finding that names it.
    static let changes: [Change] = [
        // A level whose number is lost is left out; the other levels stand.
        Change(find: #""90000.10""#, put: #""""#, field: "data.b[0][0]", reason: .empty),
        Change(find: #""90000.10""#, put: "90000.10", field: "data.b[0][0]", reason: .wrongType),
        Change(find: #""90000.10""#, put: "null", field: "data.b[0][0]", reason: .wrongType),
        Change(
            find: #""4.100""#,
            put: #""\#(forty)""#,
            field: "data.b[1][1]",
            reason: .number(.tooLong)
        ),
        Change(
            find: #""4.100""#,
            put: #""1e5""#,
            field: "data.b[1][1]",
            reason: .number(.unexpectedByte(offset: 1))
        ),
        Change(
            find: #""4.100""#,
            put: #"" 4""#,
            field: "data.b[1][1]",
            reason: .number(.unexpectedByte(offset: 0))
        ),
        Change(
            find: #""4.100""#,
            put: #""4.""#,
            field: "data.b[1][1]",
            reason: .number(.unexpectedByte(offset: 1))
        ),
        Change(
            find: #""4.100""#,
            put: #""\u0034""#,
            field: "data.b[1][1]",
            reason: .number(.unexpectedByte(offset: 0))
        ),
        Change(find: #"["90001","1"]"#, put: #"["90001"]"#, field: "data.a[0]", reason: .wrongType),
        Change(
            find: #"["90001","1"]"#,
            put: #"["90001","1","2"]"#,
            field: "data.a[0]",
            reason: .wrongType
        ),
        Change(find: #"["90001","1"]"#, put: #"{"p":"1"}"#, field: "data.a[0]", reason: .wrongType),
        Change(
            find: #""a":[["90001","1"]]"#,
            put: #""a":null"#,
            field: "data.a",
            reason: .wrongType
        ),
        Change(find: #""a":[["90001","1"]],"#, put: "", field: "data.a", reason: .missing),
        Change(find: #""ts":1767225600025,"#, put: "", field: "ts", reason: .missing),
        Change(find: "1767225600023", put: #""soon""#, field: "cts", reason: .wrongType),
        Change(find: "900000007", put: forty, field: "data.seq", reason: .number(.tooLong)),
        Change(
            find: "900000007",
            put: "1.5",
            field: "data.seq",
            reason: .number(.tooFine(decimals: 1, scale: 0))
        ),
        Change(
            find: "900000007",
            put: "99999999999999999999",
            field: "data.seq",
            reason: .number(.overflow)
        ),
        // Without its number, its kind or its instrument a push has no place: nothing of it may reach a book.
        Change(
            find: "500101",
            put: #""500101""#,
            field: "data.u",
            reason: .wrongType,
            kind: .malformed
        ),
        Change(find: #""u":500101,"#, put: "", field: "data.u", reason: .missing, kind: .malformed),
        Change(
            find: #""delta""#,
            put: #""patch""#,
            field: "type",
            reason: .unexpected("patch"),
            kind: .malformed
        ),
        Change(
            find: #""type":"delta","#,
            put: "",
            field: "type",
            reason: .missing,
            kind: .malformed
        ),
        Change(
            find: #""s":"BTCUSDT","#,
            put: "",
            field: "data.s",
            reason: .missing,
            kind: .malformed
        ),
        Change(
            find: #""s":"BTCUSDT""#,
            put: #""s":"ETHUSDT""#,
            field: "data.s",
            reason: .unexpected("ETHUSDT"),
            kind: .malformed
        ),
        Change(
            find: #""s":"BTCUSDT""#,
            put: #""s":"BTC USDT""#,
            field: "data.s",
            reason: .unexpected("BTC USDT"),
            kind: .malformed
        ),
        Change(
            find: #"{"s":"#,
            put: #"{"x":{"s":"#,
            field: "",
            reason: .notJSON(""),
            kind: .malformed
        ),
    ]

    @Test(arguments: changes)
    func `a change of a book push is one finding with its path`(change: Change) throws {
        let text = Self.book.replacingFirst(change.find, with: change.put)
        #expect(text != Self.book)
        let event = decode(Self.bookStream, text)
        #expect(event.kind == change.kind)
        let finding = try require(event.findings.first, "a finding")
        #expect(event.findings.count == 1, "\(event.findings)")
        #expect(finding.field == change.field)
        if case .notJSON = change.reason {
            guard case .notJSON = finding.reason else {
                Issue.record("\(finding)")
                return
            }
        } else {
            #expect(finding.reason == change.reason)
        }
        // Every level that is there is one that was sent.
        let sent = ["90000.10 0", "89999.90 4.100", "90001 1"]
        let read = (event.book.bids + event.book.asks).map { "\($0.price) \($0.size)" }
        #expect(read.allSatisfy(sent.contains))
        if event.kind == .malformed { #expect(read.isEmpty) }
    }

    @Test func `every prefix of a frame is malformed`() {
        for (stream, text) in Self.frames {
            let bytes = Array(text.utf8)
            #expect(decode(stream, bytes).findings.isEmpty, "\(decode(stream, bytes).findings)")
            for end in 0..<bytes.count {
                let event = decode(stream, Array(bytes[..<end]))
                #expect(event.kind == .malformed, "\(stream) up to \(end)")
                #expect(event.findings.count == 1)
            }
        }
    }

    static let frames: [(String, String)] = [
        (bookStream, book),
        (
            "public/linear/publicTrade.BTCUSDT",
            #"{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":1,"data":[{"T":1,"s":"BTCUSDT","#
                + #""S":"Sell","v":"0.010","p":"9.5","L":"MinusTick","i":"x","BT":false,"seq":9}]}"#
        ),
        (
            "private/main/position",
            #"{"topic":"position","id":"7","creationTime":5,"data":[{"category":"linear","#
                + #""symbol":"BTCUSDT","side":"","size":"0","updatedTime":"5","seq":-1}]}"#
        ),
        ("private/main/-", #"{"success":true,"ret_msg":"","op":"auth","conn_id":"c"}"#),
        (
            "link/public/linear",
            #"{"change":"connected","socket":"public/linear","reason":"","count":0}"#
        ),
        ("desk/timer", #"{"strategy":"maker","name":"requote","due":"1767225600000000000"}"#),
        ("desk/operator", #"{"verb":"stop","reason":"lunch"}"#),
    ]

    @Test func `a flipped bit never traps and never makes up a level`() {
        let bytes = Array(Self.book.utf8)
        for place in 0..<bytes.count {
            for bit in 0..<8 {
                var flipped = bytes
                flipped[place] ^= 1 << UInt8(bit)
                let event = decode(Self.bookStream, flipped)
                #expect(event.book.bids.count <= 2 && event.book.asks.count <= 1)
                if event.kind == .malformed { #expect(!event.findings.isEmpty) }
            }
        }
    }

    @Test(arguments: [
        bookStream, "public/linear/publicTrade.BTCUSDT", "public/linear/tickers.BTCUSDT",
        "public/linear/kline.1.BTCUSDT", "public/linear/-", "private/main/order",
        "private/main/execution", "private/main/position", "private/main/wallet", "private/main/-",
        "trade/main", "link/public/linear", "desk/timer", "desk/operator", "session/tick",
        "session/start",
    ])
    func `what is no object, or no JSON, is malformed on every stream`(stream: String) {
        let deep = String(repeating: #"{"data":["#, count: 1_000)
        for text in ["", " ", "[]", "7", "null", #""text""#, "nonsense", deep, "{\"a\":\"\u{1}\"}"]
        {
            let event = decode(stream, text)
            #expect(event.kind == .malformed, "\(text.prefix(20))")
            #expect(event.findings.count == 1)
        }
        #expect(
            decode(stream, [0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]).findings.first?.reason
                == .notUTF8
        )
    }

    @Test func `a huge array is read, and its findings are bounded`() {
        let levels = Array(repeating: #"["1","x"]"#, count: 200_000).joined(separator: ",")
        let text = Self.book.replacingFirst(#"["90001","1"]"#, with: levels)
        let event = decode(Self.bookStream, text)
        #expect(event.kind == .book && event.book.bids.count == 2 && event.book.asks.isEmpty)
        #expect((1...64).contains(event.findings.count))
        let good = Array(repeating: #"["1","2"]"#, count: 200_000).joined(separator: ",")
        let many = decode(Self.bookStream, Self.book.replacingFirst(#"["90001","1"]"#, with: good))
        #expect(many.findings.isEmpty && many.book.asks.count == 200_000)
    }

    @Test func `keys in any order, spaces and unknown keys change nothing`() {
        let plain = decode(Self.bookStream, Self.book)
        let other =
            #"{ "cts" : 1767225600023 , "new": {"b":[["1","1"]]}, "data" : { "seq":900000007, "a":[ [ "90001" , "1" ] ],"#
            + #""u":500101, "b":[["90000.10","0"],["89999.90","4.100"]], "s":"BTCUSDT"},"#
            + #""ts":1767225600025,"topic":"orderbook.50.BTCUSDT","type":"delta"}"#
        let event = decode(Self.bookStream, other)
        #expect(event.findings.isEmpty)
        #expect(event.book.bids == plain.book.bids && event.book.asks == plain.book.asks)
        #expect(event.book.updateID == 500_101 && event.book.crossSequence == 900_000_007)
        #expect(event.exchangeMilliseconds == plain.exchangeMilliseconds)
        #expect(event.book.matchTimeMilliseconds == plain.book.matchTimeMilliseconds)
    }
}

extension String {
    /// The text with the first `part` replaced.
    func replacingFirst(_ part: String, with other: String) -> String {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(part) {
                return String(self[..<start]) + other + self[start...].dropFirst(part.count)
            }
            start = index(after: start)
        }
        return self
    }
}
