import Market

/// Bytes that grow, and keep their memory from message to message.
///
/// Beside an array's own `append` because a push consists of many short pieces: each says first how long it may become,
/// and then goes in byte by byte without a further check.
struct WireBuffer {
    /// As many bytes as any number takes: twenty digits, a point, a leading zero and a sign.
    static let numberMax = 24

    /// Its first ``count`` bytes are what was written.
    private var memory: [UInt8] = []
    private var count = 0

    var bytes: [UInt8] { Array(memory[..<count]) }

    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        memory.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }

    mutating func removeAll() { count = 0 }

    /// - Parameters:
    ///   - most: bytes that `body` writes at most.
    @inline(__always)
    mutating func append(atMost most: Int, _ body: (inout Cursor) -> Void) {
        if memory.count - count < most { grow(most) }
        count = memory.withUnsafeMutableBufferPointer { memory in
            guard let start = memory.baseAddress else { return 0 }
            var cursor = Cursor(start + count)
            body(&cursor)
            return cursor.place - start
        }
    }

    mutating func append(text: String) {
        var text = text
        text.withUTF8 { text in
            append(atMost: text.count) { $0.bytes(UnsafeRawBufferPointer(text)) }
        }
    }

    @inline(never)
    private mutating func grow(_ more: Int) {
        let size = max(2 * memory.count, count + more, 512)
        memory.append(contentsOf: repeatElement(0, count: size - memory.count))
    }

    // MARK: - Escapes

    static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    mutating func append(escaping text: UnsafeRawBufferPointer) {
        append(atMost: 6 * text.count) { out in
            for byte in text {
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                    out.byte(UInt8(ascii: "\\"))
                    out.byte(byte)
                case 0..<0x20:
                    out.literal("\\u00")
                    out.hexadecimal(byte >> 4)
                    out.hexadecimal(byte & 15)
                default: out.byte(byte)
                }
            }
        }
    }
}

extension WireBuffer {
    /// Where the next byte goes, in memory that is known to be there.
    struct Cursor {
        fileprivate private(set) var place: UnsafeMutablePointer<UInt8>

        fileprivate init(_ place: UnsafeMutablePointer<UInt8>) { self.place = place }

        @inline(__always)
        mutating func byte(_ byte: UInt8) {
            place.pointee = byte
            place += 1
        }

        @inline(__always)
        mutating func comma(_ isNeeded: Bool) {
            place.pointee = UInt8(ascii: ",")
            place += isNeeded ? 1 : 0
        }

        @inline(__always)
        mutating func literal(_ text: StaticString) {
            place.update(from: text.utf8Start, count: text.utf8CodeUnitCount)
            place += text.utf8CodeUnitCount
        }

        @inline(__always)
        mutating func bytes(_ text: UnsafeRawBufferPointer) {
            guard let start = text.baseAddress else { return }
            UnsafeMutableRawPointer(place).copyMemory(from: start, byteCount: text.count)
            place += text.count
        }

        /// A member's name and its colon.
        @inline(__always)
        mutating func name(_ key: StaticString) {
            byte(UInt8(ascii: "\""))
            literal(key)
            byte(UInt8(ascii: "\""))
            byte(UInt8(ascii: ":"))
        }

        mutating func hexadecimal(_ digit: UInt8) {
            byte(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }

        /// The number between quotes; nothing between them for `nil`.
        @inline(__always)
        mutating func quoted(_ value: Numeral?) {
            byte(UInt8(ascii: "\""))
            if let value {
                decimal(
                    value.mantissa.magnitude,
                    value.mantissa < 0 || value.isNegativeZero,
                    min(Int(value.decimals), 18)
                )
            }
            byte(UInt8(ascii: "\""))
        }

        /// The digits of a number with `decimals` of them after the point, and at least one before it.
        mutating func decimal(_ magnitude: UInt64, _ isNegative: Bool, _ decimals: Int) {
            if isNegative { byte(UInt8(ascii: "-")) }
            let count = max(WireBuffer.digits(of: magnitude), decimals + 1)
            guard decimals > 0 else {
                WireBuffer.write(magnitude, count, to: place)
                place += count
                return
            }
            // All digits one place further on, then those before the point back again.
            WireBuffer.write(magnitude, count, to: place + 1)
            let whole = count - decimals
            for digit in 0..<whole { place[digit] = place[digit + 1] }
            place[whole] = UInt8(ascii: ".")
            place += count + 1
        }
    }

    /// How many digits a number has; one for zero.
    private static func digits(of value: UInt64) -> Int {
        if value < 10_000 { return value < 100 ? (value < 10 ? 1 : 2) : (value < 1_000 ? 3 : 4) }
        if value < 100_000_000 {
            return value < 1_000_000
                ? (value < 100_000 ? 5 : 6) : (value < 10_000_000 ? 7 : 8)
        }
        return 8 + digits(of: value / 100_000_000)
    }

    /// Exactly `count` digits, with zeros before those that the number has.
    private static func write(
        _ value: UInt64,
        _ count: Int,
        to start: UnsafeMutablePointer<UInt8>
    ) {
        let pairs = pairs.utf8Start
        var rest = value
        var end = count
        while end >= 2 {
            let (quotient, pair) = rest.quotientAndRemainder(dividingBy: 100)
            rest = quotient
            end -= 2
            start[end] = pairs[2 * Int(pair)]
            start[end + 1] = pairs[2 * Int(pair) + 1]
        }
        if end == 1 { start[0] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest) }
    }

    /// 00 to 99.
    private static let pairs: StaticString = """
        00010203040506070809101112131415161718192021222324\
        25262728293031323334353637383940414243444546474849\
        50515253545556575859606162636465666768697071727374\
        75767778798081828384858687888990919293949596979899
        """
}
