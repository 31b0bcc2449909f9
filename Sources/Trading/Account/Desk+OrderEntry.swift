import Market

/// Answers to new orders, amendments and cancels.
extension Desk {
    mutating func created(_ reply: Reply) {
        guard
            let place = orderStore.place(linkID: reply.orderLinkID, orderID: reply.orderID)
        else {
            if !reply.isSuccess { refused(reply, reply.orderLinkID) }
            return
        }
        let serial = orderStore[place].serial
        let now = cause
        if reply.isSuccess {
            let changed = orderStore.update(place) { order in
                if order.orderID.isEmpty { order.orderID = reply.orderID }
                guard order.phase == .asked || order.phase == .unknown else { return false }
                order.heard = now
                order.phase = .accepted
                order.settlement = nil
                return true
            }
            if changed { news.append(.order(serial: serial)) }
            cancelIfStopping(place)
            return
        }
        if reply.isUncertain {
            // A row that came first has said more than the lost answer would have.
            if orderStore[place].phase == .asked {
                beginUnknown(place, why: "create: " + Desk.words(reply))
            }
            return
        }
        refused(reply, reply.orderLinkID)
        guard orderStore[place].phase == .asked || orderStore[place].phase == .unknown else {
            return
        }
        orderStore.update(place) { $0.close(.rejected, reason: Desk.words(reply)) }
        news.append(.order(serial: serial))
    }

    mutating func amended(_ reply: Reply) {
        guard
            let place = orderStore.place(linkID: reply.orderLinkID, orderID: reply.orderID)
        else {
            if !reply.isSuccess { refused(reply, reply.orderLinkID) }
            return
        }
        let now = cause
        let asked = orderStore[place].pendingAmend?.asked
        if let asked, !Desk.answers(reply, asked) {
            // Of one that was given up: what it says of itself the row says too.
            guard !reply.isSuccess else { return }
            refused(reply, reply.orderLinkID)
            return lookUpSoon(place)
        }
        if reply.isSuccess {
            orderStore.update(place) {
                $0.pendingAmend?.isAccepted = true
                $0.pendingAmend?.settles = now
            }
            return
        }
        if reply.isUncertain {
            amendLost(place)
            return
        }
        refused(reply, reply.orderLinkID)
        orderStore.update(place) { $0.pendingAmend = nil }
        news.append(.order(serial: orderStore[place].serial))
        lookUpSoon(place)
    }

    mutating func cancelled(_ reply: Reply) {
        guard
            let place = orderStore.place(linkID: reply.orderLinkID, orderID: reply.orderID)
        else {
            if !reply.isSuccess { refused(reply, reply.orderLinkID) }
            return
        }
        let pending = orderStore[place].pendingCancel
        let isOfNewest = pending.map { Desk.answers(reply, $0.asked) } ?? true
        if reply.isUncertain {
            if isOfNewest { cancelLost(place) }
            return lookUpSoon(place)
        }
        let now = cause
        orderStore.update(place) {
            // An answer came after all: of the newest, or of the one before it that was given up.
            let lost = $0.pendingCancel?.lost
            if let lost, lost == $0.pendingCancel?.asked || !isOfNewest, Desk.answers(reply, lost) {
                $0.pendingCancel?.lost = nil
                $0.pendingCancel?.deadline = nil
            }
            guard isOfNewest else { return }
            if let lost = $0.pendingCancel?.lost {
                // One of before may still be carried out: its deadline decides.
                $0.pendingCancel?.asked = lost
            } else if reply.isSuccess {
                $0.pendingCancel?.settles = now
            } else {
                $0.pendingCancel = nil
            }
        }
        guard !reply.isSuccess else { return }
        refused(reply, reply.orderLinkID)
        news.append(.order(serial: orderStore[place].serial))
        lookUpSoon(place)
    }

    /// Whether it answers the request of that record, or one of later.
    ///
    /// Answers on the trade socket of before behaviour version 4 do not say: they are taken for the newest one's.
    private static func answers(_ reply: Reply, _ asked: SequenceNumber) -> Bool {
        reply.after == .none || reply.after >= asked
    }

    /// The answer to a cancel is lost: as with an amendment, only a row that was asked for after the deadline says
    /// that it was not carried out.
    private mutating func cancelLost(_ place: Int) {
        guard orderStore[place].isCancelPending else { return }
        let deadline = time.advanced(nanoseconds: Desk.settlementDelay)
        orderStore.update(place) {
            guard let asked = $0.pendingCancel?.asked else { return }
            $0.pendingCancel = Order.PendingCancel(asked: asked, lost: asked, deadline: deadline)
        }
        askToSettle(place, at: deadline)
    }

    private mutating func askToSettle(_ place: Int, at deadline: Timestamp) {
        let order = orderStore[place]
        guard !order.isClosed, !order.name.isEmpty else { return }
        links.deferred.append(Deferred(lookUp: order.question, due: deadline, isSettlement: true))
    }

    /// The answer to an amendment is lost: looked up soon, and after the deadline for a verdict.
    ///
    /// Until then both the old and the new values count: the request may still be carried out.
    private mutating func amendLost(_ place: Int) {
        guard orderStore[place].pendingAmend != nil else { return lookUpSoon(place) }
        let deadline = time.advanced(nanoseconds: Desk.settlementDelay)
        orderStore.update(place) { $0.pendingAmend?.deadline = deadline }
        lookUpSoon(place)
        askToSettle(place, at: deadline)
    }

    /// After a refusal the row that explains it is on its way, mostly; if it does not come, it is looked up.
    private mutating func lookUpSoon(_ place: Int) {
        let order = orderStore[place]
        guard !order.isClosed, !order.name.isEmpty else { return }
        ask(order.question, at: time.advanced(nanoseconds: 1_000_000_000))
    }
}
