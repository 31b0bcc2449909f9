import Market

/// The short form of a fill: no fee, no type, no value.
///
/// - Source: topic `execution.fast`; `orderLinkId` is empty for every maker fill, and the frame has no `id`.
enum FastExecution {
    static func message(_ row: ExecutionReport, topic: String, creationTime: Int64) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.field("topic", topic)
            json.field("creationTime", creationTime)
            json.field(
                "data",
                array: { json in
                    json.object { json in
                        json.field("category", row.instrument.category.name)
                        json.field("symbol", row.instrument.symbol.description)
                        json.field("orderId", row.orderID)
                        json.field("isMaker", row.isMaker)
                        json.field("orderLinkId", row.isMaker ? "" : row.orderLinkID)
                        json.field("execId", row.executionID)
                        json.field("execPrice", row.price.description)
                        json.field("execQty", row.quantity.description)
                        json.field("side", row.side.name)
                        json.field("execTime", String(row.timeMilliseconds))
                        json.field("seq", row.crossSequence)
                    }
                }
            )
        }
        return json.bytes
    }
}
