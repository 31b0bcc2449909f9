public import Market

/// Maker and taker rates by product.
public struct FeeSchedule: Hashable, Sendable {
    /// Fractions of the value, with at most 8 decimals; a negative rate is a rebate.
    public struct Rates: Hashable, Sendable {
        public var maker: Numeral
        public var taker: Numeral

        public init(maker: Numeral, taker: Numeral) {
            self.maker = maker
            self.taker = taker
        }
    }

    /// Linear and inverse contracts.
    public var contract: Rates
    public var spot: Rates
    public var option: Rates

    /// Where nothing else is said, the exchange's rates for everybody.
    public init(
        contract: Rates = Rates(
            maker: Numeral(mantissa: 2, decimals: 4),
            taker: Numeral(mantissa: 55, decimals: 5)
        ),
        spot: Rates = Rates(
            maker: Numeral(mantissa: 1, decimals: 3),
            taker: Numeral(mantissa: 1, decimals: 3)
        ),
        option: Rates = Rates(
            maker: Numeral(mantissa: 2, decimals: 4),
            taker: Numeral(mantissa: 3, decimals: 4)
        )
    ) {
        self.contract = contract
        self.spot = spot
        self.option = option
    }

    /// Of a combination: those of contracts, which its legs pay half of.
    public func rates(_ category: Category) -> Rates {
        switch category {
        case .linear, .inverse, .spread: contract
        case .spot: spot
        case .option: option
        }
    }

    var all: [Numeral] {
        [contract.maker, contract.taker, spot.maker, spot.taker, option.maker, option.taker]
    }
}

/// Rates for those who have traded much.
public struct FeeTier: Hashable, Sendable {
    /// Value traded within the last 30 days, in the quote coin, from which on the tier counts.
    public var volume: Amount
    public var fees: FeeSchedule

    public init(volume: Amount, fees: FeeSchedule) {
        self.volume = volume
        self.fees = fees
    }
}

/// Value traded on each of the last 30 days.
struct TradedVolume: Sendable {
    private static let days = 30
    private var byDay = Array(repeating: Amount.zero, count: TradedVolume.days)
    private var place = 0
    private(set) var total = Amount.zero

    mutating func add(_ value: Amount) {
        byDay[place] = byDay[place].plus(value)
        total = total.plus(value)
    }

    /// A day ends; the oldest is forgotten.
    mutating func turn() {
        place = (place + 1) % TradedVolume.days
        total = total.minus(byDay[place])
        byDay[place] = .zero
    }
}
