import Bybit
import JSON
public import Journal
public import Market
import Simulation
public import Trading

/// Runs strategies on a recorded market against the simulated exchange.
///
/// Two sides, each in its own time: the exchange's, where the market is at the moment it says of itself and requests
/// arrive after their latency; and the client's, where everything comes when it came, or after its latency. The engine is
/// the one that trades live, and gets what the simulated exchange says as the same kinds of event.
public struct Simulator {
    private let registry: StrategyRegistry
    public var progress: (SequenceNumber) -> Void = { _ in }
    /// The market that was decoded before; runs that are fed what was recorded of the account do without.
    public var cache: MarketCache?

    public init(registry: StrategyRegistry) { self.registry = registry }

    public func run(
        _ recording: Recording,
        _ plan: SimulationPlan
    ) throws(SimulatedError) -> SimulationResult {
        let survey = try Simulator.survey(recording, plan.goesOn ? registry : nil)
        return try run(recording, plan, survey)
    }

    func run(
        _ recording: Recording,
        _ plan: SimulationPlan,
        _ survey: RecordingSurvey
    ) throws(SimulatedError) -> SimulationResult {
        let run = try SimulatedRun(recording, plan, survey, registry, cache: cache)
        if let state = try Simulator.state(recording, plan.goesOn ? registry : nil) {
            run.goOn(from: state, at: recording.first)
        }
        try run.go(progress)
        return try run.finish()
    }

    /// - Parameter registry: makes the engine of a recording that begins in the middle of a session; `nil` refuses those.
    static func survey(
        _ recording: Recording,
        _ registry: StrategyRegistry? = nil
    ) throws(SimulatedError) -> RecordingSurvey {
        if let sources = recording.manifest.labels.first(where: { $0.key == Recording.mergeLabel })
        {
            throw .replay(.merged(sources.value))
        }
        let state = try state(recording, registry)
        do throws(ReplayError) {
            return try RecordingSurvey(recording, after: state?.engine)
        } catch {
            throw .replay(error)
        }
    }

    /// What a recording goes on from that begins in the middle of a session; `nil` of one that begins with record 1.
    static func state(
        _ recording: Recording,
        _ registry: StrategyRegistry?
    ) throws(SimulatedError) -> SegmentCheckpoint? {
        guard recording.first > .first else { return nil }
        guard let registry else { throw .beginsLate(recording.first) }
        do throws(ReplayError) {
            guard
                let state = try recording.beginning(registry: registry, parser: JSONParser())
            else { throw ReplayError.noStart(recording.first) }
            return state
        } catch {
            throw .replay(error)
        }
    }
}
