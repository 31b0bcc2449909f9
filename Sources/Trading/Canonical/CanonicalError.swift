/// Why a state cannot be written or read in the canonical encoding.
public enum CanonicalError: Error, Hashable, Sendable {
    /// A `Dictionary` or `Set`: its order changes with each process, so no two encodings of it are the same.
    case unordered(path: String, type: String)
    /// A `Double` or `Float`: the core counts exactly.
    case floatingPoint(path: String)
    /// A container was written to after one beside or around it went on.
    case interleaved(path: String)
    /// A value that wrote nothing at all.
    case empty(path: String, type: String)
    /// The bytes end where a value should stand.
    case truncated(offset: Int)
    /// The byte at this offset begins no value.
    case malformed(offset: Int)
    /// The bytes hold another kind of value than the type asks for.
    case mismatch(path: String, expected: String)
    case missing(path: String)
    /// A whole number that does not fit the type.
    case range(path: String)
    /// Bytes are left over after the value.
    case trailing(count: Int)
}

extension CanonicalError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unordered(let path, let type):
            "\(path): \(type) has no order that is the same in every process;"
                + " keep an array or an OrderedTable instead"
        case .floatingPoint(let path):
            "\(path): a floating-point number; keep a Price, Quantity, Numeral or Amount instead"
        case .interleaved(let path):
            "\(path): written after the container around it went on; write one value after another"
        case .empty(let path, let type): "\(path): \(type) writes nothing"
        case .truncated(let offset): "the state ends at byte \(offset), inside a value"
        case .malformed(let offset): "byte \(offset) of the state begins no value"
        case .mismatch(let path, let expected): "\(path): the state holds no \(expected) there"
        case .missing(let path): "\(path): missing from the state"
        case .range(let path): "\(path): the number does not fit its type"
        case .trailing(let count): "\(count) bytes are left over after the state"
        }
    }
}
