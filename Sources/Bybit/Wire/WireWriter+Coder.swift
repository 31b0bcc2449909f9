import Market

extension WireWriter: WireCoder {
    mutating func text(_ key: StaticString, _ value: inout String, _ presence: Presence) {
        text(key, value)
    }

    mutating func tag(_ key: StaticString, _ value: inout String) {
        if !value.isEmpty { text(key, value) }
    }

    mutating func tag(_ key: StaticString, _ value: inout String?) {
        if let value { text(key, value) }
    }

    mutating func time(_ key: StaticString, _ value: inout Int64?) {
        if let value { integerText(key, value) }
    }

    mutating func nested(_ key: StaticString, _ body: (inout WireWriter) -> Void) {
        beginObject(key)
        body(&self)
        endObject()
    }

    mutating func word<Word: WireWord>(
        _ key: StaticString,
        _ value: inout Word,
        _ presence: Presence
    ) {
        text(key, value.name)
    }

    mutating func category(_ key: StaticString, _ value: inout Category) { text(key, value.name) }
    mutating func symbol(_ key: StaticString, _ value: inout Symbol) { text(key, value) }
    mutating func side(_ key: StaticString, _ value: inout Side) { text(key, value.name) }
    mutating func side(_ key: StaticString, _ value: inout Side?) { text(key, value?.name ?? "") }

    mutating func numeral(_ key: StaticString, _ value: inout Numeral, _ presence: Presence) {
        numeral(key, value)
    }

    mutating func numeral(_ key: StaticString, _ value: inout Numeral?, _ absence: Absence) {
        guard value == nil else { return numeral(key, value) }
        absent(key, absence)
    }

    mutating func amount(_ key: StaticString, _ value: inout Amount, _ presence: Presence) {
        amount(key, value)
    }

    mutating func amount(_ key: StaticString, _ value: inout Amount?, _ absence: Absence) {
        guard value == nil else { return amount(key, value) }
        absent(key, absence)
    }

    mutating func remark(_ key: StaticString, _ value: inout Amount?) {
        amount(key, &value, .zero)
    }

    private mutating func absent(_ key: StaticString, _ absence: Absence) {
        switch absence {
        case .empty: constant(key, #""""#)
        case .zero: constant(key, #""0""#)
        case .omitted: break
        }
    }

    mutating func integer(_ key: StaticString, _ value: inout Int64, _ presence: Presence) {
        integer(key, value)
    }

    mutating func time(_ key: StaticString, _ value: inout Int64, _ presence: Presence) {
        integerText(key, value)
    }

    mutating func option(_ key: StaticString, _ value: inout Bool) {
        if value { flag(key, value) }
    }

    mutating func flag(_ key: StaticString, _ value: inout Bool) { flag(key, value) }

    mutating func derived(_ write: (inout WireWriter) -> Void) { write(&self) }

    mutating func number(_ key: StaticString, _ value: inout Numeral?, _ absence: Absence) {
        numeral(key, &value, absence)
    }

    mutating func integers(_ key: StaticString, _ values: inout [Int64]) {
        beginArray(key)
        for value in values { integerElement(value) }
        endArray()
    }

    mutating func texts(_ key: StaticString, _ values: inout [String]) {
        beginArray(key)
        for value in values { textElement(value) }
        endArray()
    }

    mutating func rows<Row: WireRow>(_ key: StaticString, _ rows: inout [Row]) {
        guard !rows.isEmpty else { return }
        beginArray(key)
        for row in rows {
            beginObject()
            row.write(to: &self)
            endObject()
        }
        endArray()
    }

    mutating func amounts(_ key: StaticString, _ amounts: inout [CoinAmount]) {
        beginObject(key)
        for item in amounts { numeral(item.coin, item.amount) }
        endObject()
    }

    mutating func fees(_ key: StaticString, _ fees: inout [ExtraFee]) {
        guard !fees.isEmpty else { return constant(key, #""""#) }
        beginArray(key)
        for fee in fees {
            beginObject()
            text("feeCoin", fee.coin)
            text("feeType", fee.type)
            constant("subFeeType", #""UNKNOWN""#)
            constant("feeRate", #""0""#)
            amount("fee", fee.amount)
            endObject()
        }
        endArray()
    }
}
