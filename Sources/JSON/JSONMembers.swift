/// Looks up members of one object, each search starting where the last one ended.
///
/// Messages have their keys in much the same order every time: asked in that order, each look-up is one comparison,
/// and any other order is still right. Which of doubled names is found is not promised.
public struct JSONMembers {
    @usableFromInline let object: JSONValue
    @usableFromInline let end: Int
    @usableFromInline var next: Int

    /// `nil` when the value is no object.
    @inlinable
    public init?(_ object: JSONValue) {
        guard object.isObject else { return nil }
        self.object = object
        self.end = Int(object.node.end)
        self.next = object.index + 1
    }

    /// No members, in the place of `object`: where an object is missing whose members may be too.
    @inlinable
    public init?(empty object: JSONValue) {
        guard object.isObject else { return nil }
        self.object = object
        self.end = object.index + 1
        self.next = object.index + 1
    }

    /// The object itself.
    @inlinable
    public var value: JSONValue { object }

    @inlinable
    public mutating func find(_ name: StaticString) -> JSONValue? {
        let name = UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        if let found = scan(name, from: next, to: end) { return found }
        return scan(name, from: object.index + 1, to: next)
    }

    @inlinable @inline(__always)
    mutating func scan(_ name: UnsafeRawBufferPointer, from: Int, to: Int) -> JSONValue? {
        var at = from
        while at < to {
            let member = object.sibling(at)
            let after = Int(member.node.end)
            if member.isNamed(name) {
                next = after
                return member
            }
            at = after
        }
        return nil
    }
}
