// Words of the wire are written as the wire writes them.

private func word<Value>(
    _ decoder: any Decoder,
    _ make: (String) -> Value?
) throws -> Value {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let value = make(text) else {
        throw DecodingError.dataCorruptedError(
            in: container,
            debugDescription: "\(text) is not a \(Value.self)"
        )
    }
    return value
}

extension Category: Codable {
    public init(from decoder: any Decoder) throws {
        self = try word(decoder) { Category(name: $0) }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(name)
    }
}

extension Side: Codable {
    public init(from decoder: any Decoder) throws {
        self = try word(decoder) { Side(name: $0) }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(name)
    }
}

extension InstrumentID: Codable {
    public init(from decoder: any Decoder) throws {
        self = try word(decoder) { InstrumentID($0) }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    /// From its description, such as `linear BTCUSDT`.
    public init?(_ text: String) {
        let parts = text.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, let category = Category(name: parts[0]),
            let symbol = Symbol(String(parts[1]))
        else { return nil }
        self.init(category, symbol)
    }
}

extension OrderType: Codable {
    public init(from decoder: any Decoder) throws {
        self = try word(decoder) { OrderType(name: $0) }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(name)
    }
}

extension TimeInForce: Codable {
    public init(from decoder: any Decoder) throws {
        self = try word(decoder) { TimeInForce(name: $0) }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(name)
    }
}

extension OrderStatus: Codable {
    public init(from decoder: any Decoder) throws {
        self = try word(decoder) { OrderStatus(name: $0) }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(name)
    }
}

extension ExecutionType: Codable {
    public init(from decoder: any Decoder) throws {
        self = try word(decoder) { ExecutionType(name: $0) }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(name)
    }
}
