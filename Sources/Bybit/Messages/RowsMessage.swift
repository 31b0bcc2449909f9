import JSON
import Market

/// A push of `order`, `execution`, `position` or `wallet`, all-in-one or by category.
///
/// - Source: bybit-v5 §4.
enum RowsMessage {
    static func read(
        _ root: JSONValue,
        _ route: StreamRoute,
        _ event: inout Event,
        _ findings: inout Findings
    ) {
        event.exchangeMilliseconds =
            Fields.integer("creationTime", in: root, .required, &findings) ?? 0
        guard let data = Fields.array("data", in: root, &findings) else {
            event.kind = .malformed
            return
        }
        let category = route.category
        switch route.subject {
        case .orders:
            event.kind = .orders
            OrderUpdate.readAll(
                data,
                category: category,
                form: .push,
                into: &event.orders,
                findings: &findings
            )
        case .executions:
            event.kind = .executions
            ExecutionReport.readAll(
                data,
                category: category,
                form: .push,
                into: &event.executions,
                findings: &findings
            )
        case .positions:
            event.kind = .positions
            PositionUpdate.readAll(
                data,
                category: category,
                form: .push,
                into: &event.positions,
                findings: &findings
            )
        default:
            event.kind = .wallets
            WalletUpdate.readAccounts(data, into: &event.wallets, findings: &findings)
        }
    }
}
