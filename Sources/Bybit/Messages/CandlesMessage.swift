import JSON
import Market

/// A push of `kline.{interval}.{symbol}`.
///
/// - Source: bybit-v5 §3.4.
enum CandlesMessage {
    static func read(
        _ root: JSONValue,
        _ route: StreamRoute,
        _ event: inout Event,
        _ findings: inout Findings
    ) {
        event.kind = .candles
        event.symbol = route.symbol
        event.exchangeMilliseconds = Fields.integer("ts", in: root, .required, &findings) ?? 0
        guard let data = Fields.array("data", in: root, &findings) else {
            event.kind = .malformed
            return
        }
        Candle.readAll(
            data,
            category: route.category,
            form: .push,
            into: &event.candles,
            findings: &findings
        )
    }
}
