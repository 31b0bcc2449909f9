public import Market

/// Folds what the ledger books into round trips: of the account's positions, and of each strategy's part of them.
///
/// It is fed every record of a session beside the engine that took it, and says which trips changed by it. Two folds of
/// one recording say the same. A run begins anew, as its ledger does: what was open then is cut, and numbers begin at 1.
public struct RoundTripFold: Sendable {
    /// In the order in which they were first heard of; keys are for look-up only, and never walked.
    private var positions: [PositionTrips] = []
    private var places: [TripKey: Int] = [:]
    private var placesOfInstrument: [InstrumentID: [Int]] = [:]
    /// The exchange's last word on positions, before the ledger is open: it opens with them.
    private var told: [PositionUpdate] = []
    private var isOpen = false
    /// Trips that changed by the last record, in order; one that changed twice stands twice.
    public private(set) var changes: [RoundTrip] = []
    /// What the ledger earned or paid by the last record without an execution, such as a session settlement.
    public private(set) var adjustments: [Adjustment] = []

    public struct Adjustment: Hashable, Sendable {
        public var key: TripKey
        public var realised: Amount
        /// Positive is paid.
        public var fees: Amount
        /// Positive is paid.
        public var funding: Amount
    }

    public init() {}

    /// Begins with the state of a recording that begins later than its session did: what is open counts as opening, and
    /// what was earned before is in no trip.
    public init(continuing ledger: Ledger, at moment: TripMoment) {
        isOpen = ledger.opened != nil
        for place in ledger.accounts.keys.indices {
            let account = ledger.accounts.values[place]
            for index in 0...2 {
                begin(
                    TripKey(instrument: ledger.accounts.keys[place], positionIndex: index),
                    account[index],
                    at: moment
                )
            }
        }
        for place in ledger.shares.keys.indices {
            begin(TripKey(ledger.shares.keys[place]), ledger.shares.values[place], at: moment)
        }
    }

    /// Takes in a record, after the engine took it.
    ///
    /// - Throws: for sums that do not fit; the ledger's own are smaller.
    public mutating func take(
        _ event: Event,
        _ engine: Engine,
        at header: RecordHeader
    ) throws(NumberError) {
        forgetChanges()
        let moment = TripMoment(sequence: header.sequence, time: header.time)
        switch event.kind {
        case .ticker, .publicTrades:
            if !positions.isEmpty { see(event, engine.desk) }
            if engine.desk.bookings.isEmpty { return }
        case .book, .candles, .none, .tick, .clock:
            if engine.desk.bookings.isEmpty { return }
        case .sessionStart:
            // A session that goes on behind another keeps its ledger.
            if engine.desk.ledger.opened == nil { self = RoundTripFold() }
        case .reply:
            if !isOpen, !event.positions.isEmpty { told += event.positions }
        default: break
        }
        let opens = !isOpen && engine.desk.ledger.opened != nil
        if opens {
            isOpen = true
            try open(engine.desk.ledger, at: moment)
        }
        try take(
            engine.desk.bookings,
            // Settlements come with rows of the transaction log, and no execution tells of them.
            isWhole: opens || (event.kind == .reply && !event.transactions.isEmpty),
            engine.desk.ledger,
            at: moment
        )
    }

    mutating func forgetChanges() {
        if !changes.isEmpty { changes.removeAll(keepingCapacity: true) }
        if !adjustments.isEmpty { adjustments.removeAll(keepingCapacity: true) }
    }

    /// Takes in what one record had the ledger book.
    ///
    /// - Parameter isWhole: anything of the ledger may have changed beside.
    mutating func take(
        _ bookings: [ExecutionBooking],
        isWhole: Bool,
        _ ledger: Ledger,
        at moment: TripMoment
    ) throws(NumberError) {
        for booking in bookings { try book(booking, ledger, at: moment) }
        if isWhole {
            try follow(ledger, at: moment)
        } else {
            for booking in bookings {
                try follow(ledger, only: booking.report.instrument, at: moment)
            }
        }
    }

    // MARK: - Beginnings and ends

    private mutating func begin(_ key: TripKey, _ position: Position, at moment: TripMoment) {
        guard position != Position(position.valuation) else { return }
        let place = place(key, position.valuation)
        positions[place].open(position, at: moment, into: &changes)
    }

    /// The ledger opens with what the exchange told last, and books executions that are newer at once.
    private mutating func open(_ ledger: Ledger, at moment: TripMoment) throws(NumberError) {
        // Of each position the last word, in the order in which they were first told.
        var last: [(key: TripKey, row: PositionUpdate)] = []
        for row in told {
            let key = TripKey(instrument: row.instrument, positionIndex: row.positionIndex)
            if let place = last.firstIndex(where: { $0.key == key }) {
                last[place].row = row
            } else {
                last.append((key, row))
            }
        }
        told.removeAll()
        for (key, row) in last {
            guard let account = ledger.accounts[row.instrument] else { continue }
            let position = try Position(opening: row, account.terms)
            guard !position.isFlat else { continue }
            for strategy in ["", Order.external] {
                var own = key
                own.strategy = strategy
                let place = self.place(own, account.terms.valuation)
                positions[place].open(position, at: moment, into: &changes)
            }
        }
    }

    // MARK: - Bookings

    private mutating func place(_ key: TripKey, _ valuation: Valuation) -> Int {
        if let place = places[key] { return place }
        positions.append(PositionTrips(key, valuation))
        places[key] = positions.count - 1
        placesOfInstrument[key.instrument, default: []].append(positions.count - 1)
        return positions.count - 1
    }

    private mutating func book(
        _ booking: ExecutionBooking,
        _ ledger: Ledger,
        at moment: TripMoment
    ) throws(NumberError) {
        let report = booking.report
        guard let terms = ledger.accounts[report.instrument]?.terms else { return }
        let whole = TripKey(instrument: report.instrument, positionIndex: booking.positionIndex)
        if booking.isFlowAlone {
            try charge(
                whole,
                terms,
                realised: booking.realised,
                fee: booking.fee,
                at: moment
            )
            return try charge(
                whole.of(booking.strategy),
                terms,
                realised: booking.shareRealised,
                fee: booking.fee,
                at: moment
            )
        }
        switch report.type {
        case .funding:
            let hasOtherFees = !booking.otherFees.isEmpty
            try charge(
                whole,
                terms,
                fee: booking.fee,
                funding: booking.funding,
                hasOtherFees: hasOtherFees,
                at: moment
            )
            for part in booking.parts {
                try charge(
                    whole.of(part.strategy),
                    terms,
                    fee: part.fee,
                    funding: part.funding,
                    hasOtherFees: hasOtherFees,
                    at: moment
                )
            }
        case .delivery, .settle:
            try deliver(booking, whole, terms, at: moment)
        default:
            var fill = TripFill(
                side: report.side,
                quantity: Amount(exactly: report.quantity),
                price: report.price,
                realised: booking.realised,
                fee: booking.fee,
                hasOtherFees: !booking.otherFees.isEmpty
            )
            if terms.category == .spot {
                for change in booking.changes
                where change.kind == .fee && change.coin == terms.baseCoin {
                    fill.feeQuantity = try fill.feeQuantity.subtracting(change.amount)
                }
            }
            try apply(fill, whole, terms, at: moment)
            fill.realised = booking.shareRealised
            try apply(fill, whole.of(booking.strategy), terms, at: moment)
        }
    }

    private mutating func apply(
        _ fill: TripFill,
        _ key: TripKey,
        _ terms: ContractTerms,
        at moment: TripMoment
    ) throws(NumberError) {
        let place = place(key, terms.valuation)
        try positions[place].fill(fill, at: moment, into: &changes)
    }

    private mutating func charge(
        _ key: TripKey,
        _ terms: ContractTerms,
        realised: Amount = .zero,
        fee: Amount = .zero,
        funding: Amount = .zero,
        hasOtherFees: Bool = false,
        at moment: TripMoment
    ) throws(NumberError) {
        let place = place(key, terms.valuation)
        try positions[place].charge(
            realised: realised,
            fee: fee,
            funding: funding,
            hasOtherFees: hasOtherFees,
            at: moment,
            into: &changes
        )
    }

    /// The end of a dated contract closes what is open, at the price of the delivery; an option at what it is worth.
    private mutating func deliver(
        _ booking: ExecutionBooking,
        _ whole: TripKey,
        _ terms: ContractTerms,
        at moment: TripMoment
    ) throws(NumberError) {
        var price = booking.report.price
        if terms.category == .option {
            guard let option = OptionName(booking.report.instrument.symbol) else { return }
            price = try option.payoff(at: price)
        }
        var parts = [(key: whole, realised: booking.realised, fee: booking.fee)]
        for part in booking.parts {
            parts.append((whole.of(part.strategy), part.realised, part.fee))
        }
        for part in parts {
            let place = place(part.key, terms.valuation)
            let size = positions[place].position.size
            guard !size.isZero else {
                try positions[place].charge(
                    realised: part.realised,
                    fee: part.fee,
                    at: moment,
                    into: &changes
                )
                continue
            }
            let fill = TripFill(
                side: size.units > 0 ? .sell : .buy,
                quantity: Amount(units: Int128(size.units.magnitude)),
                price: price,
                realised: part.realised,
                fee: part.fee,
                hasOtherFees: !booking.otherFees.isEmpty
            )
            try positions[place].fill(fill, at: moment, into: &changes)
        }
    }

    /// Compares with the ledger, which is right: what it changed without a booking is taken over.
    private mutating func follow(
        _ ledger: Ledger,
        only instrument: InstrumentID? = nil,
        at moment: TripMoment
    ) throws(NumberError) {
        for place in ledger.accounts.keys.indices {
            let id = ledger.accounts.keys[place]
            if let instrument, id != instrument { continue }
            for index in 0...2 {
                try follow(
                    TripKey(instrument: id, positionIndex: index),
                    ledger.accounts.values[place][index],
                    at: moment
                )
            }
        }
        for place in ledger.shares.keys.indices {
            let share = ledger.shares.keys[place]
            if let instrument, share.instrument != instrument { continue }
            try follow(TripKey(share), ledger.shares.values[place], at: moment)
        }
    }

    private mutating func follow(
        _ key: TripKey,
        _ position: Position,
        at moment: TripMoment
    ) throws(NumberError) {
        guard let place = places[key] else { return begin(key, position, at: moment) }
        let before = positions[place].position
        guard position != before else { return }
        let adjustment = Adjustment(
            key: key,
            realised: try position.realised.subtracting(before.realised),
            fees: try position.fees.subtracting(before.fees),
            funding: try position.funding.subtracting(before.funding)
        )
        if !(adjustment.realised.isZero && adjustment.fees.isZero && adjustment.funding.isZero) {
            adjustments.append(adjustment)
        }
        try positions[place].adjust(to: position, at: moment, into: &changes)
    }

    // MARK: - Prices

    private mutating func see(_ event: Event, _ desk: Desk) {
        let symbol = event.symbol.isNone ? event.trades.first?.symbol : event.symbol
        guard let symbol else { return }
        let id = InstrumentID(event.category, symbol)
        guard let affected = placesOfInstrument[id], let price = desk.markets.reference(id) else {
            return
        }
        for place in affected where positions[place].isOpen { positions[place].see(price) }
    }
}

extension TripKey {
    init(_ share: Ledger.Share) {
        self.init(
            strategy: share.strategy,
            instrument: share.instrument,
            positionIndex: share.positionIndex
        )
    }

    func of(_ strategy: String) -> TripKey {
        var key = self
        key.strategy = strategy
        return key
    }
}
