public import Market

/// A row of `round_trips`: a trade from its opening to its closing.
public struct TripRow: Hashable, Sendable {
    /// Which trip it is: a later row of the same replaces this one.
    public struct ID: Hashable, Sendable {
        /// `flat` or `fifo`.
        public var method: String
        /// Empty: the account's whole position.
        public var strategy: String
        public var instrument: InstrumentID
        public var positionIndex: Int
        /// The record that the run, or the recording, began with.
        public var run: SequenceNumber
        public var number: Int64
        public var part: Int64

        public init(
            method: String,
            strategy: String,
            instrument: InstrumentID,
            positionIndex: Int,
            run: SequenceNumber,
            number: Int64,
            part: Int64
        ) {
            self.method = method
            self.strategy = strategy
            self.instrument = instrument
            self.positionIndex = positionIndex
            self.run = run
            self.number = number
            self.part = part
        }
    }

    /// Quantity, value and average price of one side of a trip.
    public struct Leg: Hashable, Sendable {
        /// Base coin; US dollars of inverse contracts.
        public var quantity: Amount
        /// Quote coin; base of inverse contracts.
        public var value: Amount
        /// `nil` where there is none.
        public var price: Amount?

        public init(quantity: Amount, value: Amount, price: Amount?) {
            self.quantity = quantity
            self.value = value
            self.price = price
        }
    }

    public var id: ID
    public var isLong: Bool
    /// `open`, `closed`, `cut`.
    public var state: String
    /// It began before the recording: its opening fee is not known.
    public var isOpening: Bool
    public var openedSequence: SequenceNumber
    public var openedTime: Timestamp
    public var closedSequence: SequenceNumber?
    public var closedTime: Timestamp?
    public var entry: Leg
    public var exit: Leg
    /// Of all amounts that follow.
    public var coin: String
    public var realised: Amount
    /// Positive is paid.
    public var entryFees: Amount
    /// Positive is paid.
    public var exitFees: Amount
    /// Positive is paid.
    public var funding: Amount
    public var net: Amount
    /// Fees were taken in other coins too, which no amount here has.
    public var hasOtherFees: Bool
    public var worst: Amount?
    public var best: Amount?
    public var fills: Int64

    public init(
        id: ID,
        isLong: Bool,
        state: String,
        isOpening: Bool,
        openedSequence: SequenceNumber,
        openedTime: Timestamp,
        closedSequence: SequenceNumber? = nil,
        closedTime: Timestamp? = nil,
        entry: Leg,
        exit: Leg,
        coin: String,
        realised: Amount,
        entryFees: Amount,
        exitFees: Amount,
        funding: Amount,
        net: Amount,
        hasOtherFees: Bool = false,
        worst: Amount? = nil,
        best: Amount? = nil,
        fills: Int64
    ) {
        self.id = id
        self.isLong = isLong
        self.state = state
        self.isOpening = isOpening
        self.openedSequence = openedSequence
        self.openedTime = openedTime
        self.closedSequence = closedSequence
        self.closedTime = closedTime
        self.entry = entry
        self.exit = exit
        self.coin = coin
        self.realised = realised
        self.entryFees = entryFees
        self.exitFees = exitFees
        self.funding = funding
        self.net = net
        self.hasOtherFees = hasOtherFees
        self.worst = worst
        self.best = best
        self.fills = fills
    }
}
