/// Reads a state back from the bytes of ``CanonicalEncoder/checkpoint(_:)``.
///
/// Bytes that were cut or changed are a ``CanonicalError``, never a trap; sizes are checked before memory is taken.
public struct CanonicalDecoder: Sendable {
    public init() {}

    public func decode<State: Decodable>(
        _ type: State.Type,
        from bytes: [UInt8]
    ) throws -> State {
        let source = try CanonicalSource(bytes: bytes)
        return try SourceDecoder(source: source, offset: 0).decode(State.self)
    }
}

/// The bytes of a checkpoint, and how to step over a value of them.
///
/// They are walked once. A value is known by its offset alone; the way to it is found again when an error has to name it.
final class CanonicalSource {
    let bytes: [UInt8]
    /// Of each container, at its offset, where the value behind it begins.
    @exclusivity(unchecked) private var ends: [UInt32]

    /// - Throws: for bytes that are not one value.
    init(bytes: [UInt8]) throws(CanonicalError) {
        self.bytes = bytes
        // Nothing of this size is a state.
        guard bytes.count <= UInt32.max else { throw .trailing(count: bytes.count) }
        ends = [UInt32](repeating: 0, count: bytes.count)
        let end = try walk()
        guard end == bytes.count else { throw .trailing(count: bytes.count - end) }
    }

    func token(at offset: Int) throws(CanonicalError) -> UInt8 {
        guard offset < bytes.count else { throw .truncated(offset: offset) }
        return bytes[offset]
    }

    /// Notes where containers end; a list of the open ones instead of recursion.
    ///
    /// - Returns: just past the first value.
    private func walk() throws(CanonicalError) -> Int {
        var place = 0
        var open: [Int] = []
        repeat {
            switch try token(at: place) {
            case CanonicalWalk.tokenFields, CanonicalWalk.tokenElements:
                open.append(place)
                place += 1
            case CanonicalWalk.tokenField where !open.isEmpty:
                place = try textRange(at: place + 1).upperBound
                continue
            case CanonicalWalk.tokenEnd where !open.isEmpty:
                place += 1
                ends[open.removeLast()] = UInt32(truncatingIfNeeded: place)
            default: place = try end(ofLeafAt: place)
            }
        } while !open.isEmpty
        return place
    }

    /// Just past the value that begins at `offset`.
    private func end(ofValueAt offset: Int) throws(CanonicalError) -> Int {
        switch try token(at: offset) {
        case CanonicalWalk.tokenFields, CanonicalWalk.tokenElements: Int(ends[offset])
        default: try end(ofLeafAt: offset)
        }
    }

    private func end(ofLeafAt place: Int) throws(CanonicalError) -> Int {
        switch try token(at: place) {
        case CanonicalWalk.tokenNil, CanonicalWalk.tokenFalse, CanonicalWalk.tokenTrue:
            return place + 1
        case CanonicalWalk.tokenInteger: return try varint(at: place + 1).end
        case CanonicalWalk.tokenWide:
            guard place + 17 <= bytes.count else { throw .truncated(offset: bytes.count) }
            return place + 17
        case CanonicalWalk.tokenText: return try textRange(at: place + 1).upperBound
        default: throw .malformed(offset: place)
        }
    }

    /// The way to the value at `offset`, such as `orders[3].price`; empty for the whole.
    func path(to offset: Int) -> String {
        var path = ""
        var place = 0
        do throws(CanonicalError) {
            while place != offset {
                if let fields = try fields(at: place) {
                    guard let field = fields.last(where: { $0.value <= offset }) else { break }
                    if !path.isEmpty { path += "." }
                    path += text(field.name)
                    place = field.value
                } else if let elements = try elements(at: place) {
                    guard let index = elements.lastIndex(where: { $0 <= offset }) else { break }
                    path += "[\(index)]"
                    place = elements[index]
                } else {
                    break
                }
            }
        } catch {
            // All of it was walked before.
        }
        return path
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
        result.reserveCapacity(16)
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

    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try Value(from: self)
    }

    func container<Key: CodingKey>(
        keyedBy type: Key.Type
    ) throws -> KeyedDecodingContainer<Key> {
        guard let fields = try source.fields(at: offset) else {
            throw CanonicalError.mismatch(path: source.path(to: offset), expected: "fields")
        }
        return KeyedDecodingContainer(
            SourceFields<Key>(source: source, fields: FieldList(fields), offset: offset)
        )
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard let elements = try source.elements(at: offset) else {
            throw CanonicalError.mismatch(path: source.path(to: offset), expected: "list")
        }
        return SourceElements(source: source, elements: elements, offset: offset)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer {
        SourceValue(source: source, offset: offset)
    }
}
