/// Reads the JSON that the journal itself wrote: objects, arrays, text and whole numbers.
///
/// Payloads of others are never read here. Anything else is `nil`, and depth is bounded.
enum FlatJSON: Hashable {
    case text(String)
    case number(Int64)
    case array([FlatJSON])
    case object([Member])
    case other

    struct Member: Hashable {
        var key: String
        var value: FlatJSON
    }

    subscript(key: String) -> FlatJSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    var text: String? {
        if case .text(let text) = self { return text }
        return nil
    }

    var number: Int64? {
        if case .number(let number) = self { return number }
        return nil
    }

    var items: [FlatJSON] {
        if case .array(let items) = self { return items }
        return []
    }

    static func parse(_ bytes: some Collection<UInt8>) -> FlatJSON? {
        var scanner = Scanner(bytes: Array(bytes))
        guard let value = scanner.value(depth: 0) else { return nil }
        scanner.space()
        return scanner.offset == scanner.bytes.count ? value : nil
    }

    private struct Scanner {
        let bytes: [UInt8]
        var offset = 0

        mutating func space() {
            while offset < bytes.count {
                switch bytes[offset] {
                case 0x20, 0x0a, 0x0d, 0x09: offset += 1
                default: return
                }
            }
        }

        mutating func skip(_ character: Unicode.Scalar) -> Bool {
            space()
            guard offset < bytes.count, UInt32(bytes[offset]) == character.value else {
                return false
            }
            offset += 1
            return true
        }

        mutating func value(depth: Int) -> FlatJSON? {
            guard depth < 16 else { return nil }
            space()
            guard offset < bytes.count else { return nil }
            switch bytes[offset] {
            case UInt8(ascii: "{"): return object(depth: depth)
            case UInt8(ascii: "["): return array(depth: depth)
            case UInt8(ascii: "\""): return string().map { .text($0) }
            default: return word()
            }
        }

        private mutating func object(depth: Int) -> FlatJSON? {
            offset += 1
            var members: [Member] = []
            if skip("}") { return .object(members) }
            repeat {
                space()
                guard let key = string(), skip(":"), let value = value(depth: depth + 1) else {
                    return nil
                }
                members.append(Member(key: key, value: value))
            } while skip(",")
            return skip("}") ? .object(members) : nil
        }

        private mutating func array(depth: Int) -> FlatJSON? {
            offset += 1
            var items: [FlatJSON] = []
            if skip("]") { return .array(items) }
            repeat {
                guard let value = value(depth: depth + 1) else { return nil }
                items.append(value)
            } while skip(",")
            return skip("]") ? .array(items) : nil
        }

        private mutating func word() -> FlatJSON? {
            let start = offset
            while offset < bytes.count,
                ![0x2c, 0x7d, 0x5d, 0x20, 0x0a, 0x0d, 0x09].contains(bytes[offset])
            {
                offset += 1
            }
            let text = String(decoding: bytes[start..<offset], as: UTF8.self)
            if let number = Int64(text) { return .number(number) }
            return ["true", "false", "null"].contains(text) ? .other : nil
        }

        mutating func string() -> String? {
            guard offset < bytes.count, bytes[offset] == UInt8(ascii: "\"") else { return nil }
            offset += 1
            // Most text has no escapes: it is taken as it stands.
            if let end = bytes[offset...].firstIndex(where: { $0 == 0x22 || $0 == 0x5c }),
                bytes[end] == 0x22
            {
                defer { offset = end + 1 }
                return String(validating: bytes[offset..<end], as: UTF8.self)
            }
            var text: [UInt8] = []
            while offset < bytes.count {
                let byte = bytes[offset]
                offset += 1
                switch byte {
                case UInt8(ascii: "\""): return String(validating: text, as: UTF8.self)
                case UInt8(ascii: "\\"):
                    guard let character = escape() else { return nil }
                    text.append(contentsOf: Array(String(character).utf8))
                default: text.append(byte)
                }
            }
            return nil
        }

        private mutating func escape() -> Character? {
            guard offset < bytes.count else { return nil }
            let byte = bytes[offset]
            offset += 1
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
                return Character(Unicode.Scalar(byte))
            case UInt8(ascii: "n"): return "\n"
            case UInt8(ascii: "r"): return "\r"
            case UInt8(ascii: "t"): return "\t"
            case UInt8(ascii: "u"):
                guard offset + 4 <= bytes.count else { return nil }
                let digits = String(decoding: bytes[offset..<(offset + 4)], as: UTF8.self)
                offset += 4
                guard let code = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(code) else {
                    return nil
                }
                return Character(scalar)
            default: return nil
            }
        }
    }
}
