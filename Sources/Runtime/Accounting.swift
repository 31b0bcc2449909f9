public import Journal
import Market
public import Trading

/// Rebuilds orders, executions, positions and P&L from the journal alone, and compares them, field by field, with what
/// the exchange's REST endpoints said at the session's end.
///
/// Ours: every record up to the operator's `audit`, and the ledger there. Theirs: the replies after it.
public struct Accounting {
    private let registry: StrategyRegistry

    public init(registry: StrategyRegistry) { self.registry = registry }

    public func compare(_ recording: Recording) throws(ReplayError) -> AccountingReport {
        var fold = AccountFold()
        var theirs = ExchangeRows()
        var ledger: Ledger?
        var began: Timestamp = .zero
        try Walk(registry: registry).run(recording) { step, engine throws(ReplayError) in
            guard let event = step.event else { return true }
            if event.kind == .sessionStart { began = step.header.time }
            if event.kind == .operatorRequest, event.operatorRequest.verb == "audit" {
                ledger = engine.ledger
                theirs = ExchangeRows()
            } else if ledger != nil {
                theirs.take(event)
            } else {
                // Pushes, and what reconciliation asked for after a lost connection.
                fold.take(event)
            }
            return true
        }
        var report = AccountingReport()
        guard let ledger else {
            report.emptiness =
                "the session was never asked to be audited: no record of that request"
            return report
        }
        compare(fold, theirs, since: began, &report)
        compare(ledger, theirs, &report)
        if report.orders == 0 {
            report.emptiness = "the exchange reported no order"
        } else if report.executions == 0 {
            report.emptiness = "the exchange reported no execution"
        } else if report.wallets == 0 {
            report.emptiness = "the exchange reported no wallet"
        } else if !theirs.failures.isEmpty {
            report.emptiness = "a look-up failed: " + theirs.failures.joined(separator: "; ")
        }
        return report
    }

    // MARK: - Orders and executions

    private func compare(
        _ fold: AccountFold,
        _ theirs: ExchangeRows,
        since began: Timestamp,
        _ report: inout AccountingReport
    ) {
        for error in fold.errors { report.compare("journal", "sum", error, "") }
        for orphan in fold.orphans {
            report.compare("order \(orphan)", "row", "no order row", "told")
        }
        var seen: Set<String> = []
        for row in theirs.orders {
            guard seen.insert(row.orderID).inserted else { continue }
            guard let ours = fold.orders[row.orderID] else {
                // Of another session of the account.
                if row.createdMilliseconds < began.milliseconds { continue }
                report.compare("order \(row.orderID)", "known", "no", "yes")
                continue
            }
            report.orders += 1
            compare(ours, row, &report)
        }
        for id in fold.orders.keys.sorted() where !seen.contains(id) {
            report.compare("order \(id)", "known", "yes", "no")
        }
        for row in theirs.openOrders {
            report.compare("order \(row.orderID)", "status", "closed", row.status.name)
        }
        var executions: Set<String> = []
        for row in theirs.executions {
            let key = "\(row.instrument) \(row.executionID)"
            guard executions.insert(key).inserted else { continue }
            guard let ours = fold.executions[key] else {
                if row.timeMilliseconds < began.milliseconds { continue }
                report.compare("execution \(row.executionID)", "known", "no", "yes")
                continue
            }
            report.executions += 1
            compare(ours, row, &report)
        }
        for key in fold.executions.keys.sorted() where !executions.contains(key) {
            report.compare("execution \(key)", "known", "yes", "no")
        }
    }

    private func compare(
        _ ours: AccountFold.OrderState,
        _ row: OrderUpdate,
        _ report: inout AccountingReport
    ) {
        let subject = "order \(row.orderID)"
        report.compare(subject, "orderLinkId", ours.row.orderLinkID, row.orderLinkID)
        report.compare(subject, "symbol", "\(ours.row.instrument)", "\(row.instrument)")
        report.compare(subject, "side", ours.row.side.name, row.side.name)
        report.compare(subject, "orderType", ours.row.type.name, row.type.name)
        report.compare(subject, "timeInForce", ours.row.timeInForce.name, row.timeInForce.name)
        report.compare(subject, "orderStatus", ours.row.status.name, row.status.name)
        report.compare(subject, "price", text(ours.row.price), text(row.price))
        report.compare(subject, "qty", text(ours.row.quantity), text(row.quantity))
        report.compare(subject, "cumExecQty", ours.filled.description, text(row.filledQuantity))
        report.compare(subject, "cumExecValue", ours.value.description, row.filledValue.description)
        report.compare(subject, "cumExecFee", ours.fee.description, row.filledFee.description)
    }

    private func compare(
        _ ours: ExecutionReport,
        _ row: ExecutionReport,
        _ report: inout AccountingReport
    ) {
        let subject = "execution \(row.executionID)"
        report.compare(subject, "execType", ours.type.name, row.type.name)
        report.compare(subject, "orderId", ours.orderID, row.orderID)
        report.compare(subject, "side", ours.side.name, row.side.name)
        report.compare(subject, "execPrice", text(ours.price), text(row.price))
        report.compare(subject, "execQty", text(ours.quantity), text(row.quantity))
        report.compare(subject, "execValue", ours.value.description, row.value.description)
        report.compare(subject, "execFee", ours.fee.description, row.fee.description)
        report.compare(subject, "isMaker", "\(ours.isMaker)", "\(row.isMaker)")
    }

    // MARK: - Positions, wallet and flows

    private func compare(
        _ ledger: Ledger,
        _ theirs: ExchangeRows,
        _ report: inout AccountingReport
    ) {
        for (place, instrument) in ledger.accounts.keys.enumerated() {
            let position = ledger.accounts.values[place].position
            let subject = "position \(instrument)"
            let row = theirs.positions.first { $0.instrument == instrument && !$0.size.isZero }
            report.positions += 1
            let size = Amount(units: Int128(position.size.units.magnitude))
            let side = position.isFlat ? "" : position.size.units > 0 ? "Buy" : "Sell"
            report.compare(subject, "side", side, row?.side?.name ?? "")
            report.compare(subject, "size", size.description, text(row?.size ?? .zero))
            if let row {
                report.compare(
                    subject,
                    "avgPrice",
                    position.entryPrice?.description ?? "",
                    text(row.entryPrice)
                )
                if let mark = row.markPrice, let unrealised = row.unrealisedPnL {
                    report.compare(
                        subject,
                        "unrealisedPnl",
                        text { () throws(NumberError) in try position.unrealised(at: mark) },
                        unrealised.description
                    )
                }
            }
            let flows = theirs.flows(of: instrument)
            report.compare(subject, "realised", position.realised.description, text(flows.cash))
            report.compare(subject, "fees", position.fees.description, text(flows.fees))
            report.compare(subject, "funding", position.funding.description, text(flows.funding))
        }
        for row in theirs.positions
        where !row.size.isZero && ledger.accounts.index(of: row.instrument) == nil {
            report.compare("position \(row.instrument)", "size", "0", text(row.size))
        }
        for row in theirs.wallets {
            guard let ours = ledger.wallets[row.coin] else {
                if !row.walletBalance.isZero {
                    report.compare("wallet \(row.coin)", "known", "no", "yes")
                }
                continue
            }
            report.wallets += 1
            report.compare(
                "wallet \(row.coin)",
                "walletBalance",
                ours.balance?.description ?? "not known",
                row.walletBalance.description
            )
        }
        for row in theirs.transactions {
            report.flows += 1
            report.compare(
                "flow \(row.id)",
                "change",
                text { () throws(NumberError) in
                    try row.cashFlow.adding(row.funding).subtracting(row.fee)
                },
                row.change.description
            )
        }
    }

    private func text(_ numeral: Numeral?) -> String { numeral?.trimmed.description ?? "" }

    private func text(_ amount: Amount?) -> String { amount?.description ?? "does not fit" }

    private func text(_ body: () throws(NumberError) -> Amount) -> String {
        do throws(NumberError) {
            return try body().description
        } catch {
            return error.description
        }
    }
}
