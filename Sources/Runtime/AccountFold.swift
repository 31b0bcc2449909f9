import Market

/// Orders and executions of an account, folded from the records of a session up to its audit.
///
/// Beside the engine on purpose: it keeps every order of the session, and sums what the executions say, so that
/// comparing it with the order rows of the audit compares two ways that the exchange told the same thing.
struct AccountFold {
    struct OrderState {
        var row: OrderUpdate
        var filled: Amount = .zero
        var value: Amount = .zero
        var fee: Amount = .zero
        var executions = 0
    }

    private(set) var orders: [String: OrderState] = [:]
    private(set) var executions: [String: ExecutionReport] = [:]
    /// Executions that came before their order's first row.
    private var early: [String: OrderState] = [:]
    /// Sums that did not fit, in words; empty in every session that real money can make.
    private(set) var errors: [String] = []

    mutating func take(_ event: Event) {
        for row in event.orders { take(row) }
        for row in event.executions { take(row) }
    }

    private mutating func take(_ row: OrderUpdate) {
        guard var state = orders[row.orderID] else {
            var state = early.removeValue(forKey: row.orderID) ?? OrderState(row: row)
            state.row = row
            orders[row.orderID] = state
            return
        }
        // A closed order stays closed; of two rows the later one counts, by time and then by what is filled.
        let isOlder =
            row.updatedMilliseconds < state.row.updatedMilliseconds
            || (state.row.status.isClosed && !row.status.isClosed)
        guard !isOlder else { return }
        state.row = row
        orders[row.orderID] = state
    }

    private mutating func take(_ row: ExecutionReport) {
        let key = "\(row.instrument) \(row.executionID)"
        guard executions[key] == nil else { return }
        executions[key] = row
        guard row.type.isFill else { return }
        let isKnown = orders[row.orderID] != nil
        guard var state = orders[row.orderID] ?? early[row.orderID] ?? placeholder(for: row) else {
            return
        }
        do throws(NumberError) {
            state.filled = try state.filled.adding(try Amount(row.quantity))
            state.value = try state.value.adding(row.value)
            state.fee = try state.fee.adding(row.fee)
            state.executions += 1
        } catch {
            errors.append("execution \(row.executionID): \(error)")
        }
        if isKnown {
            orders[row.orderID] = state
        } else {
            early[row.orderID] = state
        }
    }

    private func placeholder(for row: ExecutionReport) -> OrderState? {
        OrderState(
            row: OrderUpdate(
                instrument: row.instrument,
                orderID: row.orderID,
                orderLinkID: row.orderLinkID,
                side: row.side,
                type: row.orderType,
                timeInForce: .goodTillCancelled,
                status: .new,
                price: row.orderPrice,
                quantity: row.orderQuantity ?? row.quantity,
                createdMilliseconds: 0,
                updatedMilliseconds: 0
            )
        )
    }

    /// Executions without an order row: the exchange told a fill of an order that it never told.
    var orphans: [String] { early.keys.sorted() }
}
