/// Bybit's product category; the WebSocket path or the REST parameter `category` says it, payloads do not.
public enum Category: UInt8, Hashable, Comparable, Sendable, CaseIterable {
    case spot = 0
    case linear = 1
    case inverse = 2
    case option = 3
    case spread = 4

    /// The word on the wire: `spot`, `linear`, `inverse`, `option`, `spread`.
    public var name: String {
        switch self {
        case .spot: "spot"
        case .linear: "linear"
        case .inverse: "inverse"
        case .option: "option"
        case .spread: "spread"
        }
    }

    public init?(name: some StringProtocol) {
        switch name {
        case "spot": self = .spot
        case "linear": self = .linear
        case "inverse": self = .inverse
        case "option": self = .option
        case "spread": self = .spread
        default: return nil
        }
    }

    @inlinable
    public static func < (left: Category, right: Category) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// An instrument by category and symbol: `BTCUSDT` exists on both spot and linear.
public struct InstrumentID: Hashable, Comparable, Sendable {
    public var category: Category
    public var symbol: Symbol

    @inlinable
    public init(_ category: Category, _ symbol: Symbol) {
        self.category = category
        self.symbol = symbol
    }

    // Of the synthesised one other modules get a call.
    @inlinable
    public static func == (left: InstrumentID, right: InstrumentID) -> Bool {
        left.symbol == right.symbol && left.category == right.category
    }

    /// One word for both.
    @inlinable
    public func hash(into hasher: inout Hasher) {
        hasher.combine(Mix.combine(symbol.fixedHash, UInt64(category.rawValue)))
    }

    @inlinable
    public static func < (left: InstrumentID, right: InstrumentID) -> Bool {
        left.category == right.category
            ? left.symbol < right.symbol : left.category < right.category
    }
}

extension InstrumentID: CustomStringConvertible {
    public var description: String { "\(category.name) \(symbol)" }
}

/// The side of an order or fill, or of the aggressor of a public trade.
public enum Side: UInt8, Hashable, Sendable {
    case buy = 0
    case sell = 1

    /// The word on the wire: `Buy`, `Sell`.
    public var name: String { self == .buy ? "Buy" : "Sell" }

    public init?(name: some StringProtocol) {
        switch name {
        case "Buy": self = .buy
        case "Sell": self = .sell
        default: return nil
        }
    }

    public var opposite: Side { self == .buy ? .sell : .buy }
    /// +1 for buy, −1 for sell.
    public var sign: Int64 { self == .buy ? 1 : -1 }
}
