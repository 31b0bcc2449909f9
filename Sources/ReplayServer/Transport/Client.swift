import Market
import NIOCore
import NIOSSL
import NIOWebSocket

/// One WebSocket of one client: the last handler of its pipeline.
///
/// Frames come in decoded, bytes go out ready made. Messages of one client wait in a queue for the answer delay
/// and are handled in the order they came; beyond the limit of the queue the socket is not read.
final class Client: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    let number: UInt64
    let path: SocketPath
    /// `conn_id` of the replies; any unique text.
    let connectionID: String
    /// Topics in the order subscribed.
    var topics: [String] = []
    /// The private ones among them, read.
    var privateTopics: [(text: String, topic: PrivateTopic)] = []
    /// The key that this socket authenticated with, by its place in the directory.
    var account: Int?
    /// True while its bytes wait for the end of a delivery.
    var isTouched = false
    /// True while they wait for the end of the market's step.
    var isGathered = false
    /// Position in what is sent to it; used by the venue that sends a file.
    var progress = 0
    /// Where manners are done to its frames; `nil` on a venue that has none.
    var filter: FrameFilter?
    private(set) var isOpen = false
    private(set) var isWritable = true
    /// Why the server ended it on its own; `nil` while it has not.
    private(set) var fault: Fault?

    /// What a client does that its socket is ended for.
    enum Fault: String {
        /// It does not read.
        case tooSlow = "too slow"
        /// Nothing went either way for too long.
        case idle
    }

    private let venue: any Venue
    private let limits: ServerLimits
    private let answerDelay: TimeAmount
    private let idleMax: TimeAmount
    private var lastTraffic = NIODeadline.uptimeNanoseconds(0)
    private var context: ChannelHandlerContext?
    private var waiting: CircularBuffer<[UInt8]> = []
    private var fragments: [UInt8]?
    private var wantsRead = false
    private var outgoing = ByteBuffer()
    private var unsentBytes = 0
    private var hasSentClose = false

    init(
        number: UInt64,
        path: SocketPath,
        venue: any Venue,
        limits: ServerLimits,
        answerDelay: TimeAmount,
        idleMax: TimeAmount = ActiveTime.usual
    ) {
        self.number = number
        self.path = path
        self.connectionID = "c\(number)-\(path.connectionWord)"
        self.venue = venue
        self.limits = limits
        self.answerDelay = answerDelay
        self.idleMax = idleMax
    }

    // MARK: life

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        isOpen = true
        isWritable = context.channel.isWritable
        lastTraffic = context.eventLoop.now
        watchForSilence(on: context.eventLoop)
        venue.opened(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    private func end() {
        guard isOpen else { return }
        isOpen = false
        context = nil
        waiting.removeAll()
        venue.closed(self)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        if isWritable {
            unsentBytes = 0
            venue.drained(self)
        }
        context.fireChannelWritabilityChanged()
    }

    // MARK: in

    func read(context: ChannelHandlerContext) {
        if waiting.count >= limits.waitingMessagesMax {
            wantsRead = true
        } else {
            context.read()
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lastTraffic = context.eventLoop.now
        let frame = unwrapInboundIn(data)
        guard frame.maskKey != nil else { return fail(code: 1002) }
        switch frame.opcode {
        case .text:
            guard fragments == nil else { return fail(code: 1002) }
            let bytes = Array(buffer: frame.unmaskedData)
            if frame.fin { enqueue(bytes) } else { fragments = bytes }
        case .continuation:
            guard var bytes = fragments else { return fail(code: 1002) }
            bytes.append(contentsOf: frame.unmaskedData.readableBytesView)
            guard bytes.count <= limits.messageBytesMax else { return fail(code: 1009) }
            fragments = frame.fin ? nil : bytes
            if frame.fin { enqueue(bytes) }
        case .ping:
            // A control PING is answered at once: pybit gives up after ten seconds without its PONG.
            send(WebSocketFrames.pong(Array(buffer: frame.unmaskedData)))
            flush()
        case .connectionClose:
            // A half-open line does not even say goodbye.
            if filter?.isMute == true { disconnect() } else { fail(code: 1000) }
        case .binary:
            // All of Bybit's frames are text.
            fail(code: 1003)
        case .pong:
            venue.ponged(Array(buffer: frame.unmaskedData), from: self)
        default:
            break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case NIOWebSocketError.invalidFrameLength: fail(code: 1009)
        case is NIOWebSocketError: fail(code: 1002)
        default: context.close(promise: nil)
        }
    }

    /// One task a message, all with the same delay: the n-th task takes the n-th message.
    private func enqueue(_ message: [UInt8]) {
        guard let context, !hasSentClose else { return }
        waiting.append(message)
        context.eventLoop.assumeIsolated().scheduleTask(in: answerDelay) { [self] in
            guard isOpen, let next = waiting.popFirst() else { return }
            venue.received(next, from: self)
            flush()
            if wantsRead, waiting.count < limits.waitingMessagesMax {
                wantsRead = false
                self.context?.read()
            }
        }
    }

    // MARK: out

    /// Puts the bytes of one or more whole frames behind what waits; ``flush()`` hands them to the socket.
    func send(_ frame: ByteBuffer) {
        guard isOpen, !hasSentClose else { return }
        if let filter { filter.pass(frame, to: self) } else { append(frame) }
    }

    /// Past the filter.
    func append(_ frame: ByteBuffer) {
        guard isOpen, !hasSentClose else { return }
        outgoing.writeImmutableBuffer(frame)
    }

    /// What was held back to let something pass goes out with its batch; the bytes stay here until ``flush()``.
    func endBatch() {
        guard isOpen else { return }
        filter?.ended(self)
    }

    /// One write for all frames since the last: on TLS one record instead of one a frame.
    func flush() {
        guard isOpen else { return }
        filter?.ended(self)
        guard isOpen, outgoing.readableBytes > 0, let context else { return }
        let count = outgoing.readableBytes
        if !isWritable { unsentBytes += count }
        guard unsentBytes <= limits.unsentBytesMax else {
            return giveUp()
        }
        lastTraffic = context.eventLoop.now
        let bytes = outgoing
        // As large as the last one: a buffer that grows is copied each time.
        outgoing = context.channel.allocator.buffer(capacity: min(count, Client.capacityMax))
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    private static let capacityMax = 64 << 10

    /// Says why, then closes; the close handshake of RFC 6455 §7.
    func fail(code: UInt16) {
        guard isOpen, !hasSentClose, let context else { return }
        send(WebSocketFrames.close(code: code))
        hasSentClose = true
        let bytes = outgoing
        outgoing = ByteBuffer()
        context.writeAndFlush(wrapOutboundOut(bytes)).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
    }

    /// On the socket's loop, unless the socket is gone by then.
    func schedule(_ milliseconds: Int, _ body: @escaping () -> Void) {
        context?.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(milliseconds))) {
            [weak self] in
            if self?.isOpen == true { body() }
        }
    }

    /// As the loop's next task, in the order of these calls.
    func next(_ body: @escaping () -> Void) {
        context?.eventLoop.assumeIsolated().execute { [weak self] in
            if self?.isOpen == true { body() }
        }
    }

    /// It did not read for too long, and others wait for it.
    func giveUp() {
        fault = .tooSlow
        disconnect()
    }

    /// At each sweep for as long as it is open.
    private func watchForSilence(on loop: any EventLoop) {
        loop.assumeIsolated().scheduleTask(deadline: ActiveTime.nextSweep(after: loop.now)) {
            [weak self] in
            guard let self, isOpen else { return }
            // Of a line that is half open neither end sees the other go.
            if loop.now - lastTraffic >= idleMax, filter?.isMute != true {
                fault = .idle
                disconnect()
            } else {
                watchForSilence(on: loop)
            }
        }
    }

    /// Drops the socket as a broken line does: no close frame, no TLS farewell.
    func disconnect() {
        guard isOpen, let context else { return }
        outgoing.clear()
        let pipeline = context.pipeline.syncOperations
        if let tls = try? pipeline.context(handlerType: NIOSSLServerHandler.self) {
            tls.close(mode: .all, promise: nil)
        } else {
            context.close(mode: .all, promise: nil)
        }
    }
}

extension SocketPath {
    var connectionWord: String {
        switch self {
        case .publicData(let category): category.name
        case .systemStatus: "status"
        case .privateData: "private"
        case .trade: "trade"
        }
    }
}
