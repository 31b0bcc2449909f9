import NIOCore
import NIOPosix
import NIOSSL

/// Words for the reason of a failure: short, and only what prints.
enum Words {
    /// Text from outside.
    static func printable(_ bytes: some Sequence<UInt8>) -> String {
        let signs = bytes.prefix(300).map { (0x20..<0x7f).contains($0) ? $0 : UInt8(ascii: "?") }
        return String(decoding: signs, as: UTF8.self)
    }

    /// What the network or TLS says, without the type that said it.
    static func why(_ error: any Error) -> String {
        switch error {
        case NIOSSLError.uncleanShutdown: return "connection lost without a goodbye of TLS"
        case let error as NIOConnectionError:
            if let failure = error.connectionErrors.first { return why(failure.error) }
            return "no address for \(error.host)"
        case let error as IOError: return printable(error.description.utf8)
        case ChannelError.connectTimeout: return "no connection within the time"
        default: return printable("\(error)".utf8)
        }
    }
}
