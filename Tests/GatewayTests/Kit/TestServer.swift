import CCrypto
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// What a client did, as the script of a ``TestServer`` sees it.
enum TestEvent {
    case request(TestRequest)
    /// The WebSocket is open on this path.
    case opened(String)
    case text(String)
    case pong(String)
    case closed(code: Int?)
}

/// An HTTP request with its body; header names in lower case.
struct TestRequest: Sendable {
    var method = ""
    var target = ""
    var headers: [String: String] = [:]
    var body: [UInt8] = []
}

typealias TestScript = @Sendable (TestPeer, TestEvent) -> Void

/// A small server of HTTP and WebSocket over raw bytes, so that a test decides each of them.
struct TestServer: Sendable {
    let certificate: TestCertificate?
    let port: Int
    private let group: MultiThreadedEventLoopGroup
    private let accepted = Count()

    /// Connections taken so far.
    var connections: Int { accepted.value }
    var base: String { (certificate == nil ? "http" : "https") + "://127.0.0.1:\(port)" }

    /// - Parameter upgrade: bytes put behind the 101 in the same write, or the whole answer instead of a 101.
    init(
        certificate: TestCertificate? = nil,
        upgrade: TestUpgrade = .accept(with: []),
        script: @escaping TestScript
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let accepted = accepted
        let tls = try certificate.map { certificate in
            try NIOSSLContext(
                configuration: .makeServerConfiguration(
                    certificateChain: NIOSSLCertificate.fromPEMBytes(certificate.leaf)
                        .map { .certificate($0) },
                    privateKey: .privateKey(
                        NIOSSLPrivateKey(bytes: certificate.key, format: .pem)
                    )
                )
            )
        }
        let channel = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    accepted.add()
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
                    try pipeline.addHandler(TestPeer(upgrade: upgrade, script: script))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        self.certificate = certificate
        self.group = group
        port = channel.localAddress?.port ?? 0
    }

    func stop() async throws { try await group.shutdownGracefully() }
}

enum TestUpgrade: Sendable {
    case accept(with: [UInt8])
    case refuse(status: Int)
    /// No answer at all.
    case ignore
}

final class Count: Sendable {
    private let number = Atomic(0)
    var value: Int { number.load(ordering: .sequentiallyConsistent) }
    func add() { number.add(1, ordering: .sequentiallyConsistent) }
}

/// The server's end of one connection.
final class TestPeer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let upgrade: TestUpgrade
    private let script: TestScript
    private var buffer: [UInt8] = []
    private var isWebSocket = false
    private var context: ChannelHandlerContext?

    init(upgrade: TestUpgrade, script: @escaping TestScript) {
        self.upgrade = upgrade
        self.script = script
    }

    // MARK: For scripts

    /// Only while it is connected.
    var loop: any EventLoop { context?.eventLoop ?? MultiThreadedEventLoopGroup.singleton.next() }

    func write(_ bytes: [UInt8]) {
        guard let context else { return }
        let buffer = context.channel.allocator.buffer(bytes: bytes)
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }

    func send(_ text: String) { write(TestFrame.text(text)) }

    func respond(_ status: Int, headers: [String: String] = [:], body: [UInt8] = []) {
        var head = "HTTP/1.1 \(status) Some\r\nContent-Length: \(body.count)\r\n"
        for (name, value) in headers.sorted(by: { $0.key < $1.key }) {
            head += "\(name): \(value)\r\n"
        }
        write(Array((head + "\r\n").utf8) + body)
    }

    func close() { context?.close(promise: nil) }

    /// Ends the connection once all that was written is on its way.
    func closeWhenSent() {
        guard let context else { return }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let sent = context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.whenComplete { _ in bound.value.close() }
        let nothing = context.channel.allocator.buffer(capacity: 0)
        context.writeAndFlush(wrapOutboundOut(nothing), promise: sent)
    }

    /// Ends the connection with a reset.
    func reset() {
        guard let context, let channel = context.channel as? any SocketOptionProvider else {
            return
        }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        channel.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in bound.value.close()
        }
    }

    // MARK: Reading

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        buffer += unwrapInboundIn(data).readableBytesView
        while isWebSocket ? readFrame() : readRequest() {}
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func readRequest() -> Bool {
        guard let end = buffer.firstRange(of: Array("\r\n\r\n".utf8)) else { return false }
        let lines = String(decoding: buffer[..<end.lowerBound], as: UTF8.self)
            .split(separator: "\r\n")
        var request = TestRequest()
        let first = lines[0].split(separator: " ")
        request.method = String(first[0])
        request.target = String(first[1])
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            request.headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
        }
        let length = request.headers["content-length"].flatMap { Int($0) } ?? 0
        guard buffer.count >= end.upperBound + length else { return false }
        request.body = Array(buffer[end.upperBound..<(end.upperBound + length)])
        buffer.removeFirst(end.upperBound + length)
        if let key = request.headers["sec-websocket-key"] {
            open(request, key: key)
        } else {
            script(self, .request(request))
        }
        return true
    }

    private func open(_ request: TestRequest, key: String) {
        switch upgrade {
        case .ignore: return
        case .refuse(let status): respond(status)
        case .accept(let bytes):
            let accept = TestFrame.acceptKey(key)
            let head =
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                + "Connection: Upgrade\r\nSec-WebSocket-Accept: \(accept)\r\n\r\n"
            isWebSocket = true
            write(Array(head.utf8) + bytes)
            script(self, .opened(request.target))
        }
    }

    private func readFrame() -> Bool {
        guard let (opcode, payload, used) = TestFrame.readMasked(buffer) else { return false }
        buffer.removeFirst(used)
        switch opcode {
        case 1: script(self, .text(String(decoding: payload, as: UTF8.self)))
        case 8:
            let code = payload.count >= 2 ? Int(payload[0]) << 8 | Int(payload[1]) : nil
            script(self, .closed(code: code))
        case 10: script(self, .pong(String(decoding: payload, as: UTF8.self)))
        default: break
        }
        return true
    }
}

/// WebSocket frames by hand.
///
/// - Source: RFC 6455, §5.2.
enum TestFrame {
    static func text(_ text: String) -> [UInt8] { frame(opcode: 1, Array(text.utf8)) }

    static func frame(
        opcode: UInt8,
        _ payload: [UInt8],
        isLast: Bool = true,
        reserved: UInt8 = 0,
        mask: [UInt8]? = nil
    ) -> [UInt8] {
        var bytes: [UInt8] = [(isLast ? 0x80 : 0) | reserved << 4 | opcode]
        let masked: UInt8 = mask == nil ? 0 : 0x80
        switch payload.count {
        case ..<126: bytes.append(masked | UInt8(payload.count))
        case ..<65_536:
            bytes.append(masked | 126)
            bytes += [UInt8(payload.count >> 8), UInt8(payload.count & 255)]
        default:
            bytes.append(masked | 127)
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(payload.count >> shift & 255))
            }
        }
        guard let mask else { return bytes + payload }
        return bytes + mask + payload.enumerated().map { $1 ^ mask[$0 % 4] }
    }

    /// Opcode, payload and bytes used of the first whole frame of a client.
    static func readMasked(_ bytes: [UInt8]) -> (UInt8, [UInt8], Int)? {
        guard bytes.count >= 6 else { return nil }
        var length = Int(bytes[1] & 0x7f)
        var start = 2
        if length == 126 {
            guard bytes.count >= 8 else { return nil }
            length = Int(bytes[2]) << 8 | Int(bytes[3])
            start = 4
        }
        guard bytes.count >= start + 4 + length else { return nil }
        let mask = bytes[start..<(start + 4)]
        let payload = (0..<length).map { bytes[start + 4 + $0] ^ mask[start + $0 % 4] }
        return (bytes[0] & 15, payload, start + 4 + length)
    }

    static func acceptKey(_ key: String) -> String {
        let text = Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)
        var digest = [UInt8](repeating: 0, count: 20)
        _ = SHA1(text, text.count, &digest)
        var base64 = [UInt8](repeating: 0, count: 29)
        let count = EVP_EncodeBlock(&base64, digest, 20)
        return String(decoding: base64.prefix(Int(count)), as: UTF8.self)
    }
}
