public import Market

/// One strategy of a session: a kind under a name of its own.
public struct StrategyConfiguration: Hashable, Sendable, Codable {
    /// Unique in the session; stands in each command and verdict.
    ///
    /// 1 ... 32 of `[A-Za-z0-9_-]`.
    public var name: String
    public var kind: String
    public var parameters: [Setting]

    public init(name: String, kind: String, parameters: [Setting] = []) {
        self.name = name
        self.kind = kind
        self.parameters = parameters
    }
}

/// All that an engine is made from; `session/start` records it.
public struct EngineConfiguration: Hashable, Sendable, Codable {
    /// Unique among the sessions of an account: client order ids are made from it.
    public var session: String
    public var strategies: [StrategyConfiguration]
    /// See ``RiskLimits`` for names and units.
    public var limits: [Setting]
    /// The categories that are reconciled when a private socket becomes ready.
    public var categories: [Category]
    /// For tests of the comparison with the exchange; ``LedgerFault/none`` otherwise.
    public var ledgerFault: LedgerFault

    public init(
        session: String,
        strategies: [StrategyConfiguration] = [],
        limits: [Setting] = [],
        categories: [Category] = [.linear],
        ledgerFault: LedgerFault = .none
    ) {
        self.session = session
        self.strategies = strategies
        self.limits = limits
        self.categories = categories
        self.ledgerFault = ledgerFault
    }
}

/// Why an engine cannot be made.
public enum EngineError: Error, Hashable, Sendable {
    /// A parameter, limit or kind that cannot be used.
    case setting(SettingError)
    /// A strategy's name that is repeated or has other characters than `[A-Za-z0-9_-]`.
    case strategyName(String)
    /// A strategy whose state has no canonical encoding.
    case state(strategy: String, why: String)
    /// A checkpoint that cannot be read.
    case checkpoint(String)
}

extension EngineError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .setting(let error): error.description
        case .strategyName(let name):
            "strategies: \"\(name)\" is not a name; write 1 to 32 of A-Z a-z 0-9 _ -, each name once"
        case .state(let strategy, let why):
            "strategies.\(strategy): its state cannot be kept: \(why)"
        case .checkpoint(let why): "the checkpoint cannot be used: \(why)"
        }
    }
}
