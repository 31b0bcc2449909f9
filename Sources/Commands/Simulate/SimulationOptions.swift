import ArgumentParser
import Foundation
import Market
import Runtime
import Simulation
import Trading

/// What of a recorded session is to be another, and the models.
struct SimulationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Run this instead of the recorded strategies: NAME=KIND, or KIND. Repeatable.",
            valueName: "name=kind"
        )
    )
    var strategy: [String] = []

    @Option(
        help: ArgumentHelp(
            "Change a strategy's parameter: strategies.NAME.PARAMETER=VALUE. Repeatable.",
            valueName: "path=value"
        )
    )
    var set: [String] = []

    @Option(
        help: ArgumentHelp(
            "Limits instead of the recorded ones: YAML, `limits:`.",
            valueName: "file"
        )
    )
    var limits: String?

    @Option(
        help: ArgumentHelp(
            "The same, from the first difference on: what would these have blocked.",
            valueName: "file"
        )
    )
    var withLimits: String?

    @Option(help: "Queue model: risk-averse, log, power, power=N (power=2).")
    var queue: String?

    @Option(
        help: ArgumentHelp(
            "Latency: \(SimulationPlan.Latency.forms). Recorded by default, where it is known.",
            valueName: "model"
        )
    )
    var latency: String?

    @Option(
        help: ArgumentHelp("Leave this order out, by its client id. Repeatable.", valueName: "id")
    )
    var withoutOrder: [String] = []

    @Option(
        help: ArgumentHelp(
            "Messages come later: private=50ms, public=50ms, or NUMBER=50ms for one record. Repeatable.",
            valueName: "what=duration"
        )
    )
    var delay: [String] = []

    @Option(
        help: ArgumentHelp(
            "The client does not get this record: N or N-M. Repeatable.",
            valueName: "n"
        )
    )
    var drop: [String] = []

    @Option(
        help: ArgumentHelp(
            "Edits of the market, one a line: \(MarketEditsHelp.forms).",
            valueName: "file"
        )
    )
    var edit: String?

    @Flag(help: "Feed what was recorded up to the first difference, and simulate from there.")
    var verbatimFirst = false

    @Option(
        help: ArgumentHelp(
            "What the account begins with instead of the recorded balances. Repeatable.",
            valueName: "coin=amount"
        )
    )
    var wallet: [String] = []

    @Flag(
        help:
            "Leave the recorded session's own orders and fills in the market, to see what that does."
    )
    var keepOwn = false

    /// All of it in one line, for the keys of a sweep's rows.
    var text: String {
        let lists = [strategy, set, withoutOrder, delay, drop, wallet].map {
            $0.joined(separator: ",")
        }
        let files = [limits, withLimits, edit].map { path in
            path.map {
                String(decoding: FileManager.default.contents(atPath: $0) ?? Data(), as: UTF8.self)
            }
                ?? ""
        }
        let models = [queue ?? "", latency ?? "recorded"]
        return (lists + files + models + ["\(verbatimFirst)", "\(keepOwn)"])
            .joined(separator: "|")
    }

    static func noQueueModel(_ text: String) -> Failure {
        Failure(
            .usage,
            "--queue \(text) is no model",
            do: "Write risk-averse, log, power, or power=N with N from 0.01 to 10."
        )
    }

    func made() throws -> SimulationPlan {
        var plan = SimulationPlan()
        if !strategy.isEmpty { plan.strategies = try strategy.map(SimulationOptions.strategy) }
        plan.overrides = try set.map(ReplayCommand.override)
        if limits != nil, withLimits != nil {
            throw Failure(.usage, "--limits and --with-limits cannot both be", do: "Give one.")
        }
        plan.limits = try (limits ?? withLimits).map(SimulationOptions.limits)
        if let queue {
            guard let model = QueueModel(text: queue) else {
                throw SimulationOptions.noQueueModel(queue)
            }
            plan.queue = model
        }
        if let latency {
            guard let model = SimulationPlan.Latency(text: latency) else {
                throw Failure(
                    .usage,
                    "--latency \(latency) is no model",
                    do: "Write \(SimulationPlan.Latency.forms)."
                )
            }
            plan.latency = model
        }
        plan.without = withoutOrder
        plan.edits = try edits()
        plan.beginsVerbatim =
            verbatimFirst || withLimits != nil || !withoutOrder.isEmpty || !drop.isEmpty
            || edit != nil
        if plan.beginsVerbatim, plan.strategies != nil {
            throw Failure(
                .usage,
                "with another strategy nothing is as recorded",
                do: "Leave out --strategy, or what asks for the recorded answers first."
            )
        }
        plan.takesOut = !keepOwn
        if !wallet.isEmpty {
            plan.deposits = try wallet.map { text in
                let pair = text.split(separator: "=", maxSplits: 1).map(String.init)
                guard pair.count == 2, let amount = try? Amount(text: pair[1]), amount >= .zero
                else {
                    throw Failure(
                        .usage,
                        "--wallet \(text) is not COIN=AMOUNT",
                        do: "Write USDT=1000."
                    )
                }
                return (pair[0], amount)
            }
        }
        return plan
    }

    private func edits() throws -> MarketEdits {
        var edits = MarketEdits()
        if let edit {
            guard let data = FileManager.default.contents(atPath: edit) else {
                throw Failure(.notFound, "there is no such file, or it cannot be read", at: edit)
            }
            do throws(EditError) {
                edits = try MarketEdits(text: String(decoding: data, as: UTF8.self))
            } catch {
                throw Failure(.format, error.what, at: "\(edit):\(error.line)")
            }
        }
        for text in drop where !edits.addDrop(text) {
            throw Failure(.usage, "--drop \(text) is no record", do: "Write N or N-M.")
        }
        for text in delay {
            let pair = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard pair.count == 2, edits.addDelay(pair[0], pair[1]) else {
                throw Failure(
                    .usage,
                    "--delay \(text) is not private=DURATION, public=DURATION or NUMBER=DURATION",
                    do: "Write private=50ms; at most an hour."
                )
            }
        }
        return edits
    }

    private static func strategy(_ text: String) throws -> StrategyConfiguration {
        let pair = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard let name = pair.first, !name.isEmpty else {
            throw Failure(.usage, "--strategy \(text) is not NAME=KIND", do: "Write maker=maker.")
        }
        return StrategyConfiguration(name: name, kind: pair.count == 2 ? pair[1] : name)
    }

    /// The limits of a file: what stands under `limits:` of a session file, or limits alone.
    private static func limits(_ path: String) throws -> [Setting] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure(.notFound, "there is no such file, or it cannot be read", at: path)
        }
        let settings = try Settings(yaml: String(decoding: data, as: UTF8.self), name: path)
        let below = settings.names(below: "limits")
        let limits =
            below.isEmpty
            ? settings.entries.map { Setting($0.path, $0.value) }
            : below.compactMap { name in
                settings.value("limits." + name).map { Setting(name, $0.value) }
            }
        do throws(SettingError) {
            _ = try RiskLimits(limits)
        } catch {
            throw Failure(.sessionFile, "\(error)", at: path)
        }
        return limits
    }
}

/// The forms of an edit, for `--help`.
enum MarketEditsHelp {
    static let forms =
        "drop N, delay N 50ms, level N Buy PRICE SIZE, trade N PLACE PRICE SIZE, mark N PRICE"
}
