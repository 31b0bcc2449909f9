import Market

/// Appends JSON to one buffer that is used again; keys in the order of the calls.
///
/// Beside `Market.JSONWriter` because a push of 400 levels should not make 800 strings: numbers go in digit by digit.
struct WireWriter {
    private var buffer = WireBuffer()
    private var needsComma = false
    /// Where the rows that are written stand.
    var form: RowForm = .push
    /// Of the rows that do not say it themselves.
    var category: Category = .linear

    init() {}

    /// What has been written since the last ``reset()``.
    var bytes: [UInt8] { buffer.bytes }

    /// The same in place, without a copy.
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        buffer.withBytes(body)
    }

    static func object(_ body: (inout WireWriter) -> Void) -> [UInt8] {
        var writer = WireWriter()
        writer.beginObject()
        body(&writer)
        writer.endObject()
        return writer.bytes
    }

    mutating func reset() {
        buffer.removeAll()
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
        let comma = takeComma()
        buffer.append(atMost: 2) { out in
            out.comma(comma)
            out.byte(bracket)
        }
    }

    private mutating func close(_ bracket: UInt8) {
        buffer.append(atMost: 1) { $0.byte(bracket) }
        needsComma = true
    }

    // MARK: - Members

    mutating func name(_ key: StaticString) {
        let comma = takeComma()
        buffer.append(atMost: key.utf8CodeUnitCount + 4) { out in
            out.comma(comma)
            out.name(key)
        }
    }

    mutating func text(_ key: StaticString, _ value: String) {
        name(key)
        textElement(value)
    }

    mutating func text(_ key: StaticString, _ value: Symbol) {
        name(key)
        symbolElement(value)
    }

    /// The name of a topic: `prefix`, the feed's number where it has one, and a symbol.
    mutating func topic(_ prefix: StaticString, number: Int? = nil, _ symbol: Symbol) {
        name("topic")
        buffer.append(atMost: prefix.utf8CodeUnitCount + WireBuffer.numberMax + 3) { out in
            out.byte(UInt8(ascii: "\""))
            out.literal(prefix)
            if let number {
                out.decimal(number.magnitude64, number < 0, 0)
                out.byte(UInt8(ascii: "."))
            }
        }
        symbolRest(symbol)
    }

    /// A JSON string of the number, as Bybit writes prices; `""` for `nil`.
    mutating func numeral(_ key: StaticString, _ value: Numeral?) {
        let comma = takeComma()
        buffer.append(atMost: key.utf8CodeUnitCount + WireBuffer.numberMax + 6) { out in
            out.comma(comma)
            out.name(key)
            out.quoted(value)
        }
        needsComma = true
    }

    /// The same under a name that is not fixed.
    mutating func numeral(_ key: String, _ value: Numeral?) {
        separate()
        quote(key)
        buffer.append(atMost: 1) { $0.byte(UInt8(ascii: ":")) }
        numeralElement(value)
    }

    mutating func amount(_ key: StaticString, _ value: Amount?) {
        name(key)
        amountElement(value)
    }

    /// The same under a name that is not fixed, such as a coin's.
    mutating func amount(_ key: String, _ value: Amount?) {
        separate()
        quote(key)
        buffer.append(atMost: 1) { $0.byte(UInt8(ascii: ":")) }
        amountElement(value)
    }

    /// A JSON number.
    mutating func integer(_ key: StaticString, _ value: some BinaryInteger) {
        integer(key, Int64(value))
    }

    mutating func integer(_ key: StaticString, _ value: Int64) {
        let comma = takeComma()
        buffer.append(atMost: key.utf8CodeUnitCount + WireBuffer.numberMax + 4) { out in
            out.comma(comma)
            out.name(key)
            out.decimal(value.magnitude, value < 0, 0)
        }
        needsComma = true
    }

    /// A JSON string of a whole number, as Bybit writes most times.
    mutating func integerText(_ key: StaticString, _ value: Int64) {
        let comma = takeComma()
        buffer.append(atMost: key.utf8CodeUnitCount + WireBuffer.numberMax + 6) { out in
            out.comma(comma)
            out.name(key)
            out.byte(UInt8(ascii: "\""))
            out.decimal(value.magnitude, value < 0, 0)
            out.byte(UInt8(ascii: "\""))
        }
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
            buffer.append(text: number)
            needsComma = true
        }
    }

    // MARK: - Elements

    mutating func textElement(_ value: String) {
        separate()
        quote(value)
        needsComma = true
    }

    mutating func symbolElement(_ value: Symbol) {
        separate()
        buffer.append(atMost: 1) { $0.byte(UInt8(ascii: "\"")) }
        symbolRest(value)
    }

    /// The symbol's text and the closing quote.
    private mutating func symbolRest(_ value: Symbol) {
        value.withBytes { text in
            if text.contains(where: WireBuffer.needsEscape) {
                buffer.append(escaping: text)
                buffer.append(atMost: 1) { $0.byte(UInt8(ascii: "\"")) }
            } else {
                buffer.append(atMost: text.count + 1) { out in
                    out.bytes(text)
                    out.byte(UInt8(ascii: "\""))
                }
            }
        }
        needsComma = true
    }

    mutating func integerElement(_ value: Int64) {
        let comma = takeComma()
        buffer.append(atMost: WireBuffer.numberMax + 1) { out in
            out.comma(comma)
            out.decimal(value.magnitude, value < 0, 0)
        }
        needsComma = true
    }

    mutating func numeralElement(_ value: Numeral?) {
        let comma = takeComma()
        buffer.append(atMost: WireBuffer.numberMax + 3) { out in
            out.comma(comma)
            out.quoted(value)
        }
        needsComma = true
    }

    private mutating func amountElement(_ value: Amount?) {
        guard let value else { return raw(#""""#) }
        separate()
        value.withText { text in
            buffer.append(atMost: text.count + 2) { out in
                out.byte(UInt8(ascii: "\""))
                out.bytes(text)
                out.byte(UInt8(ascii: "\""))
            }
        }
        needsComma = true
    }

    /// Levels of a book, each `["90000.10","1.250"]`.
    mutating func levels(_ levels: [LevelNumerals]) {
        guard !levels.isEmpty else { return }
        var comma = takeComma()
        buffer.append(atMost: levels.count * (2 * WireBuffer.numberMax + 8)) { out in
            for level in levels {
                out.comma(comma)
                comma = true
                out.byte(UInt8(ascii: "["))
                out.quoted(level.price)
                out.byte(UInt8(ascii: ","))
                out.quoted(level.size)
                out.byte(UInt8(ascii: "]"))
            }
        }
        needsComma = true
    }

    mutating func raw(_ json: StaticString) {
        let comma = takeComma()
        buffer.append(atMost: json.utf8CodeUnitCount + 1) { out in
            out.comma(comma)
            out.literal(json)
        }
        needsComma = true
    }

    // MARK: - Bytes

    /// True when a comma belongs before what comes next.
    private mutating func takeComma() -> Bool {
        defer { needsComma = false }
        return needsComma
    }

    private mutating func separate() {
        guard takeComma() else { return }
        buffer.append(atMost: 1) { $0.byte(UInt8(ascii: ",")) }
    }

    private mutating func quote(_ text: String) {
        buffer.append(atMost: 1) { $0.byte(UInt8(ascii: "\"")) }
        // Almost no text needs an escape: look first, and write byte by byte only then.
        if text.utf8.contains(where: WireBuffer.needsEscape) {
            var copy = text
            copy.withUTF8 { buffer.append(escaping: UnsafeRawBufferPointer($0)) }
        } else {
            buffer.append(text: text)
        }
        buffer.append(atMost: 1) { $0.byte(UInt8(ascii: "\"")) }
    }
}

extension Int {
    fileprivate var magnitude64: UInt64 { UInt64(magnitude) }
}
