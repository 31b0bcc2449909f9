import NIOCore
import NIOPosix
import NIOSSL
import ReplayServer

/// A byte stream to a server, TLS or plain: enough HTTP and WebSocket to see each byte that comes back.
final class TestSocket {
    struct Closed: Error {}

    enum Frame: Equatable {
        case text(String)
        case pong([UInt8])
        case close(UInt16)
    }

    private let channel: any Channel
    private var chunks: AsyncStream<[UInt8]>.AsyncIterator
    private var inbox: [UInt8] = []
    private var place = 0

    private init(channel: any Channel, chunks: AsyncStream<[UInt8]>) {
        self.channel = channel
        self.chunks = chunks.makeAsyncIterator()
    }

    static func connect(
        _ address: ServerAddress,
        host: String = "127.0.0.1"
    ) async throws -> TestSocket {
        let (stream, continuation) = AsyncStream<[UInt8]>.makeStream()
        let tls = try address.authority.map { authority in
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.trustRoots = .certificates(
                try NIOSSLCertificate.fromPEMBytes(Array(authority.utf8))
            )
            return try NIOSSLContext(configuration: configuration)
        }
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls {
                        // `localhost` is one of the names that the certificate is made for.
                        let name = "localhost"
                        try pipeline.addHandler(
                            NIOSSLClientHandler(context: tls, serverHostname: name)
                        )
                    }
                    try pipeline.addHandler(Inbox(continuation))
                }
            }
            .connect(host: host, port: address.port).get()
        return TestSocket(channel: channel, chunks: stream)
    }

    /// Off leaves all that comes in the kernel's buffers.
    func setReading(_ isOn: Bool) async throws {
        try await channel.setOption(.autoRead, value: isOn).get()
    }

    func write(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
    }

    func close() async { try? await channel.close().get() }

    // MARK: WebSocket

    static func open(_ address: ServerAddress, _ path: String) async throws -> TestSocket {
        let socket = try await connect(address)
        let status = try await socket.upgrade(path)
        guard status == 101 else { throw Closed() }
        return socket
    }

    /// - Returns: the HTTP status of the answer; 101 when open.
    func upgrade(_ path: String) async throws -> Int {
        try await write(TestSocket.handshake(path))
        return try await response(hasBody: false).status
    }

    static func handshake(_ path: String) -> [UInt8] {
        Array(
            ("GET \(path) HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                + "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                + "Sec-WebSocket-Version: 13\r\n\r\n").utf8
        )
    }

    func send(_ text: String) async throws { try await sendFrame(0x1, Array(text.utf8)) }

    func sendFrame(
        _ opcode: UInt8,
        _ payload: [UInt8],
        isFinal: Bool = true,
        isMasked: Bool = true
    ) async throws {
        var bytes: [UInt8] = [(isFinal ? 0x80 : 0) | opcode]
        let flag: UInt8 = isMasked ? 0x80 : 0
        switch payload.count {
        case 0...125: bytes.append(flag | UInt8(payload.count))
        case 126...65_535:
            bytes += [flag | 126, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
        default:
            bytes.append(flag | 127)
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: payload.count >> shift))
            }
        }
        let mask: [UInt8] = [0x11, 0x22, 0x33, 0x44]
        if isMasked {
            bytes += mask
            bytes += payload.enumerated().map { $1 ^ mask[$0 & 3] }
        } else {
            bytes += payload
        }
        try await write(bytes)
    }

    /// The next frame; throws when the server has closed.
    func receive() async throws -> Frame {
        let head = try await take(2)
        var count = Int(head[1])
        if count == 126 {
            count = try await take(2).reduce(0) { $0 << 8 | Int($1) }
        } else if count == 127 {
            count = try await take(8).reduce(0) { $0 << 8 | Int($1) }
        }
        let payload = try await take(count)
        switch head[0] {
        case 0x81: return .text(String(decoding: payload, as: UTF8.self))
        case 0x8a: return .pong(payload)
        case 0x88: return .close(payload.prefix(2).reduce(0) { $0 << 8 | UInt16($1) })
        default: throw Closed()
        }
    }

    func text() async throws -> String {
        guard case .text(let text) = try await receive() else { throw Closed() }
        return text
    }

    /// Sends and gives the next text frame back.
    func ask(_ message: String) async throws -> String {
        try await send(message)
        return try await text()
    }

    /// True when the server ends the stream without a close frame.
    func isCutOff() async -> Bool {
        while true {
            do {
                if case .close = try await receive() { return false }
            } catch {
                return true
            }
        }
    }

    // MARK: HTTP

    struct Response {
        var status: Int
        var headers: [String: String]
        var body: String
    }

    func request(
        _ method: String,
        _ target: String,
        headers: [(String, String)] = [],
        body: String = ""
    ) async throws -> Response {
        var text = "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        if !body.isEmpty { text += "Content-Length: \(body.utf8.count)\r\n" }
        try await write(Array((text + "\r\n" + body).utf8))
        return try await response(hasBody: true)
    }

    func response(hasBody: Bool) async throws -> Response {
        var head: [UInt8] = []
        while !head.suffix(4).elementsEqual(Array("\r\n\r\n".utf8)) { head += try await take(1) }
        let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n")
        let status = lines.first.flatMap { $0.split(separator: " ").dropFirst().first }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            headers[parts[0].lowercased()] = parts[1].drop { $0 == " " }.description
        }
        let count = hasBody ? Int(headers["content-length"] ?? "0") ?? 0 : 0
        let body = String(decoding: try await take(count), as: UTF8.self)
        return Response(status: status.flatMap { Int($0) } ?? 0, headers: headers, body: body)
    }

    private func take(_ count: Int) async throws -> [UInt8] {
        while inbox.count - place < count {
            guard let chunk = await chunks.next(isolation: #isolation) else { throw Closed() }
            if place > 1 << 20 || place == inbox.count {
                inbox.removeFirst(place)
                place = 0
            }
            inbox += chunk
        }
        defer { place += count }
        return Array(inbox[place..<place + count])
    }
}

private final class Inbox: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let continuation: AsyncStream<[UInt8]>.Continuation

    init(_ continuation: AsyncStream<[UInt8]>.Continuation) { self.continuation = continuation }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        continuation.yield(Array(buffer: unwrapInboundIn(data)))
    }

    func channelInactive(context: ChannelHandlerContext) { continuation.finish() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        continuation.finish()
        context.close(promise: nil)
    }
}
