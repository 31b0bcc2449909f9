/// Reads a state back from the bytes of ``CanonicalEncoder/checkpoint(_:)``.
///
/// Bytes that were cut or changed are a ``CanonicalError``, never a trap; sizes are checked before memory is taken.
public struct CanonicalDecoder: Sendable {
    public init() {}

    public func decode<State: Decodable>(
        _ type: State.Type,
        from bytes: [UInt8]
    ) throws -> State {
        let source = CanonicalSource(bytes: bytes)
        let end = try source.end(ofValueAt: 0)
        guard end == bytes.count else {
            throw CanonicalError.trailing(count: bytes.count - end)
        }
        return try SourceDecoder(source: source, offset: 0, path: "").decode(State.self)
    }
}

/// The bytes of a checkpoint, and how to step over a value of them.
final class CanonicalSource {
    let bytes: [UInt8]

    init(bytes: [UInt8]) { self.bytes = bytes }

    func token(at offset: Int) throws(CanonicalError) -> UInt8 {
        guard offset < bytes.count else { throw .truncated(offset: offset) }
        return bytes[offset]
    }

    /// Just past the value that begins at `offset`; a count of open containers instead of recursion.
    func end(ofValueAt offset: Int) throws(CanonicalError) -> Int {
        var place = offset
        var depth = 0
        repeat {
            let token = try token(at: place)
            switch token {
            case CanonicalWalk.tokenNil, CanonicalWalk.tokenFalse, CanonicalWalk.tokenTrue:
                place += 1
            case CanonicalWalk.tokenInteger: place = try varint(at: place + 1).end
            case CanonicalWalk.tokenWide:
                place += 17
                guard place <= bytes.count else { throw .truncated(offset: bytes.count) }
            case CanonicalWalk.tokenText: place = try textRange(at: place + 1).upperBound
            case CanonicalWalk.tokenFields, CanonicalWalk.tokenElements:
                depth += 1
                place += 1
            case CanonicalWalk.tokenField where depth > 0:
                place = try textRange(at: place + 1).upperBound
                continue
            case CanonicalWalk.tokenEnd where depth > 0:
                depth -= 1
                place += 1
            default: throw .malformed(offset: place)
            }
        } while depth > 0
        return place
    }

    func varint(at offset: Int) throws(CanonicalError) -> (value: UInt64, end: Int) {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        var place = offset
        while true {
            let byte = try token(at: place)
            guard shift < 64, shift < 63 || byte <= 1 else { throw .malformed(offset: place) }
            value |= UInt64(byte & 0x7f) << shift
            place += 1
            if byte < 0x80 { return (value, place) }
            shift += 7
        }
    }

    func textRange(at offset: Int) throws(CanonicalError) -> Range<Int> {
        let (count, start) = try varint(at: offset)
        guard count <= UInt64(bytes.count - start) else { throw .truncated(offset: bytes.count) }
        return start..<start + Int(count)
    }

    func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }

    /// The whole number at `offset`, or `nil` when something else stands there.
    func integer(at offset: Int) throws(CanonicalError) -> Int128? {
        switch try token(at: offset) {
        case CanonicalWalk.tokenInteger:
            let pattern = try varint(at: offset + 1).value
            return Int128(Int64(bitPattern: pattern >> 1) ^ -Int64(bitPattern: pattern & 1))
        case CanonicalWalk.tokenWide:
            guard offset + 17 <= bytes.count else { throw .truncated(offset: bytes.count) }
            var pattern: UInt128 = 0
            for place in 0..<16 {
                pattern |= UInt128(bytes[offset + 1 + place]) << UInt128(8 * place)
            }
            return Int128(bitPattern: pattern)
        default: return nil
        }
    }

    /// Names and offsets of the fields of the container that begins at `offset`.
    func fields(at offset: Int) throws(CanonicalError) -> [(name: Range<Int>, value: Int)]? {
        guard try token(at: offset) == CanonicalWalk.tokenFields else { return nil }
        var result: [(name: Range<Int>, value: Int)] = []
        var place = offset + 1
        while try token(at: place) != CanonicalWalk.tokenEnd {
            guard try token(at: place) == CanonicalWalk.tokenField else {
                throw .malformed(offset: place)
            }
            let name = try textRange(at: place + 1)
            result.append((name, name.upperBound))
            place = try end(ofValueAt: name.upperBound)
        }
        return result
    }

    /// Offsets of the elements of the container that begins at `offset`.
    func elements(at offset: Int) throws(CanonicalError) -> [Int]? {
        guard try token(at: offset) == CanonicalWalk.tokenElements else { return nil }
        var result: [Int] = []
        var place = offset + 1
        while try token(at: place) != CanonicalWalk.tokenEnd {
            result.append(place)
            place = try end(ofValueAt: place)
        }
        return result
    }
}

/// The face of a source that `Codable` asks for.
struct SourceDecoder: Decoder {
    let source: CanonicalSource
    let offset: Int
    let path: String

    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try Value(from: self)
    }

    func container<Key: CodingKey>(
        keyedBy type: Key.Type
    ) throws -> KeyedDecodingContainer<Key> {
        guard let fields = try source.fields(at: offset) else {
            throw CanonicalError.mismatch(path: path, expected: "fields")
        }
        return KeyedDecodingContainer(
            SourceFields<Key>(source: source, fields: fields, path: path)
        )
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard let elements = try source.elements(at: offset) else {
            throw CanonicalError.mismatch(path: path, expected: "list")
        }
        return SourceElements(source: source, elements: elements, path: path)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer {
        SourceValue(source: source, offset: offset, path: path)
    }
}
