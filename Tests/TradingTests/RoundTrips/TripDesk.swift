import Market
import Testing

@testable import Trading

/// A ledger and the round trips of what it books, with every trip as it was told last.
struct TripDesk {
    struct ID: Hashable {
        var key: TripKey
        var method: TripMethod
        var number: Int64
        var part: Int64
    }

    var ledger = Ledger()
    var fold = RoundTripFold()
    var trips: [ID: RoundTrip] = [:]
    /// Trips in the order in which they were told closed.
    var closed: [RoundTrip] = []
    private var sequence: UInt64 = 0

    @discardableResult
    mutating func book(
        _ report: ExecutionReport,
        strategy: String = Order.external,
        index: Int? = nil
    ) throws -> Booking {
        let booking = ledger.book(report, strategy: strategy, terms: nil, positionIndex: index)
        try #require(booking.outcome == .booked)
        let told = ExecutionBooking(
            report: report,
            strategy: strategy,
            coin: ledger.accounts[report.instrument]?.settleCoin ?? "",
            positionIndex: booking.positionIndex,
            realised: booking.realised,
            fee: booking.fee,
            funding: booking.funding,
            otherFees: booking.otherFees,
            shareRealised: booking.shareRealised,
            parts: booking.parts,
            changes: booking.changes,
            isOpening: booking.isOpening,
            compared: booking.compared,
            roundings: booking.roundings,
            differences: booking.discrepancies
        )
        try take([told])
        return booking
    }

    /// What the ledger changed without an execution.
    mutating func follow() throws { try take([], isWhole: true) }

    private mutating func take(_ bookings: [ExecutionBooking], isWhole: Bool = false) throws {
        sequence += 1
        fold.forgetChanges()
        try fold.take(bookings, isWhole: isWhole, ledger, at: moment)
        keep(fold.changes)
    }

    mutating func keep(_ changes: [RoundTrip]) {
        for trip in changes {
            let id = ID(key: trip.key, method: trip.method, number: trip.number, part: trip.part)
            if trip.state == .closed, trips[id]?.state != .closed { closed.append(trip) }
            trips[id] = trip
        }
    }

    var moment: TripMoment {
        TripMoment(
            sequence: SequenceNumber(sequence),
            time: Timestamp(nanoseconds: Int64(sequence) * 1_000_000_000)
        )
    }

    func all(_ method: TripMethod, _ key: TripKey) -> [RoundTrip] {
        trips.values.filter { $0.method == method && $0.key == key }
            .sorted { ($0.number, $0.part) < ($1.number, $1.part) }
    }

    /// The sums of trips are the ledger's, to the last digit.
    func check(_ note: String) throws {
        for (instrument, account) in zip(ledger.accounts.keys, ledger.accounts.values) {
            for index in 0...2 {
                let key = TripKey(instrument: instrument, positionIndex: index)
                try check(key, account[index], note)
            }
        }
        for (share, position) in zip(ledger.shares.keys, ledger.shares.values) {
            try check(TripKey(share), position, note)
        }
    }

    private func check(_ key: TripKey, _ position: Position, _ note: String) throws {
        for method in TripMethod.allCases {
            let trips = all(method, key)
            var realised = Amount.zero
            var fees = Amount.zero
            var funding = Amount.zero
            var held = Amount.zero
            var value = Amount.zero
            for trip in trips {
                realised = try realised.adding(trip.realised)
                fees = try fees.adding(trip.entryFees).adding(trip.exitFees)
                funding = try funding.adding(trip.funding)
                guard trip.state == .open else { continue }
                held = try held.adding(trip.entryQuantity).subtracting(trip.exitQuantity)
                value = try value.adding(trip.entryValue)
            }
            try #require(fees == position.fees, "\(note): fees of \(method) \(key)")
            try #require(funding == position.funding, "\(note): funding of \(method) \(key)")
            try #require(
                held.units == Int128(position.size.units.magnitude),
                "\(note): size of \(method) \(key)"
            )
            // What settlements paid is spread over the lots that were open then, and over the position evenly.
            if method == .fifo, !position.settled.isZero { continue }
            if method == .fifo, !position.isFlat {
                // The two methods value what is open otherwise, and differ by just that.
                let more = try value.subtracting(position.entryValue)
                let isGain = (position.size.units > 0) == (position.valuation == .linear)
                realised = try realised.adding(isGain ? more.negated : more)
            }
            try #require(realised == position.realised, "\(note): realised of \(method) \(key)")
        }
    }
}
