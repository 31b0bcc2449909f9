public import Market

extension SimulatedExchange {
    /// Places an order, which acts at ``now``.
    ///
    /// - Returns: accepted with ids, or refused with the code of the reference, such as 10001 words, numbers and steps;
    ///   110003 price range; 110007 margin; 110017 nothing to reduce; 110020 too many orders; 110072 link id used;
    ///   110094 value too small; of spot 170121 to 170140. A post-only order that would cross is accepted and at once
    ///   `Cancelled` by its row.
    public mutating func place(
        _ request: OrderRequest,
        _ options: OrderOptions = OrderOptions(),
        for account: AccountID,
        into output: inout ExchangeOutput
    ) -> OrderReply {
        let category = request.instrument.category
        guard accountStates.indices.contains(account.index) else {
            return Refusal.parameter("no such account")
                .reply(category, orderLinkID: request.orderLinkID)
        }
        let order: AccountOrder
        do throws(Refusal) {
            order = try check(request, options, for: account.index)
        } catch {
            return error.reply(category, orderLinkID: request.orderLinkID)
        }
        let place = accept(order)
        let serial = accountStates[account.index].orders[place.slot].serial
        if !order.isWaiting {
            work(place, into: &output)
        } else {
            wait(place)
            report(into: &output)
        }
        runTriggers(on: order.listing, into: &output)
        return OrderReply(
            code: 0,
            message: "OK",
            orderID: identifiers.text(.order, place: account.index, number: serial),
            orderLinkID: request.orderLinkID
        )
    }

    /// Gives an order its number and opens it.
    mutating func accept(_ order: AccountOrder) -> OrderPlace {
        let account = order.account
        return OrderPlace(account: account, slot: accountStates[account].add(order))
    }

    /// Runs an order that does not rest through the book, rests or ends what is left, and tells all
    /// of it.
    mutating func work(_ place: OrderPlace, into output: inout ExchangeOutput) {
        let order = accountStates[place.account].orders[place.slot]
        guard order.isOpen else { return }
        let index = order.listing
        begin(on: index)
        touchPosition(place.account, order.positionPlace)
        if let reason = reasonToEnd(order, place.account) {
            end(place, cancelType: .unknown, rejectReason: reason)
            report(into: &output)
            return
        }
        // The order itself first; what it becomes follows its executions.
        let record = OrderRecord(order, facts[index], identifiers)
        output.append(.order(accountStates[place.account].id, record), at: now)
        preventedSelfMatch = false
        cannotCarry = false
        let left = match(
            Taker(
                side: order.side,
                limit: order.price,
                quantity: order.leaves,
                order: place,
                reduceOnly: order.reduceOnly,
                position: order.positionPlace,
                selfMatch: order.selfMatch,
                budget: order.budget
            ),
            on: index,
            into: &output
        )
        if left > 0 { finish(place, hasTraded: left < order.leaves) }
        report(into: &output)
    }

    /// Why an order ends before it meets the book.
    private func reasonToEnd(_ order: AccountOrder, _ account: Int) -> RejectReason? {
        switch order.timeInForce {
        case .postOnly where isCrossing(order.side, order.price, on: order.listing):
            return .postOnly
        case .fillOrKill:
            let there = states[order.listing].book.available(
                order.side.opposite,
                limit: order.price,
                enough: order.leaves,
                except: order.selfMatch == .none ? nil : Int32(account),
                stops: order.selfMatch != .cancelMaker
            )
            return there < order.leaves ? .noFullFill : nil
        case .goodTillCancelled, .immediateOrCancel, .postOnly: return nil
        }
    }

    /// Rests what is left, or ends it where the order may not stand.
    private mutating func finish(_ place: OrderPlace, hasTraded: Bool) {
        let order = accountStates[place.account].orders[place.slot]
        guard order.isOpen else { return }
        if preventedSelfMatch {
            end(place, cancelType: .selfMatch, rejectReason: .selfMatch)
            return
        }
        if cannotCarry {
            end(place, cancelType: .rebalance, rejectReason: .none)
            return
        }
        if order.reduceOnly {
            let closable = accountStates[place.account].positions[order.positionPlace]
                .closable(by: order.side)
            guard closable > 0 else {
                end(place, cancelType: .reduceOnly, rejectReason: .none)
                return
            }
        }
        if let budget = order.budget, order.filledValue == budget {
            // All of it is spent: filled, though more could have been had of a cheaper price.
            accountStates[place.account].orders[place.slot].status = .filled
            return
        }
        switch order.timeInForce {
        case .immediateOrCancel, .fillOrKill:
            end(
                place,
                cancelType: .unknown,
                rejectReason: hasTraded ? .noFullFill : .noImmediateQuantity
            )
        case .goodTillCancelled, .postOnly:
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
            let isLeg = combination(ofLeg: request.orderID, account) != nil
            return (isLeg ? Refusal.legOfCombination(isCancel: true) : .notFound(verb: "cancel"))
                .reply(request.instrument.category, orderLinkID: request.orderLinkID)
        }
        let reply = cancel(place)
        report(into: &output)
        return reply
    }

    /// Cancels all open orders of a category, or of one instrument of it, oldest first; of derivatives at most 500.
    public mutating func cancelAll(
        _ category: Category,
        instrument: InstrumentID? = nil,
        _ filter: CancelAllFilter = CancelAllFilter(),
        for account: AccountID,
        into output: inout ExchangeOutput
    ) -> CancelAllReply {
        guard accountStates.indices.contains(account.index) else {
            return refused(.parameter("no such account"), category)
        }
        if let instrument, index(of: instrument) == nil { return refused(.unknownSymbol, category) }
        var cancelled: [OrderReply] = []
        for slot in accountStates[account.index].openSlots {
            let order = accountStates[account.index].orders[slot]
            guard order.isOpen else { continue }
            let state = facts[order.listing]
            guard state.category == category, instrument == nil || instrument == state.id,
                filter.holds(order, state.instrument)
            else { continue }
            if cancelled.count == 500, category == .linear || category == .inverse { break }
            cancelled.append(cancel(OrderPlace(account: account.index, slot: slot)))
        }
        report(into: &output)
        return CancelAllReply(code: 0, message: "OK", cancelled: cancelled)
    }

    private func refused(_ refusal: Refusal, _ category: Category) -> CancelAllReply {
        CancelAllReply(
            code: refusal.code(category),
            message: refusal.message(category),
            cancelled: []
        )
    }

    private mutating func cancel(_ place: OrderPlace) -> OrderReply {
        let order = accountStates[place.account].orders[place.slot]
        guard order.isOpen else {
            return Refusal.notFound(verb: "cancel").reply(.linear)
        }
        begin(on: order.listing)
        take(place, on: order.listing, cancelType: .user, rejectReason: .request)
        return OrderReply(
            code: 0,
            message: "OK",
            orderID: identifiers.id(of: order),
            orderLinkID: order.orderLinkID
        )
    }

    /// The slot of an open order; the exchange's id wins over the client's.
    private func slot(_ account: Int, _ orderID: String, _ orderLinkID: String) -> Int? {
        guard !orderID.isEmpty else {
            return accountStates[account].slot(orderLinkID: orderLinkID)
        }
        return identifiers.number(in: orderID, .order, place: account)
            .flatMap { accountStates[account].slot(serial: $0) }
    }

    func place(
        _ orderID: String,
        _ orderLinkID: String,
        _ instrument: InstrumentID,
        _ account: AccountID
    ) -> OrderPlace? {
        guard accountStates.indices.contains(account.index),
            let slot = slot(account.index, orderID, orderLinkID),
            facts[accountStates[account.index].orders[slot].listing].id == instrument
        else { return nil }
        return OrderPlace(account: account.index, slot: slot)
    }
}

extension CancelAllFilter {
    func holds(_ order: AccountOrder, _ instrument: Instrument) -> Bool {
        guard baseCoin.isEmpty || baseCoin == instrument.baseCoin,
            settleCoin.isEmpty || settleCoin == instrument.settleCoin
        else { return false }
        let kind = order.isWaiting ? order.stop?.kind : nil
        switch filter {
        case nil: return instrument.id.category == .spot ? kind == nil : true
        case .order, .openOrder: return kind == nil
        case .exits: return kind == .exits
        case .stopOrder:
            guard let kind else { return false }
            if instrument.id.category == .spot { return kind == .stop }
            return stopOrderType == "Stop" ? kind == .stop : true
        }
    }
}
