import Glibc
import NIOCore

/// Whether the port of a relay is free, asked before anything is written: of two proxies at one address the second
/// leaves no recording behind.
extension RelayConfiguration {
    static func taken(_ host: String, _ port: Int, _ reason: String) -> SessionError {
        .gateway("\(host):\(port) cannot be listened on: \(reason)", status: 75)
    }

    /// Takes the address for a moment, without listening there.
    ///
    /// - Throws: status 75 where somebody listens there or the address is none of this machine's.
    func checkPort() throws(SessionError) {
        guard port != 0 else { return }
        let address: SocketAddress
        do {
            address = try SocketAddress.makeAddressResolvingHost(host, port: port)
        } catch {
            throw RelayConfiguration.taken(host, port, "\(host) is no address")
        }
        let family = address.protocol == .inet6 ? AF_INET6 : AF_INET
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw RelayConfiguration.taken(host, port, words(errno)) }
        defer { close(descriptor) }
        // As the listener itself does it: what lingers of closed connections is no hindrance.
        var yes: Int32 = 1
        setsockopt(
            descriptor,
            SOL_SOCKET,
            SO_REUSEADDR,
            &yes,
            socklen_t(MemoryLayout<Int32>.size)
        )
        let code = address.withSockAddr { bind(descriptor, $0, socklen_t($1)) == 0 ? 0 : errno }
        guard code == 0 else { throw RelayConfiguration.taken(host, port, words(code)) }
    }

    private func words(_ code: Int32) -> String {
        if code == EADDRINUSE { return "another process listens there" }
        return strerror(code).map { String(cString: $0) } ?? "errno \(code)"
    }
}
