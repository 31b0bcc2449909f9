/// One price level as the exchange wrote it; a size of zero deletes the level.
public struct LevelNumerals: Hashable, Sendable, Codable {
    public var price: Numeral
    public var size: Numeral

    @inlinable
    public init(price: Numeral, size: Numeral) {
        self.price = price
        self.size = size
    }
}

/// One price level of a ``Book``, in the instrument's scale.
public struct Level: Hashable, Sendable {
    public var price: Price
    public var size: Quantity

    @inlinable
    public init(price: Price, size: Quantity) {
        self.price = price
        self.size = size
    }
}
