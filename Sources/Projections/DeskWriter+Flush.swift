import CSQLite
import GRDB
import Market

extension DeskWriter {
    /// Writes the rows of all complete records, in transactions of at most about 80 ms.
    ///
    /// When a reader keeps its lock for more than two seconds the rows go on waiting, up to a bound.
    func write() throws(ProjectionError) {
        do throws(ProjectionError) {
            while completeSequence > stored { try writeTransaction() }
        } catch {
            // What was summed up in a transaction that did not happen is forgotten.
            try? reloadTotals()
            guard case .busy = error, waiting.count < DeskWriter.waitingRowsMax else { throw error }
            delays += 1
            waitingSince = clock.now
        }
    }

    private func writeTransaction() throws(ProjectionError) {
        let queue = queue
        let began = clock.now
        let (count, last) = try Connection.translating(path) {
            try queue.inDatabase { database in
                var reached = (count: 0, sequence: SequenceNumber.none)
                try database.inTransaction(.immediate) {
                    reached = try self.writeRows(in: database, began: began)
                    try Meta.set(.lastSequence, reached.sequence.description, in: database)
                    try Meta.set(.state, Meta.building, in: database)
                    // Of an end that is none any more.
                    try database.execute(sql: "DELETE FROM valuations")
                    try Meta.set(.contentHash, "", in: database)
                    return .commit
                }
                return reached
            }
        }
        if count == waiting.count {
            waiting.removeAll(keepingCapacity: true)
        } else {
            waiting.removeFirst(count)
        }
        complete -= count
        stored = last
        rowsWritten += count
        waitingSince = clock.now
    }

    /// Writes complete records until the time of a transaction is over.
    private func writeRows(
        in database: Database,
        began: ContinuousClock.Instant
    ) throws -> (count: Int, sequence: SequenceNumber) {
        let statements = try prepare(database)
        var orders = WaitingOrders()
        var trips = WaitingTrips()
        let time = Duration.milliseconds(DeskWriter.transactionMilliseconds)
        var index = 0
        var looked = 0
        while index < complete {
            let row = waiting[index]
            let isBoundary = index > 0 && row.place.sequence != waiting[index - 1].place.sequence
            if isBoundary, orders.isFull { break }
            // The clock is read now and then only. What is written at the end takes its part of the time.
            if isBoundary, index - looked >= 16 {
                looked = index
                if clock.now - began + orderTime * orders.count >= time { break }
            }
            let changed = try statements.write(row, &orders)
            switch row.content {
            case .execution(let execution, let effect, let strategy) where changed:
                try totals.add(execution, effect, strategy: strategy, at: row.place)
            case .sums(let sums, let strategy):
                try totals.add(sums, strategy: strategy, at: row.place)
            case .trip(let trip): trips.set(trip, account: row.place.account)
            case .runBegins:
                try trips.write(statements)
                var binder = statements.binder(.cutTrips)
                try binder.run()
            default: break
            }
            index += 1
        }
        let ended = clock.now
        try orders.write(statements)
        // Of a few it would be chance.
        if orders.count >= 64 { orderTime = (clock.now - ended) / orders.count }
        try totals.write(statements)
        try trips.write(statements)
        return (index, index == complete ? completeSequence : waiting[index - 1].place.sequence)
    }

    func prepare(_ database: Database) throws -> RowStatements {
        if let prepared { return prepared }
        let made = try RowStatements(database)
        prepared = made
        return made
    }

    /// Reads the sums that the file holds.
    func reloadTotals() throws(ProjectionError) {
        let queue = queue
        totals = try Connection.translating(path) {
            try queue.inDatabase { try ProfitAndLossTotals(from: $0) }
        }
    }
}
