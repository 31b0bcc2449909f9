import Bybit
import JSON
import Market
import Testing

/// The levels of a reply are read at once where they are usual: as a look at each of them reads them.
@Suite struct ReplyLevelsTests {
    private static let stream = "rest/public/GET/v5/market/orderbook"

    /// - Parameter bids: the list with its brackets.
    private func reply(_ bids: String, _ asks: String = "[]") -> [UInt8] {
        reply(
            result: #"{"s":"BTCUSDT","b":"# + bids + #","a":"# + asks
                + #","ts":1,"u":2,"seq":3,"cts":4}"#
        )
    }

    private func reply(result: String) -> [UInt8] {
        let body =
            #"{"retCode":0,"retMsg":"OK","result":"# + result + #","retExtInfo":{},"time":5}"#
        let line =
            #"{"method":"GET","path":"/v5/market/orderbook","query":"category=linear","status":200,"#
            + #""outcome":"answered","sent":"1","received":"2","after":1,"request":0,"response":"#
            + "\(body.utf8.count)}\n"
        return Array((line + body).utf8)
    }

    private func event(_ payload: [UInt8], _ decoder: MessageDecoder) -> Event {
        decoder.event(Self.stream, payload)
    }

    /// The list as it is and with a blank in it, which is not usual, come to the same.
    private func compare(_ list: String, _ decoder: MessageDecoder) -> Event {
        let usual = event(reply(list, list), decoder)
        let blank = "[ " + list.dropFirst()
        #expect(lines(of: usual) == lines(of: event(reply(blank, blank), decoder)), "\(list)")
        return usual
    }

    @Test func `usual lists are read at once, and others level by level`() throws {
        let parser = JSONParser()
        let lists = [
            (#"[["97250.10","0.001"]]"#, true), (#"[["1","2"],["0.5","12345678.9"]]"#, true),
            (#"[ ["97250.10","0.001"]]"#, false), (#"[["97250.10", "0.001"]]"#, false),
            (#"[["97250.10",0.001]]"#, false), (#"[["97250.10","0.001","1"]]"#, false),
        ]
        for (list, isUsual) in lists {
            let text = Array((#"{"b":"# + list + "}").utf8)
            try text.withUnsafeBytes { text in
                let value = try #require(try parser.root(text)["b"])
                #expect((parser.levels(value) != nil) == isUsual, "\(list)")
            }
        }
    }

    /// What a reply means must not depend on what was decoded into the same memory before.
    @Test func `of a reply that lacks a book nothing of the one before is left`() {
        let decoder = MessageDecoder()
        let push =
            #"{"topic":"orderbook.50.BTCUSDT","type":"snapshot","ts":7,"data":{"s":"BTCUSDT","#
            + #""b":[["1","2"]],"a":[["3","4"]],"u":10,"seq":100},"cts":6}"#
        let lacking = [
            "null", #"{"s":null,"b":[],"a":[],"ts":1,"u":2,"seq":3}"#,
            #"{"s":"BTCUSDT","b":[],"a":[],"ts":1,"u":"2","seq":3}"#,
        ]
        for result in lacking {
            let payload = reply(result: result)
            let fresh = event(payload, decoder)
            #expect(fresh.kind == .reply)
            var used = decoder.event("public/linear/orderbook.50.BTCUSDT", Array(push.utf8))
            #expect(used.book.updateID == 10 && used.book.isSnapshot)
            decoder.decode(Self.stream, payload, into: &used)
            for field in [\BookUpdate.updateID, \.crossSequence, \.matchTimeMilliseconds] {
                #expect(used.book[keyPath: field] == fresh.book[keyPath: field], "\(result)")
            }
            #expect(used.book.isSnapshot == fresh.book.isSnapshot)
            #expect(used.book.depth == fresh.book.depth)
            #expect(lines(of: used) == lines(of: fresh))
        }
    }

    @Test func `levels are read alike whatever their lengths are`() {
        let decoder = MessageDecoder()
        var numbers = RandomNumbers(seed: 3)
        for count in 0..<300 {
            let levels = (0..<count % 40).map { _ in numbers.level() }
            let event = compare("[" + levels.joined(separator: ",") + "]", decoder)
            #expect(event.kind == .reply && event.findings.isEmpty)
            #expect(event.book.bids.count == count % 40 && event.book.asks.count == count % 40)
        }
    }

    @Test func `a list is read alike, whatever byte of it is another, missing or doubled`() {
        let decoder = MessageDecoder()
        let text = #"[["97250.10","0.001"],["97250","12"],["0.00001234567","3"],["1","2"]]"#
        eachChange(of: Array(text.utf8)) { changed in
            // Brackets that do not close are the whole text's own matter.
            guard changed.first == UInt8(ascii: "[") else { return }
            let usual = event(reply(String(decoding: changed, as: UTF8.self)), decoder)
            let blank = "[ " + String(decoding: changed.dropFirst(), as: UTF8.self)
            let general = event(reply(blank), decoder)
            // As text: numbers of the same value may differ in their zeros. Places are those of a text with a blank in it.
            func text(_ event: Event) -> [String] {
                event.book.bids.map { "\($0.price) \($0.size)" }
            }
            #expect(text(usual) == text(general))
            #expect(usual.findings.map(\.field) == general.findings.map(\.field))
        }
    }
}
