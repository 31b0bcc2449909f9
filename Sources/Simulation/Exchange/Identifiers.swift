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
        return String(unsafeUninitializedCapacity: 36) { text in
            Identifiers.write(mixed >> 32, digits: 8, to: text, at: 0)
            Identifiers.write(mixed, digits: 4, to: text, at: 9)
            Identifiers.write(0x4000 | UInt64(place) & 0xfff, digits: 4, to: text, at: 14)
            Identifiers.write(0x8000 | kind.rawValue, digits: 4, to: text, at: 19)
            Identifiers.write(UInt64(bitPattern: number), digits: 12, to: text, at: 24)
            text[8] = UInt8(ascii: "-")
            text[13] = UInt8(ascii: "-")
            text[18] = UInt8(ascii: "-")
            text[23] = UInt8(ascii: "-")
            return 36
        }
    }

    private static func write(
        _ value: UInt64,
        digits count: Int,
        to text: UnsafeMutableBufferPointer<UInt8>,
        at start: Int
    ) {
        var value = value
        var place = start + count
        while place > start {
            place -= 1
            let nibble = UInt8(truncatingIfNeeded: value) & 0xf
            // Letters stand 39 places behind the digits.
            text[place] = UInt8(ascii: "0") &+ nibble &+ (nibble > 9 ? 39 : 0)
            value >>= 4
        }
    }

    /// The number in an id of this account or listing; `nil` for any other text.
    func number(in text: String, _ kind: Kind, place: Int) -> Int64? {
        var copy = text
        let number = copy.withUTF8 { bytes -> Int64? in
            guard bytes.count == 36 else { return nil }
            var number: Int64 = 0
            for byte in bytes[24...] {
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"):
                    number = number << 4 | Int64(byte - UInt8(ascii: "0"))
                case UInt8(ascii: "a")...UInt8(ascii: "f"):
                    number = number << 4 | Int64(byte - UInt8(ascii: "a") + 10)
                default: return nil
                }
            }
            return number
        }
        guard let number, self.text(kind, place: place, number: number) == text else { return nil }
        return number
    }
}
