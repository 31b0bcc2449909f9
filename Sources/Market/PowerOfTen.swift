/// Powers of ten that fit: a table, since a loop on the book's path shows in the profile.
public enum PowerOfTen {
    @usableFromInline
    static let table: [Int64] = [
        1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000,
        10_000_000_000, 100_000_000_000, 1_000_000_000_000, 10_000_000_000_000,
        100_000_000_000_000, 1_000_000_000_000_000, 10_000_000_000_000_000,
        100_000_000_000_000_000, 1_000_000_000_000_000_000,
    ]

    /// 10ⁿ for n from 0 to 18.
    @inlinable
    public static func int64(_ exponent: Int) -> Int64 { table[exponent] }

    /// 10ⁿ for n from 0 to 38.
    public static func int128(_ exponent: Int) -> Int128 {
        precondition((0...38).contains(exponent), "10 to the \(exponent) fits an Int128")
        if exponent <= 18 { return Int128(table[exponent]) }
        if exponent <= 36 { return Int128(table[18]) * Int128(table[exponent - 18]) }
        return Int128(table[18]) * Int128(table[18]) * Int128(table[exponent - 36])
    }
}
