import Market
import Testing

@testable import ReplayServer

/// When two requests are the same, and what is said where they are not.
@Suite struct ClientRequestTests {
    private static func order(
        _ body: String,
        _ query: String = "",
        _ path: String = "/v5/order/create"
    ) -> ClientRequest {
        ClientRequest(method: "POST", path: path, query: query, body: Array(body.utf8))
    }

    private static func frame(_ text: String) throws -> ClientRequest {
        let bytes = Array(text.utf8)
        return try #require(bytes.withUnsafeBytes { ClientRequest(frame: $0) })
    }

    private static func difference(
        _ recorded: ClientRequest,
        _ seen: ClientRequest
    ) -> ClientRequest.Difference? {
        recorded.difference(from: seen, IdentityMap(), IdentityMap())
    }

    @Test func `the order of members and items says nothing`() {
        let one = Self.order(#"{"category":"linear","symbol":"BTCUSDT","qty":"0.01"}"#)
        let other = Self.order(#"{ "qty" : "0.01", "symbol":"BTCUSDT","category":"linear" }"#)
        #expect(Self.difference(one, other) == nil)
        let asked = ClientRequest(
            method: "GET",
            path: "/v5/market/kline",
            query: "symbol=BTC%2DUSDT&interval=1&start=1796021480000",
            body: []
        )
        let again = ClientRequest(
            method: "GET",
            path: "/v5/market/kline",
            query: "start=1796021999999&interval=1&symbol=BTC-USDT",
            body: []
        )
        #expect(Self.difference(asked, again) == nil, "times are the client's own")
        #expect(asked.subject == "BTC-USDT")
    }

    @Test(arguments: [
        (#"{"qty":"0.01"}"#, #"{"qty":"0.02"}"#, "qty"),
        (#"{"qty":"0.01"}"#, #"{"qty":0.01}"#, "qty"),
        (#"{"qty":"0.01","a":1}"#, #"{"qty":"0.01"}"#, "a"),
        (#"{"qty":"0.01"}"#, #"{"qty":"0.01","z":1}"#, "z"),
        (
            #"{"request":[{"side":"Buy"},{"side":"Buy"}]}"#,
            #"{"request":[{"side":"Buy"},{"side":"Sell"}]}"#, "request[1].side"
        ),
        (#"{"orderLinkId":"a"}"#, #"{"orderLinkId":""}"#, "orderLinkId"),
    ])
    func `a parameter that differs is named`(recorded: String, seen: String, path: String) {
        #expect(Self.difference(Self.order(recorded), Self.order(seen))?.path == path)
    }

    @Test func `frames are the same apart from ids, times and signatures`() throws {
        let one = try Self.frame(
            #"{"reqId":"r1","header":{"X-BAPI-TIMESTAMP":"1796021480000"},"op":"order.create","args":[{"symbol":"BTCUSDT"}]}"#
        )
        let other = try Self.frame(
            #"{"op":"order.create","args":[{"symbol":"BTCUSDT"}],"reqId":"r9","header":{"X-BAPI-TIMESTAMP":"1","Referer":"x"}}"#
        )
        #expect(Self.difference(one, other) == nil)
        let login = try Self.frame(
            #"{"op":"auth","req_id":"1","expires":1796021480000,"key":"9f86d081"}"#
        )
        let again = try Self.frame(
            #"{"op":"auth","args":["KEY",1796021999999,"signature"],"req_id":"7"}"#
        )
        #expect(Self.difference(login, again) == nil)
        let ping = Array(#"{"op":"ping"}"#.utf8)
        #expect(ping.withUnsafeBytes { ClientRequest(frame: $0) } == nil)
    }

    @Test func `client order ids map one to one`() {
        var requests = (0..<3).map { number in
            RecordedSession.Request(
                request: Self.order(#"{"symbol":"X","orderLinkId":"old-\#(number)"}"#),
                sequence: SequenceNumber(UInt64(number + 10)),
                after: SequenceNumber(UInt64(number + 5)),
                moment: .zero,
                socket: nil
            )
        }
        requests.append(
            RecordedSession.Request(
                request: Self.order(
                    #"{"symbol":"X","orderLinkId":"old-1"}"#,
                    "",
                    "/v5/order/cancel"
                ),
                sequence: SequenceNumber(20),
                after: SequenceNumber(15),
                moment: .zero,
                socket: nil
            )
        )
        var expectations = Expectations(requests)
        func judge(_ link: String, _ path: String = "/v5/order/create") -> Departure? {
            let seen = Self.order(#"{"symbol":"X","orderLinkId":"\#(link)"}"#, "", path)
            if case .departed(let departure) = expectations.judge(seen, socket: nil) {
                return departure
            }
            return nil
        }
        #expect(judge("new-a") == nil)
        #expect(judge("new-b") == nil)
        #expect(
            judge("new-a")?.difference.contains(#""new-a" was the recorded "old-0" before"#) == true
        )
        #expect(judge("new-a", "/v5/order/cancel")?.record == SequenceNumber(20))
        #expect(judge("new-b", "/v5/order/cancel") == nil)
        #expect(expectations.next?.sequence == SequenceNumber(12))
        #expect(judge("new-c") == nil && expectations.next == nil)
        let more = judge("new-d")
        #expect(more?.kind == .unrecorded)
        #expect(more?.difference.contains("as often as it was recorded") == true)
    }

    @Test func `a request that was not recorded names the nearest one`() {
        let recorded = [("/v5/order/create", 10), ("/v5/position/list", 11)].map { path, number in
            RecordedSession.Request(
                request: Self.order(#"{"symbol":"BTCUSDT","qty":"1"}"#, "", path),
                sequence: SequenceNumber(UInt64(number)),
                after: SequenceNumber(UInt64(number)),
                moment: .zero,
                socket: nil
            )
        }
        var expectations = Expectations(recorded)
        let seen = Self.order(#"{"symbol":"ETHUSDT","qty":"1"}"#)
        guard case .departed(let departure) = expectations.judge(seen, socket: nil) else {
            Issue.record("it was taken")
            return
        }
        #expect(departure.kind == .unrecorded && departure.record == SequenceNumber(10))
        #expect(departure.difference.contains("symbol"))
        #expect(departure.seen.contains("ETHUSDT"))
    }

    @Test func `order counts within an endpoint and a symbol, and not beyond`() {
        let recorded = [("A", "1"), ("A", "2"), ("B", "3")].enumerated().map { place, item in
            RecordedSession.Request(
                request: Self.order(#"{"symbol":"\#(item.0)","qty":"\#(item.1)"}"#),
                sequence: SequenceNumber(UInt64(place + 1)),
                after: SequenceNumber(UInt64(place)),
                moment: .zero,
                socket: nil
            )
        }
        func judged(_ order: [(String, String)]) -> [Bool] {
            var expectations = Expectations(recorded)
            return order.map { symbol, quantity in
                let seen = Self.order(#"{"symbol":"\#(symbol)","qty":"\#(quantity)"}"#)
                if case .same = expectations.judge(seen, socket: nil) { return true }
                return false
            }
        }
        #expect(judged([("B", "3"), ("A", "1"), ("A", "2")]) == [true, true, true])
        #expect(judged([("A", "2"), ("A", "1"), ("B", "3")]) == [false, true, true])
    }
}

/// Ids and times of the client in the place of the recorded ones.
@Suite struct PayloadRewriterTests {
    private func rewritten(_ text: String, _ rewriter: PayloadRewriter) -> String {
        let bytes = Array(text.utf8)
        return String(
            decoding: bytes.withUnsafeBytes { rewriter.rewritten($0, isPrivate: true) },
            as: UTF8.self
        )
    }

    @Test func `an id is replaced where it is all of a value, and nowhere else`() {
        var rewriter = PayloadRewriter()
        rewriter.links.note(recorded: #""old""#, seen: #""a longer one""#)
        #expect(
            rewritten(#"{"orderLinkId":"old","note":"old one","n":[ "old" ]}"#, rewriter)
                == #"{"orderLinkId":"a longer one","note":"old one","n":[ "a longer one" ]}"#
        )
    }

    @Test func `times of the session are shifted in each unit, other numbers are not`() {
        var rewriter = PayloadRewriter()
        rewriter.shift = 5_000_000_000
        rewriter.times = 1_796_021_480_000...1_796_021_490_000
        #expect(
            rewritten(
                #"{"ts":1796021480090,"T":"1796021480090","n":"1796021480090000001","s":"1796021481","#
                    + #""launch":"1585526400000","price":"1796021480090.5","u":1796021480}"#,
                rewriter
            )
                == #"{"ts":1796021485090,"T":"1796021485090","n":"1796021485090000001","s":"1796021486","#
                + #""launch":"1585526400000","price":"1796021480090.5","u":1796021485}"#
        )
    }

    @Test func `without other ids and another clock the bytes stay as they are`() {
        let text = #"{"orderLinkId":"old","ts":1796021480090}"#
        var rewriter = PayloadRewriter()
        rewriter.links.note(recorded: #""old""#, seen: #""old""#)
        #expect(rewritten(text, rewriter) == text)
    }
}
