/// Why the gateway cannot or will not do something, in words for the person at the terminal.
public enum GatewayError: Error, Hashable, Sendable {
    /// Orders go to loopback, testnet and demo only.
    case orderEntryRefused(String)
    /// A key belongs to another environment than the one to be reached.
    case keyOfOtherEnvironment(key: String, destination: String)
    /// The environment takes orders by REST alone.
    case noTradeSocket(String)
    /// A certificate or authority that TLS cannot read.
    case certificate(String)
    /// A user or a password that no header can carry.
    case proxyCredentials(String)
    /// libcurl or libcrypto could not be set up.
    case library(String)

    /// Exit status of the program.
    public var status: Int32 {
        switch self {
        case .orderEntryRefused, .keyOfOtherEnvironment: 77
        case .certificate, .noTradeSocket, .proxyCredentials: 78
        case .library: 70
        }
    }
}

extension GatewayError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .orderEntryRefused(let destination):
            "orders are not sent to \(destination): only to a loopback address, testnet or demo. "
                + "Use --endpoint http://127.0.0.1:PORT or --environment testnet"
        case .keyOfOtherEnvironment(let key, let destination):
            "this key belongs to \(key) and is not sent to \(destination). "
                + "Name credentials whose line environment says where they belong"
        case .noTradeSocket(let destination):
            "\(destination) has no WebSocket for orders. Set orders.entry to rest"
        case .certificate(let why): "the certificate authority cannot be read: \(why)"
        case .proxyCredentials(let why):
            "the proxy's user and password cannot be sent: \(why)"
        case .library(let why): "the network library cannot be started: \(why)"
        }
    }
}
