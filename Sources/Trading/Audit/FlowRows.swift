import Market

/// Flows of executions, each waiting for its row of the transaction log; and rows that came before theirs.
///
/// What is forgotten is not compared any more: the log is asked each minute, so that a flow waits for a minute or two.
struct FlowRows: Sendable {
    /// Flows that are remembered.
    static let kept = 262_144

    struct Key: Hashable, Sendable {
        var trade: String
        var coin: String
        var symbol: Symbol
    }

    struct Flow: Sendable {
        var change: Amount
        var record: SequenceNumber
        var isMatched = false
    }

    /// For look-up only; never walked.
    private var flows: [Key: Flow] = [:]
    /// In the order in which they were booked; a ring once it is full.
    private var order: [Key] = []
    private var next = 0
    private(set) var matched = 0
    private(set) var waiting = 0
    /// Something was forgotten: a row without a flow need not be a flow that we lack.
    private(set) var hasForgotten = false

    subscript(key: Key) -> Flow? { flows[key] }

    mutating func add(_ booking: ExecutionBooking, record: SequenceNumber) {
        for change in booking.changes {
            let key = Key(
                trade: booking.report.executionID,
                coin: change.coin,
                symbol: booking.report.instrument.symbol
            )
            if var known = flows[key] {
                // Cash and fee of one execution are one row.
                let (sum, overflow) = known.change.units.addingReportingOverflow(
                    change.amount.units
                )
                if !overflow { known.change = Amount(units: sum) }
                flows[key] = known
                continue
            }
            remember(key)
            flows[key] = Flow(change: change.amount, record: record)
            waiting += 1
        }
    }

    mutating func match(_ key: Key) {
        guard flows[key]?.isMatched == false else { return }
        flows[key]?.isMatched = true
        matched += 1
        waiting -= 1
    }

    private mutating func remember(_ key: Key) {
        if order.count < FlowRows.kept {
            order.append(key)
            return
        }
        hasForgotten = true
        if flows.removeValue(forKey: order[next])?.isMatched == false { waiting -= 1 }
        order[next] = key
        next = (next + 1) % FlowRows.kept
    }
}
