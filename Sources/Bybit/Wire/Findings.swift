import JSON
import Market

/// Collects what could not be read of one record.
struct Findings {
    /// Beyond these a broken record adds nothing but length.
    static let countMax = 32

    var list: [DecodeFinding] = []

    mutating func add(_ field: @autoclosure () -> String, _ reason: DecodeFinding.Reason) {
        guard list.count < Findings.countMax else { return }
        list.append(DecodeFinding(field: field(), reason: reason))
    }

    mutating func missing(_ key: StaticString, in object: JSONValue) {
        add(Findings.path(of: key, in: object), .missing)
    }

    mutating func add(_ value: JSONValue, _ reason: DecodeFinding.Reason) {
        add(value.path, reason)
    }

    static func path(of key: StaticString, in object: JSONValue) -> String {
        let path = object.path
        return path.isEmpty ? key.description : path + "." + key.description
    }
}

extension JSONError {
    /// The same as a finding about a record.
    var finding: DecodeFinding {
        let reason: DecodeFinding.Reason =
            switch reason {
            case .notUTF8: .notUTF8
            case .missing: .missing
            case .wrongType: .wrongType
            default: .notJSON("\(self.reason) at byte \(offset)")
            }
        return DecodeFinding(field: path, reason: reason)
    }
}
