public import Market

extension Ledger {
    /// Counts one execution row, once: for a fold of executions without an engine around it.
    ///
    /// What the instrument counts in is taken from its name.
    /// - Returns: false for a row that was counted before, and for what this ledger does not account for.
    @discardableResult
    public mutating func take(
        _ report: ExecutionReport,
        strategy: String = Order.external
    ) -> Bool {
        var booking = Booking(outcome: .booked)
        book(report, strategy, nil, nil, into: &booking)
        return booking.outcome == .booked
    }

    /// Counts one execution row, once.
    ///
    /// What does not fit changes nothing and is said.
    /// - Parameter positionIndex: of the row's order; `nil` when it is not known, and found by the row itself.
    mutating func book(
        _ report: ExecutionReport,
        strategy: String,
        terms: @autoclosure () -> ContractTerms?,
        positionIndex: Int? = nil
    ) -> Booking {
        var booking = Booking(outcome: .booked)
        book(report, strategy, terms(), positionIndex, into: &booking)
        return booking
    }

    /// The same, into memory of the caller: nothing that is counted is copied on its way.
    ///
    /// - Parameter booking: as it is made.
    mutating func book(
        _ report: ExecutionReport,
        _ strategy: String,
        _ terms: @autoclosure () -> ContractTerms?,
        _ positionIndex: Int?,
        into booking: inout Booking
    ) {
        guard window.insert(report) else {
            booking.outcome = .repeated
            return
        }
        if report.instrument.category == .spread {
            booking.outcome = .combination
            return
        }
        guard let place = account(report.instrument, terms()) else {
            booking.outcome = .outside
            return
        }
        let index = self.index(of: report, positionIndex, place)
        var isBefore = false
        // An order of this session was placed after the opening, so its fills cannot be in it, whatever the
        // clocks of matching engine and REST say.
        if report.timeMilliseconds <= openingEnd, strategy == Order.external,
            let halves = openingHalves(report, place, index)
        {
            booking.halves = halves
            guard !halves.size.isInside else {
                return bookInside(report, index, place, halves, &booking)
            }
            isBefore = halves.flow.isInside
        }
        booking.positionIndex = index
        do throws(NumberError) {
            switch report.type {
            case .trade, .adlTrade, .bustTrade, .blockTrade, .movePosition:
                try bookFill(report, strategy, place, index, isBefore, &booking)
            case .futureSpread:
                try bookFill(report, strategy, place, index, isBefore, &booking)
                if fault == .doubleLeg {
                    booking = Booking(outcome: .booked)
                    try bookFill(report, strategy, place, index, isBefore, &booking)
                }
            case .funding:
                if fault == .fundingFill {
                    try bookFill(report, strategy, place, index, isBefore, &booking)
                } else {
                    try bookFunding(report, place, index, &booking)
                }
            case .delivery, .settle: try bookDelivery(report, place, index, isBefore, &booking)
            case .other:
                booking.outcome = .outside
                return
            }
            if report.crossSequence > accounts.values[place].crossSequence,
                report.type.isFill || report.type == .delivery || report.type == .settle
            {
                accounts.values[place].crossSequence = report.crossSequence
            }
        } catch {
            booking = Booking(outcome: .number(error))
        }
        if let halves = booking.halves, halves.flow.isClose {
            noteClose(report, index, isInside: isBefore, booking.changes)
        }
    }

    /// What the opening position has: its flow is counted where the opening balance has not got it.
    private mutating func bookInside(
        _ report: ExecutionReport,
        _ index: Int,
        _ place: Int,
        _ halves: Opening.Halves,
        _ booking: inout Booking
    ) {
        if halves.flow.isInside {
            booking.outcome = .opening
        } else {
            do throws(NumberError) {
                try bookFlow(report, place, index, &booking)
            } catch {
                booking = Booking(outcome: .number(error))
            }
        }
        if halves.flow.isClose {
            noteClose(report, index, isInside: halves.flow.isInside, booking.changes)
        }
    }

    /// The place of the account of the instrument that the window has seen last, made on first use; `nil` when its coins
    /// are not known.
    private mutating func account(
        _ instrument: InstrumentID,
        _ terms: @autoclosure () -> ContractTerms?
    ) -> Int? {
        let slot = Int(truncatingIfNeeded: window.seed) & (recentAccounts.count - 1)
        let recent = recentAccounts[slot]
        if recent < accounts.count, accounts.keys[recent] == instrument { return recent }
        if let place = accounts.index(of: instrument) {
            recentAccounts[slot] = place
            return place
        }
        guard let terms = terms() ?? ContractTerms(name: instrument) else { return nil }
        var new = Account(terms)
        // A row of one side may have come before the first execution.
        new.isHedged = pendingPositions.keys.contains {
            $0.instrument == instrument && $0.index > 0
        }
        return accounts.index(of: instrument, orInsert: new)
    }

    /// Which of the account's positions a row moves.
    ///
    /// Rows of executions do not say it. In hedge mode a fill that closed something closed the other side's position,
    /// and a fill that closed nothing opened its own side's.
    private mutating func index(
        of report: ExecutionReport,
        _ told: Int?,
        _ place: Int
    ) -> Int {
        if let told, told > 0 {
            accounts.values[place].isHedged = true
            return told
        }
        guard accounts.values[place].isHedged else { return 0 }
        let own = report.side == .buy ? 1 : 2
        guard report.type.isFill else {
            // Funding says the side of the position; a delivery says that of the closing trade.
            guard report.type != .funding else { return own }
            return accounts.values[place][3 - own].isFlat ? own : 3 - own
        }
        return (report.closedQuantity?.isZero ?? true) ? own : 3 - own
    }
}

extension Booking {
    /// The figure to book: theirs while rounding explains the difference, otherwise ours with a discrepancy.
    mutating func compare(_ field: String, _ ours: Amount, _ theirs: Amount) -> Amount {
        compared += 1
        if ours == theirs { return theirs }
        if let distance = ours.distance(to: theirs), distance <= Ledger.rounding {
            roundings += 1
            return theirs
        }
        discrepancies.append(
            Discrepancy(field: field, ours: ours.description, theirs: theirs.description)
        )
        return ours
    }
}
