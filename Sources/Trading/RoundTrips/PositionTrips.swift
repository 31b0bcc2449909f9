import Market

/// What a fill did, as the ledger booked it.
struct TripFill {
    var side: Side
    var quantity: Amount
    var price: Numeral
    /// Realised by it before fees, the exchange's rounding included.
    var realised: Amount
    /// In the settle coin; positive is paid.
    var fee: Amount
    /// What a spot fee took out of the base coin; positive is paid.
    var feeQuantity = Amount.zero
    /// Fees were taken in other coins too.
    var hasOtherFees = false
}

/// The round trips of one position, by both methods.
///
/// It keeps a position of its own by the ledger's rule, and whatever the ledger booked is in one trip of each method:
/// what rounding leaves goes to the last piece. So the sums of the trips are the ledger's, to the last digit: of
/// ``TripMethod/flat`` after each record; of ``TripMethod/fifo`` whenever the position is flat, and otherwise but for
/// what the two methods value the open part at.
struct PositionTrips: Sendable {
    let key: TripKey
    /// As the ledger's, which it is compared with.
    var position: Position
    /// The trip that is open, from flat to flat.
    var trip: RoundTrip?
    /// The last that was closed, for what is charged late.
    var lastTrip: RoundTrip?
    var tripCount: Int64 = 0
    var lots = LotQueue()
    /// Prices since the last change of the position.
    private var range = PriceRange()

    init(_ key: TripKey, _ valuation: Valuation) {
        self.key = key
        position = Position(valuation)
    }

    var isOpen: Bool { trip != nil }

    /// A price at which the position could be valued.
    mutating func see(_ price: Numeral) { range.see(price) }

    // MARK: - Fills

    mutating func fill(
        _ fill: TripFill,
        at moment: TripMoment,
        into changes: inout [RoundTrip]
    ) throws(NumberError) {
        guard !fill.quantity.isZero else {
            // Nothing moved: what it cost all the same.
            return try charge(
                realised: fill.realised,
                fee: fill.fee,
                hasOtherFees: fill.hasOtherFees,
                at: moment,
                into: &changes
            )
        }
        range.see(fill.price)
        try endStretch()
        range.see(fill.price)
        var feePart: Amount = .zero
        if !fill.feeQuantity.isZero {
            // The ledger takes it out of what is held, at the fill's price, when the fill is booked.
            var next = position
            _ = try next.fill(fill.side, fill.quantity, at: fill.price)
            feePart = try next.fill(
                fill.feeQuantity.units > 0 ? .sell : .buy,
                Amount(units: Int128(fill.feeQuantity.units.magnitude)),
                at: fill.price
            )
        }
        try move(
            fill.side,
            fill.quantity,
            at: fill.price,
            realised: try fill.realised.subtracting(feePart),
            fee: fill.fee,
            hasOtherFees: fill.hasOtherFees,
            isFill: true,
            moment,
            &changes
        )
        guard !fill.feeQuantity.isZero else { return }
        try move(
            fill.feeQuantity.units > 0 ? .sell : .buy,
            Amount(units: Int128(fill.feeQuantity.units.magnitude)),
            at: fill.price,
            realised: feePart,
            fee: .zero,
            hasOtherFees: false,
            isFill: false,
            moment,
            &changes
        )
    }

    private mutating func move(
        _ side: Side,
        _ quantity: Amount,
        at price: Numeral,
        realised: Amount,
        fee: Amount,
        hasOtherFees: Bool,
        isFill: Bool,
        _ moment: TripMoment,
        _ changes: inout [RoundTrip]
    ) throws(NumberError) {
        let valuation = position.valuation
        let isIncrease = position.isFlat || (position.size.units > 0) == (side == .buy)
        let held = Amount(units: Int128(position.size.units.magnitude))
        let closing = isIncrease ? Amount.zero : min(held, quantity)
        let opening = try quantity.subtracting(closing)
        let before = position.realised
        let exact = try position.fill(side, quantity, at: price)
        position.realised = try before.adding(realised)
        position.fees = try position.fees.adding(fee)
        let closingFee =
            closing == quantity
            ? fee : try fee.scaled(by: closing.units, over: quantity.units, rounding: .halfEven)
        if !closing.isZero {
            let value = try valuation.value(price, closing)
            if hasOtherFees { trip?.hasOtherFees = true }
            try closeTrip(closing, value, realised, closingFee, isFill, moment, &changes)
            let rest = try realised.subtracting(exact)
            if isFill {
                try lots.close(
                    LotQueue.Exit(
                        quantity: closing,
                        value: value,
                        fee: closingFee,
                        hasOtherFees: hasOtherFees,
                        rest: rest
                    ),
                    valuation,
                    at: moment,
                    into: &changes
                )
            } else {
                try lots.shrink(closing, value, valuation, into: &changes)
            }
        }
        guard !opening.isZero else { return }
        let value = try valuation.value(price, opening)
        let openingFee = try fee.subtracting(closingFee)
        var trip = trip ?? nextTrip(isLong: side == .buy, at: moment)
        trip.entryQuantity = try trip.entryQuantity.adding(opening)
        trip.entryValue = try trip.entryValue.adding(value)
        trip.entryFees = try trip.entryFees.adding(openingFee)
        if hasOtherFees { trip.hasOtherFees = true }
        if isFill { trip.fills += 1 }
        // A fill that closes nothing realises nothing but what the exchange says otherwise.
        if closing.isZero { trip.realised = try trip.realised.adding(realised) }
        self.trip = trip
        changes.append(trip)
        try lots.open(
            key,
            isLong: side == .buy,
            quantity: opening,
            value: value,
            fee: openingFee,
            hasOtherFees: hasOtherFees,
            extra: closing.isZero ? try realised.subtracting(exact) : .zero,
            isFill: isFill,
            at: moment,
            into: &changes
        )
    }

    private mutating func closeTrip(
        _ quantity: Amount,
        _ value: Amount,
        _ realised: Amount,
        _ fee: Amount,
        _ isFill: Bool,
        _ moment: TripMoment,
        _ changes: inout [RoundTrip]
    ) throws(NumberError) {
        guard var trip else { return }
        trip.exitQuantity = try trip.exitQuantity.adding(quantity)
        trip.exitValue = try trip.exitValue.adding(value)
        trip.realised = try trip.realised.adding(realised)
        trip.exitFees = try trip.exitFees.adding(fee)
        trip.closed = moment
        if isFill { trip.fills += 1 }
        let isClosed = position.isFlat || (position.size.units > 0) != trip.isLong
        if isClosed {
            trip.state = .closed
            trip.see(trip.realised)
            lastTrip = trip
        }
        self.trip = isClosed ? nil : trip
        changes.append(trip)
    }

    mutating func nextTrip(
        isLong: Bool,
        isOpening: Bool = false,
        at moment: TripMoment
    ) -> RoundTrip {
        tripCount += 1
        return RoundTrip(
            key,
            .flat,
            number: tripCount,
            isLong: isLong,
            isOpening: isOpening,
            at: moment
        )
    }

    /// What the open trip was worth between two fills.
    private mutating func endStretch() throws(NumberError) {
        if var trip, let low = range.low, let high = range.high {
            for price in [low, high] {
                trip.see(try trip.realised.adding(try position.unrealised(at: price)))
            }
            self.trip = trip
        }
        lots.endStretch(range)
        range = PriceRange()
    }
}
