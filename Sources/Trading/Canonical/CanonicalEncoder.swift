/// Writes any `Codable` state in one canonical form: the same state is the same bytes in every process and build.
///
/// One walk serves three ends: ``hash(_:)``, ``checkpoint(_:)`` (read back by ``CanonicalDecoder``) and
/// ``differences(between:and:)``. What has no order of its own (`Dictionary`, `Set`) and what is not exact (`Double`,
/// `Float`) is refused with the path to it.
///
/// Fields are written in the order in which `encode(to:)` names them, which for synthesised conformances is the
/// order of their declaration: moving a field changes the encoding, so count up the component's encoding version.
public struct CanonicalEncoder: Sendable {
    public init() {}

    /// A fixed 64-bit hash of the state.
    public func hash(_ state: some Encodable) throws -> UInt64 {
        try CanonicalHasher().hash(state)
    }

    /// The state as bytes.
    public func checkpoint(_ state: some Encodable) throws -> [UInt8] {
        let walk = CanonicalWalk(sink: .checkpoint)
        try WalkEncoder(walk: walk).encode(root: state)
        return walk.bytes
    }

    /// The fields in which two states differ, in the order of the walk.
    ///
    /// - Parameter limit: at most so many are returned.
    public func differences<State: Encodable>(
        between left: State,
        and right: State,
        limit: Int = 100
    ) throws -> [FieldDifference] {
        let leftWalk = CanonicalWalk(sink: .difference)
        try WalkEncoder(walk: leftWalk).encode(root: left)
        let rightWalk = CanonicalWalk(sink: .difference)
        try WalkEncoder(walk: rightWalk).encode(root: right)
        return FieldDifference.compare(leftWalk.leaves, rightWalk.leaves, limit: limit)
    }
}

/// ``CanonicalEncoder/hash(_:)`` for many states, one after the other: in the same memory, with the same types judged once.
struct CanonicalHasher {
    private let walk = CanonicalWalk(sink: .hash)

    func hash(_ state: some Encodable) throws -> UInt64 {
        walk.begin()
        try WalkEncoder(walk: walk).encode(root: state)
        return walk.finishedHash()
    }
}

/// What the walk is for, for the rare type that keeps its hash at hand and need not be walked for it.
enum CanonicalPurpose {
    /// True while a hash is made, and only then.
    static func isHash(_ encoder: any Encoder) -> Bool {
        (encoder as? WalkEncoder)?.walk.sink == .hash
    }
}

/// Marks the collections whose order changes with each process.
private protocol Unordered {}
extension Dictionary: Unordered {}
extension Set: Unordered {}

/// The face of the walk that `Codable` asks for.
struct WalkEncoder: Encoder {
    let walk: CanonicalWalk

    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(
            WalkFields<Key>(walk: walk, id: walk.begin(CanonicalWalk.tokenFields))
        )
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        WalkElements(walk: walk, id: walk.begin(CanonicalWalk.tokenElements))
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        WalkValue(walk: walk)
    }

    func encode(root value: some Encodable) throws {
        try encode(value)
        if let failure = walk.failure { throw failure }
        walk.close(downTo: 0)
    }

    /// Any value, through its own `encode(to:)`, after what can never be canonical has been refused.
    @inline(__always)
    func encode<Value: Encodable>(_ value: Value) throws {
        if walk.refuses(Value.self, { Value.self is any Unordered.Type }) {
            throw CanonicalError.unordered(path: walk.path, type: "\(Value.self)")
        }
        let tokens = walk.tokens
        let open = walk.openCount
        try value.encode(to: self)
        guard walk.tokens > tokens else {
            throw CanonicalError.empty(path: walk.path, type: "\(Value.self)")
        }
        walk.close(downTo: open)
    }
}
