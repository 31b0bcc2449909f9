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
}
