import Bybit
public import Market

/// A bot's REST request that goes through the relay, and what became of it.
public struct RelayExchange: Sendable {
    public var method: String
    /// As they stood in the request's target, percent-encoding included.
    public var path: String
    public var query: String
    public var body: [UInt8]
    /// First hex digits of the key's hash, as in ``Signer/fingerprint``; `nil` for a request without a key.
    public var fingerprint: String?
    /// The key's alias, as its owner gave it; `public` without a key.
    public var account = "public"
    /// `X-BAPI-TIMESTAMP` and `X-BAPI-RECV-WINDOW` as they stood.
    public var timestamp = ""
    public var window = ""
    public var outcome = Reply.Outcome.notSent
    /// Why it was not answered; empty when it was.
    public var reason = ""
    /// HTTP status; 0 without an answer of the exchange.
    public var status = 0
    public var limit = ""
    public var limitStatus = ""
    public var limitReset = ""
    public var reply: [UInt8] = []
    public var sent: Timestamp
    public var received: Timestamp
    /// The record last appended before it was sent.
    public var after = SequenceNumber.none
    /// What must not be recorded of it: key, signature, cookies, tokens.
    var secrets = PassingSecrets()

    init(method: String, path: String, query: String, body: [UInt8], at time: Timestamp) {
        self.method = method
        self.path = path
        self.query = query
        self.body = body
        sent = time
        received = time
    }

    /// True for what can change something at the exchange.
    public var isChange: Bool { method != "GET" && method != "HEAD" && method != "OPTIONS" }

    /// True for a cancel, which is let through whatever the journal does.
    public var isCancel: Bool { RelayExchange.cancels.contains(path) }

    private static let cancels = [
        "/v5/order/cancel", "/v5/order/cancel-all", "/v5/order/cancel-batch",
        "/v5/spread/order/cancel", "/v5/spread/order/cancel-all",
        "/v5/order/disconnected-cancel-all",
    ]

    /// The line of what is recorded before it leaves; see ``BotSecrets/sentRecord(of:)``.
    var sentLine: [UInt8] {
        var writer = JSONWriter()
        writer.object { json in
            json.field("method", method)
            json.field("path", path)
            json.field("query", query)
            json.field("sent", String(sent.nanoseconds))
            json.field("after", after)
            json.field("by", "bot")
            writeKey(&json)
            json.field("request", body.count)
        }
        writer.newline()
        return writer.bytes
    }

    /// What is kept of the headers that signed it: which key, and the times.
    private func writeKey(_ json: inout JSONWriter) {
        if let fingerprint { json.field("key", fingerprint) }
        if !timestamp.isEmpty { json.field("timestamp", timestamp) }
        if !window.isEmpty { json.field("window", window) }
    }

    /// The line of its record; see ``BotSecrets/record(of:)``.
    var line: [UInt8] {
        var writer = JSONWriter()
        writer.object { json in
            json.field("method", method)
            json.field("path", path)
            json.field("query", query)
            json.field("status", status)
            json.field("outcome", outcome.rawValue)
            json.field("sent", String(sent.nanoseconds))
            json.field("received", String(received.nanoseconds))
            json.field("after", after)
            json.field("attempt", 1)
            json.field("by", "bot")
            writeKey(&json)
            json.field("limit", limit)
            json.field("limit_status", limitStatus)
            json.field("limit_reset", limitReset)
            json.field("request", body.count)
            json.field("response", reply.count)
            if outcome != .answered { json.field("reason", reason) }
        }
        writer.newline()
        return writer.bytes
    }

    /// What a bot gets where the exchange gave no answer: the exchange's own envelope.
    public static func envelope(code: Int, message: String, at time: Timestamp) -> [UInt8] {
        var writer = JSONWriter()
        writer.object {
            $0.field("retCode", code)
            $0.field("retMsg", message)
            $0.field("result", object: { _ in })
            $0.field("retExtInfo", object: { _ in })
            $0.field("time", time.milliseconds)
        }
        return writer.bytes
    }
}
