/// Where a session connects: one environment of Bybit's, or one base address of any server that speaks its
/// protocol.
public struct Destination: Hashable, Sendable {
    /// `nil` for a base address.
    public let environment: Environment?
    public let rest: Address
    public let publicStream: Address
    public let privateStream: Address

    public init(_ environment: Environment) {
        let hosts = environment.hosts
        self.environment = environment
        rest = Address(host: hosts.rest)
        publicStream = Address(host: hosts.publicStream)
        privateStream = Address(host: hosts.privateStream)
    }

    /// REST and all WebSocket paths under one `http[s]://HOST:PORT`.
    public init(base: Address) {
        environment = nil
        rest = base
        publicStream = base
        privateStream = base
    }

    public static func endpoint(base: String) throws(AddressError) -> Destination {
        Destination(base: try Address(base: base))
    }

    /// `false` where the environment has no order entry by WebSocket.
    public var hasTradeStream: Bool { environment != .demo }

    /// True when every address of it is this machine.
    public var isLoopback: Bool {
        rest.isLoopback && publicStream.isLoopback && privateStream.isLoopback
    }

    /// The word that a credentials file has for it: an environment's name, or `loopback`.
    ///
    /// `nil` for a base address beyond this machine, where no key is sent.
    public var keyEnvironment: String? {
        if let environment { return environment.rawValue }
        return isLoopback ? "loopback" : nil
    }

    /// True on loopback, testnet and demo, the only places where orders may go.
    public var isOrderEntryAllowed: Bool { environment.map(\.isPaper) ?? isLoopback }

    /// Throws where orders may not go; exit status 77.
    public func orderEntryAllowed() throws(GatewayError) {
        guard isOrderEntryAllowed else { throw .orderEntryRefused(description) }
    }
}

extension Destination: CustomStringConvertible {
    public var description: String { environment?.rawValue ?? rest.description }
}
