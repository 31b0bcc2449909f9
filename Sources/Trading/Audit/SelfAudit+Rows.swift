import Market

extension SelfAudit {
    /// What the engine booked for the record: figures of executions, and what moved by them.
    mutating func book(_ engine: Engine, _ header: RecordHeader) {
        for booking in engine.bookings {
            let report = booking.report
            counts.compare(.execution, booking.compared)
            if booking.roundings > 0 { counts.add(.execution, .rounding, booking.roundings) }
            for difference in booking.differences {
                add(
                    AuditFinding(
                        kind: .execution,
                        subject: report.executionID,
                        field: difference.field,
                        ours: difference.ours,
                        theirs: difference.theirs,
                        records: records(header, movedPositions[report.instrument]),
                        time: header.time,
                        explanation: .unexplained,
                        note: "\(report.instrument) \(report.type.name)"
                    )
                )
            }
            sums.add(booking, record: header.sequence)
            flows.add(booking, record: header.sequence)
            movedPositions[report.instrument] = header.sequence
            for change in booking.changes { movedWallets[change.coin] = header.sequence }
        }
    }

    func records(_ header: RecordHeader, _ ours: SequenceNumber?) -> [SequenceNumber] {
        [header.sequence] + (ours.map { [$0] } ?? [])
    }

    /// Rows of orders, positions and wallets that the record brought, by push or reply.
    mutating func compareRows(_ event: Event, _ header: RecordHeader, _ engine: Engine) {
        for row in event.orders { compare(row, header, engine) }
        if !event.wallets.isEmpty { noteDebts(event, engine) }
        // Before the opening, and of a bot's own account, there is nothing to compare with.
        guard engine.ledger.opened != nil, engine.ledger.isOpen else { return }
        for row in event.positions { compare(row, header, engine) }
        for row in event.wallets {
            compare(row, header, engine)
            compareDebt(row, header)
        }
    }

    // MARK: Orders

    private mutating func compare(
        _ row: OrderUpdate,
        _ header: RecordHeader,
        _ engine: Engine
    ) {
        guard
            let place = engine.desk.orderStore.place(linkID: row.orderLinkID, orderID: row.orderID)
        else { return }
        let order = engine.desk.orderStore[place]
        counts.compare(.order, 2)
        if order.isClosed, !row.status.isClosed {
            let isLate = row.updatedMilliseconds <= order.updatedMilliseconds
            add(
                AuditFinding(
                    kind: .order,
                    subject: row.orderID,
                    field: "orderStatus",
                    ours: order.status?.name ?? order.phase.rawValue,
                    theirs: row.status.name,
                    records: records(header, nil),
                    time: header.time,
                    explanation: isLate ? .timing : .unexplained,
                    note: isLate
                        ? "a row of before its end" : "a closed order does not open again"
                )
            )
        }
        let told = Amount(exactly: row.filledQuantity)
        sums.tell(row)
        // Of two rows the one that says more counts.
        if told < order.filled { return }
        compareFilled(order, told, isLast: row.status.isClosed, header)
        compareSums(row.orderID, row.instrument, header)
    }

    private mutating func compareFilled(
        _ order: Order,
        _ told: Amount,
        isLast: Bool,
        _ header: RecordHeader
    ) {
        let key = OpenKey(.order, order.orderID, "cumExecQty")
        if order.executed == told { return agree(key, by: header.sequence) }
        // Executions come before the row that counts them, but none behind the last one.
        let isMore = order.executed > told
        if isMore, !isLast { return }
        begin(
            AuditFinding(
                kind: .order,
                subject: order.orderID,
                field: "cumExecQty",
                ours: order.executed.description,
                theirs: told.description,
                records: records(header, sums[order.orderID]?.record),
                time: header.time,
                explanation: .pending,
                note: isMore
                    ? "executions of more than it was filled" : "executions of it are owed"
            )
        )
    }

    /// Value and fee of an order's fills, once all of them are in; of products whose fee is in the coin of their value.
    private mutating func compareSums(
        _ orderID: String,
        _ instrument: InstrumentID,
        _ header: RecordHeader
    ) {
        switch instrument.category {
        case .linear, .inverse, .option: break
        case .spot, .spread: return
        }
        guard let sum = sums[orderID], sum.isWhole, let told = sum.told,
            told.quantity == sum.quantity
        else { return }
        // Of linear orders the exchange need not tell it any more (§4.1), and of a fee in a discount's coin it tells another.
        let hasFee =
            sum.isFeeInOneCoin && (instrument.category != .linear || !told.fee.isZero)
        counts.compare(.order, hasFee ? 2 : 1)
        let bound = Amount(units: Ledger.rounding.units * max(1, sum.fills))
        for (field, ours, theirs) in [
            ("cumExecValue", sum.value, told.value), ("cumExecFee", sum.fee, told.fee),
        ] where hasFee || field != "cumExecFee" {
            let key = OpenKey(.order, orderID, field)
            if ours == theirs {
                agree(key, by: header.sequence)
                continue
            }
            let isRounding = (ours.distance(to: theirs)).map { $0 <= bound } ?? false
            let finding = AuditFinding(
                kind: .order,
                subject: orderID,
                field: field,
                ours: ours.description,
                theirs: theirs.description,
                records: records(header, sum.record),
                time: header.time,
                explanation: isRounding ? .rounding : .pending
            )
            if isRounding {
                agree(key, by: header.sequence)
                add(finding)
            } else {
                begin(finding)
            }
        }
    }

    // MARK: Positions

    private mutating func compare(
        _ row: PositionUpdate,
        _ header: RecordHeader,
        _ engine: Engine
    ) {
        switch row.instrument.category {
        case .linear, .inverse, .option: break
        case .spot, .spread: return
        }
        let account = engine.ledger.accounts[row.instrument]
        let sequence = account?.crossSequence ?? 0
        // Their word is of the past, and a newer one is on its way.
        if sequence > row.crossSequence, row.crossSequence >= 0 { return }
        let subject = PositionID(instrument: row.instrument, index: row.positionIndex).description
        let position = account?[row.positionIndex] ?? Position()
        counts.compare(.position, 2)
        compare(position, row, subject, header, isNew: true)
        compareUnrealised(position, row, subject, header, isNew: true)
    }

    /// What the position is worth at the exchange's mark price.
    ///
    /// - Parameter isNew: false where their word is compared once more, which may close what is open and begins nothing.
    private mutating func compareUnrealised(
        _ position: Position,
        _ row: PositionUpdate,
        _ subject: String,
        _ header: RecordHeader,
        isNew: Bool
    ) {
        let key = OpenKey(.position, subject, "unrealisedPnl")
        guard isNew || open.index(of: key) != nil else { return }
        guard !row.size.isZero else {
            // Nothing is held: what has not had its time while something was is of the past.
            if open[key]?.explanation == .pending { agree(key, by: header.sequence) }
            return
        }
        guard let mark = row.markPrice, let told = row.unrealisedPnL else { return }
        if isNew { counts.compare(.position) }
        do throws(NumberError) {
            let ours = try position.unrealised(at: mark)
            if ours == told { return agree(key, by: header.sequence) }
            let isRounding = ours.distance(to: told).map { $0 <= Ledger.rounding } ?? false
            let finding = AuditFinding(
                kind: .position,
                subject: subject,
                field: "unrealisedPnl",
                ours: ours.description,
                theirs: told.description,
                records: records(header, movedPositions[row.instrument]),
                time: header.time,
                explanation: isRounding ? .rounding : .pending,
                note: isRounding ? "" : "at their mark price \(mark)"
            )
            if isRounding {
                agree(key, by: header.sequence)
                if isNew { add(finding) }
            } else {
                begin(finding)
            }
        } catch {
            // Past all bounds on either side: size and entry price have been compared.
        }
    }

    private mutating func compare(
        _ position: Position,
        _ row: PositionUpdate,
        _ subject: String,
        _ header: RecordHeader,
        isNew: Bool
    ) {
        let difference = Ledger.difference(position, row)
        for field in ["size", "entryPrice"] where difference?.field != field {
            // Without the same size there is no word on the price.
            if field == "entryPrice", difference != nil { continue }
            agree(OpenKey(.position, subject, field), by: header.sequence)
        }
        guard isNew, let difference else { return }
        begin(
            AuditFinding(
                kind: .position,
                subject: subject,
                field: difference.field,
                ours: difference.ours,
                theirs: difference.theirs,
                records: records(header, movedPositions[row.instrument]),
                time: header.time,
                explanation: .pending,
                note: "executions up to sequence \(row.crossSequence) may be owed"
            )
        )
    }

    // MARK: Once more

    /// What is open, after a record that may have explained it.
    mutating func lookAgain(_ event: Event, _ header: RecordHeader, _ engine: Engine) {
        for booking in engine.bookings {
            let instrument = booking.report.instrument
            let id = PositionID(instrument: instrument, index: booking.positionIndex)
            if let told = engine.ledger.pendingPositions[id]?.update,
                let account = engine.ledger.accounts[instrument],
                account.crossSequence <= told.crossSequence
            {
                compare(account[id.index], told, id.description, header, isNew: false)
                compareUnrealised(account[id.index], told, id.description, header, isNew: false)
            }
            let orderID = booking.report.orderID
            if let place = engine.desk.orderStore.place(linkID: "", orderID: orderID) {
                let order = engine.desk.orderStore[place]
                if order.executed == order.filled {
                    agree(OpenKey(.order, orderID, "cumExecQty"), by: header.sequence)
                }
                compareSums(orderID, instrument, header)
            }
            agree(
                OpenKey(.flow, booking.report.executionID, "execution"),
                by: header.sequence
            )
        }
        for booking in engine.flowBookings where booking.kind == .sessionSettlement {
            lookAgain(at: booking.row, header, engine)
        }
        if !event.transactions.isEmpty { compareDebts(header) }
        if !engine.bookings.isEmpty || !event.transactions.isEmpty {
            compareWallets(event, header, engine)
        }
    }

    /// A session settlement has moved what a position is worth.
    private mutating func lookAgain(
        at row: TransactionRow,
        _ header: RecordHeader,
        _ engine: Engine
    ) {
        let told = engine.ledger.pendingPositions
        for place in told.keys.indices
        where told.keys[place].instrument.symbol.description == row.symbol {
            let id = told.keys[place]
            guard let account = engine.ledger.accounts[id.instrument],
                account.crossSequence <= told.values[place].update.crossSequence
            else { continue }
            let update = told.values[place].update
            compareUnrealised(account[id.index], update, id.description, header, isNew: false)
        }
    }

    /// Whatever has stayed for too long is unexplained; a wallet's flow is owed until the transaction log was asked.
    mutating func settle(_ engine: Engine) {
        for place in open.keys.indices {
            let finding = open.values[place]
            let age = engine.time.nanoseconds - finding.time.nanoseconds
            guard finding.explanation == .pending, age >= SelfAudit.patience else { continue }
            // Within 10⁻⁸ a flow: no word of the log makes it unexplained.
            if finding.kind == .wallet, finding.field == SelfAudit.rest { continue }
            guard finding.kind == .wallet else {
                explain(place, .unexplained, finding.note)
                continue
            }
            let record = finding.records.first ?? .none
            guard logAsked >= record, logAsked != .none else { continue }
            explain(
                place,
                .unexplained,
                "the transaction log was asked since and has no flow for it"
            )
        }
    }
}
