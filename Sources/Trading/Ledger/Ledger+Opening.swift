package import Market

/// What the answers that opened the ledger have of executions and flows, and what is missing of them.
extension Ledger {
    /// When the balances were told is known: what is later than ``openingEnd`` is behind all answers.
    mutating func noteOpeningEnd() {
        guard let opened else { return }
        var last = opened.milliseconds
        for told in openedPositions.values { last = max(last, told.milliseconds) }
        let (end, overflow) = last.addingReportingOverflow(Opening.tail)
        openingEnd = overflow ? .max : end
    }

    /// What the opening has of an execution of others.
    ///
    /// Each half by its own answer: of a position that was listed the cross sequence says it, else the time does.
    @inline(never)
    /// - Parameter index: which of the account's positions it moves.
    func openingHalves(
        _ report: ExecutionReport,
        _ place: Int,
        _ index: Int
    ) -> Opening.Halves? {
        guard let opened else { return nil }
        var flow = Opening.Side(report.timeMilliseconds, before: opened)
        if flow.isClose, let row = opening?.row(of: report) {
            flow.isInside = row.isInside
            flow.isClose = !row.isProven
        }
        // Spot holds no position, funding moves none: there is the flow alone.
        guard report.movesPosition else { return Opening.Halves(size: flow, flow: flow) }
        let openingSequence = accounts.values[place].openingSequence
        if !report.type.isFill {
            // A delivery is behind every position that is still listed, whatever hour it is dated.
            if openingSequence >= 0, !accounts.values[place][index].isFlat {
                return Opening.Halves(size: Opening.Side(isInside: false), flow: flow)
            }
        } else if openingSequence >= 0, report.crossSequence > 0 {
            let isInside = report.crossSequence <= openingSequence
            // In hedge mode a side that was flat is not listed: a sequence behind the other side's says nothing of it.
            if isInside || !accounts.values[place].isHedged
                || accounts.values[place].isOpening(index)
            {
                return Opening.Halves(size: Opening.Side(isInside: isInside), flow: flow)
            }
        }
        let list = OpenedList(report.instrument.category, coin: accounts.values[place].settleCoin)
        let told = openedPositions[list] ?? opened
        return Opening.Halves(
            size: Opening.Side(report.timeMilliseconds, before: told),
            flow: flow
        )
    }

    /// Keeps an execution whose time alone says on which side of the balances' answer it is, until the log says it too.
    mutating func noteClose(
        _ report: ExecutionReport,
        _ index: Int,
        isInside: Bool,
        _ changes: WalletChanges
    ) {
        opening?.fills.append(
            Opening.Fill(
                report: report,
                index: index,
                isInside: isInside,
                changes: Array(changes)
            )
        )
    }

    // MARK: Flow without size

    /// Counts what a fill or a delivery did to the wallet, and not its size, which the opening position has.
    ///
    /// - Parameter cash: what it realised, where the log has told it.
    mutating func bookFlow(
        _ report: ExecutionReport,
        _ place: Int,
        _ index: Int,
        cash told: Amount? = nil,
        _ booking: inout Booking
    ) throws(NumberError) {
        booking.isFlowAlone = true
        booking.positionIndex = index
        let terms = accounts.values[place].terms
        let value = try terms.valuation.value(report.price, Amount(exactly: report.quantity))
        let isEnd = report.type == .delivery || report.type == .settle
        var realised = Amount.zero
        var cash: Amount
        if terms.category == .option {
            // What was paid is known; what it realised of the position before only where it is told.
            if !isEnd { realised = report.realisedPnL ?? .zero }
            var worth = value
            if isEnd {
                guard let option = OptionName(report.instrument.symbol) else {
                    booking.outcome = .outside
                    return
                }
                let price = try option.payoff(at: report.price)
                worth = try terms.valuation.value(price, Amount(exactly: report.quantity))
            }
            cash = report.side == .buy ? worth.negated : worth
        } else {
            let closesNothing = !isEnd && report.closedQuantity?.isZero == true
            guard let known = told ?? report.realisedPnL ?? (closesNothing ? .zero : nil) else {
                opening?.owed.append(Opening.Owed(report: report, index: index))
                booking.outcome = .owed
                return
            }
            realised = known
            cash = known
        }
        if !cash.isZero || terms.category == .option {
            booking.add(terms.settleCoin, isEnd ? .delivery : .fill, cash)
        }
        var charge = FillCharge()
        if isEnd {
            try charge.takeAsTold(report, &accounts.values[place].terms, &booking)
        } else {
            try charge.take(report, &accounts.values[place].terms, value, fault, &booking)
        }
        let sharePlace = share(Order.external, report.instrument, index, terms.valuation, place)
        var position = accounts.values[place][index]
        var own = shares.values[sharePlace]
        position.realised = try position.realised.adding(realised)
        own.realised = try own.realised.adding(realised)
        position.fees = try position.fees.adding(charge.inSettle)
        own.fees = try own.fees.adding(charge.inSettle)
        let others = try otherFees(with: charge.others, place)
        try post(booking.changes, of: place)
        for other in others { accounts.values[place].otherFees[other.coin] = other.amount }
        accounts.values[place][index] = position
        shares.values[sharePlace] = own
        booking.fee = charge.inSettle
        if !charge.others.isEmpty { booking.otherFees = charge.others }
        booking.realised = realised
        booking.shareRealised = realised
    }

    /// What a row of the log says of a fill whose flow waits for it; `nil` where none does.
    mutating func bookOwed(_ row: TransactionRow) -> (report: ExecutionReport, booking: Booking)? {
        guard let waiting = opening?.owed, !waiting.isEmpty,
            let number = waiting.firstIndex(where: { row.isOf($0.report) })
        else { return nil }
        let owed = waiting[number]
        guard let place = accounts.index(of: owed.report.instrument),
            row.coin == accounts.values[place].settleCoin
        else { return nil }
        opening?.owed.remove(at: number)
        let booking = late(owed.report, place, owed.index, cash: row.cashFlow)
        // Where the log proves it to be in the opening after all, this is what the opening is lowered by.
        if booking.outcome == .booked,
            let fill = opening?.fills.firstIndex(where: { row.isOf($0.report) })
        {
            opening?.fills[fill].changes = Array(booking.changes)
        }
        return (owed.report, booking)
    }

    /// Counts what the log has told to be behind the opening balance, and what was not counted for that.
    private mutating func late(
        _ report: ExecutionReport,
        _ place: Int,
        _ index: Int,
        cash: Amount?
    ) -> Booking {
        var booking = Booking(outcome: .booked, positionIndex: index)
        do throws(NumberError) {
            if report.movesPosition {
                try bookFlow(report, place, index, cash: cash, &booking)
            } else if report.type == .funding {
                try bookFunding(report, place, index, &booking)
            } else {
                try bookFill(report, Order.external, place, index, false, &booking)
            }
        } catch {
            booking = Booking(outcome: .number(error))
        }
        return booking
    }

    // MARK: The transaction log

    /// The opening balance has the row's flow.
    package func isInOpening(_ row: TransactionRow) -> Bool {
        guard let opened else { return false }
        let side = Opening.Side(row.timeMilliseconds, before: opened)
        guard side.isClose, let known = opening?.row(like: row) else { return side.isInside }
        return known.isInside
    }

    /// What ``judge(_:)`` found.
    struct Judgement {
        /// Rows that time alone has decided.
        var byTime: [TransactionRow] = []
        /// Executions whose flow is counted now.
        var booked: [(report: ExecutionReport, booking: Booking)] = []
        /// Rows that are behind the opening balances although time had put them into these: still to be counted.
        var turned: [TransactionRow] = []
    }

    /// Decides of the rows of an answer that are close to the opening balances' moment whether these have them.
    ///
    /// What time had put on the other side than the log proves is put right.
    /// - Parameter rows: oldest first.
    mutating func judge(_ rows: [TransactionRow]) -> Judgement {
        var judgement = Judgement()
        guard let opened, let known = opening else { return judgement }
        let new = rows.filter {
            Opening.Side($0.timeMilliseconds, before: opened).isClose && known.row(like: $0) == nil
        }
        guard !new.isEmpty, var judged = opening else { return judgement }
        let decisions = judged.decide(new, opened: opened)
        opening = judged
        for decision in decisions {
            guard decision.row.isProven else {
                judgement.byTime.append(decision.row.row)
                continue
            }
            if let booking = putRight(decision.row) { judgement.booked.append(booking) }
            guard decision.isTurned, let kind = FlowKind(transaction: decision.row.row) else {
                continue
            }
            let row = decision.row.row
            if !decision.row.isInside {
                judgement.turned.append(row)
            } else if deposited.contains(Ledger.entry(of: row)) {
                let amount = kind == .sessionSettlement ? row.cashFlow : row.change
                move([WalletChange(coin: row.coin, kind: kind, amount: amount)], isInside: true)
            }
        }
        return judgement
    }

    /// Counts an execution's flow on the side of the opening balance that the log has proved.
    private mutating func putRight(
        _ proven: Opening.Row
    ) -> (report: ExecutionReport, booking: Booking)? {
        guard let fills = opening?.fills,
            let number = fills.firstIndex(where: { proven.row.isOf($0.report) }),
            fills[number].isInside != proven.isInside
        else { return nil }
        let fill = fills[number]
        // A row of another of its coins says the same.
        opening?.fills.remove(at: number)
        if proven.isInside {
            opening?.owed.removeAll { proven.row.isOf($0.report) }
            move(fill.changes, isInside: true)
            return nil
        }
        guard fill.changes.isEmpty else {
            move(fill.changes, isInside: false)
            return nil
        }
        guard let place = accounts.index(of: fill.report.instrument) else { return nil }
        let isSettled = proven.row.coin == accounts.values[place].settleCoin
        return (
            fill.report,
            late(fill.report, place, fill.index, cash: isSettled ? proven.row.cashFlow : nil)
        )
    }

    /// Flows that the sums have are in the opening balances, which are then the lower by them, or are not.
    private mutating func move(_ changes: [WalletChange], isInside: Bool) {
        for change in changes {
            guard let place = wallets.index(of: change.coin),
                let opening = wallets.values[place].opening
            else { continue }
            do throws(NumberError) {
                let amount = isInside ? change.amount.negated : change.amount
                wallets.values[place].opening = try opening.adding(amount)
            } catch {
                // Past all bounds: the balance stays what time has made it, and the audit says that it differs.
                continue
            }
        }
    }
}

extension ExecutionReport {
    /// It changes the size of a position that the exchange lists.
    var movesPosition: Bool {
        switch instrument.category {
        case .linear, .inverse, .option: type.isFill || type == .delivery || type == .settle
        case .spot, .spread: false
        }
    }
}
