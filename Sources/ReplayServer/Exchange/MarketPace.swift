/// How the exchange's time goes.
public enum MarketPace: Hashable, Sendable {
    /// So many exchange seconds a second.
    case times(Int)
    /// As fast as the machine computes and every subscriber reads; stands still while nobody is subscribed.
    case fast
    /// Only when the control endpoint says so; the exchange then tells its own time everywhere.
    case virtual

    public static let real = MarketPace.times(1)

    /// `real`, `fast`, `virtual`, or `x` and a factor from 1 to 10,000.
    public init?(_ text: some StringProtocol) {
        switch text {
        case "real": self = .real
        case "fast": self = .fast
        case "virtual": self = .virtual
        default:
            guard text.hasPrefix("x"), let factor = Int(text.dropFirst()),
                (1...10_000).contains(factor)
            else { return nil }
            self = .times(factor)
        }
    }
}

extension MarketPace: CustomStringConvertible {
    public var description: String {
        switch self {
        case .times(1): "real"
        case .times(let factor): "x\(factor)"
        case .fast: "fast"
        case .virtual: "virtual"
        }
    }
}
