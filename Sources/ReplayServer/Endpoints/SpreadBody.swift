import Market
import Simulation

/// Rows of the lists of combination orders, whose names differ between open and closed ones.
///
/// - Source: bybit-v5 §7.2.
enum SpreadBody {
    static func open(
        _ row: OrderUpdate,
        _ exchange: SimulatedExchange,
        _ json: inout JSONWriter
    ) {
        json.object { json in
            json.field("symbol", row.instrument.symbol.description)
            json.field("baseCoin", exchange.listing(row.instrument)?.instrument.baseCoin ?? "")
            common(row, &json)
            json.field("createdTime", String(row.createdMilliseconds))
            json.field("updatedTime", String(row.updatedMilliseconds))
        }
    }

    static func closed(
        _ row: OrderUpdate,
        _ exchange: SimulatedExchange,
        _ json: inout JSONWriter
    ) {
        let listing = exchange.listing(row.instrument)
        json.object { json in
            json.field("symbol", row.instrument.symbol.description)
            json.field("baseCoin", listing?.instrument.baseCoin ?? "")
            json.field("settleCoin", listing?.instrument.settleCoin ?? "")
            json.field("contractType", listing?.instrument.contractType ?? "")
            common(row, &json)
            json.field("orderQty", row.quantity)
            json.field("cxlRejReason", row.rejectReason)
            json.field("createdAt", String(row.createdMilliseconds))
            json.field("updatedAt", String(row.updatedMilliseconds))
            guard let legs = listing?.terms.legs else { return }
            leg(1, legs.first, row, &json)
            leg(2, legs.second, row, &json)
        }
    }

    private static func common(_ row: OrderUpdate, _ json: inout JSONWriter) {
        json.field("orderType", row.type.name)
        json.field("side", row.side.name)
        json.field("timeInForce", row.timeInForce.name)
        json.field("orderId", row.orderID)
        json.field("orderLinkId", row.orderLinkID)
        json.field("price", row.price)
        json.field("qty", row.quantity)
        json.field("leavesQty", row.leavesQuantity)
        json.field("cumExecQty", row.filledQuantity)
        json.field("orderStatus", row.status.name)
    }

    /// Buying a combination buys its first leg and sells the second.
    private static func leg(
        _ number: Int,
        _ id: InstrumentID,
        _ row: OrderUpdate,
        _ json: inout JSONWriter
    ) {
        json.field("leg\(number)Symbol", id.symbol.description)
        json.field("leg\(number)ProdType", id.category == .spot ? "Spot" : "Futures")
        json.field("leg\(number)OrderId", "\(row.orderID)-\(number)")
        json.field("leg\(number)Side", (number == 1 ? row.side : row.side.opposite).name)
    }

    static func execution(
        _ row: ExecutionReport,
        _ legs: [ExecutionReport],
        _ json: inout JSONWriter
    ) {
        json.object { json in
            json.field("symbol", row.instrument.symbol.description)
            json.field("orderId", row.orderID)
            json.field("orderLinkId", row.orderLinkID)
            json.field("side", row.side.name)
            json.field("execPrice", row.price)
            json.field("execQty", row.quantity)
            json.field("execTime", String(row.timeMilliseconds))
            json.field("execType", row.type.name)
            json.field("execId", row.executionID)
            json.field("legs", array: { json in for leg in legs { write(leg, &json) } })
        }
    }

    private static func write(_ leg: ExecutionReport, _ json: inout JSONWriter) {
        let isSpot = leg.instrument.category == .spot
        let fee = Numeral(rounding: leg.fee)
        json.object { json in
            json.field("symbol", leg.instrument.symbol.description)
            json.field("side", leg.side.name)
            json.field("execPrice", leg.price)
            json.field("execTime", String(leg.timeMilliseconds))
            json.field("execValue", Numeral(rounding: leg.value))
            json.field("execType", leg.type.name)
            json.field("category", leg.instrument.category.name)
            json.field("execQty", leg.quantity)
            json.field("execFee", isSpot ? nil : fee)
            json.field("execFeeV2", isSpot ? fee : nil)
            json.field("feeCurrency", leg.feeCoin)
            json.field("execId", leg.executionID)
        }
    }
}
