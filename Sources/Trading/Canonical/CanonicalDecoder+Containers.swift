/// The fields of one container.
///
/// A class, so that it remembers where the last one was: fields are mostly asked for in the order in which they were written.
final class FieldList {
    private let fields: [(name: Range<Int>, value: Int)]
    @exclusivity(unchecked) private var last = 0

    init(_ fields: [(name: Range<Int>, value: Int)]) { self.fields = fields }

    var names: [Range<Int>] { fields.map(\.name) }

    /// The offset of a field's value.
    func offset(of name: String, in bytes: [UInt8]) -> Int? {
        let found = name.utf8.withContiguousStorageIfAvailable { place(of: $0, in: bytes) }
        guard
            let place = found
                ?? Array(name.utf8).withUnsafeBufferPointer({ place(of: $0, in: bytes) })
        else { return nil }
        last = place
        return fields[place].value
    }

    private func place(of name: UnsafeBufferPointer<UInt8>, in bytes: [UInt8]) -> Int? {
        for step in fields.indices {
            var place = last + step
            if place >= fields.count { place -= fields.count }
            let range = fields[place].name
            guard range.count == name.count else { continue }
            if name.indices.allSatisfy({ bytes[range.lowerBound + $0] == name[$0] }) {
                return place
            }
        }
        return nil
    }
}

struct SourceFields<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let source: CanonicalSource
    let fields: FieldList
    /// Of the container.
    let offset: Int

    var codingPath: [any CodingKey] { [] }

    var allKeys: [Key] {
        fields.names.compactMap { Key(stringValue: source.text($0)) }
    }

    func contains(_ key: Key) -> Bool {
        fields.offset(of: key.stringValue, in: source.bytes) != nil
    }

    private func value(of key: some CodingKey) throws(CanonicalError) -> SourceDecoder {
        let name = key.stringValue
        guard let value = fields.offset(of: name, in: source.bytes) else {
            let path = source.path(to: offset)
            throw .missing(path: path.isEmpty ? name : path + "." + name)
        }
        return SourceDecoder(source: source, offset: value)
    }

    func decodeNil(forKey key: Key) throws -> Bool {
        let value = try value(of: key)
        return try source.token(at: value.offset) == CanonicalWalk.tokenNil
    }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try value(of: key).decode(type)
    }

    // The protocol's own versions of these two refuse.
    func decode(_ type: Int128.Type, forKey key: Key) throws -> Int128 {
        try value(of: key).singleValueContainer().decode(type)
    }

    func decode(_ type: UInt128.Type, forKey key: Key) throws -> UInt128 {
        try value(of: key).singleValueContainer().decode(type)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        try value(of: key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try value(of: key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { try value(of: SuperKey()) }
    func superDecoder(forKey key: Key) throws -> any Decoder { try value(of: key) }
}

struct SourceElements: UnkeyedDecodingContainer {
    let source: CanonicalSource
    let elements: [Int]
    /// Of the container.
    let offset: Int
    private(set) var currentIndex = 0

    init(source: CanonicalSource, elements: [Int], offset: Int) {
        self.source = source
        self.elements = elements
        self.offset = offset
    }

    var codingPath: [any CodingKey] { [] }
    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex == elements.count }

    private func value() throws(CanonicalError) -> SourceDecoder {
        guard currentIndex < elements.count else {
            throw .missing(path: source.path(to: offset) + "[\(currentIndex)]")
        }
        return SourceDecoder(source: source, offset: elements[currentIndex])
    }

    /// Goes on only when there is a nil, as the protocol asks.
    mutating func decodeNil() throws -> Bool {
        let isNil = try source.token(at: value().offset) == CanonicalWalk.tokenNil
        if isNil { currentIndex += 1 }
        return isNil
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let result = try value().decode(type)
        currentIndex += 1
        return result
    }

    // The protocol's own versions of these two refuse.
    mutating func decode(_ type: Int128.Type) throws -> Int128 {
        let result = try value().singleValueContainer().decode(type)
        currentIndex += 1
        return result
    }

    mutating func decode(_ type: UInt128.Type) throws -> UInt128 {
        let result = try value().singleValueContainer().decode(type)
        currentIndex += 1
        return result
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        let result = try value().container(keyedBy: type)
        currentIndex += 1
        return result
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        let result = try value().unkeyedContainer()
        currentIndex += 1
        return result
    }

    mutating func superDecoder() throws -> any Decoder {
        let result = try value()
        currentIndex += 1
        return result
    }
}

struct SourceValue: SingleValueDecodingContainer {
    let source: CanonicalSource
    let offset: Int

    var codingPath: [any CodingKey] { [] }

    func decodeNil() -> Bool {
        guard offset < source.bytes.count else { return false }
        return source.bytes[offset] == CanonicalWalk.tokenNil
    }

    func decode(_ type: Bool.Type) throws -> Bool {
        switch try source.token(at: offset) {
        case CanonicalWalk.tokenFalse: return false
        case CanonicalWalk.tokenTrue: return true
        default: throw CanonicalError.mismatch(path: source.path(to: offset), expected: "flag")
        }
    }

    func decode(_ type: String.Type) throws -> String {
        guard try source.token(at: offset) == CanonicalWalk.tokenText else {
            throw CanonicalError.mismatch(path: source.path(to: offset), expected: "text")
        }
        return source.text(try source.textRange(at: offset + 1))
    }

    private func whole<Number: FixedWidthInteger>(_ type: Number.Type) throws -> Number {
        guard let wide = try source.integer(at: offset) else {
            throw CanonicalError.mismatch(path: source.path(to: offset), expected: "whole number")
        }
        guard let number = Number(exactly: wide) else {
            throw CanonicalError.range(path: source.path(to: offset))
        }
        return number
    }

    func decode(_ type: Int.Type) throws -> Int { try whole(type) }
    func decode(_ type: Int8.Type) throws -> Int8 { try whole(type) }
    func decode(_ type: Int16.Type) throws -> Int16 { try whole(type) }
    func decode(_ type: Int32.Type) throws -> Int32 { try whole(type) }
    func decode(_ type: Int64.Type) throws -> Int64 { try whole(type) }
    func decode(_ type: Int128.Type) throws -> Int128 { try whole(type) }
    func decode(_ type: UInt.Type) throws -> UInt { try whole(type) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try whole(type) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try whole(type) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try whole(type) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try whole(type) }
    func decode(_ type: UInt128.Type) throws -> UInt128 { try whole(type) }

    func decode(_ type: Double.Type) throws -> Double {
        throw CanonicalError.floatingPoint(path: source.path(to: offset))
    }

    func decode(_ type: Float.Type) throws -> Float {
        throw CanonicalError.floatingPoint(path: source.path(to: offset))
    }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try SourceDecoder(source: source, offset: offset).decode(type)
    }
}
