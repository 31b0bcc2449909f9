import Glibc

/// A port of loopback on which nobody listens but who is told of it.
///
/// It is bound as long as this lives, so that the kernel gives it to nobody who asks for any port; and it does not listen, so that
/// programs can, one behind the other, which like this one allow others at their address (`SO_REUSEADDR`). One that was found
/// free and let go again could be another program's by the time it is used.
final class HeldPort {
    let port: Int
    private let descriptor: Int32

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var yes: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, size)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let file = descriptor
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(file, $0, length) == 0 && getsockname(file, $0, &length) == 0
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        guard isBound else { throw RawSocket.Closed(errno: Glibc.errno) }
    }

    deinit { close(descriptor) }
}
