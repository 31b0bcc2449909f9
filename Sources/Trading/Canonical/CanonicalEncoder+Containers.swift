struct WalkFields<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let walk: CanonicalWalk
    let id: Int

    var codingPath: [any CodingKey] { [] }

    @inline(__always)
    private func at(_ key: some CodingKey) throws(CanonicalError) {
        try walk.enter(id)
        walk.at(.key(key.stringValue))
    }

    mutating func encodeNil(forKey key: Key) throws {
        try at(key)
        walk.writeNil()
    }

    mutating func encode(_ value: Bool, forKey key: Key) throws {
        try at(key)
        walk.write(value)
    }

    mutating func encode(_ value: String, forKey key: Key) throws {
        try at(key)
        walk.write(value)
    }

    mutating func encode(_ value: Int, forKey key: Key) throws {
        try at(key)
        walk.write(Int64(value))
    }

    mutating func encode(_ value: Int64, forKey key: Key) throws {
        try at(key)
        walk.write(value)
    }

    mutating func encode(_ value: Int8, forKey key: Key) throws {
        try encode(Int64(value), forKey: key)
    }

    mutating func encode(_ value: Int16, forKey key: Key) throws {
        try encode(Int64(value), forKey: key)
    }

    mutating func encode(_ value: Int32, forKey key: Key) throws {
        try encode(Int64(value), forKey: key)
    }

    mutating func encode(_ value: UInt, forKey key: Key) throws {
        try encode(Int128(value), forKey: key)
    }

    mutating func encode(_ value: UInt8, forKey key: Key) throws {
        try encode(Int64(value), forKey: key)
    }

    mutating func encode(_ value: UInt16, forKey key: Key) throws {
        try encode(Int64(value), forKey: key)
    }

    mutating func encode(_ value: UInt32, forKey key: Key) throws {
        try encode(Int64(value), forKey: key)
    }

    mutating func encode(_ value: UInt64, forKey key: Key) throws {
        try encode(Int128(value), forKey: key)
    }

    mutating func encode(_ value: Int128, forKey key: Key) throws {
        try at(key)
        walk.writeWide(value)
    }

    mutating func encode(_ value: UInt128, forKey key: Key) throws {
        try at(key)
        guard let number = Int128(exactly: value) else {
            throw CanonicalError.range(path: walk.path)
        }
        walk.writeWide(number)
    }

    mutating func encode(_ value: Double, forKey key: Key) throws {
        try at(key)
        throw CanonicalError.floatingPoint(path: walk.path)
    }

    mutating func encode(_ value: Float, forKey key: Key) throws {
        try at(key)
        throw CanonicalError.floatingPoint(path: walk.path)
    }

    mutating func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        try at(key)
        try WalkEncoder(walk: walk).encode(value)
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy keyType: Nested.Type,
        forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        begin(key)
        return WalkEncoder(walk: walk).container(keyedBy: keyType)
    }

    mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        begin(key)
        return WalkEncoder(walk: walk).unkeyedContainer()
    }

    mutating func superEncoder() -> any Encoder {
        begin(SuperKey())
        return WalkEncoder(walk: walk)
    }

    mutating func superEncoder(forKey key: Key) -> any Encoder {
        begin(key)
        return WalkEncoder(walk: walk)
    }

    /// These requirements cannot throw; a container that is closed already makes the next write throw instead.
    private func begin(_ key: some CodingKey) {
        do {
            try at(key)
        } catch {
            walk.fail(error)
        }
    }
}

struct WalkElements: UnkeyedEncodingContainer {
    let walk: CanonicalWalk
    let id: Int
    private(set) var count = 0

    init(walk: CanonicalWalk, id: Int) {
        self.walk = walk
        self.id = id
    }

    var codingPath: [any CodingKey] { [] }

    @inline(__always)
    private mutating func next() throws(CanonicalError) {
        try walk.enter(id)
        walk.at(.index(count))
        count += 1
    }

    mutating func encodeNil() throws {
        try next()
        walk.writeNil()
    }

    mutating func encode<Value: Encodable>(_ value: Value) throws {
        try next()
        try WalkEncoder(walk: walk).encode(value)
    }

    // The protocol's own versions of these two refuse.
    mutating func encode(_ value: Int128) throws {
        try next()
        walk.writeWide(value)
    }

    mutating func encode(_ value: UInt128) throws {
        try next()
        var container = WalkValue(walk: walk)
        try container.encode(value)
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy keyType: Nested.Type
    ) -> KeyedEncodingContainer<Nested> {
        begin()
        return WalkEncoder(walk: walk).container(keyedBy: keyType)
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        begin()
        return WalkEncoder(walk: walk).unkeyedContainer()
    }

    mutating func superEncoder() -> any Encoder {
        begin()
        return WalkEncoder(walk: walk)
    }

    private mutating func begin() {
        do {
            try next()
        } catch {
            walk.fail(error)
        }
    }
}

struct WalkValue: SingleValueEncodingContainer {
    let walk: CanonicalWalk

    var codingPath: [any CodingKey] { [] }

    mutating func encodeNil() throws { walk.writeNil() }
    mutating func encode(_ value: Bool) throws { walk.write(value) }
    mutating func encode(_ value: String) throws { walk.write(value) }
    mutating func encode(_ value: Int) throws { walk.write(Int64(value)) }
    mutating func encode(_ value: Int8) throws { walk.write(Int64(value)) }
    mutating func encode(_ value: Int16) throws { walk.write(Int64(value)) }
    mutating func encode(_ value: Int32) throws { walk.write(Int64(value)) }
    mutating func encode(_ value: Int64) throws { walk.write(value) }
    mutating func encode(_ value: UInt) throws { walk.writeWide(Int128(value)) }
    mutating func encode(_ value: UInt8) throws { walk.write(Int64(value)) }
    mutating func encode(_ value: UInt16) throws { walk.write(Int64(value)) }
    mutating func encode(_ value: UInt32) throws { walk.write(Int64(value)) }
    mutating func encode(_ value: UInt64) throws { walk.writeWide(Int128(value)) }
    mutating func encode(_ value: Int128) throws { walk.writeWide(value) }

    mutating func encode(_ value: UInt128) throws {
        guard let number = Int128(exactly: value) else {
            throw CanonicalError.range(path: walk.path)
        }
        walk.writeWide(number)
    }

    mutating func encode(_ value: Double) throws {
        throw CanonicalError.floatingPoint(path: walk.path)
    }

    mutating func encode(_ value: Float) throws {
        throw CanonicalError.floatingPoint(path: walk.path)
    }

    mutating func encode<Value: Encodable>(_ value: Value) throws {
        try WalkEncoder(walk: walk).encode(value)
    }
}

struct SuperKey: CodingKey {
    var stringValue: String { "super" }
    var intValue: Int? { nil }

    init() {}
    init?(stringValue: String) {}
    init?(intValue: Int) { return nil }
}
