import Glibc
import Synchronization

/// An HTTP proxy on loopback for one connection: reads `CONNECT`, answers, and passes bytes both ways; where it demands
/// an authorization it answers anything else, `CONNECT` or not, with 407.
// Sendable: what threads share is behind the mutex.
final class TestProxy: Sendable {
    let port: UInt16
    private let listener: Int32
    private let asked = Mutex("")
    private let answer: String
    /// The value that `Proxy-Authorization` must have; `nil`: none is looked at.
    private let demanded: String?
    private let challenge: String

    /// The first line that a client sent.
    var request: String { asked.withLock { $0 } }

    init(
        answer: String = "HTTP/1.1 200 Connection established\r\n\r\n",
        demanding demanded: String? = nil,
        challenge: String = #"Basic realm="office""#
    ) throws {
        self.answer = answer
        self.demanded = demanded
        self.challenge = challenge
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = bind(listener, address, length)
                _ = listen(listener, 4)
                _ = getsockname(listener, address, &length)
            }
        }
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(listener) }

    /// Serves one connection on a thread of its own.
    func serveOnce() {
        Self.onThread { self.serve() }
    }

    private func serve() {
        let client = accept(listener, nil, nil)
        guard client >= 0 else { return }
        var head: [UInt8] = []
        while !head.suffix(4).elementsEqual([13, 10, 13, 10]) {
            var byte: UInt8 = 0
            guard recv(client, &byte, 1, 0) == 1 else { return }
            head.append(byte)
        }
        var answer = answer
        if let demanded, TestProxy.authorization(String(decoding: head, as: UTF8.self)) != demanded
        {
            answer =
                "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: \(challenge)\r\n"
                + "Content-Length: 0\r\nConnection: close\r\n\r\n"
        }
        let line = String(decoding: head.prefix { $0 != 13 }, as: UTF8.self)
        asked.withLock { $0 = line }
        let words = line.split(separator: " ")
        let target = words.count > 1 ? words[1].split(separator: ":") : []
        let bytes = Array(answer.utf8)
        guard answer.contains(" 200 "), target.count == 2, let port = UInt16(target[1]) else {
            _ = send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            close(client)
            return
        }
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { return }
        _ = send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        Self.onThread { Self.pump(from: server, to: client) }
        Self.pump(from: client, to: server)
    }

    private static func authorization(_ head: String) -> String? {
        let name = "proxy-authorization: "
        let line = head.split(whereSeparator: \.isNewline)
            .first { $0.lowercased().hasPrefix(name) }
        return line.map { String($0.dropFirst(name.count)) }
    }

    private static func pump(from source: Int32, to target: Int32) {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = recv(source, &buffer, buffer.count, 0)
            guard count > 0, send(target, buffer, count, Int32(MSG_NOSIGNAL)) == count
            else { break }
        }
        shutdown(source, Int32(SHUT_RDWR))
        shutdown(target, Int32(SHUT_RDWR))
    }

    private static func onThread(_ body: @escaping @Sendable () -> Void) {
        final class Box {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var thread = pthread_t()
        pthread_create(
            &thread,
            nil,
            { context in
                if let context { Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body() }
                return nil
            },
            Unmanaged.passRetained(Box(body)).toOpaque()
        )
        pthread_detach(thread)
    }
}
