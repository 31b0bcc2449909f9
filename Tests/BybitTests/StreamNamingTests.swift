import Bybit
import Market
import Testing

@Suite struct StreamNamingTests {
    static func name(_ socket: SocketName, _ frame: [UInt8], slot: Int = 1) -> String {
        frame.withUnsafeBytes { StreamNaming.name(socket, frame: $0, slot: slot).text }
    }

    @Test(arguments: [
        (#"{"topic":"orderbook.50.BTCUSDT","type":"delta"}"#, "orderbook.50.BTCUSDT"),
        (#"{"topic":"orderbook.50.BTCUSDT"#, "-"),
        (#"{"topic":"orderbook.50.BTCUSDT""#, "orderbook.50.BTCUSDT"),
        (#" { "topic" : "tickers.BTCUSDT" }"#, "tickers.BTCUSDT"),
        (#"{"id":"7","topic":"order","data":[]}"#, "order"),
        (#"{"data":[{"topic":"inner","x":"}]\""}],"ts":-1.5,"topic":"outer"}"#, "outer"),
        (#"{"data":{"topic":"inner"}}"#, "-"),
        (#"{"topic":"tickers.SOLUSDT_SOL/USDT"}"#, "tickers.SOLUSDT_SOL/USDT"),
        (#"{"success":true,"op":"subscribe"}"#, "-"),
        (#"{"topic":7}"#, "-"), (#"{"topic":""}"#, "-"), (#"{"topic":null}"#, "-"),
        (#"{"topic":"a b"}"#, "-"), (#"{"topic":"a@2"}"#, "-"), (#"{"topic":"a\nb"}"#, "-"),
        (#"{"topic":"a\u0041"}"#, "-"), (#"{"topic":"é"}"#, "-"), ("{\"topic\":\"a\u{7f}\"}", "-"),
        (#"{"Topic":"a"}"#, "-"), (#"["topic","a"]"#, "-"), ("", "-"), ("{", "-"), ("{}", "-"),
        (#"{"a":1 "topic":"b"}"#, "-"), (#"{"a":"x"#, "-"), (#"{"a":"\"#, "-"), (#"{"a":[}"#, "-"),
        (
            #"{"topic":"\#(String(repeating: "a", count: 128))"}"#,
            String(repeating: "a", count: 128)
        ),
        (#"{"topic":"\#(String(repeating: "a", count: 129))"}"#, "-"),
        (#"{"a":\#(String(repeating: "[", count: 100_000))"#, "-"),
    ])
    func `a frame is named by its topic, or by none`(frame: String, expected: String) {
        #expect(Self.name(.publicData(.linear), Array(frame.utf8)) == "public/linear/" + expected)
        #expect(
            Self.name(.privateData(account: "main"), Array(frame.utf8)) == "private/main/"
                + expected
        )
        #expect(Self.name(.trade(account: "main"), Array(frame.utf8)) == "trade/main")
    }

    @Test func `any bytes have a name`() {
        var state: UInt64 = 7
        var frame = Array(
            #"{"id":"\"x","topic":"orderbook.50.BTCUSDT","data":{"b":[["1","2"]]}}"#.utf8
        )
        for _ in 0..<20_000 {
            state = Mix.spread(state)
            frame[Int(state % UInt64(frame.count))] = UInt8(truncatingIfNeeded: state >> 32)
            let name = Self.name(.publicData(.spot), frame)
            #expect(name.hasPrefix("public/spot/"))
            let topic = name.utf8.dropFirst("public/spot/".utf8.count)
            #expect(!topic.isEmpty && topic.allSatisfy { $0 > 0x20 && $0 < 0x7f })
        }
    }

    @Test func `names say socket, topic and slot`() {
        let frame = Array(#"{"topic":"order"}"#.utf8)
        #expect(Self.name(.privateData(account: "main"), frame, slot: 2) == "private/main/order@2")
        #expect(
            StreamNaming.rest(account: "main", method: "POST", path: "/v5/order/create").kind
                == .rest(account: "main", method: "POST", path: "/v5/order/create")
        )
        #expect(StreamNaming.sent(.publicData(.linear)).kind == .sent("public/linear"))
    }

    @Test func `a topic has one hash, and no topic has zero`() {
        let one = Array(#"{"topic":"order"}"#.utf8)
        let other = Array(#"{"id":"1","topic":"order"}"#.utf8)
        let hash = { (frame: [UInt8]) in
            frame.withUnsafeBytes { StreamNaming.hash(StreamNaming.topic(of: $0)) }
        }
        #expect(hash(one) == hash(other))
        #expect(hash(one) != 0)
        #expect(hash(Array("{}".utf8)) == 0)
    }

    @Test(arguments: [
        SocketName.publicData(.linear), .publicData(.spread), .privateData(account: "main"),
        .trade(account: "desk-2"),
    ])
    func `a socket's name is read back`(socket: SocketName) {
        #expect(SocketName(text: socket.text) == socket)
        #expect(socket.linkStream.kind == .link(socket.text))
    }

    @Test(arguments: ["", "public", "public/", "public/coin", "private/", "other/x"])
    func `what names no socket is none`(text: String) {
        #expect(SocketName(text: text) == nil)
    }
}
