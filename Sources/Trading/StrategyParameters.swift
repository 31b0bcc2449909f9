/// The typed parameters of a kind of strategy: names, defaults and what each is for.
///
///     struct Parameters: StrategyParameters {
///         var offsetTicks = 2
///         var quantity = PerSymbol<Numeral>(Numeral(mantissa: 10, decimals: 3))
///
///         static var declared: [Parameter<Self>] {
///             [
///                 Parameter("offset_ticks", \.offsetTicks, in: 0...1_000, "ticks from the middle"),
///                 Parameter("quantity", \.quantity, "base coin of one order"),
///             ]
///         }
///     }
public protocol StrategyParameters: Hashable, Sendable, Codable {
    /// All defaults.
    init()
    static var declared: [Parameter<Self>] { get }
}

/// One parameter of a strategy, by the name that the session file and `--set` know it by.
public struct Parameter<Root: StrategyParameters> {
    public let name: String
    public let documentation: String
    /// What may be written, as the end of the sentence *write …*.
    public let allowed: String
    let read: (inout Root, String) -> Bool
    let write: (Root) -> String

    public init<Value: ParameterValue>(
        _ name: String,
        _ path: WritableKeyPath<Root, Value>,
        _ documentation: String
    ) {
        self.name = name
        self.documentation = documentation
        allowed = Value.allowed
        read = { root, text in
            guard let value = Value(parameter: text) else { return false }
            root[keyPath: path] = value
            return true
        }
        write = { $0[keyPath: path].parameterText }
    }

    public init<Value: ParameterValue & Comparable>(
        _ name: String,
        _ path: WritableKeyPath<Root, Value>,
        in range: ClosedRange<Value>,
        _ documentation: String
    ) {
        let lowest = range.lowerBound.parameterText
        let highest = range.upperBound.parameterText
        self.name = name
        self.documentation = documentation
        allowed = "\(Value.allowed), from \(lowest) to \(highest)"
        read = { root, text in
            guard let value = Value(parameter: text), range.contains(value) else { return false }
            root[keyPath: path] = value
            return true
        }
        write = { $0[keyPath: path].parameterText }
    }
}

/// A parameter as `--help`, `check` and the manifest show it.
public struct ParameterDescription: Hashable, Sendable {
    public var name: String
    public var documentation: String
    public var allowed: String
    /// The default as text.
    public var value: String
}

extension StrategyParameters {
    /// The defaults, changed by `settings`.
    public init(_ settings: [Setting], owner: String = "") throws(SettingError) {
        self.init()
        let declared = Self.declared
        for (place, setting) in settings.enumerated() {
            guard let parameter = declared.first(where: { $0.name == setting.name }) else {
                throw SettingError(
                    owner: owner,
                    name: setting.name,
                    value: setting.value,
                    allowed: declared.map(\.name).joined(separator: ", "),
                    problem: .unknown
                )
            }
            guard !settings[..<place].contains(where: { $0.name == setting.name }) else {
                throw SettingError(
                    owner: owner,
                    name: setting.name,
                    value: setting.value,
                    allowed: parameter.allowed,
                    problem: .repeated
                )
            }
            guard parameter.read(&self, setting.value) else {
                throw SettingError(
                    owner: owner,
                    name: setting.name,
                    value: setting.value,
                    allowed: parameter.allowed,
                    problem: .malformed
                )
            }
        }
    }

    /// Every parameter with its value, as text, in the order of declaration.
    public var settings: [Setting] {
        Self.declared.map { Setting($0.name, $0.write(self)) }
    }

    public static var descriptions: [ParameterDescription] {
        let defaults = Self()
        return declared.map {
            ParameterDescription(
                name: $0.name,
                documentation: $0.documentation,
                allowed: $0.allowed,
                value: $0.write(defaults)
            )
        }
    }
}

/// For a strategy that has nothing to set.
public struct NoParameters: StrategyParameters {
    public init() {}
    public static var declared: [Parameter<NoParameters>] { [] }
}
