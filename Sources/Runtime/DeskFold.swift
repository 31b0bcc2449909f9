public import Market
public import Projections
public import Trading

/// Makes the rows of `derived/desk.sqlite`, record by record: of a session while it runs, and of a recording afterwards.
///
/// A value that only looks at what the engine did. Two folds of the same records make the same rows.
public struct DeskFold {
    /// The rows that the last record led to; all have its provenance.
    public private(set) var rows: [DeskRow] = []
    private var trips = RoundTripFold()
    private var wallets = WalletFold()
    /// The record that the run, or a recording that goes on, began with.
    private var run = SequenceNumber.none
    /// The ledger that a recording begins with which begins later than its session did.
    private var opening: Ledger?
    /// Instruments and sides whose positions the record in hand changed.
    private var moved: [(instrument: InstrumentID, index: Int)] = []

    /// - Parameter ledger: the state before the first record, where the recording begins later than its session did.
    public init(continuing ledger: Ledger? = nil) { opening = ledger }

    /// Takes in a record, after the engine took it; `rows` are what it led to.
    ///
    /// - Parameters:
    ///   - event: what the record meant.
    ///   - outputs: what the engine said to it.
    public mutating func take(
        _ header: RecordHeader,
        _ event: Event,
        _ outputs: some Collection<Output>,
        _ engine: Engine
    ) throws(ProjectionError) {
        // Whoever took them has their memory: to keep it would be to make as much again as the longest list ever had.
        if !rows.isEmpty { rows = [] }
        if let ledger = opening {
            opening = nil
            try begin(ledger, header)
        }
        let isNewRun = event.kind == .sessionStart && engine.ledger.opened == nil
        if isNewRun {
            run = header.sequence
            wallets = WalletFold()
            rows.append(.runBegins)
        }
        do throws(NumberError) {
            try trips.take(event, engine, at: header)
        } catch {
            throw .number(error, subject: "round trips, record \(header.sequence)")
        }
        switch event.kind {
        case .book, .ticker, .publicTrades, .candles, .tick, .none, .clock:
            // Most records: nothing of the account is in them.
            if engine.bookings.isEmpty { break }
            try addBookings(engine, header)
            try addFlows(event, engine, header)
        default:
            addTold(event, engine)
            try addBookings(engine, header)
            try addFlows(event, engine, header)
        }
        try addTrips(engine, header)
        for output in outputs { add(output) }
    }

    // MARK: - What the exchange told

    private mutating func addTold(_ event: Event, _ engine: Engine) {
        switch event.kind {
        case .orders, .reply:
            for row in event.orders {
                rows.append(
                    .order(row, strategy: strategy(row.orderLinkID, engine), isLate: false)
                )
            }
        default: break
        }
        switch event.kind {
        case .positions, .reply:
            for row in event.positions { rows.append(.exchangePosition(row)) }
        default: break
        }
        switch event.kind {
        case .wallets, .reply: for row in event.wallets { rows.append(.wallet(row)) }
        default: break
        }
        if event.kind == .reply {
            for row in event.transactions { rows.append(.transaction(row)) }
        }
        if event.kind == .link {
            rows.append(.link(event.link, isConnected: engine.isConnected(event.link.socket)))
        }
    }

    private func strategy(_ orderLinkID: String, _ engine: Engine) -> String {
        engine.order(orderLinkID: orderLinkID)?.strategy ?? Order.external
    }

    private mutating func add(_ output: Output) {
        switch output {
        case .command(let command): rows.append(.command(command))
        case .verdict(let verdict): rows.append(.verdict(verdict))
        case .finding(let finding): rows.append(.finding(finding))
        case .state: break
        }
    }

    // MARK: - What the ledger made of it

    private mutating func addBookings(
        _ engine: Engine,
        _ header: RecordHeader
    ) throws(ProjectionError) {
        guard !engine.bookings.isEmpty else { return }
        moved.removeAll(keepingCapacity: true)
        for booking in engine.bookings {
            rows.append(
                .execution(
                    booking.report,
                    ExecutionEffect(booking),
                    strategy: booking.strategy
                )
            )
            let isKnown = moved.contains {
                $0.instrument == booking.report.instrument && $0.index == booking.positionIndex
            }
            if !isKnown { moved.append((booking.report.instrument, booking.positionIndex)) }
        }
        for (instrument, index) in moved {
            for (strategy, row) in LedgerRows.positions(of: instrument, index, engine) {
                rows.append(.position(row, strategy: strategy))
            }
        }
    }

    private mutating func addFlows(
        _ event: Event,
        _ engine: Engine,
        _ header: RecordHeader
    ) throws(ProjectionError) {
        let isQuiet = engine.bookings.isEmpty && event.kind != .reply && event.kind != .wallets
        guard !isQuiet else { return }
        do throws(NumberError) {
            for (flow, strategy) in try wallets.take(engine) {
                rows.append(.flow(flow, strategy: strategy))
            }
        } catch {
            throw .number(error, subject: "wallet flows, record \(header.sequence)")
        }
    }

    private mutating func addTrips(
        _ engine: Engine,
        _ header: RecordHeader
    ) throws(ProjectionError) {
        for more in trips.adjustments {
            let isWhole = more.key.strategy.isEmpty
            rows.append(
                .sums(
                    LedgerSums(
                        instrument: more.key.instrument,
                        coin: engine.settleCoin(more.key.instrument),
                        isBefore: false,
                        realised: isWhole ? more.realised : .zero,
                        ownRealised: isWhole ? .zero : more.realised,
                        // Of the whole they are told with its shares.
                        fees: isWhole ? .zero : more.fees,
                        funding: isWhole ? .zero : more.funding
                    ),
                    strategy: isWhole ? Order.external : more.key.strategy
                )
            )
        }
        for trip in trips.changes {
            do throws(NumberError) {
                let coin = engine.settleCoin(trip.key.instrument)
                rows.append(.trip(try TripRow(trip, run: run, coin: coin)))
            } catch {
                throw .number(error, subject: "round trips, record \(header.sequence)")
            }
        }
    }

    // MARK: - Beginning and end

    /// What was earned and held before the first record.
    private mutating func begin(
        _ ledger: Ledger,
        _ header: RecordHeader
    ) throws(ProjectionError) {
        run = header.sequence
        trips = RoundTripFold(
            continuing: ledger,
            at: TripMoment(sequence: header.sequence, time: header.time)
        )
        for trip in trips.changes {
            do throws(NumberError) {
                let coin = ledger.accounts[trip.key.instrument]?.settleCoin ?? ""
                rows.append(.trip(try TripRow(trip, run: run, coin: coin)))
            } catch {
                throw .number(error, subject: "round trips, record \(header.sequence)")
            }
        }
        do throws(NumberError) {
            for (sums, strategy) in try LedgerRows.sums(before: ledger) {
                rows.append(.sums(sums, strategy: strategy))
            }
        } catch {
            throw .number(error, subject: "pnl before record \(header.sequence)")
        }
        for flow in wallets.begin(ledger) { rows.append(.flow(flow, strategy: "")) }
    }

    /// Positions at the recording's end, by the last mark prices.
    public static func valuations(
        _ engine: Engine,
        at place: Provenance
    ) -> [Stored<LedgerPosition>] {
        LedgerRows.positions(engine).map {
            Stored(value: $0.row, provenance: place, strategy: $0.strategy)
        }
    }
}

extension Engine {
    /// The coin that an instrument's P&L is paid in; empty where it is not known.
    fileprivate func settleCoin(_ instrument: InstrumentID) -> String {
        ledger.accounts[instrument]?.settleCoin ?? ""
    }
}

extension ExecutionEffect {
    init(_ booking: ExecutionBooking) {
        self.init(
            coin: booking.coin,
            positionIndex: booking.positionIndex,
            realised: booking.realised,
            ownRealised: booking.shareRealised,
            fee: booking.fee,
            funding: booking.funding,
            parts: booking.parts.map {
                Part(
                    strategy: $0.strategy,
                    realised: $0.realised,
                    fee: $0.fee,
                    funding: $0.funding
                )
            },
            otherFees: booking.otherFees.map { OtherFee(coin: $0.coin, amount: $0.amount) }
        )
    }
}

extension TripRow {
    init(_ trip: RoundTrip, run: SequenceNumber, coin: String) throws(NumberError) {
        let category = trip.key.instrument.category
        self.init(
            id: ID(
                method: trip.method.rawValue,
                strategy: trip.key.strategy,
                instrument: trip.key.instrument,
                positionIndex: trip.key.positionIndex,
                run: run,
                number: trip.number,
                part: trip.part
            ),
            isLong: trip.isLong,
            state: trip.state.rawValue,
            isOpening: trip.isOpening,
            openedSequence: trip.opened.sequence,
            openedTime: trip.opened.time,
            closedSequence: trip.closed?.sequence,
            closedTime: trip.closed?.time,
            entry: Leg(
                quantity: trip.entryQuantity,
                value: trip.entryValue,
                price: RoundTrip.price(trip.entryValue, trip.entryQuantity, category)
            ),
            exit: Leg(
                quantity: trip.exitQuantity,
                value: trip.exitValue,
                price: RoundTrip.price(trip.exitValue, trip.exitQuantity, category)
            ),
            coin: coin,
            realised: trip.realised,
            entryFees: trip.entryFees,
            exitFees: trip.exitFees,
            funding: trip.funding,
            net: try trip.net(),
            hasOtherFees: trip.hasOtherFees,
            worst: trip.worst,
            best: trip.best,
            fills: trip.fills
        )
    }
}
