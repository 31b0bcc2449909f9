public import JSON
public import Market
public import Trading

/// What a run was started with: all that a replay needs besides the records that follow.
///
/// The first record of each run, on `session/start`. Secrets are not in it: the configuration is redacted before it
/// gets here.
public struct SessionStart: Hashable, Sendable {
    /// Version of what can change a command: the engine's.
    public static let behaviourVersion = Engine.behaviourVersion
    /// Version of the records of our own and of the journal's profile.
    public static let formatVersion = 1

    /// The recording's id, which client order ids are made from.
    public var session: String
    /// 1 for the first life of the process in this recording.
    public var run: Int
    /// Program version, such as `0.1.0`.
    public var program: String
    /// The commit the program was built from.
    public var build: String
    public var behaviour: Int
    public var format: Int
    public var seed: String
    public var account: String
    public var strategies: [StrategyConfiguration]
    /// The encoding version of each strategy's state, in the order of ``strategies``; empty in recordings that do not say.
    public var strategyVersions: [Int] = []
    public var limits: [Setting]
    /// Everything else that was configured, redacted; in the order of the settings.
    public var configuration: [Setting]
    public var wall: Timestamp
    public var monotonicNanoseconds: Int64
    /// The recording that this one goes on behind, with the state that its first segment begins with; `nil` where
    /// everything begins anew.
    public var continues: String?

    public init(
        session: String,
        run: Int,
        program: String,
        build: String,
        seed: String = "",
        account: String,
        strategies: [StrategyConfiguration],
        limits: [Setting],
        configuration: [Setting],
        wall: Timestamp,
        monotonicNanoseconds: Int64
    ) {
        self.session = session
        self.run = run
        self.program = program
        self.build = build
        self.behaviour = SessionStart.behaviourVersion
        self.format = SessionStart.formatVersion
        self.seed = seed
        self.account = account
        self.strategies = strategies
        self.limits = limits
        self.configuration = configuration
        self.wall = wall
        self.monotonicNanoseconds = monotonicNanoseconds
    }

    /// The encoding version of a strategy's state; `nil` where the recording does not say.
    public func version(of strategy: String) -> Int? {
        guard let place = strategies.firstIndex(where: { $0.name == strategy }),
            place < strategyVersions.count
        else { return nil }
        return strategyVersions[place]
    }

    /// A fixed hash of strategies, limits and configuration: equal for equal settings.
    public var configurationHash: UInt64 {
        var writer = JSONWriter()
        writer.object { writeSettings(into: &$0) }
        return writer.bytes.withUnsafeBytes { Mix.hash($0) }
    }

    /// The record's payload.
    public func payload() -> [UInt8] {
        var writer = JSONWriter()
        writer.object {
            $0.field("session", session)
            $0.field("run", run)
            $0.field("program", program)
            $0.field("build", build)
            $0.field("behaviour", behaviour)
            $0.field("format", format)
            $0.field("seed", seed)
            $0.field("account", account)
            if let continues { $0.field("continues", continues) }
            writeSettings(into: &$0)
            if !strategyVersions.isEmpty {
                $0.field(
                    "strategy_versions",
                    array: { for version in strategyVersions { $0.value(Int64(version)) } }
                )
            }
            $0.field("configuration_hash", StateReport.hexadecimal(configurationHash))
            $0.field(
                "clock",
                object: {
                    $0.field("wall", String(wall.nanoseconds))
                    $0.field("monotonic", String(monotonicNanoseconds))
                }
            )
        }
        return writer.bytes
    }

    private func writeSettings(into writer: inout JSONWriter) {
        writer.field(
            "strategies",
            array: {
                for strategy in strategies {
                    $0.object {
                        $0.field("name", strategy.name)
                        $0.field("kind", strategy.kind)
                        $0.field(
                            "parameters",
                            object: { SessionStart.write(strategy.parameters, into: &$0) }
                        )
                    }
                }
            }
        )
        writer.field("limits", object: { SessionStart.write(limits, into: &$0) })
        writer.field("configuration", object: { SessionStart.write(configuration, into: &$0) })
    }

    private static func write(_ settings: [Setting], into writer: inout JSONWriter) {
        for setting in settings { writer.field(setting.name, setting.value) }
    }
}

extension SessionStart {
    /// Reads the payload of a record of `session/start`.
    public init(payload: UnsafeRawBufferPointer, parser: JSONParser) throws(JSONError) {
        self = try parser.parse(payload) { root throws(JSONError) in
            let clock = try root.required("clock")
            var start = SessionStart(
                session: try root.string("session"),
                run: Int(try root.int64("run")),
                program: try root.string("program"),
                build: try root.string("build"),
                seed: try root.string("seed"),
                account: try root.string("account"),
                strategies: [],
                limits: try SessionStart.settings(root.required("limits")),
                configuration: try SessionStart.settings(root.required("configuration")),
                wall: try clock.timestamp("wall"),
                monotonicNanoseconds: try clock.timestamp("monotonic").nanoseconds
            )
            start.behaviour = Int(try root.int64("behaviour"))
            start.format = Int(try root.int64("format"))
            start.continues = try root["continues"]?.requireString()
            if let versions = root["strategy_versions"] {
                for version in versions.elements {
                    start.strategyVersions.append(Int(clamping: try version.requireInt64()))
                }
            }
            for row in try root.required("strategies").elements {
                start.strategies.append(
                    StrategyConfiguration(
                        name: try row.string("name"),
                        kind: try row.string("kind"),
                        parameters: try SessionStart.settings(row.required("parameters"))
                    )
                )
            }
            return start
        }
    }

    private static func settings(_ object: JSONValue) throws(JSONError) -> [Setting] {
        var settings: [Setting] = []
        for member in object.elements {
            settings.append(Setting(member.key, try member.requireString()))
        }
        return settings
    }
}
