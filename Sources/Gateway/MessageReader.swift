import Market
import NIOCore
import NIOHTTP1
import NIOWebSocket

/// Notes when bytes came from the kernel, before TLS and framing take their time.
final class ReadStamp: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let clock: SessionClock
    private(set) var time: Timestamp

    init(clock: SessionClock) {
        self.clock = clock
        time = clock.start
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        time = clock.now()
        context.fireChannelRead(data)
    }
}

/// Makes whole messages of frames, answers pings, and ends what breaks the protocol.
///
/// - Source: RFC 6455, §5.
final class MessageReader: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private let messageMax: Int
    private let stamp: ReadStamp
    private let happened: (Connection.Happening) -> Void
    /// The parts so far of a message in fragments.
    private var fragments: ByteBuffer?

    init(
        messageMax: Int,
        stamp: ReadStamp,
        happened: @escaping (Connection.Happening) -> Void
    ) {
        self.messageMax = messageMax
        self.stamp = stamp
        self.happened = happened
    }

    /// The frame coders are in the pipeline by now; in the upgrade's completion they are not yet.
    func handlerAdded(context: ChannelHandlerContext) { happened(.opened) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        guard frame.maskKey == nil else {
            return fail(context, .protocolError, "the server masked a frame")
        }
        guard !frame.rsv1, !frame.rsv2, !frame.rsv3 else {
            return fail(context, .protocolError, "a frame has reserved bits")
        }
        switch frame.opcode {
        case .text, .binary:
            guard fragments == nil else {
                return fail(context, .protocolError, "a message began inside another")
            }
            if frame.fin {
                happened(.message(frame.data, stamp.time))
            } else {
                fragments = frame.data
            }
        case .continuation: takeFragment(frame, context)
        case .ping:
            happened(.heard)
            // A peer that does not read what it asks for gets one answer less.
            guard context.channel.isWritable else { return }
            write(.pong, frame.data, context)
        case .pong: happened(.heard)
        case .connectionClose: closed(frame, context)
        default: fail(context, .protocolError, "a frame has the unknown opcode \(frame.opcode)")
        }
    }

    private func takeFragment(_ frame: WebSocketFrame, _ context: ChannelHandlerContext) {
        guard var whole = fragments else {
            return fail(context, .protocolError, "a continuation came without a beginning")
        }
        // Else the copy in `fragments` would make each append copy all of it.
        fragments = nil
        guard whole.readableBytes + frame.data.readableBytes <= messageMax else {
            return fail(context, .messageTooLarge, "a message is longer than \(messageMax) bytes")
        }
        whole.writeImmutableBuffer(frame.data)
        if frame.fin { happened(.message(whole, stamp.time)) } else { fragments = whole }
    }

    private func closed(_ frame: WebSocketFrame, _ context: ChannelHandlerContext) {
        var data = frame.data
        let echo = data.getSlice(at: data.readerIndex, length: min(2, data.readableBytes))
        write(.connectionClose, echo ?? ByteBuffer(), context)
        let code = data.readInteger(as: UInt16.self)
        let words = Words.printable(data.readableBytesView)
        let number = code.map { " (\($0))" } ?? ""
        happened(.closed("closed by the server\(number)\(words.isEmpty ? "" : ": " + words)"))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case NIOWebSocketError.invalidFrameLength:
            fail(context, .messageTooLarge, "a frame is longer than \(messageMax) bytes")
        case is NIOWebSocketError:
            fail(context, .protocolError, "a frame breaks the protocol (\(error))")
        default: happened(.closed(Words.why(error)))
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        happened(.closed("connection lost"))
        context.fireChannelInactive()
    }

    private func fail(
        _ context: ChannelHandlerContext,
        _ code: WebSocketErrorCode,
        _ reason: String
    ) {
        var data = context.channel.allocator.buffer(capacity: 2)
        data.write(webSocketErrorCode: code)
        write(.connectionClose, data, context)
        happened(.closed(reason))
    }

    private func write(
        _ opcode: WebSocketOpcode,
        _ data: ByteBuffer,
        _ context: ChannelHandlerContext
    ) {
        let frame = WebSocketFrame(fin: true, opcode: opcode, maskKey: .random(), data: data)
        context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
    }
}

/// Sees what a server answers instead of opening the WebSocket, and TLS that fails before it could.
final class HandshakeRefusal: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart

    private let happened: (Connection.Happening) -> Void

    init(happened: @escaping (Connection.Happening) -> Void) { self.happened = happened }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head(let head) = unwrapInboundIn(data) {
            happened(.refused(status: head.status.code))
            happened(.closed("handshake refused: HTTP \(head.status.code)"))
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        happened(.closed("handshake failed: " + Words.why(error)))
    }

    func channelInactive(context: ChannelHandlerContext) {
        happened(.closed("handshake failed: connection lost"))
        context.fireChannelInactive()
    }
}
