import JSON
import Journal
import Market
public import Trading

/// Makes the engine that a record of `session/start` describes.
struct EngineStart {
    var start: SessionStart
    var stepper: Stepper

    /// As it was before a recording's first record.
    init(_ checkpoint: SegmentCheckpoint) {
        start = checkpoint.start
        stepper = Stepper(engine: checkpoint.engine)
    }

    /// As it was behind a record.
    init(_ state: KeptState) {
        start = state.start
        stepper = Stepper(engine: state.engine)
    }

    /// - Parameter before: the state that a recording goes on with which follows another; a run that begins anew has
    ///   no use for it.
    init(
        _ record: Record,
        after before: Stepper? = nil,
        registry: StrategyRegistry,
        overrides: [Replay.Override] = [],
        parser: JSONParser
    ) throws(ReplayError) {
        do throws(JSONError) {
            start = try SessionStart(payload: record.payload, parser: parser)
        } catch {
            throw .start(record.sequence, error)
        }
        guard start.format <= SessionStart.formatVersion else {
            throw .newer(record.sequence, format: start.format)
        }
        if start.continues != nil {
            guard let before else {
                throw .checkpoint(
                    record.sequence,
                    "there is none, and the session goes on from one"
                )
            }
            stepper = before
            return
        }
        let program = "tapedeck \(start.program) (\(start.build))"
        for change in overrides {
            guard let place = start.strategies.firstIndex(where: { $0.name == change.strategy })
            else {
                throw .engine(record.sequence, .strategyName(change.strategy), program: program)
            }
            start.strategies[place].parameters.removeAll { $0.name == change.parameter }
            start.strategies[place].parameters.append(Setting(change.parameter, change.value))
        }
        do throws(EngineError) {
            stepper = Stepper(
                engine: try Engine(configuration: start.engineConfiguration, registry: registry)
            )
        } catch {
            throw .engine(record.sequence, error, program: program)
        }
    }
}

extension SessionStart {
    /// The setting that names the categories to reconcile, with spaces between; where it is missing, linear alone.
    public static let reconciledCategories = "account.categories"

    /// What the engine of this run is made from; live and replay make it here.
    public var engineConfiguration: EngineConfiguration {
        let names = configuration.first { $0.name == SessionStart.reconciledCategories }?.value
        let fault = configuration.first { $0.name == "ledger.fault" }?.value
        return EngineConfiguration(
            session: session + (run > 1 ? "-\(run)" : ""),
            strategies: strategies,
            limits: limits,
            categories: names?.split(separator: " ").compactMap { Category(name: $0) } ?? [.linear],
            ledgerFault: fault.flatMap { LedgerFault(rawValue: $0) } ?? .none
        )
    }
}
