/// One of Bybit's worlds: accounts, keys and hosts of their own.
///
/// - Source: the hosts of the protocol reference, §1.
public enum Environment: String, Hashable, Sendable, CaseIterable {
    case mainnet
    case testnet
    /// Paper accounts beside the mainnet: public data comes from the mainnet, orders go by REST only.
    case demo
    case eu
    case nl
    case tr
    case kz
    case ae
    case id
    case ge
    case jp

    /// Host names: REST, public streams, private streams.
    var hosts: (rest: String, publicStream: String, privateStream: String) {
        switch self {
        case .mainnet: ("api.bybit.com", "stream.bybit.com", "stream.bybit.com")
        case .testnet:
            ("api-testnet.bybit.com", "stream-testnet.bybit.com", "stream-testnet.bybit.com")
        case .demo: ("api-demo.bybit.com", "stream.bybit.com", "stream-demo.bybit.com")
        case .eu: ("api.bybit.eu", "stream.bybit.eu", "stream.bybit.eu")
        // No stream host of their own is published: the mainnet's serves them.
        case .nl: ("api.bybit.nl", "stream.bybit.com", "stream.bybit.com")
        case .ae: ("api.bybit.ae", "stream.bybit.com", "stream.bybit.com")
        case .tr: ("api.bybit.tr", "stream.bybit.tr", "stream.bybit.tr")
        case .kz: ("api.bybit.kz", "stream.bybit.kz", "stream.bybit.kz")
        case .id: ("api.bybit.id", "stream.bybit.id", "stream.bybit.id")
        case .ge: ("api.bybitgeorgia.ge", "stream.bybitgeorgia.ge", "stream.bybitgeorgia.ge")
        case .jp: ("api.manepa.jp", "stream.manepa.jp", "stream.manepa.jp")
        }
    }

    /// True where no order costs real money.
    public var isPaper: Bool { self == .testnet || self == .demo }
}
