public import Market

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

    public var outcome: Outcome = .nothingToJudge("nothing was read")
    /// Records read, outputs and evidence included.
    public var records: UInt64 = 0
    /// Records fed to the engine.
    public var inputs: UInt64 = 0
    public var commands = Count()
    public var verdicts = Count()
    public var findings = Count()
    public var states = Count()
    /// Runs whose last outputs are missing: the process ended in that turn, and nothing of it was sent.
    public var cutRuns = 0
    /// First record at which findings or state differ while commands do not; `nil` when none.
    public var firstOtherDifference: Divergence?
    /// Over the engine's whole state after the last input.
    public var stateHash: UInt64 = 0
    public var last: SequenceNumber = .none
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
}
