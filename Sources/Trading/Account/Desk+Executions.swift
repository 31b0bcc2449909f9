import Market

extension Desk {
    /// Takes in rows of executions: at once, or when the reconciliation under way is complete.
    mutating func executionRows(_ rows: [ExecutionReport]) {
        if links.reconciliation != nil {
            links.reconciliation?.executions.append(contentsOf: rows)
            return
        }
        for row in rows { execution(row) }
    }

    mutating func execution(_ row: ExecutionReport) {
        let place = orderStore.place(linkID: row.orderLinkID, orderID: row.orderID)
        let owner =
            place.map { orderStore[$0].strategy } ?? owner(ofLinkID: row.orderLinkID)
            ?? Order.external
        let booking = ledger.book(
            row,
            strategy: owner,
            // Asked for at the first execution in the instrument only.
            terms: markets.instruments[row.instrument].map { ContractTerms($0) },
            positionIndex: place.map { orderStore[$0].positionIndex }
        )
        if let halves = booking.halves { sayByTime(row, halves) }
        switch booking.outcome {
        case .repeated: return
        case .combination:
            count(row, of: place)
            return
        case .opening:
            if row.type.isFill { countOpening(row, of: place) }
            return
        case .owed:
            find(
                .openingTie,
                "\(row.instrument) execution \(row.executionID) opening",
                seen: "in the position and not in the wallet",
                note:
                    "what it realised is not told: its flow counts when the transaction log tells it"
            )
            if row.type.isFill { countOpening(row, of: place) }
            return
        case .outside:
            find(
                .unknown,
                "\(row.instrument) execution \(row.executionID)",
                seen: row.type.name,
                note: "not accounted for by this version"
            )
            return
        case .number(let error):
            number("\(row.instrument) execution \(row.executionID)", error)
            return
        case .booked: break
        }
        booked(row, owner, booking)
        guard row.type.isFill else { return }
        guard !booking.isFlowAlone else { return countOpening(row, of: place) }
        count(row, of: place)
        guard owner != Order.external else { return }
        let fill = Fill(
            instrument: row.instrument,
            orderLinkID: row.orderLinkID.isEmpty
                ? place.map { orderStore[$0].orderLinkID } ?? "" : row.orderLinkID,
            executionID: row.executionID,
            side: row.side,
            price: row.price,
            quantity: row.quantity,
            isMaker: row.isMaker,
            fee: booking.fee,
            realised: booking.shareRealised,
            timeMilliseconds: row.timeMilliseconds
        )
        news.append(.fill(fill, strategy: owner))
    }

    /// Tells what the ledger has counted of an execution.
    mutating func booked(_ row: ExecutionReport, _ owner: String, _ booking: Booking) {
        bookings.append(
            ExecutionBooking(
                report: row,
                strategy: owner,
                coin: ledger.accounts[row.instrument]?.settleCoin ?? Ledger.coin,
                positionIndex: booking.positionIndex,
                realised: booking.realised,
                fee: booking.fee,
                funding: booking.funding,
                otherFees: booking.otherFees,
                shareRealised: booking.shareRealised,
                parts: booking.parts,
                changes: booking.changes,
                isOpening: booking.isOpening,
                isFlowAlone: booking.isFlowAlone,
                compared: booking.compared,
                roundings: booking.roundings,
                differences: booking.discrepancies
            )
        )
        for difference in booking.discrepancies {
            find(
                .audit,
                "\(row.instrument) execution \(row.executionID) \(difference.field)",
                expected: difference.ours,
                seen: difference.theirs,
                note: "the exchange's figure differs from ours"
            )
        }
    }

    /// An execution whose flow the transaction log has told to be behind the opening balance.
    mutating func lateFlow(_ row: ExecutionReport, _ booking: Booking) {
        switch booking.outcome {
        case .booked: booked(row, Order.external, booking)
        case .number(let error): number("\(row.instrument) execution \(row.executionID)", error)
        case .repeated, .opening, .owed, .combination, .outside: break
        }
    }

    /// Tells what only the times of two clocks have decided: whether the answers that opened the ledger have an execution.
    private mutating func sayByTime(_ row: ExecutionReport, _ halves: Opening.Halves) {
        var seen: [String] = []
        if halves.size.isClose, row.movesPosition {
            seen.append("\(halves.size.isInside ? "in" : "behind") the position")
        }
        if halves.flow.isClose {
            seen.append("\(halves.flow.isInside ? "in" : "behind") the wallet")
        }
        guard !seen.isEmpty else { return }
        find(
            .openingTie,
            "\(row.instrument) execution \(row.executionID) opening",
            seen: seen.joined(separator: ", "),
            note: "only its time says so, which is within \(Opening.reach) ms of the answer's"
        )
    }

    /// Tells what only the times of two clocks have decided: whether the balances that opened the ledger have a flow.
    mutating func sayByTime(_ row: TransactionRow) {
        guard FlowKind(transaction: row) != nil, !row.change.isZero else { return }
        find(
            .openingTie,
            "transaction \(row.id) opening",
            seen: "\(ledger.isInOpening(row) ? "in" : "behind") the wallet",
            note: "only its time says so, which is within \(Opening.reach) ms of the answer's"
        )
    }

    /// A fill of before the opening: an order that was heard of after it has it in its filled quantity, and so counted.
    private mutating func countOpening(_ row: ExecutionReport, of place: Int?) {
        guard let place else { return }
        let told = orderStore[place]
        guard told.updatedMilliseconds >= row.timeMilliseconds else { return count(row, of: place) }
        count(row, of: place)
        let most = told.filled > told.executed ? told.filled : told.executed
        orderStore.update(place) { if $0.executed > most { $0.executed = most } }
    }

    private mutating func count(_ row: ExecutionReport, of place: Int?) {
        guard let place else {
            return orderStore.addEarly(Amount(exactly: row.quantity), of: row.orderID)
        }
        guard row.timeMilliseconds > orderStore[place].countedUntil else { return }
        let quantity = Amount(exactly: row.quantity)
        orderStore.update(place) {
            let (sum, overflow) = $0.executed.units.addingReportingOverflow(quantity.units)
            if !overflow { $0.executed = Amount(units: sum) }
        }
    }
}
