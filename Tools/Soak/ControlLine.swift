import Glibc
import JSON

/// One connection for HTTP to this machine, one request at a time: the exchange's control endpoint, a session's metrics.
final class ControlLine {
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var chunk = [UInt8](repeating: 0, count: 1 << 16)
    private let parser = JSONParser()

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        var isOn: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &isOn, 4)
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard descriptor >= 0, connected == 0 else {
            throw Trouble(description: "nobody listens on port \(port): errno \(errno)")
        }
    }

    deinit { close(descriptor) }

    /// The body of the answer.
    func ask(_ method: String, _ target: String, _ body: String = "") throws -> [UInt8] {
        var text = "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\n"
        if !body.isEmpty { text += "Content-Length: \(body.utf8.count)\r\n" }
        try send(Array((text + "\r\n" + body).utf8))
        let end = Array("\r\n\r\n".utf8)
        var length = 0
        while true {
            if let head = buffer.firstRange(of: end) {
                let words = String(decoding: buffer[..<head.lowerBound], as: UTF8.self).lowercased()
                length =
                    words.firstMatch(of: #/content-length: (\d+)/#).flatMap { Int($0.output.1) }
                    ?? 0
                guard words.contains(" 200 ") else {
                    throw Trouble(description: "\(method) \(target): \(words.prefix(40))")
                }
                buffer.removeSubrange(..<head.upperBound)
                break
            }
            try receive()
        }
        while buffer.count < length { try receive() }
        defer { buffer.removeSubrange(..<length) }
        return Array(buffer[..<length])
    }

    func ask<Result>(
        _ method: String,
        _ target: String,
        _ body: String = "",
        reading: (JSONValue) throws -> Result
    ) throws -> Result {
        try parser.read(try ask(method, target, body), reading)
    }

    private func send(_ bytes: [UInt8]) throws {
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
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Trouble(description: "the line is gone: errno \(errno)") }
            offset += count
        }
    }

    private func receive() throws {
        let count = recv(descriptor, &chunk, chunk.count, 0)
        if count < 0, errno == EINTR { return }
        guard count > 0 else { throw Trouble(description: "no answer came: errno \(errno)") }
        buffer += chunk[..<count]
    }
}
