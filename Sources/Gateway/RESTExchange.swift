import Bybit
public import Market

/// A REST request and what became of it.
public struct RESTExchange: Sendable {
    public var call: RESTCall
    /// The account's alias; `public` when unsigned.
    public var account: String
    public var outcome: Reply.Outcome
    /// Why it was not answered, in libcurl's words; empty when it was.
    public var reason: String
    /// HTTP status; 0 without an answer.
    public var status: Int
    /// `X-Bapi-Limit`, `-Limit-Status`, `-Limit-Reset-Timestamp`; empty when absent.
    public var limit: String
    public var limitStatus: String
    public var limitReset: String
    public var body: [UInt8]
    public var sent: Timestamp
    public var received: Timestamp
    /// It was handed to the network; what ended before that was refused here, and would be again.
    var wasAttempted = false
    /// How often a key or signature stood in the answer (Bybit quotes the key in a 10004) and was blanked.
    public var blanked = 0

    init(call: RESTCall, account: String, sent: Timestamp) {
        self.call = call
        self.account = account
        outcome = .notSent
        reason = ""
        status = 0
        limit = ""
        limitStatus = ""
        limitReset = ""
        body = []
        self.sent = sent
        received = sent
    }

    /// `retCode` of the answer; −1 without one.
    ///
    /// Looked for in the text, since all that is asked here is whether a limit was hit.
    var code: Int64 {
        let name = Array(#""retCode":"#.utf8)
        guard outcome == .answered, body.count > name.count else { return -1 }
        let last = min(body.count - name.count, 256)
        for start in 0..<last where body[start..<start + name.count].elementsEqual(name) {
            let digits = body[(start + name.count)...].drop { $0 == 0x20 }
                .prefix { $0 >= 0x30 && $0 <= 0x39 }
            return Int64(String(decoding: digits.prefix(18), as: UTF8.self)) ?? -1
        }
        return -1
    }

    /// True for an answer with HTTP 200 and `retCode` 0.
    public var isSuccess: Bool { outcome == .answered && status == 200 && code == 0 }

    /// True for an answer that says that nothing was done and that asking again may help.
    ///
    /// - Source: protocol reference §8.3.
    public var isRefusedForNow: Bool {
        guard outcome == .answered else { return false }
        if status == 429 { return true }
        let codes: [Int64] = [
            10_000, 10_006, 10_016, 10_019, 429, 10_429, 170_007, 170_032, 170_146, 170_147,
        ]
        return codes.contains(code)
    }

    /// True for a question whose answer may come if it is asked once more: none came, or the exchange could not say.
    public var mayBeAskedAgain: Bool {
        switch outcome {
        case .timedOut, .failed: true
        // A network that is not up yet: of all that fails this is the safest to ask again.
        case .notSent: wasAttempted
        case .answered: status >= 500 || isRefusedForNow
        }
    }

    /// Name of its stream: `rest/main/POST/v5/order/create`.
    public var stream: StreamName {
        StreamNaming.rest(
            account: account,
            method: call.request.method,
            path: call.request.path
        )
    }

    /// The payload of its record: one line of JSON, then the request's body and the answer's as they were.
    ///
    /// No header of the request is in it, so neither key nor signature.
    public var payload: [UInt8] {
        let request = call.request
        var writer = JSONWriter()
        writer.object { json in
            json.field("method", request.method)
            json.field("path", request.path)
            json.field("query", request.query)
            json.field("status", status)
            json.field("outcome", outcome.rawValue)
            json.field("sent", String(sent.nanoseconds))
            json.field("received", String(received.nanoseconds))
            json.field("after", call.after)
            json.field("attempt", call.attempt)
            json.field("limit", limit)
            json.field("limit_status", limitStatus)
            json.field("limit_reset", limitReset)
            json.field("request", request.body.count)
            json.field("response", body.count)
            if outcome != .answered { json.field("reason", reason) }
        }
        writer.newline()
        return writer.bytes + request.body + body
    }
}
