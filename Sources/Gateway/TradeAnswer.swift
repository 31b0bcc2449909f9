/// What the answer to order entry on the trade socket says of its request and of the quotas; the rest is decoded from
/// its record.
///
/// - Source: protocol reference §5.
public struct TradeAnswer: Sendable, Equatable {
    public var requestID = ""
    /// The operation that it answers, such as `order.create`.
    public var operation = ""
    public var code: Int64 = -1
    /// `X-Bapi-Limit`, `X-Bapi-Limit-Status`; `nil` where the answer has none.
    public var limit: Int?
    public var remaining: Int?
    /// Milliseconds until the quota is free again, both ends by the exchange's clock; 0 where it says nothing.
    public var resetIn: Int64 = 0

    init() {}

    /// `nil` for a frame that answers no order entry.
    public init?(_ bytes: UnsafeRawBufferPointer) {
        var scanner = FlatJSON(bytes)
        guard scanner.enterObject() else { return nil }
        var reset: Int64?
        var now: Int64?
        while let key = scanner.nextKey() {
            switch key {
            case "reqId": requestID = scanner.text()
            case "retCode": code = Int64(scanner.text()) ?? -1
            case "op": operation = scanner.text()
            case "header":
                scanner.members { name, value in
                    switch name {
                    case "X-Bapi-Limit": limit = Int(value)
                    case "X-Bapi-Limit-Status": remaining = Int(value)
                    case "X-Bapi-Limit-Reset-Timestamp": reset = Int64(value)
                    case "Timenow": now = Int64(value)
                    default: break
                    }
                }
            default: scanner.skip()
            }
        }
        guard operation.hasPrefix("order."), !requestID.isEmpty else { return nil }
        if let reset, let now { resetIn = max(0, min(60_000, reset &- now)) }
    }
}
