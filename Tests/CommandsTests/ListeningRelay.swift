import Foundation
import Glibc
import Synchronization
import Testing

/// Stands between a program and the exchange, hands everything on, and keeps what the program sent.
final class ListeningRelay: Sendable {
    let port: UInt16
    private let listener: Int32
    private let exchange: UInt16
    private let sent = Mutex<[Int32: Data]>([:])

    /// - Parameter exchange: its port on loopback.
    init(to exchange: UInt16) throws {
        self.exchange = exchange
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = ListeningRelay.loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let file = listener
        try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                try #require(bind(file, pointer, length) == 0)
                try #require(listen(file, 64) == 0)
                try #require(getsockname(file, pointer, &length) == 0)
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { [self] in
            while true {
                let client = accept(file, nil, nil)
                guard client >= 0 else { return }
                serve(client)
            }
        }
    }

    func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    private func serve(_ client: Int32) {
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = ListeningRelay.loopback(exchange)
        let isThere = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isThere else {
            close(client)
            return
        }
        // Descriptors are never closed before the test ends, so that a number names one connection.
        Thread.detachNewThread { [self] in
            pump(client, server) { bytes in sent.withLock { $0[client, default: Data()] += bytes } }
        }
        Thread.detachNewThread { [self] in pump(server, client) { _ in } }
    }

    private func pump(_ from: Int32, _ to: Int32, _ see: (Data) -> Void) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(from, &buffer, buffer.count)
            guard count > 0 else { break }
            see(Data(buffer[..<count]))
            var done = 0
            while done < count {
                let some = buffer.withUnsafeBytes { bytes in
                    send(
                        to,
                        bytes.baseAddress?.advanced(by: done),
                        count - done,
                        Int32(MSG_NOSIGNAL)
                    )
                }
                guard some > 0 else { break }
                done += some
            }
            guard done == count else { break }
        }
        shutdown(from, Int32(SHUT_RDWR))
        shutdown(to, Int32(SHUT_RDWR))
    }

    /// Every signature that the program sent, as bytes: of REST's headers and of authentication frames.
    var signatures: [Data] {
        var texts: Set<String> = []
        for bytes in sent.withLock({ Array($0.values) }) {
            let text = String(decoding: bytes, as: UTF8.self)
            for match in text.matches(of: /(?i)x-bapi-sign: ([0-9a-f]{64})/) {
                texts.insert(String(match.output.1))
            }
            guard let end = bytes.range(of: Data("\r\n\r\n".utf8)),
                text.range(of: "upgrade: websocket", options: .caseInsensitive) != nil
            else { continue }
            let frames = ListeningRelay.unmasked(Array(bytes[end.upperBound...]))
            for match in frames.matches(of: /"([0-9a-f]{64})"/) {
                texts.insert(String(match.output.1))
            }
        }
        return texts.sorted().map { text in
            Data(
                stride(from: 0, to: text.count, by: 2).compactMap { index in
                    UInt8(text.dropFirst(index).prefix(2), radix: 16)
                }
            )
        }
    }

    /// The payloads of a client's frames, one to a line.
    private static func unmasked(_ bytes: [UInt8]) -> String {
        var lines: [String] = []
        var place = 0
        while place + 6 <= bytes.count {
            var length = Int(bytes[place + 1] & 0x7f)
            var head = 2
            if length == 126 {
                length = Int(bytes[place + 2]) << 8 | Int(bytes[place + 3])
                head = 4
            }
            let mask = place + head
            let text = mask + 4
            guard length < 127 || head == 4, text + length <= bytes.count else { break }
            let plain = (0..<length).map { bytes[text + $0] ^ bytes[mask + $0 % 4] }
            lines.append(String(decoding: plain, as: UTF8.self))
            place = text + length
        }
        return lines.joined(separator: "\n")
    }
}
