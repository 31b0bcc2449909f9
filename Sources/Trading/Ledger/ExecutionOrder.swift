public import Market

/// In which order executions were that come by a list.
///
/// Fills of one match share time and cross sequence, and their ids say nothing of their order. Which of them closed what was
/// held decides what each realised, and what the position's entry is afterwards.
public enum ExecutionOrder {
    /// What a fill did to the position that it met: what closes comes before what opens.
    private enum Effect: Int {
        case closes
        case turnsRound
        case opens
    }

    public static func sorted(_ rows: [ExecutionReport]) -> [ExecutionReport] {
        rows.sorted(by: isBefore)
    }

    /// By time, cross sequence and instrument; of one match by what was closed, by the way through the book, and by what the
    /// order still had open.
    ///
    /// It is the same whatever order the rows come in. What an account matched with itself stands in no order that its
    /// rows tell.
    public static func isBefore(_ first: ExecutionReport, _ second: ExecutionReport) -> Bool {
        if first.timeMilliseconds != second.timeMilliseconds {
            return first.timeMilliseconds < second.timeMilliseconds
        }
        if first.crossSequence != second.crossSequence {
            return first.crossSequence < second.crossSequence
        }
        if first.instrument != second.instrument { return first.instrument < second.instrument }
        if first.isMaker != second.isMaker { return second.isMaker }
        if first.side != second.side { return first.side == .buy }
        let effects = (effect(first).rawValue, effect(second).rawValue)
        if effects.0 != effects.1 { return effects.0 < effects.1 }
        let prices = (Amount(exactly: first.price), Amount(exactly: second.price))
        if prices.0 != prices.1 {
            // The best price is met first: a buyer goes up, and so do the sellers that a buyer meets.
            let isUp = (first.side == .buy) != first.isMaker
            return (prices.0 < prices.1) == isUp
        }
        if first.orderID != second.orderID { return first.orderID < second.orderID }
        let open = (left(first), left(second))
        if open.0 != open.1 { return open.0 > open.1 }
        if first.executionID != second.executionID { return first.executionID < second.executionID }
        // The same row twice: a push says what it realised, and a list does not.
        return first.realisedPnL != nil && second.realisedPnL == nil
    }

    private static func left(_ row: ExecutionReport) -> Amount {
        row.leavesQuantity.map { Amount(exactly: $0) } ?? .zero
    }

    private static func effect(_ row: ExecutionReport) -> Effect {
        guard let closed = row.closedQuantity, !closed.isZero else { return .opens }
        return closed == row.quantity ? .closes : .turnsRound
    }
}
