import Market

/// Ids of the simulated exchange: UUID-shaped text made of the seed, what is named, and its number.
///
/// Unique within one exchange because kind, place and number stand in it.
struct Identifiers: Sendable {
    enum Kind: UInt64 {
        case order = 1
        case execution = 2
        case trade = 3
        case flow = 4
    }

    private let seed: UInt64

    init(seed: UInt64) { self.seed = Mix.spread(seed) }

    /// - Parameters:
    ///   - place: account or listing, 0 ..< 4,096.
    ///   - number: below 2⁴⁸.
    func text(_ kind: Kind, place: Int, number: Int64) -> String {
        let mixed = Mix.combine(seed, UInt64(bitPattern: number))
        var digits: [UInt8] = []
        digits.reserveCapacity(36)
        Identifiers.append(mixed >> 32, digits: 8, to: &digits)
        digits.append(UInt8(ascii: "-"))
        Identifiers.append(mixed, digits: 4, to: &digits)
        digits.append(UInt8(ascii: "-"))
        Identifiers.append(0x4000 | UInt64(place) & 0xfff, digits: 4, to: &digits)
        digits.append(UInt8(ascii: "-"))
        Identifiers.append(0x8000 | kind.rawValue, digits: 4, to: &digits)
        digits.append(UInt8(ascii: "-"))
        Identifiers.append(UInt64(bitPattern: number), digits: 12, to: &digits)
        return String(decoding: digits, as: UTF8.self)
    }

    private static func append(_ value: UInt64, digits count: Int, to text: inout [UInt8]) {
        for digit in stride(from: count - 1, through: 0, by: -1) {
            let nibble = UInt8(truncatingIfNeeded: value >> UInt64(4 * digit)) & 0xf
            text.append(nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10)
        }
    }
}
