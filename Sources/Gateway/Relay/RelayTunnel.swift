import Market
import NIOCore

/// A bot's WebSocket and the exchange's, byte for byte: each piece is read along and carried on as it came.
///
/// Masks, fragments, pings and close codes are the two ends' own business. A side that does not take what it is given
/// stops the reading of the other; the end of one is the end of both.
final class RelayTunnel {
    enum Side { case bot, exchange }

    let socket: RelaySocket
    private let relay: Relay
    private let bot: any Channel
    private let exchange: any Channel
    private var botTap: FrameTap
    private var exchangeTap: FrameTap
    /// Bytes of a bot's message that is not whole.
    private var held = ByteBuffer()
    /// Answers that wait for the end of the message that the bot is being sent.
    private var answers: [[UInt8]] = []
    /// What was sent to each side ends with a whole frame: a frame of the relay's own may follow.
    private var isWhole = (bot: true, exchange: true)
    private var isEnded = false
    /// What the first close frame said.
    private var goodbye: String?

    init(socket: RelaySocket, relay: Relay, bot: any Channel, exchange: any Channel) {
        self.socket = socket
        self.relay = relay
        self.bot = bot
        self.exchange = exchange
        botTap = FrameTap(isMasked: true, messageMax: relay.settings.botMessageMax)
        exchangeTap = FrameTap(isMasked: false, messageMax: relay.settings.exchangeMessageMax)
    }

    // MARK: In

    func read(_ side: Side, _ piece: ByteBuffer) {
        guard !isEnded else { return }
        let time = relay.clock.now()
        do throws(FrameTap.Fault) {
            switch side {
            case .bot: try readBot(piece, time)
            case .exchange: try readExchange(piece, time)
            }
        } catch {
            fail(side, error)
        }
    }

    private func readExchange(_ piece: ByteBuffer, _ time: Timestamp) throws(FrameTap.Fault) {
        var carried = piece.readerIndex
        let start = piece.readerIndex
        let end = piece.writerIndex
        var fault: FrameTap.Fault?
        piece.withUnsafeReadableBytes { bytes in
            do throws(FrameTap.Fault) {
                try exchangeTap.take(bytes) { found, place in
                    guard !isEnded else { return }
                    switch found {
                    case .message(let message, _):
                        relay.tell(message, socket, time, isFromBot: false) {
                            carry(
                                piece,
                                &carried,
                                start + place,
                                to: .bot,
                                isLast: start + place == end
                            )
                        }
                    case .close(let code, let reason):
                        note("closed by the exchange", code, reason)
                    case .ping, .pong: break
                    }
                }
            } catch {
                fault = error
            }
        }
        if let fault { throw fault }
        guard !isEnded else { return }
        let isWhole = !exchangeTap.isInFrame
        carry(piece, &carried, end, to: .bot, isLast: true, isWhole: isWhole)
        sendAnswers()
    }

    private func readBot(_ piece: ByteBuffer, _ time: Timestamp) throws(FrameTap.Fault) {
        var carried = piece.readerIndex
        let start = piece.readerIndex
        let end = piece.writerIndex
        var fault: FrameTap.Fault?
        piece.withUnsafeReadableBytes { bytes in
            do throws(FrameTap.Fault) {
                try botTap.take(bytes) { found, place in
                    guard !isEnded else { return }
                    let isLast = start + place == end
                    switch found {
                    case .message(let message, _):
                        relay.tell(message, socket, time, isFromBot: true) {
                            sendHeld()
                            carry(piece, &carried, start + place, to: .exchange, isLast: isLast)
                        }
                        // What was not carried on was refused, and leaves neither now nor later.
                        if socket.holdsMessages {
                            held.clear()
                            carried = max(carried, start + place)
                        }
                    case .close(let code, let reason):
                        note("closed by the bot", code, reason)
                        fallthrough
                    case .ping, .pong:
                        // Behind a part of a message that is held it waits with it.
                        guard socket.holdsMessages, held.readableBytes == 0 else { return }
                        carry(piece, &carried, start + place, to: .exchange, isLast: isLast)
                    }
                }
            } catch {
                fault = error
            }
        }
        if let fault { throw fault }
        guard !isEnded else { return }
        guard socket.holdsMessages else {
            let isWhole = !botTap.isInFrame
            return carry(piece, &carried, end, to: .exchange, isLast: true, isWhole: isWhole)
        }
        if var rest = piece.getSlice(at: carried, length: end - carried) { held.writeBuffer(&rest) }
    }

    private func sendHeld() {
        guard held.readableBytes > 0 else { return }
        exchange.write(held, promise: nil)
        held = ByteBuffer()
    }

    private func carry(
        _ piece: ByteBuffer,
        _ carried: inout Int,
        _ end: Int,
        to side: Side,
        isLast: Bool,
        isWhole: Bool = true
    ) {
        let channel = side == .bot ? bot : exchange
        if end > carried, let slice = piece.getSlice(at: carried, length: end - carried) {
            channel.write(slice, promise: nil)
            carried = end
            if side == .bot { self.isWhole.bot = isWhole } else { self.isWhole.exchange = isWhole }
        }
        if isLast { channel.flush() }
    }

    // MARK: Answers of the relay's own

    func answer(_ payload: [UInt8]) {
        guard !isEnded else { return }
        guard bot.isWritable else { return stop("the bot does not take its answers") }
        answers.append(RelayFrames.text(payload))
        sendAnswers()
    }

    /// Between two messages, so that none is torn.
    private func sendAnswers() {
        guard !answers.isEmpty, exchangeTap.isAtBoundary else { return }
        for answer in answers { bot.write(ByteBuffer(bytes: answer), promise: nil) }
        answers.removeAll()
        bot.flush()
    }

    // MARK: Pressure

    /// A side that does not take what it is given is not given more: the other is not read.
    func writable(_ side: Side, _ isWritable: Bool) {
        guard !isEnded else { return }
        let other = side == .bot ? exchange : bot
        _ = other.setOption(.autoRead, value: isWritable)
    }

    // MARK: The end

    private func note(_ who: String, _ code: UInt16?, _ reason: String) {
        guard goodbye == nil else { return }
        goodbye = who + (code.map { " (\($0))" } ?? "") + (reason.isEmpty ? "" : ": " + reason)
    }

    private func fail(_ side: Side, _ fault: FrameTap.Fault) {
        let who = side == .bot ? "the bot" : "the exchange"
        say(side == .bot ? fault.code : 1001, to: .bot)
        say(side == .bot ? 1001 : fault.code, to: .exchange)
        end("\(who): \(fault.reason)")
    }

    /// A close frame; not in the middle of another, of which it would become a part.
    private func say(_ code: UInt16, to side: Side) {
        guard side == .bot ? isWhole.bot : isWhole.exchange else { return }
        let frame = RelayFrames.close(code: code, isMasked: side == .exchange)
        (side == .bot ? bot : exchange).writeAndFlush(ByteBuffer(bytes: frame), promise: nil)
    }

    /// The relay goes: both are told.
    func stop(_ reason: String) {
        guard !isEnded else { return }
        say(1001, to: .bot)
        say(1001, to: .exchange)
        end(reason)
    }

    func ended(_ side: Side, _ reason: String) {
        end(goodbye ?? (side == .bot ? "the bot: " : "the exchange: ") + reason)
    }

    private func end(_ reason: String) {
        guard !isEnded else { return }
        isEnded = true
        // What was written is sent first; a peer that does not take it is given up by the kernel.
        for channel in [bot, exchange] {
            _ = channel.setOption(.autoRead, value: true)
            channel.writeAndFlush(ByteBuffer()).whenComplete { _ in channel.close(promise: nil) }
        }
        relay.closed(self, reason)
    }
}

/// The last handler of one side of a tunnel.
final class TunnelEnd: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let tunnel: RelayTunnel
    private let side: RelayTunnel.Side
    private var reason = "connection lost"

    init(_ tunnel: RelayTunnel, _ side: RelayTunnel.Side) {
        self.tunnel = tunnel
        self.side = side
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        tunnel.read(side, unwrapInboundIn(data))
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        tunnel.writable(side, context.channel.isWritable)
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        reason = Words.why(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        tunnel.ended(side, reason)
        context.fireChannelInactive()
    }
}
