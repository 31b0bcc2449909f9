import Journal
public import Market
public import Simulation
public import Trading

/// What is simulated on a recording, and by which models.
public struct SimulationPlan: Sendable {
    public enum Latency: Hashable, Sendable {
        /// As ``recorded(factor:)``; constant where the recording cannot tell when its records arrived.
        case usual
        /// From the recording's own acknowledgements, interpolated, so many times as long.
        case recorded(factor: Int64)
        case constant(entry: Int64, response: Int64)
    }

    /// Instead of the recorded session's strategies; `nil` keeps those.
    public var strategies: [StrategyConfiguration]?
    public var overrides: [Replay.Override] = []
    /// Instead of the recorded session's limits; `nil` keeps those.
    public var limits: [Setting]?
    /// Single limits that are other ones, or come on top.
    public var limitOverrides: [Setting] = []
    public var queue = QueueModel.power(hundredths: 200)
    public var latency = Latency.usual
    public var edits = MarketEdits()
    /// Client order ids of orders that are not placed.
    public var without: [String] = []
    /// The recorded answers are fed as long as the engine says what was recorded; everything behind the first difference is
    /// simulated.
    public var beginsVerbatim = false
    /// False leaves the recorded session's orders and fills in the market: only to see what taking them out is worth.
    public var takesOut = true
    /// What the account begins with; `nil` as the recording tells, 100,000 USDT where it does not.
    public var deposits: [(coin: String, amount: Amount)]?

    public init() {}

    /// Everything is as it was at first, so that a run can go on from a state in the middle of a session.
    var goesOn: Bool {
        beginsVerbatim && strategies == nil && limits == nil && overrides.isEmpty
            && limitOverrides.isEmpty
    }

    /// What an account has whose recording does not say.
    static let usualDeposit = Amount(units: 100_000 * PowerOfTen.int128(Amount.decimals))
    /// Each way, where a recording has no acknowledgement.
    static let usualLatency: Int64 = 5_000_000
}

/// Why a recording cannot be simulated.
public enum SimulatedError: Error, Sendable {
    case replay(ReplayError)
    case edit(EditError)
    /// Nothing to trade on: no book of an instrument that is listed in the recording.
    case noMarket
    case exchange(SimulationError)
    /// It begins in the middle of a session.
    case beginsLate(SequenceNumber)
    /// Its own latency was asked for, and its times are the exchange's.
    case arrivalUnknown
    /// An order that was to be left out was not asked for up to the end.
    case noOrder(String)
    case engine(EngineError)
}

extension SimulatedError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .replay(let error): error.description
        case .edit(let error): error.description
        case .noMarket:
            "the recording has no book of a linear, inverse or spot instrument together with its row of"
                + " instruments-info, so there is nothing to trade on. Record orderbook.50 of one."
        case .exchange(let error): "the simulated exchange cannot be made: \(error)."
        case .beginsLate(let first):
            "the recording begins at record \(first), in the middle of a session: other strategies, parameters or limits"
                + " would begin with orders and a position that are none of theirs. Simulate a recording that begins"
                + " with record 1, or this one with --verbatim-first and the strategies that it has."
        case .arrivalUnknown:
            "the recording's own latency is refused: it was imported, and \(Manifest.arrivalUnknown). Its times are the"
                + " exchange's, and say nothing of how long anything took. Give --latency constant=5ms, or what you"
                + " measured."
        case .noOrder(let id):
            "no order \(id) was asked for, so it cannot be left out. `tapedeck cat --stream desk/command` lists them."
        case .engine(let error): "\(error)."
        }
    }
}
