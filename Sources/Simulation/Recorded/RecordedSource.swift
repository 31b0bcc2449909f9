public import Market

/// A market that is moved from outside, by ``SimulatedExchange/recordLevels(_:of:isWhole:worst:_:into:)`` and its like:
/// it never acts by itself.
public struct RecordedSource: MarketSource {
    public internal(set) var reference: ReferencePrices
    /// Of the next stamp, in units of 10⁻⁸, as the ticker told it last.
    var rate: Int64

    public init(reference: ReferencePrices, rate: Int64 = 0) {
        self.reference = reference
        self.rate = rate
    }

    public var next: Timestamp? { nil }

    public mutating func open(into actions: inout [MarketAction]) {}

    public mutating func act(touch: Touch, into actions: inout [MarketAction]) {}

    public func fundingRate(period: Int64) -> Int64 { rate }
}
