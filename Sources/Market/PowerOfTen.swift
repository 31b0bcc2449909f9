/// Powers of ten that fit: a table, since a loop on the book's path shows in the profile.
public enum PowerOfTen {
    /// 10ⁿ for n from 0 to 18.
    ///
    /// A switch becomes a table of constants; an array would be looked for, and checked, with each use.
    @inlinable
    public static func int64(_ exponent: Int) -> Int64 {
        switch exponent {
        case 0: 1
        case 1: 10
        case 2: 100
        case 3: 1_000
        case 4: 10_000
        case 5: 100_000
        case 6: 1_000_000
        case 7: 10_000_000
        case 8: 100_000_000
        case 9: 1_000_000_000
        case 10: 10_000_000_000
        case 11: 100_000_000_000
        case 12: 1_000_000_000_000
        case 13: 10_000_000_000_000
        case 14: 100_000_000_000_000
        case 15: 1_000_000_000_000_000
        case 16: 10_000_000_000_000_000
        case 17: 100_000_000_000_000_000
        case 18: 1_000_000_000_000_000_000
        default: preconditionFailure("10 to that power does not fit an Int64")
        }
    }

    /// 10ⁿ for n from 0 to 38.
    @inlinable
    public static func int128(_ exponent: Int) -> Int128 {
        if exponent <= 18 { return Int128(int64(exponent)) }
        return large(exponent)
    }

    @usableFromInline
    static func large(_ exponent: Int) -> Int128 {
        precondition((19...38).contains(exponent), "10 to the \(exponent) fits an Int128")
        let most = Int128(int64(18))
        if exponent <= 36 { return most * Int128(int64(exponent - 18)) }
        return most * most * Int128(int64(exponent - 36))
    }
}
