// Words of the wire are written as the wire writes them.

/// A word of the wire, made from its name.
public protocol WireWord: PlainCodable where Plain == String {
    init?(word: String)
    var name: String { get }
}

extension WireWord {
    public init(plain: String) throws {
        guard let value = Self(word: plain) else { throw UnknownWord() }
        self = value
    }

    public var plain: String { name }
}

extension Category: WireWord {
    public init?(word: String) { self.init(name: word) }

    // An enumeration with raw values would be written as those.
    public init(from decoder: any Decoder) throws { try self.init(plainFrom: decoder) }
    public func encode(to encoder: any Encoder) throws { try encodePlain(to: encoder) }
}

extension Side: WireWord {
    public init?(word: String) { self.init(name: word) }

    // An enumeration with raw values would be written as those.
    public init(from decoder: any Decoder) throws { try self.init(plainFrom: decoder) }
    public func encode(to encoder: any Encoder) throws { try encodePlain(to: encoder) }
}

extension OrderType: WireWord {
    public init?(word: String) { self.init(name: word) }
}

extension TimeInForce: WireWord {
    public init?(word: String) { self.init(name: word) }
}

extension OrderStatus: WireWord {
    public init?(word: String) { self.init(name: word) }
}

extension ExecutionType: WireWord {
    public init?(word: String) { self.init(name: word) }
}

extension InstrumentID: PlainCodable {
    public init(plain: String) throws {
        guard let id = InstrumentID(plain) else { throw UnknownWord() }
        self = id
    }

    public var plain: String { description }

    /// From its description, such as `linear BTCUSDT`.
    public init?(_ text: String) {
        let parts = text.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, let category = Category(name: parts[0]),
            let symbol = Symbol(String(parts[1]))
        else { return nil }
        self.init(category, symbol)
    }
}
