import Bybit
import JSON
import Market
import NIOCore

/// The trade socket: logins, pings and order entry in an envelope of its own.
///
/// - Source: bybit-v5 §5.
extension ExchangeVenue {
    func receivedTrade(_ message: [UInt8], from client: Client) {
        let now = milliseconds
        let parser = JSONParser()
        message.withUnsafeBytes { bytes in
            guard let root = try? parser.root(bytes), root.isObject,
                let operation = root["op"]?.string
            else {
                return answer(
                    client,
                    TradeFrame(requestID: nil, operation: ""),
                    10_001,
                    "Params Error"
                )
            }
            let frame = TradeFrame(requestID: root["reqId"]?.string, operation: operation)
            switch operation {
            case "ping":
                reply(client) { [id = client.connectionID] in
                    $0.pong(
                        requestID: .none,
                        connectionID: id,
                        time: now,
                        on: .trade(account: "")
                    )
                }
            case "auth": logIn(client, frame, root, now)
            default: enterTrade(client, frame, root, now)
            }
        }
    }

    private func logIn(_ client: Client, _ frame: TradeFrame, _ root: JSONValue, _ now: Int64) {
        guard client.account == nil else {
            return answer(client, frame, 20_001, "Repeat auth")
        }
        guard let args = root["args"], args.count == 3, let key = args[0]?.string,
            let second = args[1], second.isNumber || second.isString,
            let expires = JSONNumber.int64(second.raw), let signature = args[2]?.string
        else { return answer(client, frame, 10_001, "Params Error") }
        do throws(AccountDirectory.Refusal) {
            let place = try directory.login(
                key: key,
                expires: expires,
                signature: signature,
                nowMilliseconds: driver.judge(expires).milliseconds
            )
            guard socketMeter.begins(place) else {
                return answer(client, frame, 10_003, "Too many sessions under the same UID")
            }
            client.account = place
            answer(client, frame, 0, "OK")
        } catch {
            answer(client, frame, Int64(error.code), error.message)
        }
    }

    /// A frame whose answer has no data.
    private func answer(
        _ client: Client,
        _ frame: TradeFrame,
        _ code: Int64,
        _ message: String
    ) {
        let text = frame.plain(code, message, connectionID: client.connectionID)
        client.send(WebSocketFrames.text(text))
    }

    private func enterTrade(_ client: Client, _ frame: TradeFrame, _ root: JSONValue, _ now: Int64)
    {
        var refusal = OrderAnswer()
        func refuse(_ code: Int64, _ message: String) {
            refusal.code = code
            refusal.message = message
            counters.rejected += 1
            client.send(WebSocketFrames.text(frame.answer(refusal, client, now)))
        }
        guard let place = client.account else { return refuse(10_005, "Request not authorized") }
        guard meter.countTrade(nowMilliseconds: now) else {
            return refuse(10_403, "Exceed IP rate limit")
        }
        guard meter.countSession(client.number, nowMilliseconds: now) else {
            return refuse(20_003, "Too frequent requests under the same session")
        }
        if let id = frame.requestID {
            guard id.utf8.count <= 36 else { return refuse(10_001, "reqId is too long") }
            guard requestIDs[client.number, default: RecentIDs()].insert(id) else {
                return refuse(20_006, "Duplicate reqId")
            }
        }
        guard let action = OrderAction(operation: frame.operation) else {
            return refuse(10_404, "op type is not found")
        }
        guard let args = root["args"], args.isArray, args.count == 1, let body = args[0],
            body.isObject
        else { return refuse(10_001, "params error: args must be one object") }
        guard let category = Category(name: body["category"]?.string ?? ""), category != .spread
        else { return refuse(10_404, "category is not correct") }
        do throws(AccountDirectory.Refusal) {
            let sent = root["header"]?["X-BAPI-TIMESTAMP"].flatMap { JSONNumber.int64($0.raw) }
            try TradeFrame.check(root["header"], driver.judge(sent).milliseconds)
        } catch {
            return refuse(Int64(error.code), error.message)
        }
        send(frame.answer(enter(action, body, place, now), client, now), to: client)
    }

    /// The answer first, then what it caused, as on REST.
    private func send(_ text: [UInt8], to client: Client) {
        let frame = WebSocketFrames.text(text)
        switch orderAnswers {
        case .prompt:
            client.send(frame)
            client.flush()
        case .late(let milliseconds):
            let delay = TimeAmount.milliseconds(Int64(max(0, milliseconds)))
            loop.assumeIsolated().scheduleTask(in: delay) {
                client.send(frame)
                client.flush()
            }
        case .never: break
        }
        driver.flush()
    }
}

/// What an answer on the trade socket repeats of its request.
struct TradeFrame {
    /// Repeated when it was sent.
    var requestID: String?
    var operation: String

    /// `X-BAPI-TIMESTAMP` as a string or a number (pybit), `X-BAPI-RECV-WINDOW` 5,000 where it is not there.
    static func check(
        _ header: JSONValue?,
        _ now: Int64
    ) throws(AccountDirectory.Refusal) {
        let sent = header?["X-BAPI-TIMESTAMP"].flatMap { JSONNumber.int64($0.raw) }
        let given = header?["X-BAPI-RECV-WINDOW"]
        let window = given.map { JSONNumber.int64($0.raw) } ?? 5_000
        guard let sent, let window, (1...60_000).contains(window) else {
            throw AccountDirectory.Refusal(
                code: 10_001,
                message: "params error: X-BAPI-TIMESTAMP or X-BAPI-RECV-WINDOW"
            )
        }
        try AccountDirectory.check(timestamp: sent, window: window, nowMilliseconds: now)
    }

    func plain(_ code: Int64, _ message: String, connectionID: String) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            if let requestID { json.field("reqId", requestID) }
            json.field("retCode", code)
            json.field("retMsg", message)
            json.field("op", operation)
            json.field("connId", connectionID)
        }
        return json.bytes
    }

    func answer(_ answer: OrderAnswer, _ client: Client, _ now: Int64) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            if let requestID { json.field("reqId", requestID) }
            json.field("retCode", answer.code)
            json.field("retMsg", answer.message)
            json.field("op", operation)
            json.key("data")
            json.raw(answer.result)
            json.key("retExtInfo")
            json.raw(answer.extra)
            json.field(
                "header",
                object: { json in
                    if let reading = answer.reading {
                        json.field("X-Bapi-Limit", String(reading.limit))
                        json.field("X-Bapi-Limit-Status", String(reading.remaining))
                        json.field("X-Bapi-Limit-Reset-Timestamp", String(reading.reset))
                    }
                    json.field("Traceid", client.nextTraceID())
                    json.field("Timenow", String(now))
                }
            )
            json.field("connId", client.connectionID)
        }
        return json.bytes
    }
}

extension Client {
    /// Any unique text of 32 digits.
    fileprivate func nextTraceID() -> String {
        progress += 1
        let text = String(UInt64(progress), radix: 16)
        let socket = String(number, radix: 16)
        return socket + String(repeating: "0", count: max(0, 32 - text.count - socket.count)) + text
    }
}

/// The `reqId`s of one socket, of which the oldest are forgotten.
struct RecentIDs {
    private static let most = 32_768
    private var young: Set<String> = []
    private var old: Set<String> = []

    /// False when it was used before.
    mutating func insert(_ id: String) -> Bool {
        guard !old.contains(id), young.insert(id).inserted else { return false }
        if young.count == RecentIDs.most {
            old = young
            young = []
        }
        return true
    }
}
