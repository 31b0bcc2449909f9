import Market

/// What the exchange owes and does not tell: a push that got lost on a socket that stayed open is seen by nobody else.
extension Desk {
    /// How long a row or an execution may take after what announced it; doubled with each question: 3 s.
    static let patience: Int64 = 3_000_000_000
    /// Questions on one thing that does not come; after them it is told, and left to the audit.
    static let questionsMax = 5

    /// Once a second: asks for what has been owed for too long.
    ///
    /// While a private socket is down, or what it missed is being merged, all of that is asked for anyway.
    mutating func askForOverdue() {
        guard links.isReconciled, links.reconciliation == nil else { return }
        // Of a category one list of executions serves all its orders.
        var executions = OrderedTable<Category, Int64>()
        var last = -1
        for serial in orderStore.active {
            guard let place = orderStore.place(ofSerial: serial, behind: last) else { continue }
            last = place
            // Nearly all of them: nothing is copied of those.
            if orderStore.isQuiet(place, at: time) { continue }
            let order = orderStore[place]
            guard let lack = order.lack else {
                if order.overdue != nil { orderStore.update(place) { $0.overdue = nil } }
                continue
            }
            let now = time
            guard let overdue = order.overdue, overdue.isOf(order) else {
                orderStore.update(place) { $0.overdue = Order.Overdue(order, since: now) }
                continue
            }
            if overdue.rests(at: now) { continue }
            orderStore.update(place) {
                $0.overdue = Order.Overdue(order, since: now, asked: overdue.asked + 1)
            }
            guard overdue.asked < Desk.questionsMax else {
                find(
                    .orderUnknown,
                    order.name,
                    expected: lack == .row ? "a row" : "\(order.filled) executed",
                    seen: lack == .row ? "none" : "\(order.executed)",
                    note: "asked for \(Desk.questionsMax) times; the exchange does not tell"
                )
                // What nobody tells of an order that has ended is not exposure without end.
                if order.isClosed, lack == .executions {
                    orderStore.update(place) { $0.executed = $0.filled }
                }
                continue
            }
            switch lack {
            case .row: askForRow(order)
            case .executions:
                let since = max(0, min(executionsSince, order.updatedMilliseconds - Desk.overlap))
                let category = order.instrument.category
                executions[category] = min(since, executions[category] ?? since)
            }
        }
        for (category, since) in zip(executions.keys, executions.values) {
            asDesk { $0.command(.lookUp(.executions(category, sinceMilliseconds: since))) }
        }
    }

    mutating func askForRow(_ order: Order) {
        // Of one without any id there is nothing to ask: it would be taken for a whole list.
        guard !order.name.isEmpty else { return }
        asDesk { $0.command(.lookUp(order.question)) }
    }
}
