import JSON
import Market

/// What is done to the requests of a trade socket.
extension MannersVenue {
    /// A message of the trade socket is a request like one of REST.
    func receiveTrade(_ message: [UInt8], from client: Client) {
        let head = try? JSONParser().read(message) { root in
            TradeFrame(requestID: root["reqId"]?.string, operation: root["op"]?.string ?? "")
        }
        guard let head, head.operation.hasPrefix("order.") else {
            return exchange.received(message, from: client)
        }
        let details = { (json: inout JSONWriter) in
            json.field("client", Int(client.number))
            json.field("account", self.alias(of: client))
            json.field("path", client.path.text)
            json.field("operation", head.operation)
            json.field("request_id", head.requestID ?? "")
        }
        if let cause = filters[client.number]?.restarting {
            manners.note(.nodeRestart, at: now, cause: cause, details)
            return refuse(head, .nodeRestart, client)
        }
        let verdict = manners.request(
            path: client.path.text,
            account: alias(of: client),
            client: client.number,
            isOrder: true
        )
        guard let verdict else { return exchange.received(message, from: client) }
        switch verdict.manner {
        case .unanswered:
            filters[client.number]?.unanswered[head.requestID ?? ""] = verdict.cause
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
            refuse(head, verdict.manner, client)
        }
    }

    /// Where there is no HTTP status: 5xx and 403 are 10016.
    private func refuse(_ frame: TradeFrame, _ manner: Manner, _ client: Client) {
        let text = frame.answer(OrderAnswer(manner.refusal), client, now.milliseconds)
        client.send(WebSocketFrames.text(text))
    }
}
