public import Market

extension Desk {
    /// Asks for a new order.
    ///
    /// - Parameter price: `nil` for a market order, which is always immediate-or-cancel.
    /// - Returns: the client order id, or `nil` when risk rejected it (the verdict says by which limit).
    @discardableResult
    public mutating func place(
        _ side: Side,
        _ quantity: Quantity,
        of instrument: InstrumentID,
        at price: Price?,
        _ timeInForce: TimeInForce = .goodTillCancelled,
        reduceOnly: Bool = false
    ) -> String? {
        let scale = markets.scale(of: instrument)
        let request = OrderRequest(
            instrument: instrument,
            orderLinkID: ClientOrderID.make(
                prefix: prefixes[strategy] ?? "",
                cause: cause,
                ordinal: ordinal
            ),
            side: side,
            type: price == nil ? .market : .limit,
            timeInForce: price == nil ? .immediateOrCancel : timeInForce,
            quantity: scale.numeral(quantity),
            price: price.map { scale.numeral($0) },
            reduceOnly: reduceOnly
        )
        let exposure = Exposure(
            instrument: instrument,
            side: side,
            quantity: Amount(exactly: request.quantity),
            price: request.price,
            reduceOnly: reduceOnly
        )
        guard decide(instrument, Desk.words(request), checks(exposure), .place(request)) else {
            return nil
        }
        orderStore.add(
            Order(
                orderLinkID: request.orderLinkID,
                strategy: strategy,
                instrument: instrument,
                side: side,
                type: request.type,
                timeInForce: request.timeInForce,
                reduceOnly: reduceOnly,
                quantity: request.quantity,
                price: request.price,
                phase: .asked,
                cause: cause,
                since: time
            )
        )
        return request.orderLinkID
    }

    /// Asks for another price or whole quantity of an open order of this strategy.
    ///
    /// - Parameter quantity: the new total, filled part included; `nil` keeps.
    /// - Returns: false when risk rejected it, or when there is no such order that is open and not busy.
    @discardableResult
    public mutating func amend(
        _ orderLinkID: String,
        price: Price? = nil,
        quantity: Quantity? = nil
    ) -> Bool {
        guard let place = orderStore.place(linkID: orderLinkID, orderID: ""),
            orderStore[place].strategy == strategy
        else { return false }
        let order = orderStore[place]
        guard order.phase == .open, !order.isBusy, price != nil || quantity != nil else {
            return false
        }
        let scale = markets.scale(of: order.instrument)
        let request = AmendRequest(
            instrument: order.instrument,
            orderLinkID: orderLinkID,
            orderID: order.orderID,
            quantity: quantity.map { scale.numeral($0) },
            price: price.map { scale.numeral($0) }
        )
        let exposure = Exposure(
            instrument: order.instrument,
            side: order.side,
            quantity: Amount(exactly: request.quantity ?? order.quantity),
            price: request.price ?? order.price,
            reduceOnly: order.reduceOnly,
            replaces: order
        )
        let words = Desk.words(request)
        guard decide(order.instrument, words, checks(exposure), .amend(request)) else {
            return false
        }
        let asked = cause
        orderStore.update(place) {
            $0.pendingAmend = Order.PendingAmend(
                quantity: request.quantity,
                price: request.price,
                asked: asked
            )
        }
        return true
    }

    /// Asks for the end of an order of this strategy.
    ///
    /// Cancels always pass risk.
    ///
    /// - Returns: false when there is no such order, it is closed, or it is being cancelled already.
    @discardableResult
    public mutating func cancel(_ orderLinkID: String) -> Bool {
        guard let place = orderStore.place(linkID: orderLinkID, orderID: ""),
            orderStore[place].strategy == strategy
        else { return false }
        return cancel(at: place)
    }

    /// - Parameter repeating: even while one is pending, whose answer was lost: twice does no harm.
    mutating func cancel(at place: Int, repeating: Bool = false) -> Bool {
        let order = orderStore[place]
        guard !order.isClosed, !order.isCancelPending || repeating else { return false }
        let request = CancelRequest(
            instrument: order.instrument,
            orderLinkID: order.orderLinkID,
            orderID: order.orderID
        )
        let name = order.orderLinkID.isEmpty ? order.orderID : order.orderLinkID
        _ = decide(order.instrument, "cancel " + name, [], .cancel(request))
        let asked = cause
        orderStore.update(place) {
            $0.pendingCancel = Order.PendingCancel(
                asked: asked,
                lost: $0.pendingCancel?.lost,
                deadline: $0.pendingCancel?.deadline
            )
        }
        return true
    }

    /// Asks to be told at `due`, or at once after when that has passed.
    ///
    /// Setting it again replaces it.
    public mutating func setTimer(_ name: String, at due: Timestamp) {
        timers.set(strategy, name, due: due)
        command(.setTimer(name: name, due: due))
    }

    /// Asks to be told in so many milliseconds.
    public mutating func setTimer(_ name: String, afterMilliseconds delay: Int64) {
        let (nanoseconds, overflow) = delay.multipliedReportingOverflow(by: 1_000_000)
        setTimer(name, at: time.advanced(nanoseconds: overflow ? .max : nanoseconds))
    }

    /// Puts a remark into the recording.
    public mutating func note(_ text: String) {
        find(.strategy, strategy, note: text)
    }

    // MARK: Saying

    /// Says the verdict, and the command when it is allowed; both with the same ordinal.
    private mutating func decide(
        _ instrument: InstrumentID,
        _ intent: String,
        _ checks: [Verdict.Check],
        _ action: Command.Action
    ) -> Bool {
        let verdict = Verdict(
            strategy: strategy,
            cause: cause,
            ordinal: ordinal,
            instrument: instrument,
            intent: intent,
            checks: checks
        )
        outputs.append(.verdict(verdict))
        if verdict.isAllowed {
            risk.allowed += 1
            command(action)
            return true
        }
        risk.rejected += 1
        ordinal += 1
        return false
    }

    mutating func command(_ action: Command.Action) {
        if case .resubscribe(let instrument, _) = action, links.isCarried(instrument.category) {
            return
        }
        outputs.append(
            .command(
                Command(strategy: strategy, cause: cause, ordinal: ordinal, action: action)
            )
        )
        ordinal += 1
    }

    mutating func find(
        _ kind: Finding.Kind,
        _ subject: String,
        expected: String = "",
        seen: String = "",
        note: String = ""
    ) {
        outputs.append(
            .finding(
                Finding(
                    kind: kind,
                    cause: cause,
                    subject: subject,
                    expected: expected,
                    seen: seen,
                    note: note
                )
            )
        )
    }

    mutating func number(_ subject: String, _ error: NumberError) {
        find(.number, subject, note: error.description)
    }

    static func words(_ request: OrderRequest) -> String {
        let price = request.price.map { "@ \($0)" } ?? "at market"
        let ending = request.reduceOnly ? " reduce-only" : ""
        return "place \(request.side.name) \(request.quantity) \(price)"
            + " \(request.timeInForce.name)" + ending
    }

    static func words(_ request: AmendRequest) -> String {
        var words = "amend " + request.orderLinkID
        if let quantity = request.quantity { words += " quantity \(quantity)" }
        if let price = request.price { words += " @ \(price)" }
        return words
    }
}
