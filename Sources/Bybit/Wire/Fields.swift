import JSON
import Market

/// Single fields of public messages: the value, or `nil` with a finding that names its path.
enum Fields {
    static func object(
        _ key: StaticString,
        in object: JSONValue,
        _ findings: inout Findings
    ) -> JSONValue? {
        guard let value = object[key], !value.isNull else {
            findings.missing(key, in: object)
            return nil
        }
        guard value.isObject else {
            findings.add(value, .wrongType)
            return nil
        }
        return value
    }

    static func array(
        _ key: StaticString,
        in object: JSONValue,
        _ findings: inout Findings
    ) -> JSONValue? {
        guard let value = object[key], !value.isNull else {
            findings.missing(key, in: object)
            return nil
        }
        guard value.isArray else {
            findings.add(value, .wrongType)
            return nil
        }
        return value
    }

    /// A JSON number that is whole and fits.
    static func integer(
        _ key: StaticString,
        in object: JSONValue,
        _ presence: Presence,
        _ findings: inout Findings
    ) -> Int64? {
        guard let value = object[key], !value.isNull else {
            if presence == .required { findings.missing(key, in: object) }
            return nil
        }
        guard value.isNumber else {
            findings.add(value, .wrongType)
            return nil
        }
        guard let number = value.int64 else {
            findings.add(value, RowReader.whyNotWhole(value.raw))
            return nil
        }
        return number
    }

    /// A text that must be there.
    static func text(
        _ key: StaticString,
        in object: JSONValue,
        _ findings: inout Findings
    ) -> String? {
        guard let value = object[key], !value.isNull else {
            findings.missing(key, in: object)
            return nil
        }
        guard let text = value.string else {
            findings.add(value, .wrongType)
            return nil
        }
        return text
    }

    /// A text that may be absent; empty then.
    static func optionalText(
        _ key: StaticString,
        in object: JSONValue,
        _ findings: inout Findings
    ) -> String {
        guard let value = object[key], !value.isNull else { return "" }
        guard let text = value.string else {
            findings.add(value, .wrongType)
            return ""
        }
        return text
    }

    static func symbol(
        _ key: StaticString,
        in object: JSONValue,
        _ findings: inout Findings
    ) -> Symbol? {
        guard let value = object[key], !value.isNull else {
            findings.missing(key, in: object)
            return nil
        }
        guard value.isString else {
            findings.add(value, .wrongType)
            return nil
        }
        guard !value.isEscaped, let symbol = Symbol(bytes: value.raw) else {
            findings.add(value, value.raw.isEmpty ? .empty : .unexpected(value.string ?? ""))
            return nil
        }
        return symbol
    }

    /// A decimal as a JSON string.
    static func numeral(_ value: JSONValue, _ findings: inout Findings) -> Numeral? {
        guard value.isString else {
            findings.add(value, .wrongType)
            return nil
        }
        guard !value.raw.isEmpty else {
            findings.add(value, .empty)
            return nil
        }
        do throws(NumberError) {
            return try Numeral(text: value.raw)
        } catch {
            findings.add(value, .number(error))
            return nil
        }
    }

    static func amount(_ value: JSONValue, _ findings: inout Findings) -> Amount? {
        guard value.isString else {
            findings.add(value, .wrongType)
            return nil
        }
        guard !value.raw.isEmpty else {
            findings.add(value, .empty)
            return nil
        }
        do throws(NumberError) {
            return try Amount(text: value.raw)
        } catch {
            findings.add(value, .number(error))
            return nil
        }
    }
}
