public import Market

/// One order from the decision to its end, with the record and time of each step.
public struct OrderLife: Sendable {
    /// What happened to it.
    public enum Step: String, Hashable, Sendable, CaseIterable {
        /// The core asked for it, in answer to that record.
        case decided
        case amendDecided = "amend-decided"
        case cancelDecided = "cancel-decided"
        /// The request left, by REST or on the trade socket.
        case sent
        case amendSent = "amend-sent"
        case cancelSent = "cancel-sent"
        /// The exchange took the request, by its answer.
        case acknowledged
        case amendAcknowledged = "amend-acknowledged"
        case cancelAcknowledged = "cancel-acknowledged"
        /// The exchange refused the request, or no answer came; ``Moment/note`` says which.
        case refused
        case unanswered
        /// A row of the exchange with another status than before; ``Moment/note`` is the status.
        case row
        case filled
    }

    /// One step.
    public struct Moment: Hashable, Sendable {
        public var step: Step
        /// The record that tells it.
        public var sequence: SequenceNumber
        public var time: Timestamp
        /// A status, a reason, quantity and price of a fill; empty where the step says it all.
        public var note: String
    }

    public var instrument: InstrumentID
    public var orderLinkID: String
    public var orderID = ""
    /// Name of the strategy, or `external`.
    public var strategy: String
    public var side: Side
    public var type: OrderType
    public var timeInForce: TimeInForce
    public var quantity: Numeral
    /// `nil` for a market order.
    public var price: Numeral?
    /// The exchange's last word; `nil` before the first row.
    public var status: OrderStatus?
    /// By the executions that came.
    public var filled: Amount = .zero
    public var fills = 0
    /// In the order of their records.
    public var moments: [Moment] = []

    /// The first moment of a step.
    public func first(_ step: Step) -> Moment? { moments.first { $0.step == step } }

    /// The first row with which the exchange showed it, and the one that closed it.
    public var opened: Moment? { first(.row) }
    public var closed: Moment? {
        guard status?.isClosed == true else { return nil }
        return moments.last { $0.step == .row }
    }

    /// Nanoseconds from one step to another of a new order; nil where one is not known, or they came in another order.
    ///
    /// By the receive times of this recording: what the exchange's own clock says has no part in it.
    public func hop(_ from: Moment?, _ to: Moment?) -> Int64? {
        guard let from, let to, to.time >= from.time else { return nil }
        return to.time.nanoseconds - from.time.nanoseconds
    }

    /// The hops of a new order, each with its name.
    public var hops: [(name: String, nanoseconds: Int64?)] {
        let answer = first(.acknowledged) ?? first(.refused)
        let fill = first(.filled)
        return [
            ("sent", hop(first(.decided), first(.sent))),
            ("ack", hop(first(.sent), answer)),
            ("open", hop(first(.sent), opened)),
            ("first_fill", hop(first(.sent), fill)),
            ("closed", hop(first(.decided) ?? opened, closed)),
        ]
    }

    /// Nanoseconds from the decision until the exchange's first word on it: answer, row or fill; what `--slow` sorts by.
    public var latency: Int64? {
        let begin = first(.decided) ?? first(.sent)
        return [first(.acknowledged), first(.refused), opened, first(.filled)]
            .compactMap { hop(begin, $0) }.min()
    }
}
