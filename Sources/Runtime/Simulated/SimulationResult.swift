public import Market
public import Simulation
import Trading

/// What a simulated run came to.
public struct SimulationResult: Sendable {
    /// One order that the engine asked for, and what became of it.
    public struct OrderLine: Hashable, Sendable {
        public var orderLinkID: String
        public var strategy: String
        public var instrument: InstrumentID
        public var side: Side
        public var price: Numeral?
        public var quantity: Numeral
        /// The recorded record behind which it was asked for.
        public var record: SequenceNumber
        public var time: Timestamp
        public var filled = Amount.zero
        public var value = Amount.zero
        public var fee = Amount.zero
        public var fills = 0
        /// False for what was recorded so, before anything differed.
        public var isSimulated: Bool
    }

    /// An intent that risk did not let through.
    public struct Blocked: Hashable, Sendable {
        public var strategy: String
        public var instrument: InstrumentID
        public var intent: String
        public var limits: [String]
        public var record: SequenceNumber
        public var time: Timestamp
    }

    public struct Earned: Hashable, Sendable {
        public var coin: String
        public var realised = Amount.zero
        public var unrealised = Amount.zero
        /// Positive is paid.
        public var fees = Amount.zero
        public var funding = Amount.zero
        /// realised + unrealised − fees − funding; `nil` past all bounds.
        public var net: Amount?
    }

    /// The models as the output names them.
    public var queue = QueueModel.riskAverse
    public var latency = ""
    public var attribution = Attribution()
    public var takesOut = true
    /// The record from which on everything is simulated; `nil` where nothing differed, 1 without a verbatim part.
    public var simulatedFrom: SequenceNumber?
    /// Why it differed there.
    public var reason = ""
    public var records: UInt64 = 0
    public var last = SequenceNumber.none
    public var orders: [OrderLine] = []
    /// Orders that the exchange refused.
    public var refused = 0
    public var amends = 0
    public var cancels = 0
    public var blocked: [Blocked] = []
    /// Intents that risk rejected, ``blocked`` has the first thousand of them.
    public var blockedCount = 0
    public var fills = 0
    public var makerFills = 0
    public var turnover = Amount.zero
    public var earned: [Earned] = []
    /// Hash over everything the engine has said: equal for equal runs.
    public var digest: UInt64 = 0
    public var findings = 0
    public var notes: [String] = []

    public init() {}
}
