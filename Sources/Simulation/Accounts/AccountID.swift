/// An account of the simulated exchange; API keys and aliases are names for it, kept elsewhere.
public struct AccountID: Hashable, Comparable, Sendable {
    /// Place in the order of opening: 0, 1, 2 and so on.
    public var index: Int

    public init(index: Int) { self.index = index }

    public static func < (left: AccountID, right: AccountID) -> Bool { left.index < right.index }
}
