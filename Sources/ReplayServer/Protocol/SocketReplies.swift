import Market

/// The replies of a socket to `subscribe`, `unsubscribe`, `auth` and `ping`, in the shape of its path.
///
/// - Source: three families: spot, linear and inverse answer with `op` and `req_id`; option and spread with
///   `COMMAND_RESP`; private with `op`, and `req_id` only where one was sent.
struct SocketReplies {
    let path: SocketPath
    let connectionID: String

    private enum Family {
        case spot
        case futures
        case command
        case personal
    }

    private var family: Family {
        switch path {
        case .publicData(.spot): .spot
        case .publicData(.linear), .publicData(.inverse): .futures
        case .publicData: .command
        case .privateData: .personal
        }
    }

    /// - Parameters:
    ///   - failure: `ret_msg` of a refusal; `nil` where the request was taken, as a whole.
    ///   - topics: those of the request.
    func acknowledgement(_ request: SocketRequest, failure: String?, topics: [String]) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            switch family {
            case .command:
                json.field("success", failure == nil)
                json.field("conn_id", connectionID)
                json.field("data", object: { json in
                    json.field("failTopics", failure == nil ? [] : topics)
                    json.field("successTopics", failure == nil ? topics : [])
                })
                json.field("type", "COMMAND_RESP")
            case .spot, .futures:
                json.field("success", failure == nil)
                json.field("ret_msg", failure ?? (family == .spot ? request.operation : ""))
                json.field("conn_id", connectionID)
                requestID(request, orEmpty: family == .futures, &json)
                json.field("op", request.operation)
            case .personal:
                requestID(request, orEmpty: false, &json)
                json.field("success", failure == nil)
                json.field("ret_msg", failure ?? "")
                json.field("op", request.operation)
                json.field("conn_id", connectionID)
            }
        }
        return json.bytes
    }

    /// - Parameter milliseconds: the server's clock.
    func pong(_ request: SocketRequest, milliseconds: Int64) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            switch family {
            case .spot, .futures:
                json.field("success", true)
                json.field("ret_msg", "pong")
                json.field("conn_id", connectionID)
                requestID(request, orEmpty: family == .futures, &json)
                json.field("op", "ping")
            case .command:
                json.field("args", [String(milliseconds)])
                json.field("op", "pong")
            case .personal:
                requestID(request, orEmpty: false, &json)
                json.field("op", "pong")
                json.field("args", [String(milliseconds)])
                json.field("conn_id", connectionID)
            }
        }
        return json.bytes
    }

    private func requestID(_ request: SocketRequest, orEmpty: Bool, _ json: inout JSONWriter) {
        if let id = request.requestID {
            json.key("req_id")
            json.raw(id)
        } else if orEmpty {
            json.field("req_id", "")
        }
    }
}

extension JSONWriter {
    mutating func field(_ name: String, _ texts: [String]) {
        field(name, array: { json in for text in texts { json.value(text) } })
    }
}
