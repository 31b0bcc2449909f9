import Market
public import Projections
public import Trading

/// Round trips of a recording by symbol, strategy, account or day, with the statistics of each group.
public struct TripReport {
    public struct Group: Sendable {
        /// Symbol with its category, strategy, account, or the UTC day of the closing.
        public var name: String
        /// Of all amounts.
        public var coin: String
        public var statistics: RoundTripStatistics
        /// Trips that are not in the statistics: not closed, or begun before the recording.
        public var leftOut: Int
    }

    public let groups: [Group]

    /// - Parameters:
    ///   - rows: trips of one method; of the account's positions, or of strategies' own.
    ///   - includingOpening: also those that began before the recording, whose opening fee is not known.
    public init(
        _ rows: [Stored<TripRow>],
        by grouping: DeskReader.Grouping,
        includingOpening: Bool = false
    ) throws(ProjectionError) {
        var places: [String: Int] = [:]
        var parts: [(name: String, coin: String, trips: [RoundTrip])] = []
        for row in rows {
            let trip = row.value
            let name =
                switch grouping {
                case .symbol: trip.id.instrument.description
                case .strategy: trip.id.strategy
                case .account: row.provenance.account
                case .day: String((trip.closedTime ?? trip.openedTime).description.prefix(10))
                }
            let key = name + "\u{0}" + trip.coin
            if places[key] == nil {
                places[key] = parts.count
                parts.append((name, trip.coin, []))
            }
            parts[places[key] ?? 0].trips.append(RoundTrip(trip))
        }
        parts.sort { $0.name == $1.name ? $0.coin < $1.coin : $0.name < $1.name }
        var groups: [Group] = []
        for part in parts {
            do throws(NumberError) {
                let statistics = try RoundTripStatistics(
                    part.trips,
                    includingOpening: includingOpening
                )
                let traded = part.trips.count { $0.fills > 0 }
                groups.append(
                    Group(
                        name: part.name,
                        coin: part.coin,
                        statistics: statistics,
                        leftOut: traded - statistics.trips
                    )
                )
            } catch {
                throw .number(error, subject: "round trips of \(part.name)")
            }
        }
        self.groups = groups
    }
}

extension RoundTrip {
    /// As the tables have it.
    init(_ row: TripRow) {
        self.init(
            TripKey(
                strategy: row.id.strategy,
                instrument: row.id.instrument,
                positionIndex: row.id.positionIndex
            ),
            TripMethod(rawValue: row.id.method) ?? .flat,
            number: row.id.number,
            isLong: row.isLong,
            isOpening: row.isOpening,
            at: TripMoment(sequence: row.openedSequence, time: row.openedTime)
        )
        part = row.id.part
        state = State(rawValue: row.state) ?? .open
        if let sequence = row.closedSequence, let time = row.closedTime {
            closed = TripMoment(sequence: sequence, time: time)
        }
        entryQuantity = row.entry.quantity
        exitQuantity = row.exit.quantity
        entryValue = row.entry.value
        exitValue = row.exit.value
        realised = row.realised
        entryFees = row.entryFees
        exitFees = row.exitFees
        funding = row.funding
        hasOtherFees = row.hasOtherFees
        worst = row.worst
        best = row.best
        fills = row.fills
    }
}
