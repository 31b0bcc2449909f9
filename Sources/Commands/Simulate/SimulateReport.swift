import Market
import Runtime
import Simulation
import Trading

/// How the result of one run is printed.
struct SimulateReport {
    let result: SimulationResult
    let path: String
    let showsOrders: Bool

    private var mode: String {
        guard let from = result.simulatedFrom else {
            return "as recorded throughout: nothing differed, and nothing is simulated"
        }
        guard from > .first else { return "simulated from the first record on" }
        return "as recorded up to record \(from); simulated from there on: \(result.reason)"
    }

    private var blockedBy: [(limit: String, count: Int)] {
        var counts: [(limit: String, count: Int)] = []
        for blocked in result.blocked {
            for limit in blocked.limits {
                if let place = counts.firstIndex(where: { $0.limit == limit }) {
                    counts[place].count += 1
                } else {
                    counts.append((limit, 1))
                }
            }
        }
        return counts
    }

    func printText() {
        let attribution = result.attribution
        Printing.result("simulate   \(mode)")
        Printing.result("queue      \(result.queue)")
        Printing.result("latency    \(result.latency)")
        if result.takesOut {
            Printing.result(
                "own        taken out of \(Columns.grouped(attribution.levels)) levels,"
                    + " \(Columns.grouped(attribution.shortLevels)) of them showed less;"
                    + " \(attribution.makerFills) maker and \(attribution.takerFills) taker fills taken off the"
                    + " tape, \(attribution.fillsNotFound) not found;"
                    + " \(attribution.unreadable) rows not placed"
            )
        } else {
            Printing.result(
                "own        left in: fills are those of a market that has the session twice"
            )
        }
        Printing.result(
            "orders     \(Columns.grouped(result.orders.count)) placed, \(result.refused) requests refused,"
                + " \(Columns.grouped(result.amends)) amended, \(Columns.grouped(result.cancels)) cancelled"
        )
        let limits = blockedBy.map { "\($0.limit) \($0.count)" }.joined(separator: ", ")
        Printing.result(
            "risk       \(Columns.grouped(result.blockedCount)) intents rejected"
                + (limits.isEmpty ? "" : ": \(limits)")
        )
        Printing.result(
            "fills      \(Columns.grouped(result.fills)), \(Columns.grouped(result.makerFills)) of them maker,"
                + " turnover \(result.turnover)"
        )
        for earned in result.earned {
            Printing.result(
                "pnl        \(earned.coin) \(earned.net?.description ?? "past all bounds"): realised"
                    + " \(earned.realised), unrealised \(earned.unrealised), fees \(earned.fees), funding"
                    + " \(earned.funding)\(result.simulatedFrom == nil ? "" : " (simulated)")"
            )
        }
        Printing.result(
            "read       \(Columns.grouped(result.records)) records up to \(result.last);"
                + " digest \(StateReport.hexadecimal(result.digest))"
        )
        for blocked in result.blocked where showsOrders {
            Printing.result(
                "blocked    \(blocked.time) record \(blocked.record) \(blocked.strategy)"
                    + " \(blocked.instrument) \(blocked.intent): \(blocked.limits.joined(separator: ", "))"
            )
        }
        for order in result.orders where showsOrders {
            Printing.result(
                "order      \(order.time) record \(order.record) \(order.orderLinkID) \(order.instrument)"
                    + " \(order.side.name) \(order.quantity) @ \(order.price?.description ?? "market"):"
                    + " \(order.filled) filled in \(order.fills)"
                    + (order.isSimulated ? " (simulated)" : "")
            )
        }
        for note in result.notes { Printing.result("note       \(note)") }
    }

    func printJSON() {
        let result = result
        Printing.json(schema: "simulate") {
            $0.field("recording", path)
            $0.field("queue", result.queue.description)
            $0.field("latency", result.latency)
            $0.field("own_taken_out", result.takesOut)
            $0.nested("attribution") {
                $0.field("levels", result.attribution.levels)
                $0.field("levels_short", result.attribution.shortLevels)
                $0.field("maker_fills", result.attribution.makerFills)
                $0.field("taker_fills", result.attribution.takerFills)
                $0.field("fills_not_found", result.attribution.fillsNotFound)
                $0.field("rows_not_placed", result.attribution.unreadable)
            }
            $0.key("simulated_from")
            if let from = result.simulatedFrom {
                $0.value(Int64(clamping: from.value))
            } else {
                $0.null()
            }
            $0.field("reason", result.reason)
            $0.field("records", Int64(clamping: result.records))
            $0.field("last", result.last)
            $0.field("orders", result.orders.count)
            $0.field("refused", result.refused)
            $0.field("amends", result.amends)
            $0.field("cancels", result.cancels)
            $0.field("blocked", result.blockedCount)
            $0.nested("blocked_by") { by in
                for limit in blockedBy { by.field(limit.limit, limit.count) }
            }
            $0.field("fills", result.fills)
            $0.field("maker_fills", result.makerFills)
            $0.field("turnover", result.turnover.description)
            $0.field("pnl", array: { rows in for earned in result.earned { write(earned, &rows) } })
            $0.field("digest", StateReport.hexadecimal(result.digest))
            if showsOrders {
                $0.field(
                    "order_rows",
                    array: { rows in for order in result.orders { write(order, &rows) } }
                )
                $0.field(
                    "blocked_rows",
                    array: { rows in for blocked in result.blocked { write(blocked, &rows) } }
                )
            }
            $0.field("notes", array: { notes in for note in result.notes { notes.value(note) } })
        }
    }

    private func write(_ earned: SimulationResult.Earned, _ writer: inout JSONWriter) {
        writer.object {
            $0.field("coin", earned.coin)
            $0.field("net", earned.net?.description ?? "")
            $0.field("realised", earned.realised.description)
            $0.field("unrealised", earned.unrealised.description)
            $0.field("fees", earned.fees.description)
            $0.field("funding", earned.funding.description)
            $0.field("simulated", result.simulatedFrom != nil)
        }
    }

    private func write(_ order: SimulationResult.OrderLine, _ writer: inout JSONWriter) {
        writer.object {
            $0.field("order_link_id", order.orderLinkID)
            $0.field("strategy", order.strategy)
            $0.field("category", order.instrument.category.name)
            $0.field("symbol", order.instrument.symbol.description)
            $0.field("side", order.side.name)
            $0.field("price", order.price?.description ?? "")
            $0.field("quantity", order.quantity.description)
            $0.field("filled", order.filled.description)
            $0.field("value", order.value.description)
            $0.field("fee", order.fee.description)
            $0.field("fills", order.fills)
            $0.field("record", order.record)
            $0.field("time", order.time.description)
            $0.field("simulated", order.isSimulated)
        }
    }

    private func write(_ blocked: SimulationResult.Blocked, _ writer: inout JSONWriter) {
        writer.object {
            $0.field("strategy", blocked.strategy)
            $0.field("category", blocked.instrument.category.name)
            $0.field("symbol", blocked.instrument.symbol.description)
            $0.field("intent", blocked.intent)
            $0.field("limits", array: { list in for limit in blocked.limits { list.value(limit) } })
            $0.field("record", blocked.record)
            $0.field("time", blocked.time.description)
        }
    }
}
