// How the words of Market are written into state: one plain value each where that reads well in a difference.
//
// Users keep these in their strategies, so that conforming here saves them the writing.

/// A value that is written as one plain value, and read back from it.
public protocol PlainCodable: Codable {
    associatedtype Plain: Codable

    /// - Throws: when no such value is written so.
    init(plain: Plain) throws
    var plain: Plain { get }
}

extension PlainCodable {
    public init(from decoder: any Decoder) throws { try self.init(plainFrom: decoder) }
    public func encode(to encoder: any Encoder) throws { try encodePlain(to: encoder) }

    init(plainFrom decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let plain = try container.decode(Plain.self)
        do {
            try self.init(plain: plain)
        } catch {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "\(plain) is not a \(Self.self): \(error)"
            )
        }
    }

    func encodePlain(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(plain)
    }
}

/// A text that is none of the words allowed.
struct UnknownWord: Error, CustomStringConvertible {
    var description: String { "no such word" }
}

extension Price: PlainCodable {
    public init(plain: Int64) { self.init(units: plain) }
    public var plain: Int64 { units }
}

extension Quantity: PlainCodable {
    public init(plain: Int64) { self.init(units: plain) }
    public var plain: Int64 { units }
}

extension Timestamp: PlainCodable {
    public init(plain: Int64) { self.init(nanoseconds: plain) }
    public var plain: Int64 { nanoseconds }
}

extension SequenceNumber: PlainCodable {
    public init(plain: UInt64) { self.init(plain) }
    public var plain: UInt64 { value }
}

/// From its text, so that the digits come back as the exchange wrote them.
extension Numeral: PlainCodable {
    public init(plain: String) throws { try self.init(text: plain) }
    public var plain: String { description }
}

extension Amount: PlainCodable {
    public init(plain: String) throws { try self.init(text: plain) }
    public var plain: String { description }
}

extension Symbol: PlainCodable {
    public init(plain: String) throws {
        guard !plain.isEmpty else {
            self = .none
            return
        }
        guard let symbol = Symbol(plain) else { throw UnknownWord() }
        self = symbol
    }

    public var plain: String { description }
}

extension Scale: Codable {
    public init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        self.init(
            priceDecimals: try container.decode(Int.self),
            quantityDecimals: try container.decode(Int.self)
        )
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.unkeyedContainer()
        try container.encode(priceDecimals)
        try container.encode(quantityDecimals)
    }
}

extension Level: Codable {
    public init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        self.init(
            price: try container.decode(Price.self),
            size: try container.decode(Quantity.self)
        )
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.unkeyedContainer()
        try container.encode(price)
        try container.encode(size)
    }
}
