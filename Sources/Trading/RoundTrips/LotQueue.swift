import Market

/// The fills that opened a position, oldest first, each with what is left of it.
struct LotQueue: Sendable {
    /// What closes: its parts go to the lots in their order, and the last takes what rounding leaves.
    struct Exit {
        var quantity: Amount
        var value: Amount
        var fee: Amount
        /// As of the fill.
        var hasOtherFees: Bool
        /// What the ledger realised beyond value for value: the exchange's rounding.
        var rest: Amount
    }

    struct Lot: Sendable {
        /// What is open of it: the row of its part 0.
        var open: RoundTrip
        var parts: Int64 = 0
        /// Paid by session settlements since it was opened; what it realises when it is closed has that in it.
        var settled = Amount.zero
        /// Paid by them before the recording.
        var settledBefore = Amount.zero
        /// The stretch of prices that it was opened at the begin of.
        var stretch: Int64
    }

    private(set) var lots: [Lot] = []
    private(set) var front = 0
    private var count: Int64 = 0
    var last: RoundTrip?
    private var prices = SlidingRange()
    private var stretch: Int64 = 0

    var isEmpty: Bool { front == lots.count }

    mutating func endStretch(_ range: PriceRange) {
        prices.append(range, stretch: stretch)
        stretch += 1
    }

    // MARK: - Opening

    mutating func open(
        _ key: TripKey,
        isLong: Bool,
        quantity: Amount,
        value: Amount,
        fee: Amount,
        hasOtherFees: Bool,
        extra: Amount,
        isFill: Bool,
        at moment: TripMoment,
        into changes: inout [RoundTrip]
    ) throws(NumberError) {
        if !isFill, !isEmpty {
            // A fee that was paid back in the base coin makes the last fill larger, and is no trade.
            let place = lots.count - 1
            lots[place].open.entryQuantity = try lots[place].open.entryQuantity.adding(quantity)
            lots[place].open.entryValue = try lots[place].open.entryValue.adding(value)
            changes.append(lots[place].open)
            return
        }
        count += 1
        var open = RoundTrip(key, .fifo, number: count, isLong: isLong, at: moment)
        open.entryQuantity = quantity
        open.entryValue = value
        open.entryFees = fee
        open.hasOtherFees = hasOtherFees
        open.realised = extra
        open.fills = isFill ? 1 : 0
        lots.append(Lot(open: open, stretch: stretch))
        changes.append(open)
    }

    /// Begins with a position that was there before.
    mutating func open(
        _ position: Position,
        of key: TripKey,
        at moment: TripMoment,
        into changes: inout [RoundTrip]
    ) {
        count += 1
        var open = RoundTrip(
            key,
            .fifo,
            number: count,
            isLong: position.size.units > 0,
            isOpening: true,
            at: moment
        )
        open.entryQuantity = Amount(units: Int128(position.size.units.magnitude))
        open.entryValue = position.entryValue
        lots.append(Lot(open: open, settledBefore: position.settled, stretch: stretch))
        changes.append(open)
    }

    // MARK: - Closing

    /// Closes the oldest lots, as many as `exit` reaches.
    mutating func close(
        _ exit: Exit,
        _ valuation: Valuation,
        at moment: TripMoment,
        into changes: inout [RoundTrip]
    ) throws(NumberError) {
        var left = exit
        while !left.quantity.isZero, !isEmpty {
            let open = lots[front].open.entryQuantity
            let part = min(open, left.quantity)
            let isLast = part == left.quantity
            let value = try LotQueue.part(left.value, part, of: left.quantity)
            let fee = try LotQueue.part(left.fee, part, of: left.quantity)
            left.quantity = try left.quantity.subtracting(part)
            left.value = try left.value.subtracting(value)
            left.fee = try left.fee.subtracting(fee)
            var piece = try cut(part, of: open)
            let gain = try LotQueue.gain(
                piece.trip.isLong,
                valuation,
                from: piece.trip.entryValue,
                to: value
            )
            piece.trip.realised = try piece.trip.realised.adding(gain)
                .subtracting(piece.settled).subtracting(piece.settledBefore)
            if isLast { piece.trip.realised = try piece.trip.realised.adding(left.rest) }
            piece.trip.exitQuantity = part
            piece.trip.exitValue = value
            piece.trip.exitFees = fee
            if exit.hasOtherFees { piece.trip.hasOtherFees = true }
            piece.trip.closed = moment
            piece.trip.state = .closed
            piece.trip.fills += 1
            let range = prices.since(lots[front].stretch)
            if let low = range.low, let high = range.high {
                for price in [low, high] {
                    let worth = try valuation.value(price, part)
                    piece.trip.see(
                        try LotQueue.gain(
                            piece.trip.isLong,
                            valuation,
                            from: piece.trip.entryValue,
                            to: worth
                        )
                    )
                }
            }
            piece.trip.see(piece.trip.realised)
            if part == open {
                front += 1
                tidy()
            } else {
                changes.append(lots[front].open)
            }
            last = piece.trip
            changes.append(piece.trip)
        }
    }

    /// Takes a spot fee out of the newest lot: it makes the fill smaller, and is no trade.
    mutating func shrink(
        _ quantity: Amount,
        _ value: Amount,
        _ valuation: Valuation,
        into changes: inout [RoundTrip]
    ) throws(NumberError) {
        var left = quantity
        var worth = value
        while !left.isZero, !isEmpty {
            let place = lots.count - 1
            let open = lots[place].open.entryQuantity
            let part = min(open, left)
            let paid = try LotQueue.part(worth, part, of: left)
            let released = try LotQueue.part(lots[place].open.entryValue, part, of: open)
            let gain = try LotQueue.gain(
                lots[place].open.isLong,
                valuation,
                from: released,
                to: paid
            )
            left = try left.subtracting(part)
            worth = try worth.subtracting(paid)
            lots[place].open.entryQuantity = try open.subtracting(part)
            lots[place].open.entryValue = try lots[place].open.entryValue.subtracting(released)
            lots[place].open.realised = try lots[place].open.realised.adding(gain)
            if part == open {
                // All of it went into the fee.
                lots[place].open.state = .closed
                last = lots[place].open
                changes.append(lots[place].open)
                lots.removeLast()
                tidy()
            } else {
                changes.append(lots[place].open)
            }
        }
    }

    /// Cuts a piece off the oldest lot; of the whole of it the piece takes number and all.
    private mutating func cut(
        _ part: Amount,
        of open: Amount
    ) throws(NumberError) -> (trip: RoundTrip, settled: Amount, settledBefore: Amount) {
        let lot = lots[front]
        guard part != open else { return (lot.open, lot.settled, lot.settledBefore) }
        var piece = lot.open
        piece.entryQuantity = part
        piece.entryValue = try LotQueue.part(lot.open.entryValue, part, of: open)
        piece.entryFees = try LotQueue.part(lot.open.entryFees, part, of: open)
        piece.funding = try LotQueue.part(lot.open.funding, part, of: open)
        piece.realised = try LotQueue.part(lot.open.realised, part, of: open)
        let settled = try LotQueue.part(lot.settled, part, of: open)
        let settledBefore = try LotQueue.part(lot.settledBefore, part, of: open)
        lots[front].parts += 1
        piece.part = lots[front].parts
        lots[front].open.entryQuantity = try open.subtracting(part)
        lots[front].open.entryValue = try lot.open.entryValue.subtracting(piece.entryValue)
        lots[front].open.entryFees = try lot.open.entryFees.subtracting(piece.entryFees)
        lots[front].open.funding = try lot.open.funding.subtracting(piece.funding)
        lots[front].open.realised = try lot.open.realised.subtracting(piece.realised)
        lots[front].settled = try lot.settled.subtracting(settled)
        lots[front].settledBefore = try lot.settledBefore.subtracting(settledBefore)
        return (piece, settled, settledBefore)
    }

    // MARK: - What concerns all that is open

    /// Spreads funding and the like over what is open, by quantity; with nothing open the last piece takes it.
    ///
    /// - Parameter settles: `realised` is a session settlement: closing realises that much less.
    /// - Returns: false when there never was a piece.
    mutating func charge(
        realised: Amount,
        fee: Amount,
        funding: Amount,
        hasOtherFees: Bool,
        settles: Bool,
        into changes: inout [RoundTrip]
    ) throws(NumberError) -> Bool {
        if isEmpty {
            guard var trip = last else { return false }
            if hasOtherFees { trip.hasOtherFees = true }
            trip.realised = try trip.realised.adding(realised)
            trip.exitFees = try trip.exitFees.adding(fee)
            trip.funding = try trip.funding.adding(funding)
            last = trip
            changes.append(trip)
            return true
        }
        var size = Amount.zero
        for lot in lots[front...] { size = try size.adding(lot.open.entryQuantity) }
        var left = (realised: realised, fee: fee, funding: funding)
        for place in front..<lots.count {
            let part = lots[place].open.entryQuantity
            let gained = try LotQueue.part(left.realised, part, of: size)
            let paid = try LotQueue.part(left.fee, part, of: size)
            let moved = try LotQueue.part(left.funding, part, of: size)
            size = try size.subtracting(part)
            left.realised = try left.realised.subtracting(gained)
            left.fee = try left.fee.subtracting(paid)
            left.funding = try left.funding.subtracting(moved)
            lots[place].open.realised = try lots[place].open.realised.adding(gained)
            lots[place].open.entryFees = try lots[place].open.entryFees.adding(paid)
            lots[place].open.funding = try lots[place].open.funding.adding(moved)
            if hasOtherFees { lots[place].open.hasOtherFees = true }
            if settles { lots[place].settled = try lots[place].settled.adding(gained) }
            changes.append(lots[place].open)
        }
        return true
    }

    /// Ends what is open, which nothing will close any more.
    mutating func end(_ state: RoundTrip.State, into changes: inout [RoundTrip]) {
        for lot in lots[front...] {
            var open = lot.open
            open.state = state
            changes.append(open)
        }
        lots.removeAll()
        front = 0
    }

    // MARK: - Arithmetic

    private mutating func tidy() {
        if isEmpty {
            lots.removeAll(keepingCapacity: true)
            front = 0
        } else if front > 64, front * 2 > lots.count {
            lots.removeFirst(front)
            front = 0
        }
    }

    /// The whole × part ÷ of, half to even at 10⁻¹⁸; the whole for all of it.
    private static func part(
        _ whole: Amount,
        _ part: Amount,
        of size: Amount
    ) throws(NumberError) -> Amount {
        if part == size || whole.isZero { return whole }
        return try whole.scaled(by: part.units, over: size.units, rounding: .halfEven)
    }

    /// What a part earns whose value was `entry` and is `exit`: inverse contracts gain when their value falls.
    private static func gain(
        _ isLong: Bool,
        _ valuation: Valuation,
        from entry: Amount,
        to exit: Amount
    ) throws(NumberError) -> Amount {
        isLong == (valuation == .linear)
            ? try exit.subtracting(entry) : try entry.subtracting(exit)
    }
}

extension LotQueue {
    /// Remembers a row that late charges go to while nothing is open.
    mutating func take(_ trip: RoundTrip) { last = trip }
}
