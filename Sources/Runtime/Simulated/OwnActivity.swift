import Market
import Trading

/// What the recorded session had in the market itself: its resting orders and its fills, by the exchange's own time.
///
/// It is taken out of the recorded market before anything simulated goes in.
struct OwnActivity {
    /// A change of what rests at one price.
    struct Change {
        /// Unix milliseconds, the exchange's.
        var milliseconds: Int64
        var side: Side
        var price: Int64
        /// In quantity units; either sign.
        var delta: Int64
    }

    struct Fill {
        var crossSequence: Int64
        var executionID: String
        /// The session's.
        var side: Side
        var price: Int64
        var quantity: Int64
        var isMaker: Bool
        var isTaken = false
    }

    /// What is known of one order.
    private struct State {
        var updated: Int64
        var side: Side
        var price: Int64
        var leaves: Int64
        var isClosed: Bool
    }

    /// By instrument, in order of time once ``finish()`` was called.
    private(set) var changes = ByInstrument<[Change]>()
    /// By instrument, by rising cross sequence.
    var fills = ByInstrument<[Fill]>()
    /// Look-ups only.
    private var states: [String: State] = [:]
    private var executions: Set<String> = []
    /// Rows whose numbers do not fit their instrument, or whose instrument is not known.
    private(set) var unreadable = 0

    init() {}

    /// An order that rested before the recording's first record; prices and quantities in units.
    mutating func begin(
        orderID: String,
        _ id: InstrumentID,
        _ side: Side,
        price: Int64,
        leaves: Int64,
        updated: Int64
    ) {
        guard leaves > 0 else { return }
        states[orderID] = State(
            updated: updated,
            side: side,
            price: price,
            leaves: leaves,
            isClosed: false
        )
        let place = changes.index(of: id, orInsert: [])
        // Before every push.
        changes.values[place].append(
            Change(milliseconds: 0, side: side, price: price, delta: leaves)
        )
    }

    mutating func take(_ row: OrderUpdate, scale: Scale?) {
        guard let scale else {
            unreadable += 1
            return
        }
        let rests =
            (row.status == .new || row.status == .partiallyFilled) && row.type == .limit
            && row.timeInForce != .immediateOrCancel && row.timeInForce != .fillOrKill
        var next = State(
            updated: row.updatedMilliseconds,
            side: row.side,
            price: 0,
            leaves: 0,
            isClosed: row.status.isClosed
        )
        do throws(NumberError) {
            if let price = row.price { next.price = try scale.price(price).units }
            if rests {
                let left = try row.leavesQuantity.map { value throws(NumberError) in
                    try scale.quantity(value).units
                }
                let whole = try scale.quantity(row.quantity).units
                let filled = try scale.quantity(row.filledQuantity).units
                next.leaves = left ?? whole - filled
            }
        } catch {
            unreadable += 1
            return
        }
        let before = states[row.orderID]
        if let before {
            let isLater =
                next.updated > before.updated
                || (next.updated == before.updated && next.leaves <= before.leaves)
            guard isLater, !before.isClosed else { return }
            if before.leaves == next.leaves, before.price == next.price, !next.isClosed { return }
        }
        states[row.orderID] = next
        let place = changes.index(of: row.instrument, orInsert: [])
        func add(_ state: State, _ delta: Int64) {
            guard delta != 0 else { return }
            changes.values[place].append(
                Change(
                    milliseconds: row.updatedMilliseconds,
                    side: state.side,
                    price: state.price,
                    delta: delta
                )
            )
        }
        if let before, before.price == next.price {
            add(next, next.leaves - before.leaves)
        } else {
            if let before { add(before, -before.leaves) }
            add(next, next.leaves)
        }
    }

    mutating func take(_ row: ExecutionReport, scale: Scale?) {
        guard row.type.isFill, executions.insert("\(row.instrument) \(row.executionID)").inserted
        else { return }
        guard let scale, let price = try? scale.price(row.price),
            let quantity = try? scale.quantity(row.quantity)
        else {
            unreadable += 1
            return
        }
        let place = fills.index(of: row.instrument, orInsert: [])
        fills.values[place].append(
            Fill(
                crossSequence: row.crossSequence,
                executionID: row.executionID,
                side: row.side,
                price: price.units,
                quantity: quantity.units,
                isMaker: row.isMaker
            )
        )
    }

    /// Brings everything into order; rows come by push and by reply.
    mutating func finish() {
        for place in changes.keys.indices {
            let rows = changes.values[place]
            changes.values[place] = rows.indices.sorted {
                (rows[$0].milliseconds, $0) < (rows[$1].milliseconds, $1)
            }.map { rows[$0] }
        }
        for place in fills.keys.indices {
            let rows = fills.values[place]
            fills.values[place] = rows.indices.sorted {
                (rows[$0].crossSequence, $0) < (rows[$1].crossSequence, $1)
            }.map { rows[$0] }
        }
        states = [:]
        executions = []
    }
}
