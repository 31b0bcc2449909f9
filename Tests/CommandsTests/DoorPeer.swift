import Foundation
import Glibc
import Testing

/// A bare peer of a session's door: sends bytes as they are, reads lines.
final class DoorPeer {
    private let descriptor: Int32
    private var received: [UInt8] = []

    struct Closed: Error { var what: String }

    init(_ recording: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = recording + "/control.sock"
        try #require(path.utf8.count < 108, "a bare peer does not know the way of long paths")
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw Closed(what: String(cString: strerror(errno))) }
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(
            descriptor,
            SOL_SOCKET,
            SO_RCVTIMEO,
            &limit,
            socklen_t(MemoryLayout<timeval>.size)
        )
    }

    deinit { close(descriptor) }

    func send(_ bytes: [UInt8]) throws {
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
            guard count > 0 else { throw Closed(what: String(cString: strerror(errno))) }
            offset += count
        }
    }

    func send(_ line: String) throws { try send(Array(line.utf8) + [0x0a]) }

    /// Sends as much as the session takes without waiting; gives the count of bytes.
    func flood(_ bytes: [UInt8]) -> Int {
        let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
        return max(
            0,
            bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, flags) }
        )
    }

    func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// The next line; fails where none comes within a minute, or the other side has closed.
    func line() throws -> [String: Any] {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            if let end = received.firstIndex(of: 0x0a) {
                let bytes = received[..<end]
                received.removeFirst(bytes.count + 1)
                let object = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
                return try #require(object)
            }
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { throw Closed(what: count == 0 ? "closed" : "silent") }
            received += buffer[..<count]
        }
    }

    func ask(_ line: String) throws -> [String: Any] {
        try send(line)
        return try self.line()
    }
}
