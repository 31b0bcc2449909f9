import JSON
import Market

/// A push whose rows become the event's details.
///
/// - Source: bybit-v5 §3.5, §4.
enum DetailMessage {
    static func read(
        _ root: JSONValue,
        _ feed: StreamRoute.Feed,
        _ route: StreamRoute,
        _ event: inout Event,
        _ findings: inout Findings
    ) {
        let isPrivate = feed.isPrivate
        event.exchangeMilliseconds =
            Fields.integer(isPrivate ? "creationTime" : "ts", in: root, .required, &findings) ?? 0
        event.symbol = route.symbol
        event.kind = feed.kind
        if feed == .disconnectProtection { return }
        guard let data = root["data"], !data.isNull else {
            findings.missing("data", in: root)
            event.kind = .malformed
            return
        }
        switch feed {
        case .liquidations: rows(data, route, &event, &findings) { .liquidation($0) }
        case .priceLimits: rows(data, route, &event, &findings) { .priceLimit($0) }
        case .insurance: rows(data, route, &event, &findings) { .insurance($0) }
        case .deleveraging: rows(data, route, &event, &findings) { .deleveraging($0) }
        case .systemStatus: rows(data, route, &event, &findings) { .systemStatus($0) }
        case .fastExecutions: rows(data, route, &event, &findings) { .fastExecution($0) }
        case .greeks: rows(data, route, &event, &findings) { .greeks($0) }
        case .strategyOrders: rows(data, route, &event, &findings) { .strategyOrder($0) }
        case .spreadOrders: rows(data, route, &event, &findings) { .spreadOrder($0) }
        case .spreadExecutions: rows(data, route, &event, &findings) { .spreadExecution($0) }
        case .disconnectProtection: break
        }
    }

    /// The rows of an array, or the one row that stands alone: the pages and their samples differ on some topics.
    private static func rows<Row: WireRow>(
        _ data: JSONValue,
        _ route: StreamRoute,
        _ event: inout Event,
        _ findings: inout Findings,
        _ make: (Row) -> Detail
    ) {
        if data.isArray {
            for element in data.elements { row(element, route, &event, &findings, make) }
        } else {
            row(data, route, &event, &findings, make)
        }
    }

    private static func row<Row: WireRow>(
        _ value: JSONValue,
        _ route: StreamRoute,
        _ event: inout Event,
        _ findings: inout Findings,
        _ make: (Row) -> Detail
    ) {
        let row = Row.read(value, category: route.category, form: .push, findings: &findings)
        if let row { event.details.append(make(row)) }
    }
}

extension StreamRoute.Feed {
    var isPrivate: Bool {
        switch self {
        case .liquidations, .priceLimits, .insurance, .deleveraging, .systemStatus: false
        case .fastExecutions, .greeks, .strategyOrders, .spreadOrders, .spreadExecutions,
            .disconnectProtection:
            true
        }
    }

    var kind: Event.Kind {
        switch self {
        case .liquidations: .liquidations
        case .priceLimits: .priceLimits
        case .insurance: .insurance
        case .deleveraging: .deleveragingAlerts
        case .systemStatus: .systemStatus
        case .fastExecutions: .fastExecutions
        case .greeks: .greeks
        case .strategyOrders: .strategyOrders
        case .spreadOrders: .spreadOrders
        case .spreadExecutions: .spreadExecutions
        case .disconnectProtection: .disconnectProtection
        }
    }
}
