/// Where in a level what left it had stood: ahead of a resting order, or behind it.
///
/// A recorded book tells the sum of a level alone. What trades is taken from the front and needs no model; of what is
/// cancelled the model says how much was ahead.
///
/// - Error: the share is computed in ``FixedPoint`` and is within 10⁻¹⁵ of the true value; the quantity that comes of it
///   is rounded to whole units of the instrument's scale, half to even.
public enum QueueModel: Hashable, Sendable {
    /// All of it was behind, as long as there is anything behind.
    case riskAverse
    /// Behind with probability bⁿ ÷ (bⁿ + fⁿ), where f is ahead and b behind; n in hundredths, 1 to 1,000.
    case power(hundredths: Int)
    /// Behind with probability ln(1 + b) ÷ (ln(1 + b) + ln(1 + f)), f and b in quantity steps.
    case logarithmic

    /// `risk-averse`, `log`, `power` (n = 2) or `power=N` with N from 0.01 to 10 and at most two decimals.
    public init?(text: String) {
        switch text {
        case "risk-averse": self = .riskAverse
        case "log": self = .logarithmic
        case "power": self = .power(hundredths: 200)
        default:
            guard text.hasPrefix("power="), let value = QueueModel.hundredths(text.dropFirst(6)),
                (1...1_000).contains(value)
            else { return nil }
            self = .power(hundredths: value)
        }
    }

    private static func hundredths(_ text: Substring) -> Int? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, first.utf8.count <= 2, let whole = Int(first), whole >= 0
        else { return nil }
        guard parts.count == 2 else { return whole * 100 }
        guard (1...2).contains(parts[1].utf8.count), let rest = Int(parts[1]), rest >= 0 else {
            return nil
        }
        return whole * 100 + (parts[1].utf8.count == 1 ? rest * 10 : rest)
    }

    /// How much of a decrease stood ahead.
    ///
    /// - Parameters:
    ///   - decrease: 0 to `front` + `back`.
    ///   - front: quantity ahead of the order, ≥ 0.
    ///   - back: quantity behind it, ≥ 0.
    ///   - step: the instrument's quantity step, ≥ 1; all in units of its quantity scale.
    /// - Returns: at most `front`, and never so little that what is left does not fit behind.
    public func ahead(of decrease: Int64, front: Int64, back: Int64, step: Int64 = 1) -> Int64 {
        guard front > 0 else { return 0 }
        guard back > 0 else { return min(front, decrease) }
        let least = max(0, decrease - back)
        guard self != .riskAverse else { return least }
        let share = behind(front: front, back: back, step: step)
        let behind = FixedPoint(units: Int128(decrease) * share.units).rounded(decimals: 0)
        return min(front, max(least, decrease - min(behind, back)))
    }

    /// The probability that what left was behind, for `front` and `back` > 0.
    package func behind(front: Int64, back: Int64, step: Int64 = 1) -> FixedPoint {
        switch self {
        case .riskAverse: return .one
        case .power(let hundredths):
            // 1 ÷ (1 + (f ÷ b)ⁿ); beyond all bounds the quotient is zero.
            let ratio = FixedPoint(Int128(front), over: Int128(back))
            guard ratio.units > 0 else { return .one }
            let exponent = FixedPoint(Int128(hundredths), over: 100)
            return .one / (.one + FixedPoint.exp(exponent * FixedPoint.ln(ratio)))
        case .logarithmic:
            let ahead = FixedPoint.ln(.one + FixedPoint(Int128(front), over: Int128(step)))
            let after = FixedPoint.ln(.one + FixedPoint(Int128(back), over: Int128(step)))
            return after / (after + ahead)
        }
    }
}

extension QueueModel: CustomStringConvertible {
    /// As ``init(text:)`` reads it.
    public var description: String {
        switch self {
        case .riskAverse: return "risk-averse"
        case .logarithmic: return "log"
        case .power(let hundredths):
            let rest = hundredths % 100
            guard rest != 0 else { return "power=\(hundredths / 100)" }
            return "power=\(hundredths / 100)." + (rest < 10 ? "0" : "") + "\(rest)"
        }
    }
}
