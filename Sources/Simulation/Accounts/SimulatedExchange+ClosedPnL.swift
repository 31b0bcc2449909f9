public import Market

/// What orders closed, folded from an account's executions.
extension SimulatedExchange {
    /// Closed P&L of linear and inverse contracts, one row an order that closed something and one a session of USDC
    /// contracts, newest first.
    ///
    /// Fees of the opening are shared out by quantity. What was opened by executions that are forgotten has none.
    ///
    /// - Parameters:
    ///   - since: Unix milliseconds of the last fill, as `until`, both included.
    public func closedPnL(
        _ account: AccountID,
        _ category: Category,
        _ instrument: InstrumentID?,
        since: Int64,
        until: Int64
    ) -> [ClosedPnL] {
        guard accountStates.indices.contains(account.index) else { return [] }
        var pools = EntryPools(count: 2 * facts.count)
        var rows: [ClosingOrder] = []
        /// Place in ``rows`` of each order, by listing and id; look-ups only.
        var places: [String: Int] = [:]
        for record in accountStates[account.index].executions.all {
            guard record.kind != .funding, record.instrument.category == category,
                instrument == nil || record.instrument == instrument
            else { continue }
            let report = record.row
            let index = record.listing
            let flow = pools.take(report, index, facts[index].scale)
            guard flow.closed > 0 else { continue }
            let key = "\(index) \(report.orderID)"
            if places[key] == nil {
                places[key] = rows.count
                rows.append(ClosingOrder(listing: index, first: report))
            }
            rows[places[key] ?? 0].add(report, flow, facts[index].valuation)
        }
        let orders = rows.map { order in
            order.row(
                facts[order.listing],
                leverage: accountStates[account.index].leverages[order.listing]
            )
        }
        return merged(orders, sessions(account, category, instrument)).reversed()
            .filter { (since...max(since, until)).contains($0.updatedMilliseconds) }
    }

    /// Both by their beginning.
    private func merged(_ orders: [ClosedPnL], _ sessions: [ClosedPnL]) -> [ClosedPnL] {
        guard !sessions.isEmpty else { return orders }
        var rows: [ClosedPnL] = []
        var next = 0
        for session in sessions {
            while next < orders.count,
                orders[next].createdMilliseconds < session.createdMilliseconds
            {
                rows.append(orders[next])
                next += 1
            }
            rows.append(session)
        }
        return rows + orders[next...]
    }

    /// Sessions that have paid, oldest first: each as if the position had been closed at the mark price, for nothing.
    private func sessions(
        _ account: AccountID,
        _ category: Category,
        _ instrument: InstrumentID?
    ) -> [ClosedPnL] {
        guard category == .linear else { return [] }
        return sessionFlows(account).compactMap { flow in
            let state = facts[flow.record.listing]
            guard instrument == nil || instrument == state.id else { return nil }
            let report = flow.execution
            var row = ClosedPnL()
            row.symbol = state.id.symbol
            row.orderID = report.orderID
            row.side = report.side.opposite
            row.quantity = report.quantity
            row.orderPrice = report.price
            row.orderType = report.orderType.name
            row.executionType = report.type.name
            row.closedSize = report.quantity
            row.entryValue = Numeral(rounding: entryValue(of: report, flow.record.cashFlow))
            row.averageEntryPrice = entryPrice(of: report, flow.record.cashFlow, state)
            row.exitValue = Numeral(rounding: report.value)
            row.averageExitPrice = report.price.trimmed
            row.closedPnL = Numeral(rounding: flow.record.cashFlow)
            row.fillCount = 1
            row.leverage =
                Numeral(
                    mantissa: accountStates[account.index].leverages[state.index],
                    decimals: 2
                ).trimmed
            row.openFee = .zero
            row.closeFee = .zero
            row.createdMilliseconds = flow.record.timeMilliseconds
            row.updatedMilliseconds = flow.record.timeMilliseconds
            return row
        }
    }

    /// Option positions that are closed, from flat to flat, newest first.
    public func closedOptions(
        _ account: AccountID,
        _ instrument: InstrumentID?,
        since: Int64,
        until: Int64
    ) -> [ClosedOption] {
        guard accountStates.indices.contains(account.index) else { return [] }
        var open: [OptionHolding?] = Array(repeating: nil, count: facts.count)
        var rows: [ClosedOption] = []
        for record in accountStates[account.index].executions.all {
            guard record.instrument.category == .option,
                instrument == nil || record.instrument == instrument
            else { continue }
            let report = record.row
            let index = record.listing
            var holding = open[index] ?? OptionHolding(first: report)
            let rest = holding.add(report, facts[index])
            if holding.isFlat {
                rows.append(
                    holding.row(facts[index], deliveredAt: deliveryPrice(report.instrument))
                )
                // What goes through zero opens the next one.
                open[index] =
                    rest > 0 ? OptionHolding(first: report, rest: rest, facts[index]) : nil
            } else {
                open[index] = holding
            }
        }
        return rows.reversed().filter { (since...max(since, until)).contains($0.closeMilliseconds) }
    }
}

/// What one execution did to a position.
struct ExecutionFlow {
    var closed: Int64
    var openFee: Amount
    var closeFee: Amount
}

/// Opening fees of what is held long and short of each listing.
struct EntryPools {
    private struct Pool {
        var size: Int64 = 0
        var fees = Amount.zero
    }

    private var pools: [Pool]

    init(count: Int) { pools = Array(repeating: Pool(), count: count) }

    /// A buy closes what is short and opens long, a sell the other way, in one-way as in hedge mode.
    mutating func take(_ report: ExecutionReport, _ index: Int, _ scale: Scale) -> ExecutionFlow {
        let quantity = (try? scale.quantity(report.quantity).units) ?? 0
        let closed = (try? report.closedQuantity.map { try scale.quantity($0).units }) ?? 0
        guard quantity > 0 else {
            return ExecutionFlow(closed: 0, openFee: .zero, closeFee: .zero)
        }
        let closeFee = report.fee.times(Int128(closed), over: Int128(quantity))
        let isBuy = report.side == .buy
        let left = 2 * index + (isBuy ? 1 : 0)
        let entered = 2 * index + (isBuy ? 0 : 1)
        var share = Amount.zero
        if closed > 0, pools[left].size > 0 {
            let part = min(closed, pools[left].size)
            share = pools[left].fees.times(Int128(part), over: Int128(pools[left].size))
            pools[left].size -= part
            pools[left].fees = pools[left].fees.minus(share)
        }
        pools[entered].size += quantity - closed
        pools[entered].fees = pools[entered].fees.plus(report.fee.minus(closeFee))
        return ExecutionFlow(closed: closed, openFee: share, closeFee: closeFee)
    }
}

/// The closing fills of one order.
private struct ClosingOrder {
    let listing: Int
    let first: ExecutionReport
    var last: ExecutionReport
    var closed: Int64 = 0
    var exitValue = Amount.zero
    var realised = Amount.zero
    var openFee = Amount.zero
    var closeFee = Amount.zero
    var fills: Int64 = 0

    init(listing: Int, first: ExecutionReport) {
        self.listing = listing
        self.first = first
        last = first
    }

    mutating func add(_ report: ExecutionReport, _ flow: ExecutionFlow, _ valuation: Valuation) {
        last = report
        closed += flow.closed
        let price = (try? valuation.scale.price(report.price).units) ?? 0
        exitValue = exitValue.plus(valuation.worth(price: price, quantity: flow.closed))
        realised = realised.plus(report.realisedPnL ?? .zero)
        openFee = openFee.plus(flow.openFee)
        closeFee = closeFee.plus(flow.closeFee)
        fills += 1
    }

    func row(_ state: ListingFacts, leverage: Int64) -> ClosedPnL {
        // A long is closed by a sale: what came out less what it gained is what went in.
        let isGainOfExit = (last.side == .sell) != state.valuation.isInverse
        let entryValue = isGainOfExit ? exitValue.minus(realised) : exitValue.plus(realised)
        var row = ClosedPnL()
        row.symbol = state.id.symbol
        row.orderID = last.orderID
        row.side = last.side
        row.quantity = first.orderQuantity
        row.orderPrice = first.orderPrice
        row.orderType = first.orderType.name
        row.executionType = last.type.name
        row.closedSize = state.scale.numeral(Quantity(units: closed))
        row.entryValue = Numeral(rounding: entryValue)
        row.averageEntryPrice = state.valuation.average(of: entryValue, quantity: closed)
        row.exitValue = Numeral(rounding: exitValue)
        row.averageExitPrice = state.valuation.average(of: exitValue, quantity: closed)
        row.closedPnL = Numeral(rounding: realised.minus(openFee).minus(closeFee))
        row.fillCount = fills
        row.leverage = Numeral(mantissa: leverage, decimals: 2).trimmed
        row.openFee = Numeral(rounding: openFee)
        row.closeFee = Numeral(rounding: closeFee)
        row.createdMilliseconds = first.timeMilliseconds
        row.updatedMilliseconds = last.timeMilliseconds
        return row
    }
}

/// An option position from its opening on.
private struct OptionHolding {
    let side: Side
    let openMilliseconds: Int64
    var size: Int64 = 0
    var opened: Int64 = 0
    var closed: Int64 = 0
    var entryValue = Amount.zero
    var exitValue = Amount.zero
    var openFee = Amount.zero
    var closeFee = Amount.zero
    var deliveryFee = Amount.zero
    var closeMilliseconds: Int64 = 0
    var isDelivered = false

    init(first: ExecutionReport) {
        side = first.side
        openMilliseconds = first.timeMilliseconds
    }

    /// What a fill opened that first closed another position.
    init(first: ExecutionReport, rest: Int64, _ state: ListingFacts) {
        self.init(first: first)
        open(first, rest, state)
    }

    var isFlat: Bool { size == 0 }

    private mutating func open(_ report: ExecutionReport, _ quantity: Int64, _ state: ListingFacts)
    {
        let whole = max(1, (try? state.scale.quantity(report.quantity).units) ?? 1)
        let price = (try? state.scale.price(report.price).units) ?? 0
        size += quantity
        opened += quantity
        entryValue = entryValue.plus(state.valuation.worth(price: price, quantity: quantity))
        openFee = openFee.plus(report.fee.times(Int128(quantity), over: Int128(whole)))
    }

    /// - Returns: the part of the fill that is left once the position is flat.
    mutating func add(_ report: ExecutionReport, _ state: ListingFacts) -> Int64 {
        let quantity = (try? state.scale.quantity(report.quantity).units) ?? 0
        guard report.side != side else {
            open(report, quantity, state)
            return 0
        }
        let part = min(quantity, size)
        let price = (try? state.scale.price(report.price).units) ?? 0
        let fee = report.fee.times(Int128(part), over: Int128(max(1, quantity)))
        size -= part
        closed += part
        exitValue = exitValue.plus(state.valuation.worth(price: price, quantity: part))
        closeMilliseconds = report.timeMilliseconds
        isDelivered = report.type == .delivery
        if isDelivered {
            deliveryFee = deliveryFee.plus(fee)
        } else {
            closeFee = closeFee.plus(fee)
        }
        return quantity - part
    }

    func row(_ state: ListingFacts, deliveredAt price: Numeral?) -> ClosedOption {
        let gain = side == .buy ? exitValue.minus(entryValue) : entryValue.minus(exitValue)
        var row = ClosedOption()
        row.symbol = state.id.symbol
        row.side = side.name
        row.totalOpenFee = Numeral(rounding: openFee)
        row.deliveryFee = Numeral(rounding: deliveryFee)
        row.totalCloseFee = Numeral(rounding: closeFee)
        row.quantity = state.scale.numeral(Quantity(units: closed))
        row.closeMilliseconds = closeMilliseconds
        row.averageExitPrice = state.valuation.average(of: exitValue, quantity: closed)
        row.deliveryPrice = isDelivered ? price : nil
        row.openMilliseconds = openMilliseconds
        row.averageEntryPrice = state.valuation.average(of: entryValue, quantity: opened)
        row.totalPnL = Numeral(
            rounding: gain.minus(openFee).minus(closeFee).minus(deliveryFee)
        )
        return row
    }
}
