import Journal
import Market
import Simulation
import Trading

/// What a run begins with: latency, money, positions.
extension SimulatedRun {
    /// Goes on with the engine as it stood before the first record; everything is as it was until something differs.
    func goOn(from state: SegmentCheckpoint, at first: SequenceNumber) {
        engine = state.engine
        if !state.start.account.isEmpty {
            answers = SimulatedAnswers(account: state.start.account)
        }
        isPrivateReady = state.engine.isReconciled
        result.notes.append("goes on from the session's state before record \(first)")
    }

    /// The model, and what it is called.
    static func latency(
        _ plan: SimulationPlan,
        _ survey: RecordingSurvey
    ) throws(SimulatedError) -> (LatencyModel, String) {
        switch plan.latency {
        case .constant(let entry, let response):
            return (
                .constant(entry: entry, response: response),
                "constant \(text(entry)) there, \(text(response)) back"
            )
        case .recorded(let factor):
            guard survey.knowsArrivalTimes else { throw .arrivalUnknown }
            return recorded(factor, survey)
        case .usual:
            guard survey.knowsArrivalTimes else {
                return constant(
                    SimulationPlan.usualLatency,
                    because: "the recording was imported, and \(Manifest.arrivalUnknown):"
                        + " what it holds comes at the exchange's own time"
                )
            }
            return recorded(1, survey)
        }
    }

    private static func recorded(
        _ factor: Int64,
        _ survey: RecordingSurvey
    ) -> (LatencyModel, String) {
        guard !survey.samples.isEmpty else {
            return constant(
                SimulationPlan.usualLatency * factor,
                because: "the recording has no acknowledgement of an order"
            )
        }
        let times = factor == 1 ? "" : ", \(factor) times as long"
        return (
            LatencyModel.recorded(survey.samples).multiplied(by: factor),
            "recorded, of \(survey.samples.count) acknowledgements, interpolated\(times)"
        )
    }

    private static func constant(_ leg: Int64, because: String) -> (LatencyModel, String) {
        (
            .constant(entry: leg, response: leg),
            "constant \(text(leg)) there, \(text(leg)) back (\(because))"
        )
    }

    /// Nanoseconds as whole microseconds or milliseconds.
    static func text(_ nanoseconds: Int64) -> String {
        nanoseconds % 1_000_000 == 0
            ? "\(nanoseconds / 1_000_000) ms" : "\(nanoseconds / 1_000) us"
    }

    static func deposits(
        _ plan: SimulationPlan,
        _ survey: RecordingSurvey
    ) -> [AccountConfiguration.Deposit] {
        if let deposits = plan.deposits {
            return deposits.map { AccountConfiguration.Deposit(coin: $0.coin, amount: $0.amount) }
        }
        guard survey.balances.isEmpty else {
            return survey.balances.map {
                AccountConfiguration.Deposit(coin: $0.coin, amount: $0.amount)
            }
        }
        let told = survey.wallets.filter { $0.walletBalance > .zero }
        guard told.isEmpty else {
            return told.map {
                AccountConfiguration.Deposit(coin: $0.coin, amount: $0.walletBalance)
            }
        }
        return [AccountConfiguration.Deposit(coin: "USDT", amount: SimulationPlan.usualDeposit)]
    }

}
