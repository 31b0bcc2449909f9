import Foundation
import Market
import Testing

@testable import Gateway

/// What of a bot's traffic is recorded, and what never is.
@Suite struct BotSecretsTests {
    static let key = "BOTKEY0000000000001"
    static let signature = "c0ffee00112233445566778899aabbccddeeff00112233445566778899aabbcc"

    static func frame(_ secrets: inout BotSecrets, _ text: String) -> BotSecrets.Frame {
        Array(text.utf8).withUnsafeBytes { secrets.frame($0) }
    }

    static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test(arguments: [#""1767225610000""#, "1767225610000"])
    func `an authentication becomes a typed record`(expires: String) {
        var secrets = BotSecrets()
        let frame = Self.frame(
            &secrets,
            #"{"req_id":"a1","op":"auth","args":["\#(Self.key)",\#(expires),"\#(Self.signature)"]}"#
        )
        let account = frame.account ?? ""
        #expect(account.count == 9 && account.hasPrefix("k"))
        #expect(
            Self.text(frame.bytes)
                == #"{"op":"auth","req_id":"a1","expires":1767225610000,"key":"\#(account.dropFirst())"}"#
        )
        // From here on neither may stand anywhere.
        let echoed = #"{"success":false,"ret_msg":"bad \#(Self.key) and \#(Self.signature)"}"#
        let reply = Array(echoed.utf8).withUnsafeBytes { secrets.reply($0) }
        let clean = Self.text(reply ?? [])
        #expect(!clean.contains(Self.key) && !clean.contains(Self.signature))
        #expect(clean.utf8.count == echoed.utf8.count)
    }

    @Test func `the alias of a key is the same each time, and another key's another`() {
        var secrets = BotSecrets()
        func account(_ key: String) -> String? {
            Self.frame(&secrets, #"{"op":"auth","args":["\#(key)",1,"\#(Self.signature)"]}"#)
                .account
        }
        let first = account(Self.key)
        #expect(first == account(Self.key))
        #expect(first != account("ANOTHERKEY000000001"))
        #expect(secrets.keys == 2)
        for number in 0..<100 { _ = account("KEYOFARUBBISHCLIENT\(number)") }
        #expect(secrets.keys == BotSecrets.aliasesMax)
        #expect(account("ONEKEYTOOMANY000001") == BotSecrets.others)
    }

    @Test(arguments: ["login", "Auth", "authenticate", "subscribe_private"])
    func `an operation that the exchange does not know may be an authentication all the same`(
        operation: String
    ) {
        var secrets = BotSecrets()
        let frame = Self.frame(
            &secrets,
            #"{"op":"\#(operation)","args":["\#(Self.key)",1767225610000,"\#(Self.signature)"]}"#
        )
        let text = Self.text(frame.bytes)
        #expect(!text.contains(Self.key) && !text.contains(Self.signature), "\(text)")
        #expect(frame.operation == operation)
        // An order's own words stay as they are.
        let order =
            #"{"op":"order.create","args":[{"symbol":"BTCUSDT","orderLinkId":"a-long-identifier-of-a-bot"}]}"#
        #expect(Self.text(Self.frame(&secrets, order).bytes) == order)
    }

    @Test func `a key that the session signs with from now on is known like the one before`()
        throws
    {
        let old = try Signer(key: Self.key, secret: "SECRETOFTHEOBSERVER")
        let new = try Signer(key: "ANOTHERKEY000000001", secret: "ANOTHERSECRETOFTHEOBSERVER")
        var secrets = BotSecrets(own: (old, "main"))
        secrets.renew(new, alias: "main")
        for key in [Self.key, "ANOTHERKEY000000001"] {
            let auth = #"{"op":"auth","args":["\#(key)",1,"\#(Self.signature)"]}"#
            #expect(Self.frame(&secrets, auth).account == "main")
        }
        let echoed = Array(#"{"note":"ANOTHERSECRETOFTHEOBSERVER"}"#.utf8)
        let reply = echoed.withUnsafeBytes { secrets.reply($0) }
        #expect(!Self.text(reply ?? echoed).contains("ANOTHERSECRET"))
    }

    @Test func `the session's own key has the session's alias`() throws {
        let signer = try Signer(key: Self.key, secret: "SECRETOFTHEOBSERVER")
        var secrets = BotSecrets(own: (signer, "main"))
        let frame = Self.frame(
            &secrets,
            #"{"op":"auth","args":["\#(Self.key)",1,"\#(Self.signature)"]}"#
        )
        #expect(frame.account == "main")
    }

    @Test(arguments: [
        #"{"op":"subscribe","args":["orderbook.50.BTCUSDT"],"req_id":7}"#,
        #"{"reqId":"s1","op":"order.create","header":{"X-BAPI-TIMESTAMP":"1767225600100"},"args":[{"orderLinkId":"0123456789abcdef0123456789abcdef0123"}]}"#,
        #"{"op":"ping"}"#,
    ])
    func `other frames are recorded as they came`(text: String) {
        var secrets = BotSecrets()
        #expect(Self.text(Self.frame(&secrets, text).bytes) == text)
    }

    @Test(arguments: [
        // Cut, with too few arguments, of another form, no JSON at all.
        #"{"op":"auth","args":["KEY",1767225610000,"SIG"#,
        #"{"op":"auth","args":["KEY","SIG"]}"#,
        #"{"op":"auth","args":[{"apiKey":"KEY","sign":"SIG"}]}"#,
        #"{"op":"login","args":[{"apiKey":"KEY","secret":"shortone","signature":"SIG"}]}"#,
        "auth KEY SIG", #"["auth","KEY","SIG"]"#,
    ])
    func `a frame that cannot be read keeps no secret`(form: String) {
        var secrets = BotSecrets()
        let text = form.replacingOccurrences(of: "KEY", with: Self.key)
            .replacingOccurrences(of: "SIG", with: Self.signature)
        let recorded = Self.text(Self.frame(&secrets, text).bytes)
        for secret in [Self.key, Self.signature, "shortone"] {
            #expect(!recorded.contains(secret), "\(recorded)")
        }
    }

    /// Raw, hexadecimal, Base64, as in a URL and as in JSON.
    static func forms(of word: String) -> [String] {
        let hex = word.utf8.map { String(format: "%02x", $0) }.joined()
        return [
            word, hex, hex.uppercased(), Data(word.utf8).base64EncodedString(),
            word.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "",
            word.replacingOccurrences(of: "/", with: "\\/"),
        ]
    }

    @Test func `of an exchange its headers' secrets stand nowhere, in no form`() {
        var secrets = BotSecrets()
        let cookie = "c00kie/with+signs=="
        let token = "t0ken-of-nobody-else"
        var bodies = ""
        for word in [Self.key, Self.signature, cookie, token] {
            bodies += Self.forms(of: word).joined(separator: " ") + "\n"
        }
        let body = #"{"symbol":"BTCUSDT","api_secret":"hushhush","sign":"s1gn"}"#
        var exchange = RelayExchange(
            method: "POST",
            path: "/v5/order/create",
            query: "api_key=\(Self.key)&sign=abc&symbol=BTCUSDT",
            body: Array(body.utf8),
            at: .zero
        )
        secrets.identify(
            &exchange,
            headers: [
                ("X-BAPI-API-KEY", Self.key), ("X-BAPI-SIGN", Self.signature),
                ("X-BAPI-TIMESTAMP", "1767225600000"), ("X-BAPI-RECV-WINDOW", "5000"),
                ("Cookie", "a=\(cookie); b=2"), ("Authorization", "Bearer \(token)"),
            ]
        )
        exchange.outcome = .answered
        exchange.status = 200
        exchange.reply = Array((#"{"retCode":0,"secret":"anew"}"# + bodies).utf8)
        secrets.hide(
            headers: [("Set-Cookie", "sid=sessi0nsecret; Path=/; Max-Age=31536000")],
            of: &exchange
        )
        exchange.reply += Array(" sessi0nsecret 31536000".utf8)
        let record = Self.text(secrets.record(of: exchange))
        for word in [Self.key, Self.signature, cookie, token] {
            for form in Self.forms(of: word) {
                #expect(!record.contains(form), "\(form) in \(record)")
            }
        }
        for word in ["hushhush", "s1gn\"", "anew", "sessi0nsecret", "sign=abc"] {
            #expect(!record.contains(word), "\(word) in \(record)")
        }
        // What is no secret is there.
        #expect(record.contains("symbol=BTCUSDT") && record.contains("31536000"))
        #expect(record.contains(#""timestamp":"1767225600000","window":"5000""#))
        #expect(record.contains(#""key":"\#(exchange.fingerprint ?? "-")""#))
        let sent = Self.text(secrets.sentRecord(of: exchange))
        #expect(sent.contains("BTCUSDT") && !sent.contains("hushhush") && !sent.contains(Self.key))
    }

    @Test func `lengths stay, so that a record's two bodies are where its line says`() throws {
        var secrets = BotSecrets()
        var exchange = RelayExchange(
            method: "POST",
            path: "/v5/user/create-sub-api",
            query: "",
            body: Array(#"{"note":"x","apiKey":12345678}"#.utf8),
            at: .zero
        )
        exchange.reply = Array(
            #"{"retCode":0,"result":{"apiKey":"NEWKEY","secret":"NEW\"SECRET"}}"#.utf8
        )
        let record = secrets.record(of: exchange)
        let end = try #require(record.firstIndex(of: UInt8(ascii: "\n")))
        let line = try #require(
            try JSONSerialization.jsonObject(with: Data(record[..<end])) as? [String: Any]
        )
        let request = try #require(line["request"] as? Int)
        let response = try #require(line["response"] as? Int)
        #expect(record.count == end + 1 + request + response)
        let bodies = record[(end + 1)...]
        #expect(
            try JSONSerialization.jsonObject(with: Data(bodies.prefix(request))) is [String: Any]
        )
        let reply = try JSONSerialization.jsonObject(with: Data(bodies.suffix(response)))
        let result = (reply as? [String: Any])?["result"] as? [String: String]
        #expect(result == ["apiKey": "******", "secret": "***********"])
    }

    @Test(arguments: [
        ("/v5/order/create", true), ("/v5/order/create/", true), ("/", false), ("/v3/x", false),
        ("/v5/a b", false), ("/v5/x@2", false),
        ("/v5/\(String(repeating: "a", count: 100))", false),
        ("/v5/\(BotSecretsTests.signature)", false),
    ])
    func `a path that is no name is none of a stream`(path: String, isName: Bool) {
        var secrets = BotSecrets()
        let exchange = RelayExchange(method: "GET", path: path, query: "", body: [], at: .zero)
        #expect((secrets.plainPath(of: exchange) != nil) == isName)
    }
}
