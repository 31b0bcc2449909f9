import JSON
import Market

/// Puts fields of one record into columns: the value, or null and a finding.
struct CellReader {
    var sequence = SequenceNumber.none
    var stream = ""
    var findings = ColumnFindings()

    enum Presence {
        case required
        /// Absent, null and `""` are null without a finding: the exchange says nothing.
        case optional
    }

    mutating func find(_ field: StaticString, _ reason: ColumnFinding.Reason) {
        findings.add(
            ColumnFinding(
                sequence: sequence,
                stream: stream,
                field: field.description,
                reason: reason
            )
        )
    }

    /// A decimal number in a JSON string.
    mutating func decimal(
        _ object: JSONValue,
        _ field: StaticString,
        _ presence: Presence,
        _ column: ColumnBuilder
    ) {
        guard let value = value(object, field, presence) else { return column.appendNull() }
        guard value.isString else {
            find(field, .type)
            return column.appendNull()
        }
        let text = value.raw
        if text.isEmpty, presence == .optional { return column.appendNull() }
        if let numeral = try? Numeral(text: text) { return column.append(numeral) }
        // More digits than a price has: volumes of coins that cost nothing.
        if let amount = try? Amount(text: text), column.append(amount) { return }
        find(field, .number)
        column.appendNull()
    }

    /// A whole JSON number.
    mutating func integer(
        _ object: JSONValue,
        _ field: StaticString,
        _ presence: Presence,
        _ column: ColumnBuilder
    ) {
        guard let value = value(object, field, presence) else { return column.appendNull() }
        guard value.isNumber else {
            find(field, .type)
            return column.appendNull()
        }
        guard let number = value.int64 else {
            find(field, .number)
            return column.appendNull()
        }
        column.append(number)
    }

    /// Unix milliseconds, a number or the text of one, as nanoseconds.
    mutating func time(
        _ object: JSONValue,
        _ field: StaticString,
        _ presence: Presence,
        _ column: ColumnBuilder
    ) {
        guard let value = value(object, field, presence) else { return column.appendNull() }
        guard value.isNumber || value.isString else {
            find(field, .type)
            return column.appendNull()
        }
        if value.raw.isEmpty, presence == .optional { return column.appendNull() }
        guard let number = JSONNumber.int64(value.raw),
            let time = Timestamp(milliseconds: number)
        else {
            find(field, .number)
            return column.appendNull()
        }
        column.append(time.nanoseconds)
    }

    mutating func text(
        _ object: JSONValue,
        _ field: StaticString,
        _ presence: Presence,
        _ column: ColumnBuilder
    ) {
        guard let value = value(object, field, presence) else { return column.appendNull() }
        guard value.isString else {
            find(field, .type)
            return column.appendNull()
        }
        if value.isEscaped { column.append(value.string ?? "") } else { column.append(value.raw) }
    }

    mutating func flag(
        _ object: JSONValue,
        _ field: StaticString,
        _ presence: Presence,
        _ column: ColumnBuilder
    ) {
        guard let value = value(object, field, presence) else { return column.appendNull() }
        guard let flag = value.bool else {
            find(field, .type)
            return column.appendNull()
        }
        column.append(flag)
    }

    private mutating func value(
        _ object: JSONValue,
        _ field: StaticString,
        _ presence: Presence
    ) -> JSONValue? {
        if let value = object[field], !value.isNull { return value }
        if presence == .required { find(field, .missing) }
        return nil
    }
}
