/// How a synthetic market behaves for a while.
public enum MarketRegime: String, Hashable, Sendable, CaseIterable {
    /// Prices hardly move; books are full.
    case calm
    /// Prices drift one way, faster than usual.
    case trend
    /// Every few seconds the price leaps.
    case jump
    /// Most makers have left, and those who stay keep their distance.
    case thin
    /// Nobody trades: orders are refused, what rests stays, cancels are taken.
    case halt

    /// In ``allCases``.
    var place: Int {
        switch self {
        case .calm: 0
        case .trend: 1
        case .jump: 2
        case .thin: 3
        case .halt: 4
        }
    }

    /// Deviation of a second, from that of calm and that of a stirred market.
    func volatility(calm: Int64, stirred: Int64) -> Int64 {
        switch self {
        case .calm: calm
        case .trend, .jump: stirred
        case .thin: stirred / 2
        case .halt: 0
        }
    }
}

/// Which regime holds when, of each coin.
public enum RegimePlan: Hashable, Sendable {
    case always(MarketRegime)
    /// Half minutes drawn by the seed, coin by coin: of twenty, twelve calm, three each of a trend and of jumps, and
    /// one each thin and halted.
    case changing

    /// Nanoseconds for which one draw holds.
    static let epoch: Int64 = 30_000_000_000

    /// - Parameter seed: of the coin.
    package func regime(seed: UInt64, at nanoseconds: Int64) -> MarketRegime {
        switch self {
        case .always(let regime): return regime
        case .changing:
            let epoch = UInt64(bitPattern: nanoseconds / RegimePlan.epoch)
            var chance = Chance(seed: seed ^ 0x72_6567_696d_65, number: epoch)
            return switch chance.below(20) {
            case 0..<12: .calm
            case 12..<15: .trend
            case 15..<18: .jump
            case 18: .thin
            default: .halt
            }
        }
    }
}
