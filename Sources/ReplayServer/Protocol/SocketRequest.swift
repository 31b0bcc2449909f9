import JSON

/// One frame of a client on a public or private socket: `{"req_id":…,"op":…,"args":[…]}`.
struct SocketRequest {
    var operation: String
    /// `req_id` as it stood, quotes included: ccxt writes a JSON integer and wants it back as one.
    var requestID: [UInt8]?
    /// Texts of strings, digits of numbers.
    var arguments: [String]

    /// `nil` for what is no JSON object with an `op`.
    init?(_ message: [UInt8], parser: JSONParser) {
        let read = try? parser.read(message) { root -> SocketRequest? in
            guard let operation = root["op"]?.string else { return nil }
            return SocketRequest(
                operation: operation,
                requestID: (root["req_id"] ?? root["id"]).flatMap(SocketRequest.echo),
                arguments: root["args"]?.elements.map { value in
                    value.string ?? String(decoding: value.raw, as: UTF8.self)
                } ?? []
            )
        }
        guard let read else { return nil }
        self = read
    }

    private init(operation: String, requestID: [UInt8]?, arguments: [String]) {
        self.operation = operation
        self.requestID = requestID
        self.arguments = arguments
    }

    /// The value's JSON text; a string gets its quotes back.
    private static func echo(_ value: JSONValue) -> [UInt8]? {
        if value.isString { return [UInt8(ascii: "\"")] + value.raw + [UInt8(ascii: "\"")] }
        return value.isNumber ? Array(value.raw) : nil
    }
}
