import Market

/// Writes or reads the parts of a decoded event: one description serves both ways, so that they cannot part.
///
/// A writer leaves its values as they are; a reader fills them.
protocol EventCoder {
    static var isReading: Bool { get }
    /// What is there cannot be written, or what was read is not what a writer writes.
    var hasFailed: Bool { get }

    mutating func fail()
    mutating func byte(_ value: inout UInt8)
    /// Short for small numbers of either sign.
    mutating func integer(_ value: inout Int64)
    /// Always eight bytes.
    mutating func word(_ value: inout UInt64)
    /// How many things follow that have a byte each, or more.
    mutating func count(_ value: inout Int)
    mutating func text(_ value: inout String)
    /// - Parameter near: a price that the first one is near to; that one afterwards.
    mutating func levels(_ levels: inout [LevelNumerals], near: inout Int64)
}

extension EventCoder {
    @inline(__always)
    mutating func integer(_ value: inout Int64, near reference: Int64) {
        var difference = value &- reference
        integer(&difference)
        value = reference &+ difference
    }

    /// A number that is near to the one before, which it then is itself.
    @inline(__always)
    mutating func integer(_ value: inout Int64, behind last: inout Int64) {
        integer(&value, near: last)
        last = value
    }

    @inline(__always)
    mutating func numeral(_ value: inout Numeral, near reference: Int64 = 0) {
        var form = Numerals.form(value)
        byte(&form)
        var mantissa = value.mantissa
        integer(&mantissa, near: reference)
        guard Self.isReading else { return }
        guard let read = Numerals.numeral(mantissa, form) else { return fail() }
        value = read
    }

    mutating func numeral(_ value: inout Numeral?) {
        var form = value.map(Numerals.form) ?? Numerals.none
        byte(&form)
        guard form != Numerals.none else {
            value = nil
            return
        }
        var mantissa = value?.mantissa ?? 0
        integer(&mantissa)
        guard Self.isReading else { return }
        guard let read = Numerals.numeral(mantissa, form) else { return fail() }
        value = read
    }

    mutating func flag(_ value: inout Bool) {
        var byte: UInt8 = value ? 1 : 0
        self.byte(&byte)
        value = byte != 0
    }

    mutating func integer(_ value: inout Int64?) {
        var isThere = value != nil
        flag(&isThere)
        guard isThere else {
            value = nil
            return
        }
        var number = value ?? 0
        integer(&number)
        value = number
    }

    mutating func amount(_ value: inout Amount?) {
        var isThere = value != nil
        flag(&isThere)
        guard isThere else {
            value = nil
            return
        }
        let units = UInt128(bitPattern: value?.units ?? 0)
        var low = UInt64(truncatingIfNeeded: units)
        var high = UInt64(truncatingIfNeeded: units >> 64)
        word(&low)
        word(&high)
        value = Amount(units: Int128(bitPattern: UInt128(high) << 64 | UInt128(low)))
    }

    mutating func text(_ value: inout String?) {
        var isThere = value != nil
        flag(&isThere)
        guard isThere else {
            value = nil
            return
        }
        var text = value ?? ""
        self.text(&text)
        value = text
    }
}

/// What a numeral is beside its digits, in one byte.
enum Numerals {
    static let none: UInt8 = 0xff
    private static let negativeZero: UInt8 = 0x80
    static let decimalsMost: UInt8 = 18
    /// A numeral has 18 digits at most: what is computed with it counts on that.
    private static let mantissaEnd: UInt64 = 1_000_000_000_000_000_000

    @inline(__always)
    static func form(_ value: Numeral) -> UInt8 {
        value.decimals | (value.isNegativeZero ? negativeZero : 0)
    }

    @inline(__always)
    static func isWritable(_ mantissa: Int64) -> Bool { mantissa.magnitude < mantissaEnd }

    /// `nil` for a form or for digits that none has.
    @inline(__always)
    static func numeral(_ mantissa: Int64, _ form: UInt8) -> Numeral? {
        let decimals = form & ~negativeZero
        guard decimals <= decimalsMost, isWritable(mantissa) else { return nil }
        return Numeral(
            mantissa: mantissa,
            decimals: decimals,
            isNegativeZero: form & negativeZero != 0
        )
    }
}

/// How a level's numbers are written: bytes of its price's difference and of its size in one byte, then these bytes.
enum LevelForm {
    /// In place of the decimals of all prices: each level has its own.
    static let mixed: UInt8 = 0xfe
    /// The most that a level takes.
    static let bytesMost = 1 + 2 + 16

    @inline(__always)
    static func bytes(_ value: UInt64) -> Int { (71 - value.leadingZeroBitCount) / 8 }

    @inline(__always)
    static func fold(_ value: Int64) -> UInt64 { UInt64(bitPattern: (value << 1) ^ (value >> 63)) }

    @inline(__always)
    static func unfold(_ value: UInt64) -> Int64 {
        Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }
}
