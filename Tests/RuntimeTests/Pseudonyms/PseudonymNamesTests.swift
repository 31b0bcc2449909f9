import Foundation
import Market
import Testing
import Trading

@testable import Bybit
@testable import Journal
@testable import Runtime

/// What says whose a recording is has another in its place, under all names that the exchange has for it.
@Suite struct PseudonymNamesTests {
    /// Names that end as ids do and are none of an account's, with the reason.
    private static let noIDs: [String: String] = [
        "riskId": "a step of a symbol's risk limits, the same for everybody",
        "symbolId": "a symbol's number, the same for everybody",
    ]

    /// `orderId`, `userID`, `parentUid`, `conn_id`, `id`, `Traceid`, `userIDInt64`.
    private static func endsAsID(_ name: String) -> Bool {
        var name = name[...]
        if name.hasSuffix("Int64") { name = name.dropLast(5) }
        let lower = name.lowercased()
        return lower.hasSuffix("id") && lower != "bid"
    }

    @Test func `every name that an id may have is known, as an id or as none`() {
        var names: Set<String> = []
        for kind in ExpectedFields.all {
            for object in kind.objects { names.formUnion(object.fields.map(\.name)) }
        }
        let ids = names.filter(Self.endsAsID)
        #expect(ids.contains("userID") && ids.contains("userIDInt64") && ids.count > 20)
        for name in ids.sorted() where Self.noIDs[name] == nil {
            #expect(Pseudonyms.names.contains(name), "\(name)")
        }
        for name in Self.noIDs.keys.sorted() {
            #expect(ids.contains(name) && !Pseudonyms.names.contains(name), "\(name)")
        }
    }

    private static func start(_ session: String) -> SessionStart {
        SessionStart(
            session: session,
            run: 1,
            program: "0.1.0",
            build: "test",
            account: "main",
            strategies: [],
            limits: [],
            configuration: [],
            wall: .zero,
            monotonicNanoseconds: 0
        )
    }

    /// What a session without strategies records: its start and the inputs, and what the engine says of each.
    private static func session(
        _ inputs: [(stream: String, payload: String)]
    ) throws -> [(stream: String, payload: String)] {
        let start = Self.start("session")
        var stepper = Stepper(
            engine: try Engine(
                configuration: start.engineConfiguration,
                registry: StrategyRegistry()
            )
        )
        var records: [(stream: String, payload: String)] = []
        let first = (
            stream: "session/start", payload: String(decoding: start.payload(), as: UTF8.self)
        )
        for input in [first] + inputs {
            records.append(input)
            let name = StreamName(input.stream)
            let header = RecordHeader(
                sequence: SequenceNumber(UInt64(records.count)),
                time: .zero,
                stream: name
            )
            var outputs = Outputs()
            Array(input.payload.utf8).withUnsafeBytes {
                stepper.step(header, route: StreamRoute(name), payload: $0, outputs: &outputs)
            }
            for (place, output) in outputs.elements.enumerated() {
                let payload = String(decoding: outputs.payload(place), as: UTF8.self)
                records.append((stream: output.stream, payload: payload))
            }
        }
        return records
    }

    /// - Returns: the payloads of the copy, in order.
    private static func copied(
        _ records: [(stream: String, payload: String)]
    ) throws -> (copy: [String], names: Pseudonymiser) {
        let folder = try TestFolder()
        let path = folder.path + "/session"
        let draft = try RecordingDraft(path, id: "session")
        for record in records {
            try draft.add(record.stream, time: .zero, payload: Array(record.payload.utf8))
        }
        try draft.seal()
        let recording = try Recording.open(path)
        let names = Pseudonymiser(registry: StrategyRegistry())
        try names.learn(recording)
        var copy: [String] = []
        let cursor = try recording.cursor()
        while let record = try cursor.next() {
            let name = cursor.name(of: record.stream)
            copy.append(String(decoding: names.rewrite(record, name), as: UTF8.self))
        }
        return (copy, names)
    }

    @Test func `a key's description says neither whose it is nor from where it is used`() throws {
        let reply =
            #"{"retCode":0,"retMsg":"OK","result":{"id":"13770661","note":"","ips":["192.0.2.7","2001:db8::1"],"#
            + #""type":1,"userID":24617703,"inviterID":5,"affiliateID":0,"#
            + #""rsaPublicKey":"-----BEGIN PUBLIC KEY-----\nMIIBIjAN+Bg/kq\n-----END PUBLIC KEY-----","#
            + #""parentUid":"31617704","userIDInt64":"24617703"},"time":1767225600003}"#
        let line = #"{"method":"GET","request":0,"response":\#(reply.utf8.count)}"# + "\n"
        let stream = "rest/main/GET/v5/user/query-api"
        let (copies, _) = try Self.copied([(stream, line + reply)])
        let copy = try #require(copies.first)
        for text in [
            "13770661", "24617703", "31617704", "\"192.", "2001:", "db8", "MIIB", "kq",
            "\"inviterID\":5",
        ] { #expect(!copy.contains(text), "\(text) in \(copy)") }
        // As long, and JSON still.
        #expect(copy.utf8.count == line.utf8.count + reply.utf8.count)
        let body = try #require(copy.split(separator: "\n").last)
        let root = try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]
        let result = try #require(root?["result"] as? [String: Any])
        let user = try #require(result["userID"] as? Int)
        #expect(result["userIDInt64"] as? String == String(user) && user > 9_999_999)
        #expect(result["affiliateID"] as? Int == 0 && result["type"] as? Int == 1)
        #expect(result["ips"] as? [String] == ["000.0.0.0", "0000:000::0"])
    }

    @Test func `a session that goes on behind another names that one by a pseudonym`() throws {
        var start = Self.start("2026-01-02-desk")
        start.continues = "2026-01-01-desk"
        let payload = String(decoding: start.payload(), as: UTF8.self)
        let (copies, names) = try Self.copied([("session/start", payload)])
        let copy = try #require(copies.first)
        #expect(!copy.contains("-desk"), "\(copy)")
        let before = names.rename(recording: "2026-01-01-desk")
        #expect(copy.contains("\"continues\":\"\(before)\""), "\(copy)")
        #expect(names.rename(recording: "2026-01-02-desk") != before)
    }

    @Test func `an id that is short or has no digit is another where the desk says it too`() throws
    {
        let (copies, _) = try Self.copied([
            (
                "private/main/order",
                #"{"topic":"order","data":[{"orderId":"4","orderLinkId":"my-hedge"}]}"#
            ),
            ("desk/command", #"{"action":"cancel","order_link_id":"my-hedge","order_id":"4"}"#),
            ("desk/finding", #"{"kind":"order","subject":"my-hedge"}"#),
            ("desk/finding", #"{"kind":"book","subject":"linear BTCUSDT"}"#),
            (
                "desk/finding",
                #"{"kind":"strategy","subject":"own","expected":"my-hedge","seen":"4","note":"my-hedge"}"#
            ),
        ])
        try #require(copies.count == 5)
        let link = try #require(copies[0].firstMatch(of: /"orderLinkId":"([^"]+)"/)?.output.1)
        let order = try #require(copies[0].firstMatch(of: /"orderId":"([^"]+)"/)?.output.1)
        #expect(link != "my-hedge" && order != "4")
        #expect(copies[1].contains(#""order_link_id":"\#(link)","order_id":"\#(order)""#))
        #expect(copies[2].contains(#""subject":"\#(link)""#), "\(copies[2])")
        #expect(copies[3].contains(#""subject":"linear BTCUSDT""#))
        // What nobody says again: a word is the id that it is as a whole, and a number may be a figure.
        #expect(
            copies[4].contains(#""expected":"\#(link)","seen":"4","note":"\#(link)""#),
            "\(copies[4])"
        )
    }

    @Test func `a short id within a finding's words is the one that the copy's engine has`() throws
    {
        let execution =
            #"{"topic":"execution","id":"1","creationTime":1,"data":[{"category":"linear","symbol":"BTCUSDT","#
            + #""orderId":"77","orderLinkId":"","side":"Buy","orderPrice":"1","orderQty":"12","leavesQty":"0","#
            + #""orderType":"Market","stopOrderType":"UNKNOWN","execFee":"0","execId":"12","execPrice":"1","#
            + #""execQty":"12","execType":"Strange","execValue":"12","feeRate":"0","isMaker":false,"#
            + #""execTime":"2","seq":3}]}"#
        let records = try Self.session([("private/main/execution", execution)])
        let pushed = try #require(records.firstIndex { $0.stream == "private/main/execution" })
        let found = try #require(records.firstIndex { $0.payload.contains(#"execution 12""#) })
        #expect(records[found].stream == "desk/finding")
        let (copies, _) = try Self.copied(records)
        let id = try #require(copies[pushed].firstMatch(of: /"execId":"([^"]+)"/)?.output.1)
        #expect(id != "12" && copies[pushed].contains(#""execQty":"12""#))
        #expect(copies[found].contains(#"execution \#(id)""#), "\(copies[found])")
    }

    @Test func `of more texts than are listed it is said how many`() throws {
        let most = Pseudonymiser.mostTexts
        let records = (0..<(most + 3)).map { number in
            (stream: "desk/operator", payload: #"{"note":"text \#(number / 2 * 2)"}"#)
        }
        let (_, few) = try Self.copied(records)
        #expect(few.freeTexts.count == most / 2 + 2 && few.furtherTexts == 0)
        let all = (0..<(most + 3)).map { number in
            (stream: "desk/operator", payload: #"{"note":"text \#(number)"}"#)
        }
        let (_, many) = try Self.copied(all + all)
        #expect(many.freeTexts.count == most && many.furtherTexts == 3)
    }
}
