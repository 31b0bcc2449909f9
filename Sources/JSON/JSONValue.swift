/// One value of a JSON text: a cursor of three words, cheap to copy, that decodes only what it is asked for.
///
/// It holds inside the closure of ``JSONParser/read(_:_:)`` and nowhere else.
public struct JSONValue {
    @usableFromInline let nodes: UnsafePointer<JSONNode>
    @usableFromInline let text: UnsafeRawPointer
    @usableFromInline let index: Int

    @inlinable
    init(nodes: UnsafePointer<JSONNode>, text: UnsafeRawPointer, index: Int) {
        self.nodes = nodes
        self.text = text
        self.index = index
    }

    public enum Kind: UInt8, Sendable {
        case object = 1
        case array
        case string
        case number
        case `true`
        case `false`
        case null
    }

    @inlinable @inline(__always)
    var node: JSONNode { nodes[index] }

    @inlinable @inline(__always)
    func sibling(_ index: Int) -> JSONValue {
        JSONValue(nodes: nodes, text: text, index: index)
    }

    @inlinable
    public var kind: Kind { Kind(rawValue: node.kind) ?? .null }
    @inlinable
    public var isObject: Bool { node.kind == Kind.object.rawValue }
    @inlinable
    public var isArray: Bool { node.kind == Kind.array.rawValue }
    @inlinable
    public var isString: Bool { node.kind == Kind.string.rawValue }
    @inlinable
    public var isNumber: Bool { node.kind == Kind.number.rawValue }
    @inlinable
    public var isNull: Bool { node.kind == Kind.null.rawValue }

    /// Values directly inside an object or array; 0 otherwise.
    @inlinable
    public var count: Int { Int(node.count) }

    /// The byte of the text where the value stands.
    @inlinable
    public var offset: Int { Int(node.start) }

    /// The value's bytes as they stand: a string without its quotes and escaped as it came, a number's digits, an
    /// object with its braces.
    @inlinable @inline(__always)
    public var raw: UnsafeRawBufferPointer {
        let node = node
        return UnsafeRawBufferPointer(start: text + Int(node.start), count: Int(node.length))
    }

    /// True for a string that holds a backslash: ``raw`` is then not its text.
    @inlinable
    public var isEscaped: Bool {
        node.flags & JSONNode.valueEscaped != 0
    }

    /// Bytes of the value's name in its object, as they stand.
    @inlinable @inline(__always)
    public var rawKey: UnsafeRawBufferPointer {
        let node = node
        return UnsafeRawBufferPointer(start: text + Int(node.keyStart), count: Int(node.keyLength))
    }

    /// The value's name in its object; empty for the root and in arrays.
    public var key: String {
        node.flags & JSONNode.keyEscaped != 0
            ? JSONEscape.decoded(rawKey) : String(decoding: rawKey, as: UTF8.self)
    }

    // MARK: - As what it is; `nil` when it is something else

    public var string: String? {
        guard isString else { return nil }
        return isEscaped ? JSONEscape.decoded(raw) : String(decoding: raw, as: UTF8.self)
    }

    @inlinable
    public var bool: Bool? {
        switch node.kind {
        case Kind.`true`.rawValue: true
        case Kind.`false`.rawValue: false
        default: nil
        }
    }

    /// A whole JSON number without fraction or exponent that fits.
    @inlinable @inline(__always)
    public var int64: Int64? {
        guard isNumber else { return nil }
        return JSONNumber.int64(raw)
    }

    public var int: Int? { int64.flatMap { Int(exactly: $0) } }

    public var uint64: UInt64? {
        guard isNumber else { return nil }
        return JSONNumber.uint64(raw)
    }

    // MARK: - Inside

    /// The member of that name; `nil` when there is none or this is no object.
    ///
    /// Of doubled names the first counts.
    @inlinable @inline(__always)
    public subscript(name: StaticString) -> JSONValue? {
        find(UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    }

    @_disfavoredOverload
    public subscript(name: String) -> JSONValue? {
        var name = name
        return name.withUTF8 { find(UnsafeRawBufferPointer($0)) }
    }

    /// The value at a place of an array, 0 the first; `nil` beyond its end.
    ///
    /// Walks over those before it.
    public subscript(place: Int) -> JSONValue? {
        guard isArray, place >= 0, place < count else { return nil }
        var at = index + 1
        for _ in 0..<place { at = Int(sibling(at).node.end) }
        return sibling(at)
    }

    /// The values directly inside an array or object, in the order of the text; none for a scalar.
    @inlinable
    public var elements: JSONElements {
        JSONElements(nodes: nodes, text: text, place: index + 1, end: Int(node.end))
    }

    @inlinable
    func find(_ name: UnsafeRawBufferPointer) -> JSONValue? {
        guard isObject else { return nil }
        let end = Int(node.end)
        var at = index + 1
        while at < end {
            let member = sibling(at)
            if member.isNamed(name) { return member }
            at = Int(member.node.end)
        }
        return nil
    }

    /// True when the value's name is `name`, escapes understood.
    @inlinable @inline(__always)
    public func isNamed(_ name: UnsafeRawBufferPointer) -> Bool {
        let own = rawKey
        if own.count == name.count { return JSONValue.isEqual(own, name) }
        guard node.flags & JSONNode.keyEscaped != 0 else { return false }
        return key.utf8.elementsEqual(name)
    }

    public func isNamed(_ name: StaticString) -> Bool {
        isNamed(UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    }

    @inlinable @inline(__always)
    static func isEqual(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
        var offset = 0
        let count = a.count
        while offset &+ 8 <= count {
            if a.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                != b.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            {
                return false
            }
            offset &+= 8
        }
        while offset < count {
            if a[offset] != b[offset] { return false }
            offset &+= 1
        }
        return true
    }
}

/// The values inside an array or object, in the order of the text.
public struct JSONElements: Sequence, IteratorProtocol {
    @usableFromInline let nodes: UnsafePointer<JSONNode>
    @usableFromInline let text: UnsafeRawPointer
    @usableFromInline var place: Int
    @usableFromInline let end: Int

    @inlinable
    init(nodes: UnsafePointer<JSONNode>, text: UnsafeRawPointer, place: Int, end: Int) {
        self.nodes = nodes
        self.text = text
        self.place = place
        self.end = end
    }

    @inlinable @inline(__always)
    public mutating func next() -> JSONValue? {
        guard place < end else { return nil }
        let value = JSONValue(nodes: nodes, text: text, index: place)
        place = Int(value.node.end)
        return value
    }
}

@available(*, unavailable, message: "a value holds only inside JSONParser.read")
extension JSONValue: Sendable {}
