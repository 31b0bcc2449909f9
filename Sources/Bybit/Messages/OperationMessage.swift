import JSON
import Market

/// What a socket says beside its topics: acknowledgements and pongs of every family, and the answers to order entry.
///
/// - Source: bybit-v5 §2.1 to §2.4, §5.
enum OperationMessage {
    private static let batches = ["order.create-batch", "order.amend-batch", "order.cancel-batch"]

    static func read(_ root: JSONValue, _ event: inout Event, _ findings: inout Findings) {
        var answer = Acknowledgement()
        answer.operation = Fields.optionalText("op", in: root, &findings)
        answer.requestID = requestID(root)
        if isPong(root, answer.operation) {
            event.kind = .pong
            event.acknowledgement = answer
            event.exchangeMilliseconds = time(root)
            return
        }
        if let code = root["retCode"] {
            guard let number = code.int64 else {
                findings.add(code, .wrongType)
                event.kind = .malformed
                return
            }
            if let endpoint = TradeRequest.endpoint(operation: answer.operation) {
                readOrder(endpoint, code: number, answer.requestID, root, &event, &findings)
                return
            }
            answer.isSuccess = number == 0
            answer.message = Fields.optionalText("retMsg", in: root, &findings)
            if number != 0, answer.message.isEmpty { answer.message = String(number) }
            // Of a batch that was refused as a whole nothing is told item by item.
            if number == 0, batches.contains(answer.operation) {
                readBatch(root, &event, &findings)
            }
        } else if let success = root["success"] {
            guard let flag = success.bool else {
                findings.add(success, .wrongType)
                event.kind = .malformed
                return
            }
            answer.isSuccess = flag
            answer.message = Fields.optionalText("ret_msg", in: root, &findings)
            readTopics(root, into: &answer)
        } else {
            event.kind = .unknown
            return
        }
        event.kind = .acknowledgement
        event.acknowledgement = answer
    }

    /// What became of each order of a batch, as accepted orders: the acknowledgement says 0 where every one of them failed.
    ///
    /// - Source: bybit-v5 §5, trap 36.
    private static func readBatch(
        _ root: JSONValue,
        _ event: inout Event,
        _ findings: inout Findings
    ) {
        guard let data = Fields.object("data", in: root, &findings) else { return }
        ReplyResult.readAccepted(data, root, &event, &findings)
    }

    /// The answer to a single order, amendment or cancel; a batch stays an acknowledgement, since its items count.
    private static func readOrder(
        _ endpoint: Endpoint,
        code: Int64,
        _ requestID: String,
        _ root: JSONValue,
        _ event: inout Event,
        _ findings: inout Findings
    ) {
        var reply = Reply()
        reply.endpoint = endpoint
        reply.httpStatus = 200
        reply.code = code
        reply.message = Fields.optionalText("retMsg", in: root, &findings)
        reply.orderLinkID = TradeRequest.linkID(requestID: requestID)
        reply.after = TradeRequest.after(requestID: requestID)
        if let data = root["data"], data.isObject {
            reply.orderID = Fields.optionalText("orderId", in: data, &findings)
            let link = Fields.optionalText("orderLinkId", in: data, &findings)
            if !link.isEmpty { reply.orderLinkID = link }
        }
        event.reply = reply
        event.kind = .reply
    }

    /// `op` is `ping` on public linear, inverse and spot, where `ret_msg` says `pong`, and `pong` elsewhere.
    private static func isPong(_ root: JSONValue, _ operation: String) -> Bool {
        operation == "pong" || (operation == "ping" && root["ret_msg"]?.string == "pong")
    }

    /// The exchange's clock, where a pong carries it: `args[0]` or `data[0]`, a string of milliseconds.
    private static func time(_ root: JSONValue) -> Int64 {
        guard let list = root["args"] ?? root["data"], let first = list[0], first.isString else {
            return 0
        }
        return JSONNumber.int64(first.raw) ?? 0
    }

    /// `req_id`, or `reqId` on the trade socket; of either JSON type.
    private static func requestID(_ root: JSONValue) -> String {
        guard let id = root["req_id"] ?? root["reqId"] else { return "" }
        if id.isNumber { return String(decoding: id.raw, as: UTF8.self) }
        return id.string ?? ""
    }

    /// The family of option and spread names no operation, and lists what failed.
    private static func readTopics(_ root: JSONValue, into answer: inout Acknowledgement) {
        guard root["type"]?.string == "COMMAND_RESP" else { return }
        if answer.operation.isEmpty { answer.operation = "subscribe" }
        guard let failed = root["data"]?["failTopics"], failed.count > 0 else { return }
        answer.isSuccess = false
        if answer.message.isEmpty {
            answer.message =
                "failed: " + failed.elements.compactMap(\.string).joined(separator: ", ")
        }
    }
}
