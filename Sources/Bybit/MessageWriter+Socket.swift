import Market

/// Answers on a socket, each path in the family that Bybit's own clients expect there. - Source: bybit-v5 §2.1 to §2.4.
extension MessageWriter {
    /// The answer to subscribe, unsubscribe or auth.
    ///
    /// - Parameter message: why it failed; a success has the text of its family.
    public mutating func acknowledgement(
        _ request: SocketRequest,
        success: Bool,
        message: String = "",
        requestID: RequestID,
        connectionID: String,
        on socket: SocketName
    ) {
        let operation = request.operation
        out.beginObject()
        switch socket.family {
        case .operation, .spotOperation:
            let word = socket.family == .spotOperation ? operation : ""
            out.flag("success", success)
            out.text("ret_msg", success ? word : message)
            out.text("conn_id", connectionID)
            // Always there, empty when the client sent none.
            out.requestID("req_id", requestID == .none ? .text("") : requestID)
            out.text("op", operation)
        case .privateOperation:
            out.flag("success", success)
            out.text("ret_msg", success ? "" : message)
            out.text("op", operation)
            out.requestID("req_id", requestID)
            out.text("conn_id", connectionID)
        case .commandResponse:
            var topics: [String] = []
            switch request {
            case .subscribe(let list), .unsubscribe(let list): topics = list
            case .ping, .auth, .other: break
            }
            writeCommandResponse(
                success ? [] : topics,
                success ? topics : [],
                success,
                connectionID
            )
        case .trade:
            if requestID != .none { out.requestID("reqId", requestID) }
            out.integer("retCode", success ? 0 : 10_001)
            out.text("retMsg", success ? "OK" : message)
            out.text("op", operation)
            out.text("connId", connectionID)
        }
        out.endObject()
    }

    /// The answer to subscribe on option and spread, where some topics may have failed.
    public mutating func commandResponse(
        failed: [String],
        taken: [String],
        connectionID: String
    ) {
        out.beginObject()
        writeCommandResponse(failed, taken, failed.isEmpty, connectionID)
        out.endObject()
    }

    private mutating func writeCommandResponse(
        _ failed: [String],
        _ taken: [String],
        _ success: Bool,
        _ connectionID: String
    ) {
        out.flag("success", success)
        out.text("conn_id", connectionID)
        out.beginObject("data")
        out.beginArray("failTopics")
        failed.forEach { out.textElement($0) }
        out.endArray()
        out.beginArray("successTopics")
        taken.forEach { out.textElement($0) }
        out.endArray()
        out.endObject()
        out.constant("type", #""COMMAND_RESP""#)
    }

    /// The answer to `{"op":"ping"}`.
    ///
    /// - Parameter time: the exchange's clock, Unix milliseconds.
    public mutating func pong(
        requestID: RequestID,
        connectionID: String,
        time: Int64,
        on socket: SocketName
    ) {
        out.beginObject()
        switch socket.family {
        case .operation:
            out.flag("success", true)
            out.constant("ret_msg", #""pong""#)
            out.text("conn_id", connectionID)
            out.requestID("req_id", requestID == .none ? .text("") : requestID)
            out.constant("op", #""ping""#)
        case .spotOperation:
            out.flag("success", true)
            out.constant("ret_msg", #""pong""#)
            out.text("conn_id", connectionID)
            out.requestID("req_id", requestID)
            out.constant("op", #""ping""#)
        case .privateOperation:
            out.requestID("req_id", requestID)
            out.constant("op", #""pong""#)
            times("args", time)
            out.text("conn_id", connectionID)
        case .commandResponse:
            times("args", time)
            out.constant("op", #""pong""#)
        case .trade:
            out.integer("retCode", 0)
            out.constant("retMsg", #""OK""#)
            out.constant("op", #""pong""#)
            times("data", time)
            out.text("connId", connectionID)
        }
        out.endObject()
    }

    private mutating func times(_ key: StaticString, _ time: Int64) {
        out.beginArray(key)
        out.textElement(String(time))
        out.endArray()
    }
}
