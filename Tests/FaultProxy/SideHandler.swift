import NIOCore

/// Which end of a connection.
enum Side {
    case client
    case server
}

/// The last handler of either channel: all it does is tell the line.
final class SideHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let side: Side
    private let line: Line

    init(_ side: Side, _ line: Line) {
        self.side = side
        self.line = line
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        line.read(side, Array(unwrapInboundIn(data).readableBytesView))
    }

    func channelInactive(context: ChannelHandlerContext) {
        line.ended(side)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
