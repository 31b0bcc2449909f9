import Market

extension Desk {
    /// How long after its end a request can still be carried out: the exchange's window of 5 s and 2 s more.
    static let settlementDelay: Int64 = 7_000_000_000

    /// Takes in a row of the exchange on an order, wherever it came from.
    ///
    /// - Parameter heard: the record that it is no older than; `nil`: the one in hand, which is a push.
    /// - Returns: the order's place, or `nil` when the row is of an order long forgotten.
    @discardableResult
    mutating func orderRow(_ row: OrderUpdate, heard: SequenceNumber? = nil) -> Int? {
        if case .other(let word) = row.status {
            find(.unknown, row.instrument.description, seen: word, note: "an order status")
        }
        let known = orderStore.place(linkID: row.orderLinkID, orderID: row.orderID)
        let place: Int
        if let known {
            place = known
        } else {
            let owner = owner(ofLinkID: row.orderLinkID)
            // One of ours that was closed and forgotten: its row is late, or was looked up for an audit.
            if owner != nil, row.status.isClosed { return nil }
            var order = Order(
                row: row,
                strategy: owner ?? Order.external,
                cause: cause,
                time: time
            )
            // Executions of it that came first have been counted; what it filled before that is in the position already.
            let early = orderStore.takeEarly(row.orderID)
            let told = Amount(exactly: row.filledQuantity)
            order.executed = told > early ? told : early
            if told > early { order.countedUntil = row.updatedMilliseconds }
            // The lists of the first reconciliation: what was there before.
            order.isOpening = heard != nil && !links.isOpened && !row.status.isClosed
            place = orderStore.add(order)
        }
        let now = heard ?? cause
        // Its few figures and not the order, whose texts would be counted as held again for each row.
        let (changed, wasUnknown, isBack, isUnknown, serial) = orderStore.update(place) {
            let wasUnknown = $0.phase == .unknown
            let wasUnheard = $0.isClosedUnheard
            let wasUntold = $0.isClosed && $0.reason == Order.endUntold
            if now > $0.heard { $0.heard = now }
            let changed = $0.merge(row)
            let isBack = wasUnheard || wasUntold && !$0.isClosed
            return (changed, wasUnknown, isBack, $0.phase == .unknown, $0.serial)
        }
        if isBack {
            find(
                .orderUnknown,
                orderStore[place].name,
                seen: row.status.name,
                note: "closed without a word of the exchange, and it has the order all the same"
            )
        }
        if wasUnknown, !isUnknown {
            find(
                .orderUnknown,
                orderStore[place].name,
                seen: row.status.name,
                note: "settled: the exchange has the order"
            )
        }
        if changed || known == nil { news.append(.order(serial: serial)) }
        if links.isStopping { cancelIfStopping(place) }
        return place
    }

    /// At the end of a session what opens late is cancelled too.
    mutating func cancelIfStopping(_ place: Int) {
        let order = orderStore[place]
        guard links.isStopping, order.strategy != Order.external,
            order.phase == .open || order.phase == .accepted
        else { return }
        // The answer to the one before was lost and the order is open: there is no time to wait for its verdict.
        let isLost = order.pendingCancel.map { $0.lost == $0.asked } ?? false
        asDesk { desk in _ = desk.cancel(at: place, repeating: isLost) }
    }

    mutating func asDesk(_ body: (inout Desk) -> Void) {
        let speaker = strategy
        strategy = Desk.own
        body(&self)
        strategy = speaker
    }

    /// The strategy of this session whose order this is, by the id's beginning.
    func owner(ofLinkID linkID: String) -> String? {
        guard linkID.utf8.count > 15 else { return nil }
        for place in prefixes.keys.indices where linkID.hasPrefix(prefixes.values[place]) {
            return prefixes.keys[place]
        }
        return nil
    }

    /// The order's fate is not known: it is looked up now and, for a verdict, after the deadline.
    mutating func beginUnknown(_ place: Int, why: String) {
        let deadline = time.advanced(nanoseconds: Desk.settlementDelay)
        orderStore.update(place) {
            $0.phase = .unknown
            $0.settlement = Order.Settlement(deadline: deadline)
        }
        let order = orderStore[place]
        find(.orderUnknown, order.name, note: why)
        news.append(.order(serial: order.serial))
        guard !order.name.isEmpty else { return }
        askForRow(order)
        links.deferred.append(Deferred(lookUp: order.question, due: deadline, isSettlement: true))
    }

    /// A look-up found no such order: history is asked next, which has it if it ended meanwhile.
    ///
    /// Asked after the deadline, both say that it was never placed.
    mutating func absent(_ place: Int, _ reply: Reply) {
        let order = orderStore[place]
        guard !order.isClosed else { return }
        let isHistory = Desk.isHistory(reply.endpoint)
        guard let settlement = order.settlement else {
            // The answer to its request is still to come.
            guard !isHistory, order.phase != .asked else { return }
            if reply.after >= order.heard {
                beginUnknown(place, why: "not among the open orders")
            } else {
                // The exchange has said since that it has the order: the question was too early, and is asked again.
                askForRow(order)
            }
            return
        }
        guard isHistory else {
            if let due = settlement.due, reply.after >= due {
                let now = cause
                orderStore.update(place) { $0.settlement?.absentFromOpen = now }
            }
            asDesk { $0.command(.lookUp(order.historyQuestion)) }
            return
        }
        guard let since = settlement.absentFromOpen, reply.after >= since else { return }
        // The exchange keeps an order that ended without a fill for a day: what it had and has no longer was placed.
        let wasThere = order.heard != .none
        orderStore.update(place) {
            $0.close(
                wasThere ? $0.status : nil,
                reason: wasThere ? Order.endUntold : "not placed"
            )
        }
        find(
            .orderUnknown,
            order.name,
            note: wasThere
                ? "settled: the exchange had it, and neither open orders nor history have it any more; how it ended is not told"
                : "settled: absent from open orders and history after the deadline, so not placed"
        )
        news.append(.order(serial: order.serial))
    }
}
