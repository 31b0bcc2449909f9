public import Market

extension SimulatedExchange {
    /// Places an order, which acts at ``now``.
    ///
    /// - Returns: accepted with ids, or refused: 10001 words, numbers and steps; 110003 price range; 110007 margin;
    ///   110017 nothing to reduce; 110020 too many orders; 110072 link id used; 110094 value too small; 170157 not
    ///   tradable here. A post-only order that would cross is accepted and at once `Cancelled` by its row.
    public mutating func place(
        _ request: OrderRequest,
        for account: AccountID,
        into output: inout ExchangeOutput
    ) -> OrderReply {
        guard accountStates.indices.contains(account.index) else {
            return Refusal.parameter("no such account").reply(orderLinkID: request.orderLinkID)
        }
        let order: CheckedOrder
        do throws(Refusal) {
            order = try check(request, for: account.index)
        } catch {
            return error.reply(orderLinkID: request.orderLinkID)
        }
        let place = accept(order, for: account.index)
        let orderID = accountStates[account.index].orders[place.slot]?.orderID ?? ""
        work(place, into: &output)
        return OrderReply(
            code: 0,
            message: "OK",
            orderID: orderID,
            orderLinkID: request.orderLinkID
        )
    }

    private mutating func accept(_ order: CheckedOrder, for account: Int) -> OrderPlace {
        let serial = accountStates[account].nextSerial()
        let slot = accountStates[account].add(
            AccountOrder(
                serial: serial,
                listing: order.listing,
                orderID: identifiers.text(.order, place: account, number: serial),
                orderLinkID: order.orderLinkID,
                side: order.side,
                type: order.type,
                timeInForce: order.timeInForce,
                status: .new,
                price: order.price,
                quantity: order.quantity,
                reduceOnly: order.reduceOnly,
                createdMilliseconds: now.milliseconds,
                updatedMilliseconds: now.milliseconds
            )
        )
        return OrderPlace(account: account, slot: slot)
    }

    /// Runs an order that does not rest through the book, rests or ends what is left, and tells all
    /// of it.
    private mutating func work(_ place: OrderPlace, into output: inout ExchangeOutput) {
        guard let order = accountStates[place.account].orders[place.slot] else { return }
        let index = order.listing
        begin(on: index)
        touchPosition(place.account, index)
        if let reason = reasonToEnd(order) {
            end(place, cancelType: "UNKNOWN", rejectReason: reason)
            report(into: &output)
            return
        }
        // The order itself first; what it becomes follows its executions.
        let row = order.row(states[index].instrument)
        output.append(.order(accountStates[place.account].id, row), at: now)
        let left = match(
            Taker(
                side: order.side,
                limit: order.price,
                quantity: order.leaves,
                order: place,
                reduceOnly: order.reduceOnly
            ),
            on: index,
            into: &output
        )
        if left > 0 { finish(place, hasTraded: left < order.leaves) }
        report(into: &output)
    }

    /// Why an order ends before it meets the book.
    private func reasonToEnd(_ order: AccountOrder) -> String? {
        switch order.timeInForce {
        case .postOnly where isCrossing(order.side, order.price, on: order.listing):
            return "EC_PostOnlyWillTakeLiquidity"
        case .fillOrKill:
            let there = states[order.listing].book.available(
                order.side.opposite,
                limit: order.price,
                enough: order.leaves
            )
            return there < order.leaves ? "EC_CancelForNoFullFill" : nil
        default: return nil
        }
    }

    /// Rests what is left, or ends it where the order may not stand.
    private mutating func finish(_ place: OrderPlace, hasTraded: Bool) {
        guard let order = accountStates[place.account].orders[place.slot] else { return }
        if order.reduceOnly {
            let closable = accountStates[place.account].positions[order.listing]
                .closable(by: order.side)
            guard closable > 0 else {
                end(place, cancelType: "CancelByReduceOnly", rejectReason: "EC_NoError")
                return
            }
        }
        switch order.timeInForce {
        case .immediateOrCancel, .fillOrKill:
            end(
                place,
                cancelType: "UNKNOWN",
                rejectReason: hasTraded ? "EC_CancelForNoFullFill" : "EC_NoImmediateQtyToFill"
            )
        case .goodTillCancelled, .postOnly, .other:
            rest(place, on: order.listing)
        }
    }

    // MARK: - Cancel

    /// Cancels an open order by the exchange's id or, without one, by the client's.
    public mutating func cancel(
        _ request: CancelRequest,
        for account: AccountID,
        into output: inout ExchangeOutput
    ) -> OrderReply {
        guard let place = place(request.orderID, request.orderLinkID, request.instrument, account)
        else {
            return Refusal.notFound(verb: "cancel").reply(orderLinkID: request.orderLinkID)
        }
        let reply = cancel(place)
        report(into: &output)
        return reply
    }

    /// Cancels all open orders of a category, or of one instrument of it, oldest first.
    public mutating func cancelAll(
        _ category: Category,
        instrument: InstrumentID? = nil,
        for account: AccountID,
        into output: inout ExchangeOutput
    ) -> CancelAllReply {
        guard accountStates.indices.contains(account.index) else {
            let refusal = Refusal.parameter("no such account")
            return CancelAllReply(code: refusal.code, message: refusal.message, cancelled: [])
        }
        if let instrument, index(of: instrument) == nil {
            let refusal = Refusal.unknownSymbol
            return CancelAllReply(code: refusal.code, message: refusal.message, cancelled: [])
        }
        var cancelled: [OrderReply] = []
        for slot in accountStates[account.index].openSlots {
            guard let order = accountStates[account.index].orders[slot] else { continue }
            let id = states[order.listing].id
            guard id.category == category, instrument == nil || instrument == id else { continue }
            cancelled.append(cancel(OrderPlace(account: account.index, slot: slot)))
        }
        report(into: &output)
        return CancelAllReply(code: 0, message: "OK", cancelled: cancelled)
    }

    private mutating func cancel(_ place: OrderPlace) -> OrderReply {
        guard let order = accountStates[place.account].orders[place.slot] else {
            return Refusal.notFound(verb: "cancel").reply()
        }
        begin(on: order.listing)
        take(
            place,
            on: order.listing,
            cancelType: "CancelByUser",
            rejectReason: "EC_PerCancelRequest"
        )
        touchPosition(place.account, order.listing)
        return OrderReply(
            code: 0,
            message: "OK",
            orderID: order.orderID,
            orderLinkID: order.orderLinkID
        )
    }

    private func place(
        _ orderID: String,
        _ orderLinkID: String,
        _ instrument: InstrumentID,
        _ account: AccountID
    ) -> OrderPlace? {
        guard accountStates.indices.contains(account.index),
            let slot = accountStates[account.index].slot(
                orderID: orderID,
                orderLinkID: orderLinkID
            ),
            let order = accountStates[account.index].orders[slot],
            states[order.listing].id == instrument
        else { return nil }
        return OrderPlace(account: account.index, slot: slot)
    }

    // MARK: - Amend

    /// Changes price or total quantity of an open order.
    ///
    /// A new price or a larger quantity goes to the back of its level; a smaller quantity keeps its place. An order
    /// amended through the touch trades as a taker.
    ///
    /// - Returns: accepted with ids, or refused: 110001 not open; 110064 quantity at or below what is filled; 10001
    ///   nothing changes, or a number that does not fit; 110003, 110007, 110094 as for a new order.
    public mutating func amend(
        _ request: AmendRequest,
        for account: AccountID,
        into output: inout ExchangeOutput
    ) -> OrderReply {
        guard let place = place(request.orderID, request.orderLinkID, request.instrument, account),
            let order = accountStates[place.account].orders[place.slot]
        else {
            return Refusal.notFound(verb: "replace").reply(orderLinkID: request.orderLinkID)
        }
        let price: Int64
        let quantity: Int64
        do throws(Refusal) {
            (price, quantity) = try checkAmend(request, of: order, account: place.account)
        } catch {
            return error.reply(orderLinkID: order.orderLinkID)
        }
        if price == order.price, quantity < order.quantity {
            shrink(place, order, to: quantity, into: &output)
        } else {
            lift(place, on: order.listing)
            accountStates[place.account].orders[place.slot]?.price = price
            accountStates[place.account].orders[place.slot]?.quantity = quantity
            accountStates[place.account].orders[place.slot]?.updatedMilliseconds = now.milliseconds
            work(place, into: &output)
        }
        return OrderReply(
            code: 0,
            message: "OK",
            orderID: order.orderID,
            orderLinkID: order.orderLinkID
        )
    }

    private func checkAmend(
        _ request: AmendRequest,
        of order: AccountOrder,
        account: Int
    ) throws(Refusal) -> (price: Int64, quantity: Int64) {
        let instrument = states[order.listing].instrument
        var price = order.price
        if let wanted = request.price { price = try checkPrice(wanted, instrument) }
        var quantity = order.quantity
        if let wanted = request.quantity {
            quantity = try checkQuantity(wanted, instrument, isMarket: false)
            guard quantity > order.filled else { throw .amendedBelowFilled }
        }
        if order.reduceOnly {
            let closable = accountStates[account].positions[order.listing].closable(by: order.side)
            quantity = min(quantity, order.filled + closable)
            guard quantity > order.filled else { throw .reduceOnlyWithoutPosition }
        }
        guard price != order.price || quantity != order.quantity else { throw .unchanged }
        try checkValue(price, quantity, instrument, reduceOnly: order.reduceOnly)
        if quantity > order.quantity, !order.reduceOnly {
            try checkMargin(
                account,
                order.listing,
                order.side,
                adding: quantity - order.quantity,
                at: price
            )
        }
        return (price, quantity)
    }

    /// A smaller quantity at the same price keeps its place in the queue.
    private mutating func shrink(
        _ place: OrderPlace,
        _ order: AccountOrder,
        to quantity: Int64,
        into output: inout ExchangeOutput
    ) {
        begin(on: order.listing)
        let less = order.quantity - quantity
        states[order.listing].book.reduce(order.handle, by: less)
        if !order.reduceOnly { count(-less, order.side, place.account, order.listing) }
        accountStates[place.account].orders[place.slot]?.quantity = quantity
        accountStates[place.account].orders[place.slot]?.updatedMilliseconds = now.milliseconds
        touch(place)
        touchPosition(place.account, order.listing)
        report(into: &output)
    }
}
