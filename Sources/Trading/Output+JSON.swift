public import Market

extension Output {
    /// Writes the payload that is recorded: keys in a fixed order, numbers that must stay exact as text.
    ///
    /// The bytes that are recorded are the bytes that are hashed and compared. Keys are only ever added.
    public func write(into json: inout JSONWriter) {
        json.object { json in
            switch self {
            case .command(let command): command.write(into: &json)
            case .verdict(let verdict): verdict.write(into: &json)
            case .finding(let finding): finding.write(into: &json)
            case .state(let report): report.write(into: &json)
            }
        }
    }

    /// The payload as bytes.
    public var payload: [UInt8] {
        var json = JSONWriter()
        write(into: &json)
        return json.bytes
    }
}

extension JSONWriter {
    mutating func field(instrument: InstrumentID) {
        field("category", instrument.category.name)
        field("symbol", instrument.symbol.description)
    }

    mutating func field(_ name: String, _ numeral: Numeral?) {
        if let numeral { field(name, numeral.description) }
    }
}

extension Command {
    fileprivate func write(into json: inout JSONWriter) {
        json.field("strategy", strategy)
        json.field("cause", cause)
        json.field("ordinal", ordinal)
        switch action {
        case .place(let request):
            json.field("action", "place")
            json.field(instrument: request.instrument)
            json.field("order_link_id", request.orderLinkID)
            json.field("side", request.side.name)
            json.field("type", request.type.name)
            json.field("time_in_force", request.timeInForce.name)
            json.field("quantity", request.quantity)
            json.field("price", request.price)
            json.field("reduce_only", request.reduceOnly)
        case .amend(let request):
            json.field("action", "amend")
            json.field(instrument: request.instrument)
            json.field("order_link_id", request.orderLinkID)
            json.field("order_id", request.orderID)
            json.field("quantity", request.quantity)
            json.field("price", request.price)
        case .cancel(let request):
            json.field("action", "cancel")
            json.field(instrument: request.instrument)
            json.field("order_link_id", request.orderLinkID)
            json.field("order_id", request.orderID)
        case .lookUp(let lookUp):
            json.field("action", "look-up")
            lookUp.write(into: &json)
        case .resubscribe(let instrument, let topic):
            json.field("action", "resubscribe")
            json.field(instrument: instrument)
            json.field("topic", topic)
        case .setTimer(let name, let due):
            json.field("action", "set-timer")
            json.field("name", name)
            json.field("due", String(due.nanoseconds))
        }
    }
}

extension LookUp {
    fileprivate func write(into json: inout JSONWriter) {
        switch self {
        case .serverTime: json.field("what", "server-time")
        case .instruments(let category):
            json.field("what", "instruments")
            json.field("category", category.name)
        case .openOrders(let category):
            json.field("what", "open-orders")
            json.field("category", category.name)
        case .order(let instrument, let orderLinkID):
            json.field("what", "order")
            json.field(instrument: instrument)
            json.field("order_link_id", orderLinkID)
        case .orderHistory(let instrument, let orderLinkID):
            json.field("what", "order-history")
            json.field(instrument: instrument)
            json.field("order_link_id", orderLinkID)
        case .orderByID(let instrument, let orderID):
            json.field("what", "order")
            json.field(instrument: instrument)
            json.field("order_id", orderID)
        case .orderHistoryByID(let instrument, let orderID):
            json.field("what", "order-history")
            json.field(instrument: instrument)
            json.field("order_id", orderID)
        case .ordersSince(let category, let since):
            json.field("what", "orders-since")
            json.field("category", category.name)
            json.field("since", since)
        case .transactionLog(let category, let since):
            json.field("what", "transaction-log")
            json.field("category", category.name)
            json.field("since", since)
        case .executions(let category, let since):
            json.field("what", "executions")
            json.field("category", category.name)
            json.field("since", since)
        case .positions(let category):
            json.field("what", "positions")
            json.field("category", category.name)
        case .wallet: json.field("what", "wallet")
        case .recentTrades(let instrument):
            json.field("what", "recent-trades")
            json.field(instrument: instrument)
        case .fullBook(let instrument):
            json.field("what", "full-book")
            json.field(instrument: instrument)
        case .page(let endpoint, let query, let cursor):
            json.field("what", "page")
            json.field("path", endpoint.path)
            json.field("query", query)
            json.field("cursor", cursor)
        }
    }
}

extension Verdict {
    fileprivate func write(into json: inout JSONWriter) {
        json.field("strategy", strategy)
        json.field("cause", cause)
        json.field("ordinal", ordinal)
        json.field(instrument: instrument)
        json.field("intent", intent)
        json.field("allowed", isAllowed)
        json.field(
            "checks",
            array: { json in
                for check in checks {
                    json.object { json in
                        json.field("limit", check.limit)
                        json.field("ceiling", check.ceiling)
                        json.field("observed", check.observed)
                        json.field("unit", check.unit)
                        json.field("holds", check.holds)
                    }
                }
            }
        )
    }
}

extension Finding {
    fileprivate func write(into json: inout JSONWriter) {
        json.field("kind", kind.rawValue)
        json.field("cause", cause)
        json.field("subject", subject)
        json.field("expected", expected)
        json.field("seen", seen)
        json.field("note", note)
    }
}

extension StateReport {
    fileprivate func write(into json: inout JSONWriter) {
        json.field("cause", cause)
        json.field("rolling_hash", StateReport.hexadecimal(rollingHash))
        json.field(
            "components",
            array: { json in
                for component in components {
                    json.object { json in
                        json.field("name", component.name)
                        json.field("version", component.version)
                        json.field("hash", StateReport.hexadecimal(component.hash))
                    }
                }
            }
        )
    }

    /// Sixteen lower-case digits.
    public static func hexadecimal(_ hash: UInt64) -> String {
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    /// One hash over all components and the outputs so far: what `replay` prints as the state hash.
    public var combinedHash: UInt64 {
        var hash = rollingHash
        for component in components {
            let name = Array(component.name.utf8).withUnsafeBytes { Mix.hash($0) }
            hash = Mix.combine(hash, name)
            hash = Mix.combine(hash, UInt64(bitPattern: Int64(component.version)))
            hash = Mix.combine(hash, component.hash)
        }
        return hash
    }
}
