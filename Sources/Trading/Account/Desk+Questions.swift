import Market

/// Questions that are asked at a moment to come.
extension Desk {
    /// Asks at a moment; a question that waits already is not asked twice.
    ///
    /// While the exchange does not answer, each refused request would add one that is asked again for ever.
    mutating func ask(_ lookUp: LookUp, at due: Timestamp) {
        let waiting = links.deferred.firstIndex { $0.lookUp == lookUp && !$0.isSettlement }
        if let waiting {
            links.deferred[waiting].due = min(links.deferred[waiting].due, due)
            return
        }
        links.deferred.append(Deferred(lookUp: lookUp, due: due))
    }

    /// Asks what has become due, unless the answer came meanwhile.
    mutating func askDeferred() {
        guard !links.deferred.isEmpty, links.deferred.contains(where: { $0.due <= time }) else {
            return
        }
        let due = links.deferred.filter { $0.due <= time }
        links.deferred.removeAll { $0.due <= time }
        for question in due where isStillOpen(question) {
            if question.isSettlement { settle(question.lookUp) }
            asDesk { $0.command(.lookUp(question.lookUp)) }
        }
    }

    /// From this record on nothing of the order's uncertain requests can still be carried out.
    private mutating func settle(_ lookUp: LookUp) {
        guard let place = orderPlace(of: lookUp) else { return }
        let (now, time) = (cause, time)
        orderStore.update(place) {
            if let settlement = $0.settlement, settlement.deadline <= time {
                $0.settlement?.due = now
            }
            if $0.pendingAmend?.deadline.map({ $0 <= time }) == true {
                $0.pendingAmend?.settles = now
            }
            guard let cancel = $0.pendingCancel, let deadline = cancel.deadline, deadline <= time
            else { return }
            if cancel.lost == cancel.asked {
                $0.pendingCancel?.settles = now
            } else {
                // A newer one is on its way, and has an answer of its own.
                $0.pendingCancel?.lost = nil
                $0.pendingCancel?.deadline = nil
            }
        }
    }

    /// The order that a question is about; `nil` for one of another kind, and for one that is forgotten.
    private func orderPlace(of lookUp: LookUp) -> Int? {
        switch lookUp {
        case .order(_, let linkID), .orderHistory(_, let linkID):
            orderStore.place(linkID: linkID, orderID: "")
        case .orderByID(_, let orderID), .orderHistoryByID(_, let orderID):
            orderStore.place(linkID: "", orderID: orderID)
        default: nil
        }
    }

    /// The state of a program of before behaviour version 8, which asked for no verdict on an order without an id of the
    /// client's: it is asked for after all.
    mutating func askForVerdicts() {
        for serial in orderStore.active {
            guard let place = orderStore.place(ofSerial: serial) else { continue }
            let order = orderStore[place]
            guard order.phase == .unknown, order.orderLinkID.isEmpty else { continue }
            let deadline = order.settlement?.deadline ?? time
            links.deferred.append(
                Deferred(lookUp: order.question, due: deadline, isSettlement: true)
            )
        }
    }

    private func isStillOpen(_ question: Deferred) -> Bool {
        switch question.lookUp {
        case .fullBook(let instrument): return isFullBookAwaited(instrument)
        case .order, .orderByID, .orderHistory, .orderHistoryByID:
            guard let place = orderPlace(of: question.lookUp) else { return false }
            return question.isSettlement
                ? orderStore[place].isUnsettled : !orderStore[place].isClosed
        case .openOrders(let category):
            return isAwaited(Desk.openOrders(category), category)
        case .executions(let category, _): return isAwaited(Desk.executions(category), category)
        case .positions(let category): return isAwaited(.positions, category)
        case .wallet: return isAwaited(.wallet, nil)
        default: return true
        }
    }
}
