/// Orders; need a key, and go to loopback, testnet and demo unless ``ClientConfiguration/ordersCostMoney`` is set.
///
/// Nothing here is ever sent twice. Requests of one `orderLinkID` leave one after the other, so that a cancel does not
/// overtake its order.
///
/// Each throws ``ClientError/ordersRefused(destination:)``, ``ClientError/noCredentials(what:)`` and
/// ``ClientError/notOffered(_:)``, and a batch ``ClientError/batchTooLarge(path:orders:most:)``, before anything is sent;
/// everything else is an ``OrderOutcome``.
extension BybitClient {
    /// Places an order; one without an `orderLinkID` is given one, which the outcome names.
    public func place(_ order: OrderRequest) async throws(ClientError) -> OrderOutcome {
        let order = BybitClient.named(order)
        return try await enter(.place(order), order.instrument.category, order.orderLinkID)
    }

    /// Places an order with more terms: position side, triggers, exits, spot margin and the like.
    public func place(
        _ order: OrderRequest,
        _ terms: OrderTerms
    ) async throws(ClientError) -> OrderOutcome {
        guard order.instrument.category != .spread else {
            throw .unfit("orders of combinations have no further terms")
        }
        let order = BybitClient.named(order)
        return try await enter(RESTRequest(placing: order, terms), order.orderLinkID)
    }

    /// Changes price or quantity of an open order.
    public func amend(_ change: AmendRequest) async throws(ClientError) -> OrderOutcome {
        try await enter(.amend(change), change.instrument.category, change.orderLinkID)
    }

    /// Changes an open order with more terms: trigger, exits, an option's volatility.
    public func amend(
        _ change: AmendRequest,
        _ terms: AmendTerms
    ) async throws(ClientError) -> OrderOutcome {
        guard change.instrument.category != .spread else {
            throw .unfit("orders of combinations have no further terms")
        }
        return try await enter(RESTRequest(amending: change, terms), change.orderLinkID)
    }

    /// Cancels an open order, by our id or theirs; a conditional or TP/SL order of spot by ``cancel(_:_:)``.
    public func cancel(_ cancel: CancelRequest) async throws(ClientError) -> OrderOutcome {
        try await enter(.cancel(cancel), cancel.instrument.category, cancel.orderLinkID)
    }

    /// Cancels an open order with more terms: the kind that an order of spot was placed as, ``OrderTerms/filter``.
    public func cancel(
        _ cancel: CancelRequest,
        _ terms: CancelTerms
    ) async throws(ClientError) -> OrderOutcome {
        guard cancel.instrument.category != .spread else {
            throw .unfit("orders of combinations have no further terms")
        }
        return try await enter(RESTRequest(cancelling: cancel, terms), cancel.orderLinkID)
    }

    /// Cancels an open order by the client's id.
    public func cancel(
        _ orderLinkID: String,
        of instrument: InstrumentID
    ) async throws(ClientError) -> OrderOutcome {
        try await cancel(CancelRequest(instrument: instrument, orderLinkID: orderLinkID))
    }

    /// Cancels open orders of an instrument, of a coin, or of a category: those of the kind that is named, no others.
    ///
    /// - **Linear and inverse**: ``CancelKind/orders`` leaves stop losses, take profits and trailing stops;
    ///   ``CancelKind/conditional`` and ``CancelKind/everything`` take them, and a position stands without its exits. At
    ///   most 500 go at once, which ones is chance: call again while 500 come back.
    /// - **Spot**: ``CancelKind/orders`` leaves conditional and TP/SL orders. Each kind is a request of its own: two of
    ///   ``CancelKind/conditional``, five of ``CancelKind/everything``.
    /// - **Option**: as linear, without limit.
    /// - **Combinations**: all there are, by ``CancelKind/orders`` or ``CancelKind/everything``.
    ///
    /// Every request is sent, whatever becomes of those before it, and then the first failure is thrown: what the others
    /// took is gone from ``openOrders(in:symbol:settleCoin:pages:)``.
    ///
    /// - Returns: those that the exchange has taken.
    /// - Throws: ``ClientError/unknown(path:reason:)`` where it may have been carried out, ``ClientError/refused(path:code:message:)``
    ///   where not, ``ClientError/notOffered(_:)`` for a kind or scope that the exchange does not have in the category.
    public func cancelAll(
        _ kind: CancelKind,
        of scope: CancelScope
    ) async throws(ClientError) -> [AcceptedOrder] {
        let requests = RESTRequest.cancellingAll(kind, of: scope)
        guard !requests.isEmpty else {
            throw .notOffered("\(scope.category.name) has no cancel-all of \(kind) by \(scope)")
        }
        var taken: [AcceptedOrder] = []
        var failure: ClientError?
        for request in requests {
            do throws(ClientError) {
                let event = try await send(request, orderingKey: "")
                try BybitClient.check(event.reply, of: request)
                taken += BybitClient.accepted(event)
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return taken
    }

    /// Cancels open orders of the kind of one instrument.
    public func cancelAll(
        _ kind: CancelKind,
        of instrument: InstrumentID
    ) async throws(ClientError) -> [AcceptedOrder] {
        try await cancelAll(kind, of: .instrument(instrument))
    }

    /// Changes how the account trades: leverage, modes, exits of a position, cancel-on-disconnect.
    ///
    /// - Parameter request: one that is posted, such as `RESTRequest(leverage:_:of:)`; orders have calls of their own.
    /// - Returns: what was answered, decoded.
    /// - Throws: as ``cancelAll(_:of:)-(_,CancelScope)``.
    @discardableResult
    public func change(_ request: RESTRequest) async throws(ClientError) -> Event {
        guard request.method == "POST", !request.entersOrders else {
            throw .unfit("\(request.path) is no change of an account")
        }
        let event = try await send(request, orderingKey: "")
        try BybitClient.check(event.reply, of: request)
        return event
    }

    private static func check(_ reply: Reply, of request: RESTRequest) throws(ClientError) {
        if reply.isSuccess { return }
        if reply.outcome == .notSent { throw .notSent(path: request.path, reason: reply.message) }
        guard reply.isUncertain else {
            throw .refused(path: request.path, code: reply.code, message: reply.message)
        }
        throw .unknown(path: request.path, reason: BybitClient.words(reply))
    }

    // MARK: - Batches

    /// Places orders of one category in one request; each has an outcome of its own, in their order.
    ///
    /// - Parameter orders: at most 20, of spot 10.
    public func place(_ orders: [OrderRequest]) async throws(ClientError) -> [OrderOutcome] {
        let orders = orders.map(BybitClient.named)
        return try await enter(
            RESTRequest(placing: orders),
            orders.map { ($0.instrument.category, $0.orderLinkID) }
        )
    }

    /// Changes open orders of one category in one request.
    public func amend(_ changes: [AmendRequest]) async throws(ClientError) -> [OrderOutcome] {
        try await enter(
            RESTRequest(amending: changes),
            changes.map { ($0.instrument.category, $0.orderLinkID) }
        )
    }

    /// Cancels open orders of one category in one request.
    public func cancel(_ cancels: [CancelRequest]) async throws(ClientError) -> [OrderOutcome] {
        try await enter(
            RESTRequest(cancelling: cancels),
            cancels.map { ($0.instrument.category, $0.orderLinkID) }
        )
    }

    // MARK: - Steps

    private func enter(
        _ action: Command.Action,
        _ category: Category,
        _ orderLinkID: String
    ) async throws(ClientError) -> OrderOutcome {
        let request =
            category == .spread ? RESTRequest(combination: action) : RESTRequest(action)
        guard let request else { throw .unfit("not a request") }
        return try await enter(request, orderLinkID)
    }

    private func enter(
        _ request: RESTRequest,
        _ orderLinkID: String
    ) async throws(ClientError) -> OrderOutcome {
        let event = try await send(request, orderingKey: orderLinkID)
        return OrderOutcome(event.reply, orderLinkID: orderLinkID)
    }

    private func enter(
        _ request: RESTRequest?,
        _ items: [(category: Category, orderLinkID: String)]
    ) async throws(ClientError) -> [OrderOutcome] {
        for item in items { try BybitClient.checkSingle(item.category) }
        guard let request else {
            throw .unfit("a batch has orders of one category, and at least one")
        }
        let event = try await send(request, orderingKey: "")
        let rows = BybitClient.accepted(event)
        guard event.reply.isSuccess else {
            return items.map { OrderOutcome(event.reply, orderLinkID: $0.orderLinkID) }
        }
        // An answer that names fewer than were sent leaves the others open.
        return items.indices.map { place in
            place < rows.count
                ? OrderOutcome(rows[place], orderLinkID: items[place].orderLinkID)
                : .unknown(
                    orderLinkID: items[place].orderLinkID,
                    reason: "the answer does not name it"
                )
        }
    }

    private static func accepted(_ event: Event) -> [AcceptedOrder] {
        event.details.compactMap { if case .acceptedOrder(let row) = $0 { row } else { nil } }
    }

    private static func checkSingle(_ category: Category) throws(ClientError) {
        guard category != .spread else { throw .notOffered("batches of orders on combinations") }
    }

    /// An order whose answer is lost can be looked up by its id alone.
    private static func named(_ order: OrderRequest) -> OrderRequest {
        guard order.orderLinkID.isEmpty else { return order }
        var order = order
        let text =
            String(UInt64.random(in: .min ... .max), radix: 36)
            + String(UInt64.random(in: .min ... .max), radix: 36)
        order.orderLinkID = "tc" + text
        return order
    }
}
