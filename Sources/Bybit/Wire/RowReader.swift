import JSON
import Market

/// Fills a value from one JSON object, field by field; what cannot be read is a finding with its path.
struct RowReader: WireCoder {
    var members: JSONMembers
    let form: RowForm
    /// Reading takes what is there, whatever the category.
    var category: Category { .linear }
    var findings: Findings
    /// False once a field is lost without which the row would say something wrong: the row is left out.
    var isValid = true

    init(_ members: JSONMembers, form: RowForm, findings: consuming Findings) {
        self.members = members
        self.form = form
        self.findings = findings
    }

    // MARK: - Finding fields

    /// The member, or `nil` with a finding when it must be there and is not.
    mutating func find(_ key: StaticString, _ presence: Presence) -> JSONValue? {
        if let value = members.find(key) {
            // A null says as much as a missing key.
            if !value.isNull { return value }
        }
        if presence == .required {
            findings.missing(key, in: members.value)
            isValid = false
        }
        return nil
    }

    /// A field that is there but cannot be read: the row stands only without a field that it needs.
    mutating func fail(
        _ value: JSONValue,
        _ reason: DecodeFinding.Reason,
        _ presence: Presence
    ) {
        findings.add(value, reason)
        if presence == .required { isValid = false }
    }

    // MARK: - Words

    mutating func text(_ key: StaticString, _ value: inout String, _ presence: Presence) {
        guard let found = find(key, presence) else { return }
        guard let text = found.string else { return fail(found, .wrongType, presence) }
        if presence == .required, text.isEmpty { return fail(found, .empty, presence) }
        value = text
    }

    mutating func tag(_ key: StaticString, _ value: inout String) { text(key, &value, .optional) }

    mutating func tag(_ key: StaticString, _ value: inout String?) {
        value = nil
        guard let found = find(key, .optional) else { return }
        guard let text = found.string else { return fail(found, .wrongType, .optional) }
        if !text.isEmpty { value = text }
    }

    mutating func word<Word: WireWord>(
        _ key: StaticString,
        _ value: inout Word,
        _ presence: Presence
    ) {
        guard let found = find(key, presence) else { return }
        guard let text = found.string else { return fail(found, .wrongType, presence) }
        if text.isEmpty {
            if presence == .required { fail(found, .empty, presence) }
            return
        }
        value = Word(name: text)
    }

    mutating func category(_ key: StaticString, _ value: inout Category) {
        guard let found = find(key, .required) else { return }
        guard let text = found.string else { return fail(found, .wrongType, .required) }
        guard let category = Category(name: text) else {
            return fail(found, .unexpected(text), .required)
        }
        value = category
    }

    mutating func symbol(_ key: StaticString, _ value: inout Symbol) {
        guard let found = find(key, .required) else { return }
        guard found.isString else { return fail(found, .wrongType, .required) }
        guard found.count == 0, let symbol = Symbol(bytes: found.raw), !found.isEscaped else {
            let reason: DecodeFinding.Reason =
                found.raw.isEmpty ? .empty : .unexpected(found.string ?? "")
            return fail(found, reason, .required)
        }
        value = symbol
    }

    mutating func side(_ key: StaticString, _ value: inout Side) {
        guard let found = find(key, .required) else { return }
        guard let text = found.string else { return fail(found, .wrongType, .required) }
        guard let side = Side(name: text) else {
            return fail(found, text.isEmpty ? .empty : .unexpected(text), .required)
        }
        value = side
    }

    mutating func side(_ key: StaticString, _ value: inout Side?) {
        value = nil
        guard let found = find(key, .required) else { return }
        guard let text = found.string else { return fail(found, .wrongType, .required) }
        if text.isEmpty || text == "None" { return }
        guard let side = Side(name: text) else {
            return fail(found, .unexpected(text), .required)
        }
        value = side
    }

    mutating func flag(_ key: StaticString, _ value: inout Bool) {
        guard let found = find(key, .optional) else { return }
        guard let flag = found.bool else { return fail(found, .wrongType, .optional) }
        value = flag
    }

    mutating func option(_ key: StaticString, _ value: inout Bool) { flag(key, &value) }

    // MARK: - Numbers

    mutating func numeral(_ key: StaticString, _ value: inout Numeral, _ presence: Presence) {
        guard let found = find(key, presence) else { return }
        guard found.isString else { return fail(found, .wrongType, .required) }
        if found.raw.isEmpty {
            if presence == .required { fail(found, .empty, presence) }
            return
        }
        do throws(NumberError) {
            value = try Numeral(text: found.raw)
        } catch {
            fail(found, .number(error), .required)
        }
    }

    mutating func numeral(_ key: StaticString, _ value: inout Numeral?, _ absence: Absence) {
        value = nil
        guard let found = find(key, .optional) else { return }
        guard found.isString else { return fail(found, .wrongType, .optional) }
        if found.raw.isEmpty { return }
        do throws(NumberError) {
            let numeral = try Numeral(text: found.raw)
            if absence == .zero, numeral.isZero { return }
            value = numeral
        } catch {
            fail(found, .number(error), .optional)
        }
    }

    mutating func amount(_ key: StaticString, _ value: inout Amount, _ presence: Presence) {
        guard let found = find(key, presence) else { return }
        guard found.isString else { return fail(found, .wrongType, .required) }
        if found.raw.isEmpty {
            if presence == .required { fail(found, .empty, presence) }
            return
        }
        do throws(NumberError) {
            value = try Amount(text: found.raw)
        } catch {
            fail(found, .number(error), .required)
        }
    }

    mutating func amount(_ key: StaticString, _ value: inout Amount?, _ absence: Absence) {
        value = nil
        guard let found = find(key, .optional) else { return }
        guard found.isString else { return fail(found, .wrongType, .optional) }
        if found.raw.isEmpty { return }
        do throws(NumberError) {
            let amount = try Amount(text: found.raw)
            if absence == .zero, amount.isZero { return }
            value = amount
        } catch {
            fail(found, .number(error), .optional)
        }
    }

    mutating func remark(_ key: StaticString, _ value: inout Amount?) {
        value = nil
        guard let found = find(key, .optional), found.isString,
            let amount = try? Amount(text: found.raw), !amount.isZero
        else { return }
        value = amount
    }

    mutating func integer(_ key: StaticString, _ value: inout Int64, _ presence: Presence) {
        guard let found = find(key, presence) else { return }
        guard found.isNumber || found.isString else { return fail(found, .wrongType, presence) }
        if found.raw.isEmpty {
            if presence == .required { fail(found, .empty, presence) }
            return
        }
        guard let number = JSONNumber.int64(found.raw) else {
            return fail(found, RowReader.whyNotWhole(found.raw), presence)
        }
        value = number
    }

    mutating func time(_ key: StaticString, _ value: inout Int64, _ presence: Presence) {
        integer(key, &value, presence)
    }

    mutating func time(_ key: StaticString, _ value: inout Int64?) {
        value = nil
        guard let found = find(key, .optional), !found.raw.isEmpty else { return }
        guard let number = JSONNumber.int64(found.raw) else {
            let isText = found.isString || found.isNumber
            return fail(found, isText ? RowReader.whyNotWhole(found.raw) : .wrongType, .optional)
        }
        value = number
    }

    /// Digits that do not fit, or no whole number at all.
    static func whyNotWhole(_ text: UnsafeRawBufferPointer) -> DecodeFinding.Reason {
        do throws(NumberError) {
            let number = try DecimalText.read(text, digitsMax: 38)
            return number.decimals > 0
                ? .number(.tooFine(decimals: number.decimals, scale: 0)) : .number(.overflow)
        } catch {
            return .number(error)
        }
    }

    // MARK: - Inside

    mutating func nested(_ key: StaticString, _ body: (inout RowReader) -> Void) {
        let outer = members
        if let found = find(key, .optional) {
            guard let inner = JSONMembers(found) else { return fail(found, .wrongType, .optional) }
            let after = members
            members = inner
            body(&self)
            members = after
            return
        }
        // Every field inside is missing: one finding names each that may not be.
        guard let empty = JSONMembers(empty: outer.value) else { return }
        members = empty
        body(&self)
        members = outer
    }

    // MARK: - Not read

    mutating func constant(_ key: StaticString, _ json: StaticString) {}
    mutating func derived(_ write: (inout WireWriter) -> Void) {}
}
