import Market
import Simulation

/// A push of `allLiquidation.{symbol}`.
enum LiquidationMessage {
    static func message(_ row: Simulation.Liquidation, ts: Int64) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.field("topic", "allLiquidation.\(row.symbol)")
            json.field("type", "snapshot")
            json.field("ts", ts)
            json.field(
                "data",
                array: { json in
                    json.object { json in
                        json.field("T", row.timeMilliseconds)
                        json.field("s", row.symbol.description)
                        json.field("S", row.side.name)
                        json.field("v", row.quantity.description)
                        json.field("p", row.price.description)
                    }
                }
            )
        }
        return json.bytes
    }
}
