import Glibc
import Market
import NIOCore
import NIOPosix
import Synchronization

@testable import Gateway

/// A relay on a loop of its own, and what it told its owner.
final class RelayRig: Sendable {
    let port: Int
    let told = Told()
    private let group: MultiThreadedEventLoopGroup
    private let core: NIOLoopBound<(relay: Relay, owner: Listener)>

    /// - Parameter base: of the exchange, such as `http://127.0.0.1:1`.
    init(to base: String, change: (inout RelaySettings) -> Void = { _ in }) async throws {
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        var settings = RelaySettings(
            host: "127.0.0.1",
            port: 0,
            destination: try Destination.endpoint(base: base)
        )
        change(&settings)
        let (final, told) = (settings, told)
        core = try await loop.submit {
            let owner = Listener(told)
            let relay = Relay(
                settings: final,
                secrets: BotSecrets(),
                loop: loop,
                clock: SessionClock(),
                owner: owner
            )
            return NIOLoopBound((relay, owner), eventLoop: loop)
        }.get()
        let core = core
        let listening = loop.makePromise(of: Int.self)
        loop.execute {
            core.value.relay.listen { problem in
                problem == nil
                    ? listening.succeed(core.value.relay.port)
                    : listening.fail(PlainSocket.Closed())
            }
        }
        port = try await listening.futureResult.get()
    }

    /// The relay goes; its loop stays until ``end()``.
    func stop() async throws {
        let core = core
        try await core.eventLoop.submit { core.value.relay.stop(reason: "the test is over") }.get()
    }

    func end() async throws {
        try await stop()
        try await group.shutdownGracefully()
    }

    /// What was told, a line each, in order.
    final class Told: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func add(_ line: String) { lines.withLock { $0.append(line) } }

        /// Waits for a line that holds all of these words; two minutes at most.
        func wait(for words: String...) async throws -> String {
            for _ in 0..<12_000 {
                if let line = all.first(where: { line in words.allSatisfy(line.contains) }) {
                    return line
                }
                try await Task.sleep(for: .milliseconds(10))
            }
            throw Missing(words: words, all: all)
        }
    }

    struct Missing: Error {
        var words: [String]
        var all: [String]
    }

    private final class Listener: RelayOwner {
        let told: Told
        init(_ told: Told) { self.told = told }

        func relay(
            asked exchange: RelayExchange,
            forward: (RelayExchange, _ refusal: [UInt8]?) -> Void
        ) {
            told.add("asked \(exchange.method) \(exchange.path)")
            forward(exchange, nil)
        }

        func relay(ended exchange: RelayExchange, forward: () -> Void) {
            told.add(
                "ended \(exchange.method) \(exchange.path) \(exchange.outcome.rawValue)"
                    + " \(exchange.status) \(exchange.reason)"
            )
            forward()
        }

        func relay(opened socket: RelaySocket) { told.add("opened \(socket.path)") }

        func relay(
            message: UnsafeRawBufferPointer,
            on socket: RelaySocket,
            at time: Timestamp,
            isFromBot: Bool,
            forward: () -> Void
        ) {
            let text = String(decoding: message.prefix(60), as: UTF8.self)
            told.add((isFromBot ? "bot " : "exchange ") + text)
            forward()
        }

        func relayWasShutOut() { told.add("shut out") }

        func relayIsFull() { told.add("full") }

        func relay(closed socket: RelaySocket, reason: String) { told.add("closed \(reason)") }
    }
}

/// A bot's end of a TCP connection, read only when the test says so.
final class PlainSocket {
    struct Closed: Error {}

    private let descriptor: Int32
    private(set) var received: [UInt8] = []

    /// - Parameter window: bytes that the kernel takes in before anybody reads; 0: as it likes.
    init(port: Int, window: Int32 = 0) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if window > 0 {
            var size = window
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, 4)
        }
        // Nobody waits longer than this for a byte.
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard descriptor >= 0, code == 0 else { throw Closed() }
    }

    deinit { shut() }

    func shut() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    func write(_ text: String) throws { try write(Array(text.utf8)) }

    func write(_ bytes: [UInt8]) throws {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                send(
                    descriptor,
                    $0.baseAddress?.advanced(by: done),
                    $0.count - done,
                    Int32(MSG_NOSIGNAL)
                )
            }
            guard count > 0 else { throw Closed() }
            done += count
        }
    }

    /// More bytes; false at the end, and where none came in time.
    func more() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return false }
        received += buffer[..<count]
        return true
    }

    /// Reads until so many bytes are here.
    func read(_ count: Int) throws -> [UInt8] {
        while received.count < count { guard more() else { throw Closed() } }
        return received
    }

    func readToEnd() -> [UInt8] {
        while more() {}
        return received
    }

    /// Reads an answer's head and body; the next begins behind it.
    func answer() throws -> (head: String, body: Int) {
        while received.firstRange(of: Array("\r\n\r\n".utf8)) == nil {
            guard more() else { throw Closed() }
        }
        let end = received.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound ?? 0
        let head = String(decoding: received[..<end], as: UTF8.self)
        let length =
            head.firstMatch(of: /(?i)content-length: (\d+)/).flatMap { Int($0.output.1) } ?? 0
        _ = try read(end + length)
        received.removeFirst(end + length)
        return (head, length)
    }

    func upgrade(_ path: String) throws -> String {
        try write(
            "GET \(path) HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        return try answer().head
    }
}
