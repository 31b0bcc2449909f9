/// Fixed 64-bit mixing, the same in every process and build.
///
/// Swift's `Hasher` is seeded anew each time.
public enum Mix {
    /// A bijection of 64 bits that spreads each input bit over the output (the finaliser of SplitMix64).
    @inlinable
    public static func spread(_ value: UInt64) -> UInt64 {
        var z = value &+ 0x9e37_79b9_7f4a_7c15
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// The hash after `value` has been added to `hash`; order counts.
    @inlinable
    public static func combine(_ hash: UInt64, _ value: UInt64) -> UInt64 {
        spread(hash &* 0x1000_0000_01b3 ^ value)
    }

    /// A fixed hash of bytes.
    public static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt64 = 0) -> UInt64 {
        var hash = combine(seed, UInt64(bytes.count))
        var offset = 0
        while offset + 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            hash = combine(hash, UInt64(littleEndian: word))
            offset += 8
        }
        var rest: UInt64 = 0
        var shift: UInt64 = 0
        while offset < bytes.count {
            rest |= UInt64(bytes[offset]) << shift
            shift += 8
            offset += 1
        }
        return combine(hash, rest)
    }

    /// Two fixed hashes of bytes that have nothing to do with one another: 128 bits for what is known by them alone.
    ///
    /// Sixteen bytes a step, by products of 128 bits whose halves are folded: several times as fast as ``hash(_:seed:)``.
    /// In line, so that who needs one of the two makes only that one.
    @inlinable @inline(__always)
    public static func wide(_ bytes: UnsafeRawBufferPointer) -> (UInt64, UInt64) {
        let count = bytes.count
        var a = UInt64(count) &* 0x9e37_79b9_7f4a_7c15 ^ 0xa076_1d64_78bd_642f
        var b = UInt64(count) &* 0xbf58_476d_1ce4_e5b9 ^ 0xe703_7ed1_a0b4_28db
        var offset = 0
        while offset + 16 <= count {
            step(&a, &b, word(bytes, offset), word(bytes, offset + 8))
            offset += 16
        }
        if offset < count {
            var low: UInt64 = 0
            var high: UInt64 = 0
            if count >= 16 {
                // The last sixteen again, some of them for the second time; the count is in the hash.
                low = word(bytes, count - 16)
                high = word(bytes, count - 8)
            } else {
                for place in offset..<count {
                    let byte = UInt64(bytes[place])
                    let shift = UInt64((place - offset) & 7) * 8
                    if place - offset < 8 { low |= byte << shift } else { high |= byte << shift }
                }
            }
            step(&a, &b, low, high)
        }
        return (spread(a), spread(b))
    }

    @inlinable @inline(__always)
    static func step(_ a: inout UInt64, _ b: inout UInt64, _ low: UInt64, _ high: UInt64) {
        a = fold(a ^ low, high ^ 0x8ebc_6af0_9c88_c6e3)
        b = fold(b ^ high, low ^ 0x5899_65cc_7537_4cc3)
    }

    @inlinable
    static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }

    @inlinable
    static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// ``wide(_:)`` of a text's UTF-8.
    @inlinable @inline(__always)
    public static func wide(_ text: String) -> (UInt64, UInt64) {
        let found = text.utf8.withContiguousStorageIfAvailable { wide(UnsafeRawBufferPointer($0)) }
        if let found { return found }
        let bytes = Array(text.utf8)
        return bytes.withUnsafeBytes { wide($0) }
    }
}
