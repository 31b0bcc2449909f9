public import Market

/// Orders on combinations and their fills, which have topics and endpoints of their own.
///
/// The orders are followed as any others, and their fills are counted against them. Positions and money move by the
/// legs alone, whose fills come on `execution` too, and whose orders are the combination's own affair.
extension Desk {
    mutating func combinationOrders(_ details: [Detail]) {
        for row in OrderUpdate.combinations(of: details) { orderRow(row) }
    }

    mutating func combinationExecutions(_ details: [Detail]) {
        executionRows(ExecutionReport.combinations(of: details))
    }

    fileprivate static let combination = "combination"
}

extension OrderUpdate {
    /// The orders on combinations among details; those of their legs are left out.
    public static func combinations(of details: [Detail]) -> [OrderUpdate] {
        details.compactMap { detail in
            guard case .spreadOrder(let row) = detail, row.parentOrderID.isEmpty,
                row.category.isEmpty || row.category == Desk.combination
            else { return nil }
            return OrderUpdate(row)
        }
    }

    private init(_ row: SpreadOrder) {
        let filled = row.filledQuantity ?? .zero
        self.init(
            instrument: InstrumentID(.spread, row.symbol),
            orderID: row.orderID,
            orderLinkID: row.orderLinkID,
            side: row.side,
            type: OrderType(name: row.type),
            timeInForce: TimeInForce(name: row.timeInForce),
            status: OrderStatus(name: row.status),
            price: row.price,
            // The history may leave it out; what was filled is what is left of an order that has ended.
            quantity: row.quantity ?? filled,
            leavesQuantity: row.leavesQuantity,
            filledQuantity: filled,
            rejectReason: row.rejectReason,
            cancelType: row.cancelType,
            createdMilliseconds: row.createdMilliseconds,
            updatedMilliseconds: row.updatedMilliseconds
        )
    }
}

extension ExecutionReport {
    /// The fills of combinations among details; those of their legs are left out.
    public static func combinations(of details: [Detail]) -> [ExecutionReport] {
        details.compactMap { detail in
            guard case .spreadExecution(let row) = detail, row.parentExecutionID.isEmpty,
                row.category.isEmpty || row.category == Desk.combination
            else { return nil }
            return ExecutionReport(row)
        }
    }

    /// What counts against the combination's order; the money is in its legs' own rows.
    private init(_ row: SpreadExecution) {
        self.init(
            instrument: InstrumentID(.spread, row.symbol),
            executionID: row.executionID,
            type: ExecutionType(name: row.type),
            orderID: row.orderID,
            orderLinkID: row.orderLinkID,
            side: row.side,
            price: row.price ?? .zero,
            quantity: row.quantity ?? .zero,
            value: .zero,
            fee: .zero,
            isMaker: row.isMaker,
            timeMilliseconds: row.timeMilliseconds,
            crossSequence: row.crossSequence
        )
    }
}
