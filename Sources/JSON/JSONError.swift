/// Why a JSON text, or one value of it, could not be read.
public struct JSONError: Error, Hashable, Sendable {
    public enum Reason: Hashable, Sendable {
        /// The bytes are not one JSON text; the parser's word for why.
        case syntax(String)
        case notUTF8
        case tooDeep
        case tooLarge
        case outOfMemory
        case missing
        /// A value of another type than the one asked for.
        case wrongType(expected: String)
        /// A number that does not fit, or text that is not a number; the reason in words.
        case number(String)
    }

    public var reason: Reason
    /// Byte of the text, as near as it is known.
    public var offset: Int
    /// Path of the value, such as `result.list[3].qty`; empty for the whole text.
    public var path: String

    public init(_ reason: Reason, offset: Int, path: String = "") {
        self.reason = reason
        self.offset = offset
        self.path = path
    }
}

extension JSONError.Reason: CustomStringConvertible {
    public var description: String {
        switch self {
        case .syntax(let word): "is not JSON: \(word)"
        case .notUTF8: "is not UTF-8"
        case .tooDeep: "is nested too deep"
        case .tooLarge: "is too large"
        case .outOfMemory: "does not fit the memory"
        case .missing: "is missing"
        case .wrongType(let expected): "is not \(expected)"
        case .number(let why): why
        }
    }
}

extension JSONError: CustomStringConvertible {
    /// Such as `result.list[3].qty is not a string (byte 812)`.
    public var description: String {
        "\(path.isEmpty ? "text" : path) \(reason) (byte \(offset))"
    }
}
