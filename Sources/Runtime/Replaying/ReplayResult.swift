public import Market
public import Trading

/// What a verbatim replay found.
public struct ReplayResult: Sendable {
    public enum Outcome: Sendable {
        /// All commands and all outcomes of risk are equal, and there was at least one command.
        case identical
        case differs(Divergence)
        /// Nothing that could differ: no command, damage, or a strategy that this program does not have.
        case nothingToJudge(String)
    }

    /// How many of one kind of output were recorded, said again, and found equal.
    public struct Count: Hashable, Sendable {
        public var recorded: UInt64 = 0
        public var replayed: UInt64 = 0
        public var equal: UInt64 = 0

        public init() {}
    }

    /// A component of the state whose hash is not the recorded one, from its first report on.
    public struct ComponentDifference: Hashable, Sendable {
        /// Such as `books`, `strategies.maker`.
        public var component: String
        /// The record of `desk/state` that shows it first.
        public var sequence: SequenceNumber
        public var time: Timestamp
    }

    /// Fields of the state, as a checkpoint of the recording has it and as the replay had it there.
    public struct FieldDifferences: Hashable, Sendable {
        /// The record that the checkpoint stands before.
        public var before: SequenceNumber
        /// `left` is recorded, `right` replayed; the first hundred.
        public var fields: [FieldDifference]
    }

    public var outcome: Outcome = .nothingToJudge("nothing was read")
    /// Records read, outputs and evidence included.
    public var records: UInt64 = 0
    /// Records fed to the engine.
    public var inputs: UInt64 = 0
    public var commands = Count()
    public var verdicts = Count()
    public var findings = Count()
    public var states = Count()
    /// Components whose state differs although no command before does, each with its first record.
    public var stateDifferences: [ComponentDifference] = []
    /// Components that were not compared, since their encoding versions are not the same: `strategies.maker 1 2`.
    public var uncomparedComponents: [String] = []
    /// The fields that differ at the nearest checkpoint of the recording; `nil` where there is none to compare with.
    public var fieldDifferences: FieldDifferences?
    /// Runs whose last outputs are missing: the process ended in that turn, and nothing of it was sent.
    public var cutRuns = 0
    /// First finding that differs while commands do not; `nil` when none.
    public var firstFindingDifference: Divergence?
    /// Over the engine's whole state after the last input.
    public var stateHash: UInt64 = 0
    public var last: SequenceNumber = .none
    public var lastTime: Timestamp = .zero
    /// The behaviour version of the recording, where it is another than this program's.
    public var otherBehaviour: Int?
    /// Why it ended before the recording's end: a position or a condition; `nil` at the end.
    public var stop: String?
    /// The run's settings and the engine after the last input; `nil` where none began.
    public var end: (start: SessionStart, engine: Engine)?
    /// What was not compared, and why; sentences for people.
    public var notes: [String] = []

    public init() {}

    /// The word of `result` in `--json`.
    public var word: String {
        switch outcome {
        case .identical: "identical"
        case .differs: "differs"
        case .nothingToJudge: "nothing-to-judge"
        }
    }

    /// The state at the end in the form of a segment's checkpoint; `nil` where no run began.
    public func writtenState() throws(EngineError) -> [UInt8]? {
        guard let end else { return nil }
        return try SegmentCheckpoint.encode(end.start, end.engine)
    }

    /// The first of ``stateDifferences``.
    public var firstStateDifference: ComponentDifference? {
        stateDifferences.min { $0.sequence < $1.sequence }
    }
}
