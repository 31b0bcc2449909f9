import JSON
public import Journal
import Market
import Simulation
public import Trading

/// Many runs over a grid of settings and over recordings.
public struct Sweep: Sendable {
    /// One setting and the values it takes: `strategies.maker.offset_ticks`, `limits.open_orders`, `queue`, `latency`.
    public struct Axis: Hashable, Sendable {
        public var path: String
        public var values: [String]

        public init(path: String, values: [String]) {
            self.path = path
            self.values = values
        }

        /// `path=v1,v2`, or `path=v1|v2` where a value has commas; `nil` where it is neither.
        public init?(text: String) {
            guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
                return nil
            }
            path = String(text[..<equals])
            let list = text[text.index(after: equals)...]
            let separator: Character = list.contains("|") ? "|" : ","
            values = list.split(separator: separator).map(String.init)
            if values.isEmpty { return nil }
        }
    }

    /// One run of it.
    public struct Point: Hashable, Sendable {
        public var recording: Int
        public var settings: [Setting]
    }

    public var axes: [Axis]
    public var base: SimulationPlan
    private let registry: StrategyRegistry
    /// What the base says beside the axes: part of every row's key.
    private let baseText: String

    /// - Parameter baseText: all options of the run as text, so that rows of another base are not taken for its own.
    public init(
        axes: [Axis],
        base: SimulationPlan,
        baseText: String,
        registry: StrategyRegistry
    ) {
        self.axes = axes
        self.base = base
        self.baseText = baseText
        self.registry = registry
    }

    /// The grid, the last axis fastest, recording by recording.
    public func points(recordings: Int) -> [Point] {
        var rows: [[Setting]] = [[]]
        for axis in axes {
            rows = rows.flatMap { row in axis.values.map { row + [Setting(axis.path, $0)] } }
        }
        return (0..<recordings).flatMap { place in
            rows.map { Point(recording: place, settings: $0) }
        }
    }

    /// Of the exchange's side: it rises where the same run comes to other figures, so that rows of before are not kept.
    private static let exchangeVersion = 3

    /// What a row is known by: a run is done again when anything of it is another.
    public func key(_ point: Point, _ recording: Recording) -> String {
        let settings = point.settings.map { "\($0.name)=\($0.value)" }.joined(separator: ";")
        return "\(recording.id)@\(recording.last);behaviour=\(SessionStart.behaviourVersion);"
            + "exchange=\(Sweep.exchangeVersion);\(baseText);\(settings)"
    }

    /// The plan of a point.
    ///
    /// - Throws: a path that is no setting of a run, or a value that it cannot have.
    public func plan(_ point: Point) throws(SettingError) -> SimulationPlan {
        var plan = base
        for setting in point.settings {
            let path = setting.name.split(separator: ".", maxSplits: 2).map(String.init)
            switch (path.first ?? "", path.count) {
            case ("strategies", 3):
                plan.overrides.append(
                    Replay.Override(strategy: path[1], parameter: path[2], value: setting.value)
                )
            case ("limits", 2): plan.limitOverrides.append(Setting(path[1], setting.value))
            case ("queue", 1):
                guard let queue = QueueModel(text: setting.value) else {
                    throw Sweep.error(setting, "risk-averse, log, power or power=N")
                }
                plan.queue = queue
            case ("latency", 1):
                guard let latency = SimulationPlan.Latency(text: setting.value) else {
                    throw Sweep.error(setting, SimulationPlan.Latency.forms)
                }
                plan.latency = latency
            default:
                throw SettingError(
                    owner: "--sweep",
                    name: setting.name,
                    value: setting.value,
                    allowed: "strategies.NAME.PARAMETER, limits.NAME, queue, latency",
                    problem: .unknown
                )
            }
        }
        return plan
    }

    private static func error(_ setting: Setting, _ allowed: String) -> SettingError {
        SettingError(
            owner: "--sweep",
            name: setting.name,
            value: setting.value,
            allowed: allowed,
            problem: .malformed
        )
    }
}

extension SimulationPlan.Latency {
    public static let forms =
        "recorded, recorded*5, constant=5ms, or constant=5ms/3ms for there and back"

    public init?(text: String) {
        if text == "recorded" {
            self = .recorded(factor: 1)
            return
        }
        if text.hasPrefix("recorded*") {
            guard let factor = Int64(text.dropFirst(9)), (1...1_000).contains(factor) else {
                return nil
            }
            self = .recorded(factor: factor)
            return
        }
        guard text.hasPrefix("constant=") else { return nil }
        let legs = text.dropFirst(9).split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(legs.count), let entry = MarketEdits.nanoseconds(String(legs[0])),
            let response = MarketEdits.nanoseconds(String(legs[legs.count - 1]))
        else { return nil }
        self = .constant(entry: entry, response: response)
    }
}

/// What one run of a sweep came to, as it is kept and printed.
public struct SweepRow: Hashable, Sendable {
    public var key: String
    /// Columns in their order; numbers as exact texts.
    public var cells: [Setting]

    init(key: String, _ name: String, _ point: Sweep.Point, _ result: SimulationResult) {
        self.key = key
        cells = [Setting("recording", name)] + point.settings
        cells += [
            Setting("orders", String(result.orders.count)),
            Setting("blocked", String(result.blockedCount)),
            Setting("fills", String(result.fills)),
            Setting("maker_fills", String(result.makerFills)),
            Setting("turnover", result.turnover.description),
        ]
        for earned in result.earned {
            cells.append(Setting("realised_" + earned.coin, earned.realised.description))
            cells.append(Setting("fees_" + earned.coin, earned.fees.description))
            cells.append(Setting("funding_" + earned.coin, earned.funding.description))
            cells.append(Setting("unrealised_" + earned.coin, earned.unrealised.description))
            cells.append(Setting("net_" + earned.coin, earned.net?.description ?? ""))
        }
        cells.append(Setting("digest", StateReport.hexadecimal(result.digest)))
    }

    /// A line of a sweep's file; `nil` for one that is cut short or of another kind.
    public init?(line: String) {
        let bytes = Array(line.utf8)
        var key = ""
        var cells: [Setting] = []
        do throws(JSONError) {
            try bytes.withUnsafeBufferPointer { buffer throws(JSONError) in
                try JSONParser().parse(UnsafeRawBufferPointer(buffer)) { root throws(JSONError) in
                    guard try root.string("schema") == SweepRow.schema else { return }
                    key = try root.string("key")
                    for member in try root.required("row").elements {
                        cells.append(Setting(member.key, try member.requireString()))
                    }
                }
            }
        } catch { return nil }
        guard !key.isEmpty else { return nil }
        self.key = key
        self.cells = cells
    }

    private static let schema = "tapedeck.simulate.sweep/1"

    /// One line of JSON, its end included.
    public var line: [UInt8] {
        var writer = JSONWriter()
        writer.object {
            $0.field("schema", SweepRow.schema)
            $0.field("key", key)
            $0.field(
                "row",
                object: { row in for cell in cells { row.field(cell.name, cell.value) } }
            )
        }
        writer.newline()
        return writer.bytes
    }
}

/// A recording that runs of a sweep share: read once for what has to be known before.
public struct SurveyedRecording: Sendable {
    public let recording: Recording
    let survey: RecordingSurvey
    public let cache: MarketCache?

    /// - Parameter cache: where all of it is read from again; without it the recording is, and decoded each time.
    public init(_ recording: Recording, cache: MarketCache? = nil) throws(SimulatedError) {
        self.recording = recording
        self.cache = cache
        survey = try Simulator.survey(recording)
    }
}

extension Sweep {
    /// Runs one point.
    ///
    /// - Parameter name: of the recording, for the row.
    public func run(
        _ point: Point,
        on surveyed: SurveyedRecording,
        name: String
    ) throws -> SweepRow {
        let plan = try plan(point)
        var simulator = Simulator(registry: registry)
        simulator.cache = surveyed.cache
        let result = try simulator.run(surveyed.recording, plan, surveyed.survey)
        return SweepRow(key: key(point, surveyed.recording), name, point, result)
    }
}
