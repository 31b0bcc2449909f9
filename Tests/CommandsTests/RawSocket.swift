import Foundation
import Glibc

/// A plain TCP connection to a served exchange that keeps every byte that came.
final class RawSocket {
    private let descriptor: Int32
    /// All that came, HTTP and WebSocket headers included.
    private(set) var received: [UInt8] = []
    private var place = 0

    /// The other end is gone, or has said nothing for too long (`errno` is `EAGAIN`).
    struct Closed: Error { var errno: Int32 = 0 }

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        // Nobody waits longer than this for a byte.
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(
            descriptor,
            SOL_SOCKET,
            SO_RCVTIMEO,
            &limit,
            socklen_t(MemoryLayout<timeval>.size)
        )
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard descriptor >= 0, connected == 0 else { throw Closed() }
    }

    deinit { close(descriptor) }

    func write(_ bytes: [UInt8]) throws {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor,
                    $0.baseAddress?.advanced(by: offset),
                    $0.count - offset,
                    Int32(MSG_NOSIGNAL)
                )
            }
            if count < 0, Glibc.errno == EINTR { continue }
            guard count > 0 else { throw Closed(errno: count < 0 ? Glibc.errno : 0) }
            offset += count
        }
    }

    private func take(_ count: Int) throws -> ArraySlice<UInt8> {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while received.count - place < count {
            let read = recv(descriptor, &buffer, buffer.count, 0)
            // A signal is no end: that of a child which has ended comes at any time.
            if read < 0, Glibc.errno == EINTR { continue }
            guard read > 0 else { throw Closed(errno: read < 0 ? Glibc.errno : 0) }
            received += buffer[0..<read]
        }
        defer { place += count }
        return received[place..<place + count]
    }

    /// Everything until the other end closes.
    func bytesToTheEnd() -> [UInt8] {
        while (try? take(1)) != nil {}
        return received
    }

    private func head() throws -> String {
        var bytes: [UInt8] = []
        while !bytes.suffix(4).elementsEqual("\r\n\r\n".utf8) { bytes += try take(1) }
        return String(decoding: bytes, as: UTF8.self)
    }

    // MARK: REST

    /// One request on this connection; the body of its answer.
    func request(
        _ method: String,
        _ target: String,
        headers: [(String, String)] = [],
        body: String = ""
    ) throws -> String {
        var text = "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        if !body.isEmpty { text += "Content-Length: \(body.utf8.count)\r\n" }
        try write(Array((text + "\r\n" + body).utf8))
        return try reply()
    }

    /// The body of the next answer.
    func reply() throws -> String {
        let length = try head().firstMatch(of: #/(?i)content-length: (\d+)/#).flatMap {
            Int($0.output.1)
        }
        return String(decoding: try take(length ?? 0), as: UTF8.self)
    }

    /// Everything up to the end of the connection.
    func rest() throws -> String {
        var bytes: [UInt8] = []
        while let byte = try? take(1) { bytes += byte }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// All that came, as text.
    var seen: String { String(decoding: received, as: UTF8.self) }

    // MARK: WebSocket

    static func open(port: Int, _ path: String) throws -> RawSocket {
        let socket = try RawSocket(port: port)
        _ = try socket.upgrade(path, headers: [])
        return socket
    }

    /// The head of the answer to a handshake; what refuses it is in ``received``, whole.
    @discardableResult
    func upgrade(_ path: String, headers: [(String, String)]) throws -> String {
        var text =
            "GET \(path) HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            + "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            + "Sec-WebSocket-Version: 13\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        try write(Array((text + "\r\n").utf8))
        let head = try head()
        guard head.contains(" 101 ") else {
            _ = try? rest()
            throw Closed()
        }
        return head
    }

    func send(_ text: String) throws {
        let payload = Array(text.utf8)
        var bytes: [UInt8] = [0x81]
        if payload.count < 126 {
            bytes.append(0x80 | UInt8(payload.count))
        } else {
            bytes += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
        }
        // A mask of nothing leaves the text readable.
        try write(bytes + [0, 0, 0, 0] + payload)
    }

    func text() throws -> String {
        let head = Array(try take(2))
        var count = Int(head[1])
        if count == 126 {
            count = try take(2).reduce(0) { $0 << 8 | Int($1) }
        } else if count == 127 {
            count = try take(8).reduce(0) { $0 << 8 | Int($1) }
        }
        return String(decoding: try take(count), as: UTF8.self)
    }

    /// Everything up to the answer to a ping, which is the end of what was sent before it.
    @discardableResult
    func drain() throws -> [String] {
        try send(#"{"op":"ping","req_id":"until"}"#)
        var texts: [String] = []
        while true {
            let text = try text()
            if text.contains("pong") { return texts }
            texts.append(text)
        }
    }
}
