import GRDB
import Market

extension RowStatements {
    static let setTrip: StaticString = """
        INSERT OR REPLACE INTO round_trips (
          method, account, strategy, category, symbol, position_index, run_sequence, number, part,
          side, state, opening, opened_sequence, opened_time, closed_sequence, closed_time,
          entry_quantity, entry_value, entry_price, exit_quantity, exit_value, exit_price, coin,
          realised, entry_fees, exit_fees, funding, net, other_fees, worst, best, fills
        ) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
        """

    static let cutTrips: StaticString = "UPDATE round_trips SET state = 'cut' WHERE state = 'open'"

    func write(_ trip: TripRow, account: String) throws {
        var binder = self.binder(.setTrip)
        binder.text(trip.id.method)
        binder.text(account)
        binder.text(trip.id.strategy)
        binder.instrument(trip.id.instrument)
        binder.integer(trip.id.positionIndex)
        binder.integer(Int64(clamping: trip.id.run.value))
        binder.integer(trip.id.number)
        binder.integer(trip.id.part)
        binder.text(trip.isLong ? "long" : "short")
        binder.text(trip.state)
        binder.flag(trip.isOpening)
        binder.integer(Int64(clamping: trip.openedSequence.value))
        binder.integer(trip.openedTime.nanoseconds)
        if let closed = trip.closedSequence, let time = trip.closedTime {
            binder.integer(Int64(clamping: closed.value))
            binder.integer(time.nanoseconds)
        } else {
            binder.null()
            binder.null()
        }
        binder.leg(trip.entry)
        binder.leg(trip.exit)
        binder.text(trip.coin)
        binder.text(trip.realised)
        binder.text(trip.entryFees)
        binder.text(trip.exitFees)
        binder.text(trip.funding)
        binder.text(trip.net)
        binder.flag(trip.hasOtherFees)
        binder.text(trip.worst)
        binder.text(trip.best)
        binder.integer(trip.fills)
        try binder.run()
    }
}

extension Binder {
    fileprivate mutating func leg(_ leg: TripRow.Leg) {
        text(leg.quantity)
        text(leg.value)
        text(leg.price)
    }
}

/// Trips that changed in a transaction, each written once, as it was last.
struct WaitingTrips {
    private struct Place: Hashable {
        var id: TripRow.ID
        var strategy: ExactText
        var account: ExactText
    }

    private var places: [Place: Int] = [:]
    private var rows: [(account: String, trip: TripRow)] = []

    mutating func set(_ trip: TripRow, account: String) {
        let place = Place(
            id: trip.id,
            strategy: ExactText(trip.id.strategy),
            account: ExactText(account)
        )
        if let index = places[place] {
            rows[index].trip = trip
        } else {
            places[place] = rows.count
            rows.append((account, trip))
        }
    }

    mutating func write(_ statements: RowStatements) throws {
        for row in rows { try statements.write(row.trip, account: row.account) }
        rows.removeAll()
        places.removeAll()
    }
}
