import JSON
import Market

/// A push of `publicTrade.{symbol}`: trades in the order of their match.
///
/// - Source: bybit-v5 §3.2.
enum TradesMessage {
    static func read(
        _ root: JSONValue,
        _ route: StreamRoute,
        _ event: inout Event,
        _ findings: inout Findings
    ) {
        event.kind = .publicTrades
        event.symbol = route.symbol
        event.exchangeMilliseconds = Fields.integer("ts", in: root, .required, &findings) ?? 0
        guard let data = Fields.array("data", in: root, &findings) else {
            event.kind = .malformed
            return
        }
        PublicTrade.readAll(
            data,
            category: route.category,
            form: .push,
            into: &event.trades,
            findings: &findings
        )
    }
}
