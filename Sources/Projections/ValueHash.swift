import Market

/// Hashes values one behind the other: their order counts, their types, and where one ends and the next begins.
///
/// A step takes two words into both halves, each by a product of 128 bits that is folded. The first step of a value takes the word
/// that says what it is, type and count of bytes, and its first eight bytes; each further one takes sixteen more. What the last one
/// lacks is zero.
struct ValueHash {
    private var high: UInt64
    private var low: UInt64

    init(seed: UInt64) {
        high = Mix.spread(seed)
        low = Mix.spread(~seed)
    }

    /// Of all values so far.
    var content: ContentHash { ContentHash(high: Mix.spread(high), low: Mix.spread(low)) }

    /// A value of eight bytes, or of none.
    mutating func add(type: Int32, word: UInt64 = 0) {
        step(UInt64(UInt32(bitPattern: type)), word)
    }

    mutating func add(type: Int32, bytes: UnsafeRawBufferPointer) {
        let count = bytes.count
        let head = UInt64(count) << 8 | UInt64(UInt32(bitPattern: type))
        guard count > 8 else { return step(head, ValueHash.shortWord(bytes)) }
        step(head, ValueHash.word(bytes, 0))
        var offset = 8
        while offset + 16 <= count {
            step(ValueHash.word(bytes, offset), ValueHash.word(bytes, offset + 8))
            offset += 16
        }
        if offset + 8 <= count {
            step(ValueHash.word(bytes, offset), ValueHash.lastWord(bytes, from: offset + 8))
        } else if offset < count {
            step(ValueHash.lastWord(bytes, from: offset), 0)
        }
    }

    private mutating func step(_ first: UInt64, _ second: UInt64) {
        let a = ValueHash.fold(high ^ first, second ^ 0x8ebc_6af0_9c88_c6e3)
        let b = ValueHash.fold(low ^ second, first ^ 0x5899_65cc_7537_4cc3)
        // A fold can bring two states together. Each half goes into the other, so that both would have to meet in one step.
        (high, low) = (a &+ low, b &+ high)
    }

    private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }

    // MARK: - Words of bytes, little-endian

    private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// Of fewer than eight bytes at the end of more than eight; zero where none is left.
    private static func lastWord(_ bytes: UnsafeRawBufferPointer, from offset: Int) -> UInt64 {
        word(bytes, bytes.count - 8) >> UInt64(64 - 8 * (bytes.count - offset))
    }

    /// Of at most eight bytes that are all there is.
    private static func shortWord(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        let count = bytes.count
        if count == 8 { return word(bytes, 0) }
        if count >= 4 {
            // The two overlap, and where they do they say the same.
            let first = UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self))
            let last = UInt32(
                littleEndian: bytes.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self)
            )
            return UInt64(first) | UInt64(last) << UInt64(8 * (count - 4))
        }
        var word: UInt64 = 0
        for place in 0..<count { word |= UInt64(bytes[place]) << UInt64(8 * place) }
        return word
    }
}
