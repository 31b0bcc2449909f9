public import Market

/// What moves a listing from outside: synthetic participants today, a recording later.
///
/// The exchange asks when the source next wants to act, runs the clock there, and carries out what it answers
/// through the same matching as every order. A source keeps no book of its own; it sees the touch.
///
/// Times must not depend on how often the exchange is asked: that is what makes a run in steps of 1 ms equal to one
/// in steps of 100 ms.
public protocol MarketSource: Sendable {
    /// When it next acts; `nil` when it never will again.
    var next: Timestamp? { get }
    /// Mark and index price as of its last action.
    var reference: ReferencePrices { get }
    /// Appends the orders that stand before the clock runs.
    mutating func open(into actions: inout [MarketAction])
    /// Appends what it does at `next`, and moves `next` on.
    mutating func act(touch: Touch, into actions: inout [MarketAction])
    /// Of an option, as of its last action; `nil` of everything else, and where the source does not know.
    var figures: OptionFigures? { get }
    /// The index price with more digits than the price's scale has, as a spot ticker shows it; `nil` where the source has
    /// no more.
    var dollarIndex: Numeral? { get }
    /// True while orders are refused; what rests stays.
    var isHalted: Bool { get }
    /// Funding rate of the stamp with this number (stamp time ÷ interval), in units of 10⁻⁸; within
    /// ±0.01.
    func fundingRate(period: Int64) -> Int64
}

extension MarketSource {
    public var figures: OptionFigures? { nil }
    public var dollarIndex: Numeral? { nil }
    public var isHalted: Bool { false }
}

/// One wish of a market source.
public enum MarketAction: Hashable, Sendable {
    /// A limit order under the source's own key (0 ..< 65,536); what rested under that key before
    /// is cancelled.
    case place(key: Int, side: Side, price: Price, quantity: Quantity)
    case cancel(key: Int)
    /// An order that takes what is there up to `limit` and leaves nothing behind.
    case take(side: Side, quantity: Quantity, limit: Price)
}

/// Best prices of a book; `nil` on an empty side.
public struct Touch: Hashable, Sendable {
    public var bid: Price?
    public var ask: Price?

    public init(bid: Price?, ask: Price?) {
        self.bid = bid
        self.ask = ask
    }
}

/// Prices that come from outside the book.
public struct ReferencePrices: Hashable, Sendable {
    /// What positions are valued at and funding is paid on.
    public var mark: Price
    public var index: Price

    public init(mark: Price, index: Price) {
        self.mark = mark
        self.index = index
    }
}
