import Market

/// Ids of the simulated exchange: UUIDs made of the seed, what is named, and its number.
///
/// They look drawn, and compress like it: the first twelve digits are a hash, and kind, place and number are hidden under a
/// hash of those. So they can be read back, and are unique within one exchange.
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
        let named = kind.rawValue << 12 | UInt64(place) & 0xfff
        let head =
            Mix.combine(Mix.combine(seed, named), UInt64(bitPattern: number))
            & Identifiers.digits
        let cover = Identifiers.cover(head)
        let tail = cover.number ^ UInt64(bitPattern: number)
        let middle = cover.named ^ named
        // Orders have random ids, all else those of a name.
        let version: UInt64 = kind == .order ? 0x4000 : 0x5000
        let first = Identifiers.hexadecimal(head >> 16)
        let second = Identifiers.hexadecimal(head << 16 | version | middle & 0xfff)
        let third = Identifiers.hexadecimal((0x8000 | middle >> 12 & 0x3fff) << 16 | tail >> 32)
        let fourth = Identifiers.hexadecimal(tail)
        return String(unsafeUninitializedCapacity: 36) { text in
            let bytes = UnsafeMutableRawBufferPointer(text)
            let half = UInt64(32)
            bytes.storeBytes(of: first.bigEndian, as: UInt64.self)
            bytes.storeBytes(of: UInt32(second >> half).bigEndian, toByteOffset: 9, as: UInt32.self)
            bytes.storeBytes(
                of: UInt32(truncatingIfNeeded: second).bigEndian,
                toByteOffset: 14,
                as: UInt32.self
            )
            bytes.storeBytes(of: UInt32(third >> half).bigEndian, toByteOffset: 19, as: UInt32.self)
            bytes.storeBytes(
                of: UInt32(truncatingIfNeeded: third).bigEndian,
                toByteOffset: 24,
                as: UInt32.self
            )
            bytes.storeBytes(of: fourth.bigEndian, toByteOffset: 28, as: UInt64.self)
            for dash in [8, 13, 18, 23] { text[dash] = UInt8(ascii: "-") }
            return 36
        }
    }

    /// A spot trade's id: digits alone, rising by one within a pair.
    ///
    /// - Parameters: as of ``text(_:place:number:)``.
    static func spotTrade(place: Int, number: Int64) -> String {
        String(2_280_000_000_000_000_000 + Int64(place) << 48 + number)
    }

    /// Twelve digits of a number.
    private static let digits: UInt64 = 0xffff_ffff_ffff

    /// What stands over the number and over kind and place of an id with that beginning.
    private static func cover(_ head: UInt64) -> (number: UInt64, named: UInt64) {
        let cover = Mix.spread(head)
        return (cover & digits, Mix.spread(cover))
    }

    /// The eight digits of the lower half of a number, the first one in the highest byte.
    private static func hexadecimal(_ value: UInt64) -> UInt64 {
        // Each nibble into a byte of its own.
        var digits = value & 0xffff_ffff
        digits = (digits | digits << 16) & 0x0000_ffff_0000_ffff
        digits = (digits | digits << 8) & 0x00ff_00ff_00ff_00ff
        digits = (digits | digits << 4) & 0x0f0f_0f0f_0f0f_0f0f
        // 1 where it is a letter; letters stand 39 places behind the digits.
        let letters = (digits &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return digits &+ 0x3030_3030_3030_3030 &+ letters &* 39
    }

    /// The number in an id of this account or listing; `nil` for any other text.
    func number(in text: String, _ kind: Kind, place: Int) -> Int64? {
        var copy = text
        let number = copy.withUTF8 { bytes -> Int64? in
            guard bytes.count == 36,
                let head = Identifiers.value(bytes[0..<8], bytes[9..<13]),
                let tail = Identifiers.value(bytes[24...])
            else { return nil }
            return Int64(tail ^ Identifiers.cover(head).number)
        }
        guard let number, self.text(kind, place: place, number: number) == text else { return nil }
        return number
    }

    /// The number whose hexadecimal digits these are; `nil` where one is none.
    private static func value(_ parts: Slice<UnsafeBufferPointer<UInt8>>...) -> UInt64? {
        var value: UInt64 = 0
        for part in parts {
            for byte in part {
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"):
                    value = value << 4 | UInt64(byte - UInt8(ascii: "0"))
                case UInt8(ascii: "a")...UInt8(ascii: "f"):
                    value = value << 4 | UInt64(byte - UInt8(ascii: "a") + 10)
                default: return nil
                }
            }
        }
        return value
    }
}
