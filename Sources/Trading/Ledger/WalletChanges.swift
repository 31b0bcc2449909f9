/// The flows of one event: up to three of them in place, since an execution has one or two, and more behind.
///
/// In place, so that an execution costs no allocation.
public struct WalletChanges: Hashable, Sendable, RandomAccessCollection {
    private(set) var first: WalletChange?
    private(set) var second: WalletChange?
    private(set) var third: WalletChange?
    private(set) var rest: [WalletChange] = []
    public private(set) var count = 0

    public init() {}

    public init(_ changes: some Sequence<WalletChange>) {
        for change in changes { append(change) }
    }

    public var startIndex: Int { 0 }
    public var endIndex: Int { count }

    public subscript(place: Int) -> WalletChange {
        precondition(place >= 0 && place < count, "a flow that is there")
        switch place {
        case 0: if let first { return first }
        case 1: if let second { return second }
        case 2: if let third { return third }
        default: break
        }
        return rest[place - 3]
    }

    mutating func append(_ change: consuming WalletChange) {
        switch count {
        case 0: first = change
        case 1: second = change
        case 2: third = change
        default: rest.append(change)
        }
        count += 1
    }
}
