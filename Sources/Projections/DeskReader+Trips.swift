import GRDB
import Market

extension DeskReader {
    /// Round trips of a method, in the order in which they were opened.
    ///
    /// - Parameter filter: an empty strategy is the account's whole; `from` and `through` look at the opening record.
    public func roundTrips(
        method: String,
        _ filter: DeskFilter = DeskFilter()
    ) throws(ProjectionError) -> [Stored<TripRow>] {
        var filter = filter
        let from = filter.from
        let through = filter.through
        filter.from = nil
        filter.through = nil
        var (condition, arguments) = filter.condition()
        condition += " AND method = ?"
        arguments += [method]
        if let from {
            condition += " AND opened_sequence >= ?"
            arguments += [Int64(clamping: from.value)]
        }
        if let through {
            condition += " AND opened_sequence <= ?"
            arguments += [Int64(clamping: through.value)]
        }
        return try rows(
            "round_trips",
            """
            SELECT account, strategy, category, symbol, position_index, run_sequence, number, part,
              side, state, opening, opened_sequence, opened_time, closed_sequence, closed_time,
              entry_quantity, entry_value, entry_price, exit_quantity, exit_value, exit_price, coin,
              realised, entry_fees, exit_fees, funding, net, worst, best, fills, method,
              other_fees
            FROM round_trips WHERE \(condition)
            ORDER BY opened_sequence, account, category, symbol, position_index, strategy, number, part
            """,
            arguments,
            DeskReader.trip
        )
    }

    private static func trip(_ columns: Columns) throws(ProjectionError) -> Stored<TripRow> {
        let isClosed = columns.integer(13) != 0
        let trip = TripRow(
            id: TripRow.ID(
                method: columns.text(30),
                strategy: columns.text(1),
                instrument: try columns.instrument(2, 3),
                positionIndex: Int(columns.integer(4)),
                run: columns.sequence(5),
                number: columns.integer(6),
                part: columns.integer(7)
            ),
            isLong: columns.text(8) == "long",
            state: columns.text(9),
            isOpening: columns.flag(10),
            openedSequence: columns.sequence(11),
            openedTime: Timestamp(nanoseconds: columns.integer(12)),
            closedSequence: isClosed ? columns.sequence(13) : nil,
            closedTime: isClosed ? Timestamp(nanoseconds: columns.integer(14)) : nil,
            entry: TripRow.Leg(
                quantity: try columns.amount(15),
                value: try columns.amount(16),
                price: try columns.optionalAmount(17)
            ),
            exit: TripRow.Leg(
                quantity: try columns.amount(18),
                value: try columns.amount(19),
                price: try columns.optionalAmount(20)
            ),
            coin: columns.text(21),
            realised: try columns.amount(22),
            entryFees: try columns.amount(23),
            exitFees: try columns.amount(24),
            funding: try columns.amount(25),
            net: try columns.amount(26),
            hasOtherFees: columns.flag(31),
            worst: try columns.optionalAmount(27),
            best: try columns.optionalAmount(28),
            fills: columns.integer(29)
        )
        return Stored(
            value: trip,
            provenance: Provenance(
                sequence: trip.closedSequence ?? trip.openedSequence,
                time: trip.closedTime ?? trip.openedTime,
                account: columns.text(0)
            ),
            strategy: trip.id.strategy
        )
    }
}
