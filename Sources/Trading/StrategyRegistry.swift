/// The kinds of strategy that a program has, by name.
public struct StrategyRegistry: Sendable {
    private var types: [any Strategy.Type] = []

    /// Without any kind.
    public init() {}

    /// With the kinds that come with Tapedeck: `maker`.
    public static var standard: StrategyRegistry {
        var registry = StrategyRegistry()
        registry.register(Maker.self)
        return registry
    }

    /// Adds a kind; a later one of the same name takes its place.
    public mutating func register<Kind: Strategy>(_ type: Kind.Type) {
        types.removeAll { $0.kind == type.kind }
        let place = types.firstIndex { $0.kind > type.kind } ?? types.count
        types.insert(type, at: place)
    }

    /// Sorted.
    public var kinds: [String] { types.map { $0.kind } }

    public func type(of kind: String) -> (any Strategy.Type)? {
        types.first { $0.kind == kind }
    }

    /// What a kind can be set to; empty for a kind that is not here.
    public func parameters(of kind: String) -> [ParameterDescription] {
        guard let type = type(of: kind) else { return [] }
        func descriptions<Kind: Strategy>(_ type: Kind.Type) -> [ParameterDescription] {
            Kind.Parameters.descriptions
        }
        return descriptions(type)
    }

    /// All parameters of a configured strategy with the defaults filled in, as `session/start` records them.
    public func resolved(
        _ configuration: StrategyConfiguration
    ) throws(EngineError) -> StrategyConfiguration {
        func settings<Kind: Strategy>(_ type: Kind.Type) throws(SettingError) -> [Setting] {
            try Kind.Parameters(
                configuration.parameters,
                owner: "strategies." + configuration.name
            ).settings
        }
        var result = configuration
        do throws(SettingError) {
            result.parameters = try settings(try known(configuration))
        } catch {
            throw .setting(error)
        }
        return result
    }

    func known(
        _ configuration: StrategyConfiguration
    ) throws(SettingError) -> any Strategy.Type {
        guard let type = type(of: configuration.kind) else {
            throw SettingError(
                owner: "strategies." + configuration.name,
                name: "kind",
                value: configuration.kind,
                allowed: "one of: " + kinds.joined(separator: ", "),
                problem: .malformed
            )
        }
        return type
    }

    func make(_ configuration: StrategyConfiguration) throws(SettingError) -> any Strategy {
        func make<Kind: Strategy>(_ type: Kind.Type) throws(SettingError) -> any Strategy {
            Kind(
                parameters: try Kind.Parameters(
                    configuration.parameters,
                    owner: "strategies." + configuration.name
                )
            )
        }
        return try make(try known(configuration))
    }

    func decode(_ kind: String, from bytes: [UInt8]) throws -> (any Strategy)? {
        func decode<Kind: Strategy>(_ type: Kind.Type) throws -> any Strategy {
            try CanonicalDecoder().decode(type, from: bytes)
        }
        guard let type = type(of: kind) else { return nil }
        return try decode(type)
    }
}
