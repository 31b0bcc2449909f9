public import JSON
import Market

/// What one message has that is not expected, and lacks that is.
public enum MessageDifference: Hashable, Sendable {
    /// A message of a kind that the table does not have.
    case unknownKind(String)
    case unknownField(String)
    case missingField(String)
    /// The field, what was expected and what came.
    case otherType(String, expected: String, seen: String)
    /// The field and a word that its enumeration does not have.
    case newWord(String, String)
    /// Numbers that do not go on as they must, such as `u` of a book.
    case sequence(String)
    /// A question or a subscription that was refused, with the exchange's words.
    case refused(String)
    /// Nothing came where something must.
    case absent(String)

    /// What it is about, for a heading.
    public var heading: String {
        switch self {
        case .unknownKind: "unknown message"
        case .unknownField: "unknown field"
        case .missingField: "missing field"
        case .otherType: "other type"
        case .newWord: "new value"
        case .sequence: "sequence"
        case .refused: "refused"
        case .absent: "absent"
        }
    }

    public var words: String {
        switch self {
        case .unknownKind(let kind): kind
        case .unknownField(let path), .missingField(let path): path
        case .otherType(let path, let expected, let seen): "\(path) is \(seen), not \(expected)"
        case .newWord(let path, let word): "\(path) is \"\(word)\""
        case .sequence(let words), .refused(let words), .absent(let words): words
        }
    }
}

/// Compares messages with ``ExpectedFields``.
public struct MessageAudit: Sendable {
    /// Differences of one message that are told; a message of another shape altogether has more.
    public static let countMax = 64

    /// The difference, and how often it has come.
    public private(set) var found: [(difference: MessageDifference, count: Int)] = []
    private var places: [MessageDifference: Int] = [:]

    public init() {}

    /// Compares one message with what is expected of its kind, such as `push publicTrade linear`.
    ///
    /// - Returns: how many differences it has.
    @discardableResult
    public mutating func compare(_ root: JSONValue, kind name: String) -> Int {
        guard let kind = ExpectedFields.kind(name) else {
            note(.unknownKind(name))
            return 1
        }
        var walk = Walk(kind: kind)
        walk.object(root, "")
        for difference in walk.differences { note(difference) }
        return walk.differences.count
    }

    public mutating func note(_ difference: MessageDifference) {
        if let place = places[difference] {
            found[place].count += 1
        } else {
            places[difference] = found.count
            found.append((difference, 1))
        }
    }

    /// The kinds of the table, such as `push order` and `reply /v5/order/create`.
    public static var kinds: [String] { ExpectedFields.all.map(\.name) }
}

private struct Walk {
    let kind: ExpectedFields.Kind
    var differences: [MessageDifference] = []

    init(kind: ExpectedFields.Kind) { self.kind = kind }

    private mutating func note(_ difference: MessageDifference) {
        guard differences.count < MessageAudit.countMax, !differences.contains(difference) else {
            return
        }
        differences.append(difference)
    }

    private static func joined(_ path: String, _ name: String) -> String {
        if name == "[]" { return path + name }
        return path.isEmpty ? name : path + "." + name
    }

    mutating func object(_ value: JSONValue, _ path: String) {
        guard value.isObject else {
            return note(
                .otherType(
                    path.isEmpty ? "the message" : path,
                    expected: "an object",
                    seen: Walk.word(value)
                )
            )
        }
        let expected = kind.object(path)
        for member in value.elements {
            let name = member.key
            guard let field = expected?.field(name) else {
                note(.unknownField(Walk.joined(path, name)))
                continue
            }
            // Names that are data, such as coins, are one field.
            check(member, field, Walk.joined(path, field.name))
        }
        for field in expected?.fields ?? [] where field.isRequired && value[field.name] == nil {
            note(.missingField(Walk.joined(path, field.name)))
        }
    }

    private mutating func check(
        _ value: JSONValue,
        _ field: ExpectedFields.Field,
        _ path: String
    ) {
        let letter = Walk.letter(value)
        let isText = letter == "s"
        guard field.types.contains(letter) || (isText && field.types.contains("d")) else {
            return note(
                .otherType(path, expected: Walk.words(field.types), seen: Walk.word(value))
            )
        }
        switch letter {
        case "o": object(value, path)
        case "a":
            let element = path + "[]"
            let field = kind.object(path)?.field("[]")
            for item in value.elements {
                if let field {
                    check(item, field, element)
                } else {
                    object(item, element)
                }
            }
        case "s": text(value, field, path)
        default: break
        }
    }

    private mutating func text(
        _ value: JSONValue,
        _ field: ExpectedFields.Field,
        _ path: String
    ) {
        let text = value.string ?? ""
        if !field.types.contains("s"), !Walk.isDecimal(text) {
            return note(.otherType(path, expected: "a decimal", seen: "another text"))
        }
        guard !field.words.isEmpty, let words = ExpectedWords.list(field.words),
            !words.contains(text)
        else { return }
        note(.newWord(path, String(text.prefix(64))))
    }

    /// Digits with at most one point among them, a sign before them; empty is no number, which is allowed too.
    private static func isDecimal(_ text: String) -> Bool {
        if text.isEmpty { return true }
        var digits = 0
        var points = 0
        for (place, byte) in text.utf8.enumerated() {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digits += 1
            case UInt8(ascii: "."): points += 1
            case UInt8(ascii: "-") where place == 0: break
            default: return false
            }
        }
        return digits > 0 && points <= 1
    }

    private static func letter(_ value: JSONValue) -> Character {
        switch value.kind {
        case .object: "o"
        case .array: "a"
        case .string: "s"
        case .number: "n"
        case .null: "0"
        default: "b"
        }
    }

    private static func word(_ value: JSONValue) -> String { name(letter(value)) }

    private static func words(_ types: [Character]) -> String {
        types.map(name).joined(separator: " or ")
    }

    private static func name(_ letter: Character) -> String {
        switch letter {
        case "d": "a text of digits"
        case "s": "a text"
        case "n": "a number"
        case "b": "true or false"
        case "0": "null"
        case "o": "an object"
        default: "an array"
        }
    }
}
