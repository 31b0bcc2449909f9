import Market

/// What is no fill: openings, funding, settlements, and where the ledger goes another way.
extension PositionTrips {
    /// Begins with a position that was there before the recording, or before this run of it.
    mutating func open(
        _ whole: Position,
        at moment: TripMoment,
        into changes: inout [RoundTrip]
    ) {
        position = whole
        guard !whole.isFlat else { return }
        var trip = nextTrip(isLong: whole.size.units > 0, isOpening: true, at: moment)
        trip.entryQuantity = Amount(units: Int128(whole.size.units.magnitude))
        trip.entryValue = whole.entryValue
        self.trip = trip
        changes.append(trip)
        lots.open(whole, of: key, at: moment, into: &changes)
    }

    /// Books funding and the like on what is open; with nothing open, on what was closed last.
    ///
    /// - Parameter settles: `realised` is a session settlement.
    mutating func charge(
        realised: Amount = .zero,
        fee: Amount = .zero,
        funding: Amount = .zero,
        hasOtherFees: Bool = false,
        settles: Bool = false,
        at moment: TripMoment,
        into changes: inout [RoundTrip]
    ) throws(NumberError) {
        guard !(realised.isZero && fee.isZero && funding.isZero) || hasOtherFees else { return }
        position.realised = try position.realised.adding(realised)
        position.fees = try position.fees.adding(fee)
        position.funding = try position.funding.adding(funding)
        if var trip = trip ?? lastTrip {
            if hasOtherFees { trip.hasOtherFees = true }
            trip.realised = try trip.realised.adding(realised)
            if trip.state == .open {
                trip.entryFees = try trip.entryFees.adding(fee)
            } else {
                trip.exitFees = try trip.exitFees.adding(fee)
            }
            trip.funding = try trip.funding.adding(funding)
            if self.trip == nil { lastTrip = trip } else { self.trip = trip }
            changes.append(trip)
        } else {
            lastTrip = lone(.flat, realised, fee, funding, hasOtherFees, moment, &changes)
        }
        let isTaken = try lots.charge(
            realised: realised,
            fee: fee,
            funding: funding,
            hasOtherFees: hasOtherFees,
            settles: settles,
            into: &changes
        )
        if !isTaken {
            lots.take(lone(.fifo, realised, fee, funding, hasOtherFees, moment, &changes))
        }
    }

    /// What was paid for a position that was never seen: a row of its own, numbered 0.
    private func lone(
        _ method: TripMethod,
        _ realised: Amount,
        _ fee: Amount,
        _ funding: Amount,
        _ hasOtherFees: Bool,
        _ moment: TripMoment,
        _ changes: inout [RoundTrip]
    ) -> RoundTrip {
        var trip = RoundTrip(key, method, number: 0, isLong: true, isOpening: true, at: moment)
        trip.state = .closed
        trip.closed = moment
        trip.realised = realised
        trip.exitFees = fee
        trip.funding = funding
        trip.hasOtherFees = hasOtherFees
        changes.append(trip)
        return trip
    }

    /// Follows the ledger where it changed without an execution: session settlements, and whatever else is not told.
    mutating func adjust(
        to whole: Position,
        at moment: TripMoment,
        into changes: inout [RoundTrip]
    ) throws(NumberError) {
        guard whole != position else { return }
        let isSettlement = whole.settled != position.settled
        try charge(
            realised: try whole.realised.subtracting(position.realised),
            fee: try whole.fees.subtracting(position.fees),
            funding: try whole.funding.subtracting(position.funding),
            settles: isSettlement,
            at: moment,
            into: &changes
        )
        position.settled = whole.settled
        position.earnedBefore = whole.earnedBefore
        guard whole.size != position.size || whole.entryValue != position.entryValue else { return }
        // How this position came about is not told: it counts as one that was there before.
        end(.cut, into: &changes)
        open(whole, at: moment, into: &changes)
    }

    /// Ends what is open: the run ended, and the next one opens the ledger anew.
    mutating func end(_ state: RoundTrip.State, into changes: inout [RoundTrip]) {
        if var trip {
            trip.state = state
            changes.append(trip)
            lastTrip = trip
        }
        trip = nil
        lots.end(state, into: &changes)
        position = Position(position.valuation)
    }
}
