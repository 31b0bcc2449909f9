public import Market

/// Deliveries and sessions as the exchange keeps them.
extension SimulatedExchange {
    /// Positions that were delivered or exercised, newest first.
    ///
    /// - Parameter query: cursor and limit do not count.
    public func deliveryRecords(_ account: AccountID, _ query: RowQuery) -> [DeliveryRecord] {
        var query = query
        query.limit = .max
        query.cursor = ""
        return executions(account, query) { $0.type == .delivery || $0.type == .settle }.rows
            .compactMap { report in
                guard let index = index(of: report.instrument) else { return nil }
                let state = facts[index]
                var row = DeliveryRecord()
                row.timeMilliseconds = report.timeMilliseconds
                row.symbol = report.instrument.symbol
                // The position's: the execution closes it.
                row.side = report.side.opposite.name
                row.position = report.quantity
                row.deliveryPrice = deliveryPrice(report.instrument) ?? report.price
                var opened = report
                opened.side = report.side.opposite
                row.entryPrice = entryPrice(of: opened, report.realisedPnL ?? .zero, state)
                row.strike = state.terms.option.map { state.scale.numeral($0.strike).trimmed }
                row.fee = Numeral(rounding: report.fee)
                row.realisedPnL = Numeral(rounding: report.realisedPnL ?? .zero)
                return row
            }
    }

    /// Sessions of USDC contracts that have paid, newest first.
    ///
    /// - Parameter query: cursor and limit do not count.
    public func settlementRecords(_ account: AccountID, _ query: RowQuery) -> [SettlementRecord] {
        sessionFlows(account).reversed().compactMap { flow in
            let state = facts[flow.record.listing]
            guard query.holds(state.id), query.holds(time: flow.record.timeMilliseconds) else {
                return nil
            }
            var row = SettlementRecord()
            row.symbol = state.id.symbol
            row.side = flow.execution.side.name
            row.size = flow.execution.quantity
            row.sessionAveragePrice = entryPrice(of: flow.execution, flow.record.cashFlow, state)
            row.markPrice = flow.execution.price
            row.realisedPnL = Numeral(rounding: flow.record.cashFlow)
            row.timeMilliseconds = flow.record.timeMilliseconds
            return row
        }
    }

    /// Flows of sessions, oldest first.
    func sessionFlows(_ account: AccountID) -> [(record: LogRecord, execution: ExecutionReport)] {
        guard accountStates.indices.contains(account.index) else { return [] }
        return accountStates[account.index].log.all.compactMap { record in
            guard record.type == .settlement, let execution = record.execution,
                execution.kind == .sessionSettlement
            else { return nil }
            return (record, execution.row)
        }
    }

    /// What went in of a position that is worth `report`'s value and has gained `gain`.
    ///
    /// - Parameter report: with the side of the position.
    func entryValue(of report: ExecutionReport, _ gain: Amount) -> Amount {
        let isLong = (report.side == .buy) != (report.instrument.category == .inverse)
        return isLong ? report.value.minus(gain) : report.value.plus(gain)
    }

    func entryPrice(
        of report: ExecutionReport,
        _ gain: Amount,
        _ state: ListingFacts
    ) -> Numeral? {
        guard let quantity = try? state.scale.quantity(report.quantity) else { return nil }
        return state.valuation.average(of: entryValue(of: report, gain), quantity: quantity.units)
    }
}
