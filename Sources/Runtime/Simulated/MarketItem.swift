import Market

/// One decoded record on its way: first to the exchange's side, then, rewritten, to the engine.
///
/// An object, so that a record's arrays are decoded into memory that is used again.
final class MarketItem {
    enum Role {
        /// Of the market: has a moment on the exchange's side.
        case market
        /// Fed to the engine as it is: links, ticks, the operator, public replies.
        case input
        /// The exchange's word on the recorded session's account; fed only while nothing differs.
        case account
        case start
        /// What the recorded engine said; compared only while nothing differs.
        case output
    }

    var number = SequenceNumber.none
    /// When it came, our clock.
    var time = Timestamp.zero
    /// When it was so at the exchange, on our clock; never after ``time``.
    var moment: Int64 = 0
    /// Among what happened at one moment: trades before the books that show them.
    var rank = 0
    var role = Role.input
    var stream = StreamName("")
    var event = Event()
    /// Of starts and outputs; of the market's records where they are pushed on.
    var payload: [UInt8] = []
    /// It stays away from the engine: nothing of it is left, or an edit dropped it.
    var isWithheld = false
    /// What it says is no longer what was recorded.
    var isRewritten = false
    /// Of a book that the exchange's side follows: the push that changed it.
    var isFirst = false
    /// Of such a book: another connection has given the same push before.
    var isCopy = false
    /// The exchange's side has taken it in.
    var isMatched = false

    /// Of a record of this stream, and nothing has been done with it; the event's memory stays.
    ///
    /// - Parameter role: as long as nothing is known of what the record says.
    func begin(_ lane: MarketLane, _ role: Role) {
        stream = lane.name
        self.role = role
        isWithheld = false
        isMatched = false
        isRewritten = false
        isFirst = false
        isCopy = false
        payload.removeAll(keepingCapacity: true)
    }
}
