public import Market

/// Order entry on the trade socket: what a POST of REST says, in an envelope of its own.
///
/// - Source: bybit-v5 §5.
public struct TradeRequest: Hashable, Sendable {
    /// Longest `reqId`, characters.
    public static let requestIDMax = 36
    /// Milliseconds for which a request is good at the exchange.
    public static let window = 5_000

    private static let operations: [(endpoint: Endpoint, operation: String)] = [
        (.createOrder, "order.create"),
        (.amendOrder, "order.amend"),
        (.cancelOrder, "order.cancel"),
    ]

    /// Names the order and the request, so that an answer without data still says what it answers.
    ///
    /// The client's order id, a point, a number that no other request of the connection has, and behind `_` the record
    /// that the request came after; both in base 36. The record is left out where there is none, or no room.
    public let requestID: String
    public let operation: String
    /// The body of the same request on REST.
    public let body: [UInt8]

    /// - Parameters:
    ///   - linkID: the client's id of the order.
    ///   - number: of the request on its connection.
    ///   - after: the record last appended before it.
    /// - Returns: `nil` for what the trade socket does not take, and for an id that leaves no room for the number.
    public init?(
        _ request: RESTRequest,
        linkID: String,
        number: UInt64,
        after: SequenceNumber = .none
    ) {
        guard !linkID.isEmpty,
            let operation = TradeRequest.operations.first(where: {
                $0.endpoint == request.endpoint
            })
        else { return nil }
        var id = linkID + "." + String(number, radix: 36)
        let record = after == .none ? "" : "_" + String(after.value, radix: 36)
        if (id + record).utf8.count <= TradeRequest.requestIDMax { id += record }
        guard id.utf8.count <= TradeRequest.requestIDMax else { return nil }
        requestID = id
        self.operation = operation.operation
        body = request.body
    }

    /// Whether ``init(_:linkID:number:after:)`` makes something of it, told without making it.
    public static func takes(_ request: RESTRequest, linkID: String, number: UInt64) -> Bool {
        var size = linkID.utf8.count + 2
        var rest = number / 36
        while rest > 0 {
            size += 1
            rest /= 36
        }
        return !linkID.isEmpty && size <= requestIDMax
            && operations.contains { $0.endpoint == request.endpoint }
    }

    /// The frame.
    ///
    /// - Parameter timestamp: Unix milliseconds by the exchange's clock.
    public func bytes(timestamp: Int64) -> [UInt8] {
        var out = WireWriter()
        out.beginObject()
        out.text("reqId", requestID)
        out.beginObject("header")
        out.text("X-BAPI-TIMESTAMP", String(timestamp))
        out.text("X-BAPI-RECV-WINDOW", String(TradeRequest.window))
        out.endObject()
        out.text("op", operation)
        out.name("args")
        return out.bytes + [UInt8(ascii: "[")] + body
            + [UInt8(ascii: "]"), UInt8(ascii: "}")]
    }

    /// What an answer's `op` is about; `nil` where it is no order entry of a single order.
    static func endpoint(operation: String) -> Endpoint? {
        operations.first { $0.operation == operation }?.endpoint
    }

    /// The order that a request of ours was about, by its `reqId`; empty where it is somebody else's.
    static func linkID(requestID: String) -> String {
        guard let point = requestID.lastIndex(of: ".") else { return "" }
        return String(requestID[..<point])
    }

    /// The record that a request of ours came after; none where its `reqId` does not say.
    static func after(requestID: String) -> SequenceNumber {
        guard let point = requestID.lastIndex(of: "."),
            let mark = requestID[point...].firstIndex(of: "_"),
            let value = UInt64(requestID[requestID.index(after: mark)...], radix: 36)
        else { return .none }
        return SequenceNumber(value)
    }
}
