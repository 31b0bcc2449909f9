import Journal
import Market
import Runtime
import Trading

/// What a day's recording holds, so that nothing is proved by a day on which nothing happened.
struct DayCoverage: CustomStringConvertible {
    var records: UInt64 = 0
    var fills: [Market.Category: Int] = [:]
    var external = 0
    var own = 0
    var funding = 0
    var settlements = 0
    var deliveries: Set<Market.Category> = []
    var liquidations = 0
    var legs = 0
    var partial = 0
    var reversals = 0
    var reconnects = 0
    var flows: [String: Int] = [:]

    private init() {}

    init(_ recording: Recording) throws {
        var seen: Set<String> = []
        var held: [InstrumentID: Amount] = [:]
        var coverage = DayCoverage()
        try Walk(registry: DayDesk.registry).run(recording) { step, engine throws(ReplayError) in
            coverage.records += 1
            guard let event = step.event else { return true }
            if event.kind == .link, event.link.change == .disconnected { coverage.reconnects += 1 }
            for row in event.orders where row.status == .partiallyFilled { coverage.partial += 1 }
            for row in event.transactions where seen.insert(row.id).inserted {
                coverage.flows[row.type, default: 0] += 1
                if row.type == "SETTLEMENT", !row.cashFlow.isZero { coverage.settlements += 1 }
            }
            for booking in engine.bookings {
                let row = booking.report
                switch row.type {
                case .funding: coverage.funding += 1
                case .delivery, .settle: coverage.deliveries.insert(row.instrument.category)
                case .bustTrade, .adlTrade: coverage.liquidations += 1
                case .futureSpread: coverage.legs += 1
                default: break
                }
                guard row.type.isFill else { continue }
                coverage.fills[row.instrument.category, default: 0] += 1
                if booking.strategy == Order.external {
                    coverage.external += 1
                } else {
                    coverage.own += 1
                }
                let now = engine.ledger.position(row.instrument).size
                let before = held.updateValue(now, forKey: row.instrument) ?? .zero
                if before > .zero && now < .zero || before < .zero && now > .zero {
                    coverage.reversals += 1
                }
            }
            return true
        }
        self = coverage
    }

    /// What a day must have and this one has not; empty when it has all of it.
    var missing: [String] {
        var missing: [String] = []
        func need(_ isThere: Bool, _ what: String) { if !isThere { missing.append(what) } }
        for category in [Market.Category.linear, .inverse, .spot, .option] {
            need(fills[category, default: 0] > 5, "fills of \(category)")
        }
        need(external > 20 && own > 20, "fills of both clients")
        need(funding > 3, "funding")
        need(settlements > 0, "session settlement")
        need(deliveries.contains(.linear) && deliveries.contains(.option), "delivery")
        need(liquidations > 0, "liquidation")
        need(legs > 1, "legs of combinations")
        need(partial > 5, "partial fills")
        need(reversals > 3, "reversals")
        need(reconnects > 2, "lost connections")
        for type in ["TRANSFER_IN", "BORROW", "REPAY", "INTEREST"] {
            need(flows[type, default: 0] > 0, "flows of \(type)")
        }
        return missing
    }

    var description: String {
        let kinds = fills.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        let rows = flows.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        return
            "\(records) records; fills \(kinds.joined(separator: ", ")) (ours \(own), theirs \(external));"
            + " funding \(funding), settlements \(settlements), deliveries \(deliveries.count),"
            + " liquidations \(liquidations), legs \(legs), partial \(partial), reversals \(reversals),"
            + " connections lost \(reconnects); log rows \(rows.joined(separator: ", "))"
    }
}
