/// What besides commands and outcomes of risk decides whether a replay is identical.
public struct ReplayStrictness: Hashable, Sendable {
    /// The hashes of the state, component by component, where the encoding version is the same.
    public var state: Bool
    /// The whole verdicts, the observed figures included.
    public var verdicts: Bool

    public init(state: Bool = false, verdicts: Bool = false) {
        self.state = state
        self.verdicts = verdicts
    }
}
