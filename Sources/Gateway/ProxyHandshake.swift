import NIOCore

/// Asks an HTTP proxy for a tunnel (`CONNECT`), then gets out of the way.
///
/// - Source: RFC 9110 §9.3.6.
final class ProxyHandshake: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Longest answer of a proxy.
    private static let bytesMax = 16 << 10

    private let target: String
    private let proxy: Address
    private let credentials: ProxyCredentials?
    /// The tunnel stands: what is to run through it may be added to the pipeline.
    private let established: () -> Void
    private let failed: (String) -> Void
    private var answer = ByteBuffer()
    private var isDone = false

    /// - Parameters:
    ///   - target: `HOST:PORT` at the end of the tunnel.
    ///   - credentials: sent at once, without waiting to be asked: there is no other way in.
    init(
        target: String,
        proxy: Address,
        credentials: ProxyCredentials?,
        established: @escaping () -> Void,
        failed: @escaping (String) -> Void
    ) {
        self.target = target
        self.proxy = proxy
        self.credentials = credentials
        self.established = established
        self.failed = failed
    }

    func channelActive(context: ChannelHandlerContext) {
        var request =
            "CONNECT \(target) HTTP/1.1\r\nHost: \(target)\r\nUser-Agent: tapedeck\r\n"
        if let credentials { request += "Proxy-Authorization: \(credentials.authorization)\r\n" }
        request += "\r\n"
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: request)), promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDone else { return context.fireChannelRead(data) }
        var bytes = unwrapInboundIn(data)
        answer.writeBuffer(&bytes)
        guard let end = endOfHead() else {
            if answer.readableBytes > ProxyHandshake.bytesMax {
                fail("the proxy's answer is too long", context)
            }
            return
        }
        let head = answer.readString(length: end) ?? ""
        let line = head.prefix { $0 != "\r\n" && $0 != "\r" && $0 != "\n" }
        let words = line.split(separator: " ")
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), words[1].hasPrefix("2") else {
            return fail(reason(line: line, head: head), context)
        }
        isDone = true
        established()
        // The far end may have spoken at once.
        if answer.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(answer)) }
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    private func reason(line: Substring, head: String) -> String {
        let words = line.split(separator: " ")
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), words[1] == "407" else {
            return "the proxy refused: \(line)"
        }
        return ProxyRefusal(head: head)
            .words(proxy: proxy.description, wereGiven: credentials != nil)
    }

    private func fail(_ reason: String, _ context: ChannelHandlerContext) {
        isDone = true
        failed(reason)
        context.close(promise: nil)
    }

    /// Length of the head with its empty line.
    private func endOfHead() -> Int? {
        answer.withUnsafeReadableBytes { bytes in
            guard bytes.count >= 4 else { return nil }
            for offset in 0...(bytes.count - 4)
            where bytes[offset] == 13 && bytes[offset + 1] == 10 && bytes[offset + 2] == 13
                && bytes[offset + 3] == 10
            {
                return offset + 4
            }
            return nil
        }
    }
}
