import Market

extension Order {
    /// An order that was first heard of from the exchange.
    init(row: OrderUpdate, strategy: String, cause: SequenceNumber, time: Timestamp) {
        self.init(
            orderLinkID: row.orderLinkID,
            orderID: row.orderID,
            strategy: strategy,
            instrument: row.instrument,
            side: row.side,
            type: row.type,
            timeInForce: row.timeInForce,
            reduceOnly: row.reduceOnly,
            quantity: row.quantity,
            price: row.price,
            phase: .accepted,
            cause: cause,
            since: time
        )
    }

    /// Takes in a row of the exchange; true when something changed.
    ///
    /// Any arrival order of the same rows, and any duplication, ends in the same order: the filled quantity is
    /// the highest told, a closed order stays closed, and of two open rows the later one counts. Only an order that was
    /// closed without a row of the exchange is opened again by one, and one of whose end there was none by a later one: the
    /// exchange's word on its own orders is the last.
    mutating func merge(_ row: OrderUpdate) -> Bool {
        var changed = false
        let isUnheard =
            isClosedUnheard
            || (isClosed && reason == Order.endUntold
                && row.updatedMilliseconds > updatedMilliseconds)
        if positionIndex == 0 { positionIndex = row.positionIndex }
        if row.countsQuote { countsQuote = true }
        if orderID.isEmpty, !row.orderID.isEmpty {
            orderID = row.orderID
            changed = true
        }
        if createdMilliseconds == 0 { createdMilliseconds = row.createdMilliseconds }
        let told = Amount(exactly: row.filledQuantity)
        let isMoreFilled = told > filled
        if isMoreFilled {
            filled = told
            changed = true
        }
        let isLater =
            row.updatedMilliseconds > updatedMilliseconds
            || (row.updatedMilliseconds == updatedMilliseconds && told >= filled
                && (isMoreFilled || Order.step(row.status) >= Order.step(status)))
        if isLater || status == nil, take(row) { changed = true }
        if row.status.isClosed {
            if !isClosed || isUnheard || Order.rank(row.status) > Order.rank(status) {
                close(row.status, reason: Order.reason(of: row))
                changed = true
            }
            updatedMilliseconds = max(updatedMilliseconds, row.updatedMilliseconds)
            return changed
        }
        if isClosed, !isUnheard {
            updatedMilliseconds = max(updatedMilliseconds, row.updatedMilliseconds)
            return changed
        }
        if isUnheard { reason = "" }
        guard isLater || status == nil || isUnheard else { return changed }
        if let pending = pendingAmend {
            let isDone =
                (pending.quantity.map { $0 == row.quantity } ?? true)
                && (pending.price.map { $0 == row.price } ?? true)
            if isDone || (pending.isAccepted && row.updatedMilliseconds > updatedMilliseconds) {
                pendingAmend = nil
                changed = true
            }
        }
        if phase != .open || status != row.status { changed = true }
        phase = .open
        settlement = nil
        status = row.status
        updatedMilliseconds = max(updatedMilliseconds, row.updatedMilliseconds)
        return changed
    }

    /// Price and quantity as of this row; true when they are other ones.
    private mutating func take(_ row: OrderUpdate) -> Bool {
        let isOther = quantity != row.quantity || (type != .market && price != row.price)
        guard isOther else { return false }
        quantity = row.quantity
        if type != .market { price = row.price }
        return true
    }

    mutating func close(_ last: OrderStatus?, reason why: String) {
        phase = .closed
        status = last
        reason = why
        pendingAmend = nil
        pendingCancel = nil
        settlement = nil
    }

    /// How far along an order is: of rows of one millisecond the further one is the later.
    private static func step(_ status: OrderStatus?) -> Int {
        switch status {
        case .untriggered: 0
        case .triggered: 1
        case .new, .other, nil: 2
        case .partiallyFilled: 3
        case .filled, .partiallyFilledCanceled, .cancelled, .deactivated, .rejected: 4
        }
    }

    /// Two rows can both close an order (a fill and a cancel that came too late): the fill says what happened.
    private static func rank(_ status: OrderStatus?) -> Int {
        switch status {
        case .filled: 5
        case .partiallyFilledCanceled: 4
        case .cancelled: 3
        case .deactivated: 2
        case .rejected: 1
        default: 0
        }
    }

    private static func reason(of row: OrderUpdate) -> String {
        if row.status == .filled { return "" }
        if row.rejectReason != "EC_NoError", !row.rejectReason.isEmpty { return row.rejectReason }
        return row.cancelType == "UNKNOWN" ? "" : row.cancelType
    }
}
