internal import CSimdjson
internal import Market

/// What every fast way lends out is the shim's memory seen as ours: its parts must be laid out alike.
extension JSONParser {
    /// True when a number here and in the shim has the same fields in the same places.
    static let numeralMatches: Bool =
        MemoryLayout<Numeral>.stride == MemoryLayout<tdj_number>.stride
        && MemoryLayout<Numeral>.offset(of: \.mantissa)
            == MemoryLayout<tdj_number>.offset(of: \.mantissa)
        && MemoryLayout<Numeral>.offset(of: \.decimals)
            == MemoryLayout<tdj_number>.offset(of: \.decimals)
        && MemoryLayout<Numeral>.offset(of: \.isNegativeZero)
            == MemoryLayout<tdj_number>.offset(of: \.is_negative_zero)

    /// True when a part of the text here and in the shim has the same fields in the same places.
    static let textMatches: Bool =
        MemoryLayout<JSONText>.stride == MemoryLayout<tdj_text>.stride
        && MemoryLayout<JSONText>.offset(of: \.start) == MemoryLayout<tdj_text>.offset(of: \.start)
        && MemoryLayout<JSONText>.offset(of: \.length)
            == MemoryLayout<tdj_text>.offset(of: \.length)
}
