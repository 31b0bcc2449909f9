/// Which fields the messages of one kind have, of which type: the one table of what the exchange is expected to say.
///
/// Decoding takes what it needs and tolerates the rest; this is for who wants to know what has changed. A kind has one line,
/// each object in it the lines below, from `.`, the outermost, on:
///
///     push publicTrade linear
///       . topic:s type:s@pushType ts:n data:a
///       data[] T:n s:s S:s@side v:d p:d L:s@tick i:s BT:b RPI?:b seq:n
///
/// `NAME:TYPES`, with `?` behind a name that may be missing. Types: `d` a text that is a decimal or empty, `s` any text,
/// `s@WORDS` one of ``ExpectedWords``, `n` a number, `b` true or false, `0` null, `o` an object, `a` an array; `|`
/// between those of which each may come. `[]` is an element of an array, `*` any name of an object whose names are data.
///
/// - Source: bybit-v5 §2 to §7; the documentation's examples and captured messages where a table and they differ.
struct ExpectedFields: Sendable {
    struct Field: Sendable {
        var name: String
        var isRequired: Bool
        var types: [Character]
        /// Name of the list of words; empty where any text may come.
        var words: String
    }

    /// The fields of one object of the message.
    struct Object: Sendable {
        /// Path from the message's root; empty for the root.
        var path: String
        var fields: [Field]

        func field(_ name: String) -> Field? {
            fields.first { $0.name == name } ?? fields.first { $0.name == "*" }
        }
    }

    struct Kind: Sendable {
        var name: String
        var objects: [Object]

        func object(_ path: String) -> Object? { objects.first { $0.path == path } }
    }

    /// Every kind, in the order of the table.
    static let all: [Kind] = [pushes, marketReplies, accountReplies].flatMap { kinds(in: $0) }

    /// The kind of that name, or the one without its last word: what all categories share.
    static func kind(_ name: String) -> Kind? {
        if let kind = all.first(where: { $0.name == name }) { return kind }
        guard let end = name.lastIndex(of: " ") else { return nil }
        let shared = name[..<end]
        return all.first { $0.name == shared }
    }

    static func kinds(in text: String) -> [Kind] {
        var kinds: [Kind] = []
        for line in text.split(separator: "\n") {
            guard line.hasPrefix("  ") else {
                kinds.append(Kind(name: String(line), objects: []))
                continue
            }
            let words = line.split(separator: " ")
            guard let path = words.first, !kinds.isEmpty else { continue }
            let fields = words.dropFirst().compactMap(field)
            let name = path == "." ? "" : String(path)
            let last = kinds.count - 1
            if let place = kinds[last].objects.firstIndex(where: { $0.path == name }) {
                kinds[last].objects[place].fields += fields
            } else {
                kinds[last].objects.append(Object(path: name, fields: fields))
            }
        }
        return kinds
    }

    private static func field(_ text: Substring) -> Field? {
        let parts = text.split(separator: ":", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        let isRequired = parts[0].last != "?"
        var types: [Character] = []
        var words = ""
        for part in parts[1].split(separator: "|") {
            let pair = part.split(separator: "@")
            guard let letter = pair.first?.first else { continue }
            types.append(letter)
            if pair.count == 2 { words = String(pair[1]) }
        }
        return Field(
            name: String(isRequired ? parts[0] : parts[0].dropLast()),
            isRequired: isRequired && parts[0] != "[]" && parts[0] != "*",
            types: types,
            words: words
        )
    }
}
