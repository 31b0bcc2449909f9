import JSON
import Market
import NIOCore

/// One who has connected to the operator's door: lines in, one answer to each, in order.
///
/// It is read only while no request of it is under way and its last answer has left: who asks fast, or does not
/// read, makes nobody wait but himself. Confined to the session's loop.
final class DoorPeer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// From an answer to the next request that is read.
    static let pause = TimeAmount.milliseconds(20)

    let uid: UInt32
    /// Monotonic nanoseconds.
    private(set) var lastHeard: Int64
    /// A request is under way.
    private(set) var isBusy = false
    private let now: () -> Int64
    private let handle: (DoorRequest, @escaping (DoorAnswer) -> Void) -> Void
    private let left: (DoorPeer) -> Void
    private let parser = JSONParser()
    private var received = ByteBuffer()
    /// The line was too long: its rest is passed over.
    private var isSkipping = false
    private var hasEnded = false
    private var context: ChannelHandlerContext?

    init(
        uid: UInt32,
        now: @escaping () -> Int64,
        handle: @escaping (DoorRequest, @escaping (DoorAnswer) -> Void) -> Void,
        left: @escaping (DoorPeer) -> Void
    ) {
        self.uid = uid
        self.now = now
        self.handle = handle
        self.left = left
        lastHeard = now()
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) { context.read() }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        left(self)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed? = event as? ChannelEvent else { return }
        // A last line need not end; the answer to it is still wanted.
        hasEnded = true
        proceed()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var part = unwrapInboundIn(data)
        lastHeard = now()
        received.writeBuffer(&part)
    }

    func channelReadComplete(context: ChannelHandlerContext) { proceed() }

    /// Ends the connection when the last answer has left.
    func end() { context?.close(promise: nil) }

    private func proceed() {
        guard !isBusy, let context else { return }
        switch takeLine() {
        case .line(let bytes):
            isBusy = true
            answer(bytes)
        case .tooLong:
            isBusy = true
            let limit = DoorRequest.lineMax
            send(.refused(.usage("a line is longer than \(limit) bytes")), to: nil)
        case .none where hasEnded: context.close(promise: nil)
        case .none: context.read()
        }
    }

    private enum Line {
        case line([UInt8])
        case tooLong
        case none
    }

    private func takeLine() -> Line {
        while received.readableBytes > 0 {
            let end = received.readableBytesView.firstIndex(of: UInt8(ascii: "\n"))
            guard end != nil || hasEnded else {
                guard isSkipping || received.readableBytes > DoorRequest.lineMax else {
                    return .none
                }
                received.clear()
                defer { isSkipping = true }
                return isSkipping ? .none : .tooLong
            }
            let count = end.map { $0 - received.readerIndex } ?? received.readableBytes
            let bytes = received.readBytes(length: count) ?? []
            if end != nil { received.moveReaderIndex(forwardBy: 1) }
            if isSkipping {
                isSkipping = false
                continue
            }
            guard bytes.count <= DoorRequest.lineMax else { return .tooLong }
            // Who types may send empty lines, and some end theirs with a carriage return.
            if bytes.contains(where: { $0 > 0x20 }) { return .line(bytes) }
        }
        received.discardReadBytes()
        return .none
    }

    private func answer(_ line: [UInt8]) {
        do throws(RequestRefusal) {
            let request = try DoorRequest(line, uid: uid, parser: parser)
            handle(request) { [weak self] in self?.send($0, to: request) }
        } catch {
            send(.refused(error), to: nil)
        }
    }

    private func send(_ answer: DoorAnswer, to request: DoorRequest?) {
        guard let context else { return }
        let bytes = context.channel.allocator.buffer(bytes: answer.line(to: request))
        let loop = context.eventLoop
        let bound = NIOLoopBound(self, eventLoop: loop)
        context.writeAndFlush(wrapOutboundOut(bytes)).whenComplete { _ in
            loop.scheduleTask(in: DoorPeer.pause) {
                bound.value.isBusy = false
                bound.value.proceed()
            }
        }
    }
}
