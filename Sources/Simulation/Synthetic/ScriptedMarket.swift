public import Market

/// A market that does what a list says: for worked examples and tests.
public struct ScriptedMarket: MarketSource {
    /// What happens at one moment: first the prices, then the orders.
    public struct Step: Hashable, Sendable {
        public var time: Timestamp
        public var reference: ReferencePrices?
        public var actions: [MarketAction]

        public init(
            time: Timestamp,
            reference: ReferencePrices? = nil,
            actions: [MarketAction] = []
        ) {
            self.time = time
            self.reference = reference
            self.actions = actions
        }
    }

    public private(set) var reference: ReferencePrices
    private let opening: [MarketAction]
    private let steps: [Step]
    private let rate: Int64
    private var position = 0

    /// - Parameters:
    ///   - opening: orders that stand before the clock runs.
    ///   - steps: by rising time.
    ///   - fundingRate: of every stamp, in 10⁻⁸.
    public init(
        reference: ReferencePrices,
        opening: [MarketAction] = [],
        steps: [Step] = [],
        fundingRate: Int64 = 0
    ) {
        self.reference = reference
        self.opening = opening
        self.steps = steps
        rate = fundingRate
    }

    public var next: Timestamp? { position < steps.count ? steps[position].time : nil }

    public mutating func open(into actions: inout [MarketAction]) { actions += opening }

    public mutating func act(touch: Touch, into actions: inout [MarketAction]) {
        guard position < steps.count else { return }
        let step = steps[position]
        position += 1
        if let reference = step.reference { self.reference = reference }
        actions += step.actions
    }

    public func fundingRate(period: Int64) -> Int64 { rate }
}
