struct SourceFields<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let source: CanonicalSource
    let fields: [(name: Range<Int>, value: Int)]
    let path: String

    var codingPath: [any CodingKey] { [] }

    var allKeys: [Key] {
        fields.compactMap { Key(stringValue: source.text($0.name)) }
    }

    func contains(_ key: Key) -> Bool { offset(of: key) != nil }

    private func offset(of key: some CodingKey) -> Int? {
        let name = key.stringValue.utf8
        return fields.first { source.bytes[$0.name].elementsEqual(name) }?.value
    }

    private func value(of key: some CodingKey) throws(CanonicalError) -> SourceDecoder {
        let place = path.isEmpty ? key.stringValue : path + "." + key.stringValue
        guard let offset = offset(of: key) else { throw .missing(path: place) }
        return SourceDecoder(source: source, offset: offset, path: place)
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
    let path: String
    private(set) var currentIndex = 0

    init(source: CanonicalSource, elements: [Int], path: String) {
        self.source = source
        self.elements = elements
        self.path = path
    }

    var codingPath: [any CodingKey] { [] }
    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex == elements.count }

    private func value() throws(CanonicalError) -> SourceDecoder {
        let place = "\(path)[\(currentIndex)]"
        guard currentIndex < elements.count else { throw .missing(path: place) }
        return SourceDecoder(source: source, offset: elements[currentIndex], path: place)
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
    let path: String

    var codingPath: [any CodingKey] { [] }

    func decodeNil() -> Bool {
        guard offset < source.bytes.count else { return false }
        return source.bytes[offset] == CanonicalWalk.tokenNil
    }

    func decode(_ type: Bool.Type) throws -> Bool {
        switch try source.token(at: offset) {
        case CanonicalWalk.tokenFalse: return false
        case CanonicalWalk.tokenTrue: return true
        default: throw CanonicalError.mismatch(path: path, expected: "flag")
        }
    }

    func decode(_ type: String.Type) throws -> String {
        guard try source.token(at: offset) == CanonicalWalk.tokenText else {
            throw CanonicalError.mismatch(path: path, expected: "text")
        }
        return source.text(try source.textRange(at: offset + 1))
    }

    private func whole<Number: FixedWidthInteger>(_ type: Number.Type) throws -> Number {
        guard let wide = try source.integer(at: offset) else {
            throw CanonicalError.mismatch(path: path, expected: "whole number")
        }
        guard let number = Number(exactly: wide) else { throw CanonicalError.range(path: path) }
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
        throw CanonicalError.floatingPoint(path: path)
    }

    func decode(_ type: Float.Type) throws -> Float {
        throw CanonicalError.floatingPoint(path: path)
    }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try SourceDecoder(source: source, offset: offset, path: path).decode(type)
    }
}
