/// One named text of a configuration: a strategy's parameter or a limit.
///
/// Numbers are text from the session file to the place that reads them, never floating point.
public struct Setting: Hashable, Sendable, Codable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// A parameter or limit that cannot be used, in words for the person who wrote it.
public struct SettingError: Error, Hashable, Sendable {
    public enum Problem: Hashable, Sendable {
        /// No such name; `allowed` lists those that exist.
        case unknown
        /// The value does not read as what `allowed` says.
        case malformed
        /// The same name twice.
        case repeated
    }

    /// Whose setting: `strategies.maker`, `limits`.
    public var owner: String
    public var name: String
    public var value: String
    /// What may be written instead.
    public var allowed: String
    public var problem: Problem

    public init(
        owner: String = "",
        name: String,
        value: String,
        allowed: String,
        problem: Problem
    ) {
        self.owner = owner
        self.name = name
        self.value = value
        self.allowed = allowed
        self.problem = problem
    }
}

extension SettingError: CustomStringConvertible {
    public var description: String {
        let place = owner.isEmpty ? name : owner + "." + name
        return switch problem {
        case .unknown: "\(place) does not exist; there are: \(allowed)"
        case .malformed: "\(place) cannot be \"\(value)\"; write \(allowed)"
        case .repeated: "\(place) is set twice"
        }
    }
}
