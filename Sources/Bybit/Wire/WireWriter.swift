import Market

/// Appends JSON to one buffer that is used again; keys in the order of the calls.
///
/// Beside `Market.JSONWriter` because a push of 400 levels should not make 800 strings: numbers go in digit by digit.
struct WireWriter {
    private(set) var bytes: [UInt8] = []
    private var needsComma = false
    /// Where the rows that are written stand.
    var form: RowForm = .push
    /// Of the rows that do not say it themselves.
    var category: Category = .linear

    init() {}

    static func object(_ body: (inout WireWriter) -> Void) -> [UInt8] {
        var writer = WireWriter()
        writer.beginObject()
        body(&writer)
        writer.endObject()
        return writer.bytes
    }

    mutating func reset() {
        bytes.removeAll(keepingCapacity: true)
        needsComma = false
    }

    // MARK: - Containers

    mutating func beginObject() { open(UInt8(ascii: "{")) }
    mutating func endObject() { close(UInt8(ascii: "}")) }
    mutating func beginArray() { open(UInt8(ascii: "[")) }
    mutating func endArray() { close(UInt8(ascii: "]")) }

    mutating func beginObject(_ key: StaticString) {
        name(key)
        beginObject()
    }

    mutating func beginArray(_ key: StaticString) {
        name(key)
        beginArray()
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    // MARK: - Members

    mutating func name(_ key: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        append(key)
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    mutating func text(_ key: StaticString, _ value: String) {
        name(key)
        textElement(value)
    }

    mutating func text(_ key: StaticString, _ value: Symbol) {
        name(key)
        symbolElement(value)
    }

    /// A JSON string of the number, as Bybit writes prices; `""` for `nil`.
    mutating func numeral(_ key: StaticString, _ value: Numeral?) {
        name(key)
        numeralElement(value)
    }

    /// The same under a name that is not fixed.
    mutating func numeral(_ key: String, _ value: Numeral?) {
        separate()
        quote(key)
        bytes.append(UInt8(ascii: ":"))
        numeralElement(value)
    }

    mutating func amount(_ key: StaticString, _ value: Amount?) {
        name(key)
        textElement(value?.description ?? "")
    }

    /// The same under a name that is not fixed, such as a coin's.
    mutating func amount(_ key: String, _ value: Amount?) {
        separate()
        quote(key)
        bytes.append(UInt8(ascii: ":"))
        textElement(value?.description ?? "")
    }

    /// A JSON number.
    mutating func integer(_ key: StaticString, _ value: some BinaryInteger) {
        name(key)
        integerElement(Int64(value))
    }

    /// A JSON string of a whole number, as Bybit writes most times.
    mutating func integerText(_ key: StaticString, _ value: Int64) {
        name(key)
        separate()
        bytes.append(UInt8(ascii: "\""))
        digits(value)
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    mutating func flag(_ key: StaticString, _ value: Bool) {
        name(key)
        raw(value ? "true" : "false")
    }

    /// A value that is JSON already: `""`, `0`, `{}`.
    mutating func constant(_ key: StaticString, _ json: StaticString) {
        name(key)
        raw(json)
    }

    mutating func requestID(_ key: StaticString, _ id: RequestID) {
        switch id {
        case .none: break
        case .text(let text): self.text(key, text)
        case .number(let number):
            name(key)
            separate()
            append(number)
            needsComma = true
        }
    }

    // MARK: - Elements

    mutating func textElement(_ value: String) {
        separate()
        quote(value)
        needsComma = true
    }

    mutating func symbolElement(_ value: Symbol) { textElement(value.description) }

    mutating func integerElement(_ value: Int64) {
        separate()
        digits(value)
        needsComma = true
    }

    mutating func numeralElement(_ value: Numeral?) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        if let value { decimal(value) }
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    /// One book level: `["90000.10","1.250"]`.
    mutating func level(_ level: LevelNumerals) {
        separate()
        bytes.append(UInt8(ascii: "["))
        bytes.append(UInt8(ascii: "\""))
        decimal(level.price)
        append("\",\"" as StaticString)
        decimal(level.size)
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: "]"))
        needsComma = true
    }

    mutating func raw(_ json: StaticString) {
        separate()
        append(json)
        needsComma = true
    }

    // MARK: - Bytes

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = false
    }

    private mutating func append(_ text: StaticString) {
        bytes.append(
            contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        )
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func digits(_ value: Int64) { magnitude(value.magnitude, value < 0, 0) }

    private mutating func decimal(_ value: Numeral) {
        let isNegative = value.mantissa < 0 || value.isNegativeZero
        magnitude(value.mantissa.magnitude, isNegative, min(Int(value.decimals), 18))
    }

    /// The digits of a number with `decimals` of them after the point, and at least one before it.
    private mutating func magnitude(_ magnitude: UInt64, _ isNegative: Bool, _ decimals: Int) {
        // Twenty digits, a point and a leading zero always fit.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 40) { buffer in
            var at = 40
            var rest = magnitude
            var count = 0
            repeat {
                if count == decimals, decimals > 0 {
                    at -= 1
                    buffer[at] = UInt8(ascii: ".")
                }
                let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
                at -= 1
                buffer[at] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
                rest = quotient
                count += 1
            } while rest != 0 || count <= decimals
            if isNegative { bytes.append(UInt8(ascii: "-")) }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: buffer[at...]))
        }
    }

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        let start = bytes.count
        bytes.append(contentsOf: text.utf8)
        // Almost no text needs an escape: look once, write again only then.
        if bytes[start...].contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5c }) {
            bytes.removeSubrange(start...)
            escape(text)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ text: String) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                append("\\u00" as StaticString)
                bytes.append(digits[Int(byte >> 4)])
                bytes.append(digits[Int(byte & 15)])
            default: bytes.append(byte)
            }
        }
    }
}
