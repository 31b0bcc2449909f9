import Market

/// Reads the parts of events from bytes that an ``EventWriter`` wrote.
///
/// What no writer writes fails, and reads as nothing from there on; nothing traps.
struct EventReader: EventCoder {
    static var isReading: Bool { true }
    /// Bytes that must be readable behind the last part.
    static let padding = 64
    private static let levelsUsual = 4_096

    private let bytes: UnsafeRawBufferPointer
    /// Where the padding begins.
    private let end: Int
    private(set) var position: Int
    private(set) var hasFailed = false

    /// - Parameter bytes: the parts, and ``padding`` more.
    @inline(__always)
    init(_ bytes: UnsafeRawBufferPointer, from position: Int) {
        self.bytes = bytes
        self.position = position
        end = bytes.count - EventReader.padding
    }

    mutating func fail() {
        hasFailed = true
        position = end
    }

    @inline(__always)
    mutating func byte(_ value: inout UInt8) {
        guard position < end else { return fail() }
        value = bytes[position]
        position &+= 1
    }

    @inline(__always)
    mutating func integer(_ value: inout Int64) { value = LevelForm.unfold(number()) }

    mutating func word(_ value: inout UInt64) {
        guard end - position >= 8 else { return fail() }
        value = load(8)
    }

    /// All things that are counted have a byte at least.
    @inline(__always)
    mutating func count(_ value: inout Int) {
        let number = number()
        guard number <= UInt64(end - position) else { return fail() }
        value = Int(number)
    }

    mutating func text(_ value: inout String) {
        var count = 0
        self.count(&count)
        guard !hasFailed else { return }
        value = String(decoding: bytes[position..<position + count], as: UTF8.self)
        position += count
    }

    mutating func payload() -> UnsafeRawBufferPointer {
        var count = 0
        self.count(&count)
        let payload = UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
        position += count
        return payload
    }

    mutating func levels(_ levels: inout [LevelNumerals], near: inout Int64) {
        var count = 0
        self.count(&count)
        guard count > 0 else { return }
        var priceDecimals: UInt8 = 0
        var sizeDecimals: UInt8 = 0
        byte(&priceDecimals)
        byte(&sizeDecimals)
        let isMixed = priceDecimals == LevelForm.mixed
        // A count that is not true takes no memory before its levels do not read.
        levels.reserveCapacity(min(count, EventReader.levelsUsual))
        var price = near
        for place in 0..<count {
            // The longest level ends in the padding.
            guard position < end else { return fail() }
            let lengths = bytes[position]
            position &+= 1
            if isMixed {
                priceDecimals = bytes[position]
                sizeDecimals = bytes[position &+ 1]
                position &+= 2
            }
            guard priceDecimals <= Numerals.decimalsMost, sizeDecimals <= Numerals.decimalsMost
            else { return fail() }
            let sizeLength = Int(lengths >> 4)
            price &+= LevelForm.unfold(load(min(8, Int(lengths & 15))))
            let size = Int64(bitPattern: load(min(8, sizeLength)))
            guard Numerals.isWritable(price), Numerals.isWritable(size) else { return fail() }
            if place == 0 { near = price }
            levels.append(
                LevelNumerals(
                    price: Numeral(mantissa: price, decimals: priceDecimals),
                    size: Numeral(
                        mantissa: size,
                        decimals: sizeLength == 0 && !isMixed ? 0 : sizeDecimals
                    )
                )
            )
        }
        if position > end { fail() }
    }

    @inline(__always)
    private mutating func load(_ count: Int) -> UInt64 {
        let word = UInt64(
            littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
        )
        position &+= count
        return word & ((1 << UInt64(8 &* count)) &- 1)
    }

    @inline(__always)
    private mutating func number() -> UInt64 {
        var result: UInt64 = 0
        var shift: UInt64 = 0
        while shift < 64, position < end {
            let byte = bytes[position]
            position &+= 1
            result |= UInt64(byte & 0x7f) &<< shift
            if byte < 0x80 { return result }
            shift &+= 7
        }
        fail()
        return 0
    }
}
