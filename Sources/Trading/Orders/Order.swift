public import Market

/// An order as the desk knows it: what was asked, what the exchange said, what has traded.
public struct Order: Hashable, Sendable, Codable {
    /// How far the order has come.
    ///
    /// It never goes back from ``closed``.
    public enum Phase: String, Hashable, Sendable, Codable {
        /// Asked for; the exchange has not answered.
        case asked
        /// The exchange took the request; the order's first row has not come.
        case accepted
        /// On the exchange, by its own word.
        case open
        /// Its fate is not known, and is looked up.
        case unknown
        case closed
    }

    /// A change on its way.
    public struct PendingAmend: Hashable, Sendable, Codable {
        public var quantity: Numeral?
        public var price: Numeral?
        /// The record that asked for it: what answers a question of before it answers another one.
        var asked: SequenceNumber
        /// The exchange took the request; the row with the new values has not come.
        public var isAccepted = false
        /// When it cannot be carried out any more, where its answer was lost.
        var deadline: Timestamp?
        /// The record from which on a look-up tells what became of it; `nil` while it may still be carried out.
        var settles: SequenceNumber?
    }

    /// A cancel on its way.
    ///
    /// One without an answer may still be carried out, and so it stays until it cannot be any more, whatever is asked or
    /// answered meanwhile.
    struct PendingCancel: Hashable, Sendable, Codable {
        /// The record that asked for the newest of them: another one may be asked for while the fate of one is not known.
        var asked: SequenceNumber
        /// The record that asked for the last one whose answer was lost.
        var lost: SequenceNumber?
        /// When that one cannot be carried out any more.
        var deadline: Timestamp?
        /// The record from which on a look-up tells what became of it; `nil` while it is on its way.
        var settles: SequenceNumber?
    }

    /// How an unknown order is settled: asked after the deadline, first the open orders and then the history say that
    /// it was not placed.
    ///
    /// Which question was asked after what is told by record, not by when its answer comes: one that took long speaks of
    /// a moment at which the order may still have been on its way. And history is asked once the order is known to be no
    /// longer, or not yet, open: asked side by side, an order that is filled in between is missed by both.
    struct Settlement: Hashable, Sendable, Codable {
        var deadline: Timestamp
        /// The first record at or past the deadline.
        var due: SequenceNumber?
        /// The record by which it was not among the open orders, asked after the deadline.
        var absentFromOpen: SequenceNumber?
    }

    /// Something that the exchange owes a word on, and for how long.
    struct Overdue: Hashable, Sendable, Codable {
        /// Since when nothing came, or when it was asked for last.
        var since: Timestamp
        var asked = 0
        /// What was known then: whatever comes begins a new wait.
        var filled: Amount
        var executed: Amount
        var updatedMilliseconds: Int64

        init(_ order: Order, since: Timestamp, asked: Int = 0) {
            self.since = since
            self.asked = asked
            filled = order.filled
            executed = order.executed
            updatedMilliseconds = order.updatedMilliseconds
        }

        @inline(__always)
        func isOf(_ order: Order) -> Bool {
            filled == order.filled && executed == order.executed
                && updatedMilliseconds == order.updatedMilliseconds
        }

        /// It is waited for at that moment, or has been asked for often enough.
        func rests(at time: Timestamp) -> Bool {
            asked > Desk.questionsMax
                || time < since.advanced(nanoseconds: Desk.patience << Int64(asked))
        }
    }

    /// What has not come of an order although it must.
    enum Lack: Hashable, Sendable {
        /// A row that shows what was answered or traded.
        case row
        /// Executions of what its rows say is filled.
        case executions
    }

    /// Strategy of orders that are not of this session: by hand, other programs, liquidation.
    public static let external = "external"

    /// Counts the orders of a session as they became known; the order of all lists.
    public internal(set) var serial = 0
    /// Ours; empty for an external order without one.
    public internal(set) var orderLinkID: String
    /// Theirs; empty until known.
    public internal(set) var orderID = ""
    /// Name of the strategy that asked, or ``external``.
    public internal(set) var strategy: String
    public internal(set) var instrument: InstrumentID
    public internal(set) var side: Side
    public internal(set) var type: OrderType
    public internal(set) var timeInForce: TimeInForce
    public internal(set) var reduceOnly: Bool
    /// 0 one-way, 1 and 2 the long and the short of hedge mode.
    public internal(set) var positionIndex = 0
    /// The whole quantity, filled part included.
    public internal(set) var quantity: Numeral
    /// A market order of spot by value: ``quantity`` counts the quote coin, what is filled the base coin.
    public internal(set) var countsQuote = false
    /// It was open when the session began.
    public internal(set) var isOpening = false
    /// `nil` for a market order.
    public internal(set) var price: Numeral?
    public internal(set) var phase: Phase
    /// The exchange's last word; `nil` before the first row.
    public internal(set) var status: OrderStatus?
    /// Filled quantity by the order rows, the highest of them.
    public internal(set) var filled: Amount = .zero
    /// Filled quantity by the executions counted so far.
    public internal(set) var executed: Amount = .zero
    /// Why it was refused or closed; empty otherwise.
    public internal(set) var reason = ""
    /// The record that led to it.
    public internal(set) var cause: SequenceNumber
    public internal(set) var since: Timestamp
    /// The exchange's time of its creation; 0 until a row said so.
    var createdMilliseconds: Int64 = 0
    /// The exchange's time of the newest row merged.
    public internal(set) var updatedMilliseconds: Int64 = 0
    /// The exchange's time up to which its fills are in ``executed`` without having been counted one by one: what it had
    /// filled before it was heard of.
    var countedUntil: Int64 = 0
    public internal(set) var pendingAmend: PendingAmend?
    var pendingCancel: PendingCancel?
    var settlement: Settlement?
    var overdue: Overdue?
    /// The record than which the exchange's last word that it has the order is no older; none before the first one.
    ///
    /// An answer to a question of before it, that there is no such order, speaks of a moment that is over.
    var heard = SequenceNumber.none

    public var isCancelPending: Bool { pendingCancel != nil }

    public var isClosed: Bool { phase == .closed }

    /// True when a request about it is on its way, so that another one would race it.
    public var isBusy: Bool {
        phase == .asked || phase == .unknown || pendingAmend != nil || isCancelPending
    }

    /// What may still trade, by the most that is known to be filled; zero once closed, and of one by value, which is
    /// over as soon as it is there.
    public var remaining: Amount {
        guard !isClosed, !countsQuote else { return .zero }
        return Order.rest(of: quantity, after: filled > executed ? filled : executed)
    }

    /// What may still move the position: what can trade, and fills that were told but not yet reported.
    var exposure: Amount {
        Order.exposure(
            isOver: isClosed || countsQuote,
            quantity,
            pendingAmend?.quantity,
            filled,
            executed
        )
    }

    @inline(__always)
    private static func exposure(
        isOver: Bool,
        _ quantity: Numeral,
        _ wanted: Numeral?,
        _ filled: Amount,
        _ executed: Amount
    ) -> Amount {
        if isOver {
            return filled > executed ? Amount(units: filled.units - executed.units) : .zero
        }
        var most = Order.rest(of: quantity, after: executed)
        if let wanted {
            let other = Order.rest(of: wanted, after: executed)
            if other > most { most = other }
        }
        return most
    }

    /// What is counted of all orders.
    struct Figures {
        /// As ``Order/exposure``.
        var exposure: Amount
        var isOpen: Bool
        /// As ``Order/isActive``.
        var isActive: Bool { isOpen || exposure.units > 0 }
    }

    /// What is counted of it.
    ///
    /// Changes nothing: it is `mutating` so that of an order in a list the few fields are read where they lie. For a question
    /// that changes nothing the whole order is copied, with all its texts.
    @inline(__always)
    mutating func figures() -> Figures {
        Figures(
            exposure: Order.exposure(
                isOver: phase == .closed || countsQuote,
                quantity,
                pendingAmend?.quantity,
                filled,
                executed
            ),
            isOpen: phase != .closed
        )
    }

    /// The fate of a request of it has to be looked up after a deadline.
    var isUnsettled: Bool {
        if isClosed { return false }
        return phase == .unknown || pendingAmend?.deadline != nil || pendingCancel?.deadline != nil
    }

    /// ``reason`` of an order that the exchange had and has no longer, without a word of how it ended.
    static let endUntold = "ended; the exchange no longer tells how"

    /// Closed by an answer, or by the lack of one, and not by a row of the exchange.
    var isClosedUnheard: Bool { isClosed && updatedMilliseconds == 0 }

    /// What the exchange's answers and rows promise and has not come; `nil` while all has, or a request is on its way.
    @inline(__always)
    var lack: Lack? {
        if filled > executed { return .executions }
        guard phase == .accepted || phase == .open else { return nil }
        let isAmendDue = pendingAmend?.settles != nil
        let isCancelDue = pendingCancel?.settles != nil
        if phase == .accepted || executed > filled || isAmendDue || isCancelDue { return .row }
        return nil
    }

    /// Nothing is owed of it and nothing was, or it is not yet time to ask for it, or no longer.
    ///
    /// Changes nothing: it is `mutating` as ``figures()`` is.
    @inline(__always)
    mutating func isQuiet(at time: Timestamp) -> Bool {
        guard lack != nil else { return overdue == nil }
        guard let overdue else { return false }
        return overdue.isOf(self) && overdue.rests(at: time)
    }

    /// True while it may still trade, or fills that were told are not all reported.
    var isActive: Bool { !isClosed || exposure.units > 0 }

    private static func rest(of quantity: Numeral, after filled: Amount) -> Amount {
        // A numeral has at most 18 digits, so that it always fits an amount.
        let whole = Amount(exactly: quantity)
        return whole > filled ? Amount(units: whole.units - filled.units) : .zero
    }
}

extension Amount {
    /// The number as an amount: every numeral fits (18 digits, at most 18 decimals: below 10³⁶ units).
    init(exactly numeral: Numeral) {
        self.init(numeral.mantissa, zeros: Amount.decimals - Int(numeral.decimals))
    }
}

/// One execution that traded against one of our orders, as a strategy is told of it.
public struct Fill: Hashable, Sendable {
    public var instrument: InstrumentID
    public var orderLinkID: String
    public var executionID: String
    public var side: Side
    public var price: Numeral
    public var quantity: Numeral
    public var isMaker: Bool
    /// Positive is paid.
    public var fee: Amount
    /// Of this strategy's own position.
    public var realised: Amount
    public var timeMilliseconds: Int64
}
