import JSON
import Market

/// What is done to the requests of a trade socket.
extension MannersVenue {
    /// A message of the trade socket is a request like one of REST.
    func receiveTrade(_ message: [UInt8], from client: Client) {
        let head = try? JSONParser().read(message) { root in
            (operation: root["op"]?.string ?? "", id: root["reqId"]?.string ?? "")
        }
        guard let head, head.operation.hasPrefix("order.") else {
            return exchange.received(message, from: client)
        }
        let verdict = manners.request(
            path: client.path.text,
            account: alias(of: client),
            client: client.number,
            isOrder: true
        )
        guard let verdict else { return exchange.received(message, from: client) }
        let details = { (json: inout JSONWriter) in
            json.field("client", Int(client.number))
            json.field("account", self.alias(of: client))
            json.field("path", client.path.text)
            json.field("operation", head.operation)
            json.field("request_id", head.id)
        }
        switch verdict.manner {
        case .unanswered:
            filters[client.number]?.unanswered[head.id] = verdict.cause
            exchange.received(message, from: client)
        case .latency, .lateAnswer:
            manners.note(verdict.manner, at: now, cause: verdict.cause) {
                details(&$0)
                $0.field("milliseconds", verdict.decision.milliseconds)
            }
            schedule(verdict.decision.milliseconds) { [exchange] in
                exchange.received(message, from: client)
                client.flush()
            }
        case .disconnect:
            manners.note(.disconnect, at: now, cause: verdict.cause, details)
            client.disconnect()
        default:
            manners.note(verdict.manner, at: now, cause: verdict.cause, details)
            let isLimit = verdict.manner == .rateLimit
            client.send(
                WebSocketFrames.text(
                    TradeRefusal.reply(
                        id: head.id,
                        operation: head.operation,
                        code: isLimit ? 10_006 : 10_016,
                        message: isLimit
                            ? "Too many visits!" : "System error. Please try again later.",
                        connectionID: client.connectionID,
                        time: now.milliseconds
                    )
                )
            )
        }
    }
}

/// A refusal on the trade WebSocket, where there is no HTTP status.
///
/// - Source: replies of `/v5/trade`: `reqId`, `retCode`, `retMsg`, `op`, `data`, `retExtInfo`, `header`, `connId`.
enum TradeRefusal {
    static func reply(
        id: String,
        operation: String,
        code: Int,
        message: String,
        connectionID: String,
        time: Int64
    ) -> [UInt8] {
        var json = JSONWriter()
        json.object {
            $0.field("reqId", id)
            $0.field("retCode", code)
            $0.field("retMsg", message)
            $0.field("op", operation)
            $0.field("data", object: { _ in })
            $0.field("retExtInfo", object: { _ in })
            $0.field("header", object: { $0.field("Timenow", String(time)) })
            $0.field("connId", connectionID)
        }
        return json.bytes
    }
}
