import Bybit
import Market
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import ReplayServer

extension ReplayServerTests {
    /// Within a step of the market all batches of a socket leave in one write, as they were made.
    @Suite struct StepTests {
        private static func say(_ number: Int64, _ fanOut: FanOut) {
            fanOut.publish(.systemStatus) { $0.failure(code: number, message: "", time: 0) }
        }

        private static func frame(_ number: Int64) -> ByteBuffer {
            WebSocketFrames.text(
                MessageWriter.message { $0.failure(code: number, message: "", time: 0) }
            )
        }

        private static func frames(_ numbers: Int64...) -> ByteBuffer {
            numbers.reduce(into: ByteBuffer()) { $0.writeImmutableBuffer(frame($1)) }
        }

        @Test func `ticks of a step leave in one write at its end, in their order`() throws {
            let line = try Line()
            line.fanOut.beginStep()
            for number: Int64 in 1...3 {
                Self.say(number, line.fanOut)
                line.fanOut.flush()
            }
            #expect(try line.sent() == nil)
            line.fanOut.endStep()
            #expect(try line.sent() == Self.frames(1, 2, 3))
            #expect(try line.sent() == nil)
            // Outside a step at once.
            Self.say(4, line.fanOut)
            line.fanOut.flush()
            #expect(try line.sent() == Self.frames(4))
        }

        @Test func `what is flushed by itself takes along what was gathered before it`() throws {
            let line = try Line()
            line.fanOut.beginStep()
            Self.say(1, line.fanOut)
            line.fanOut.flush()
            let pong = WebSocketFrames.pong(Array("x".utf8))
            line.client.send(pong)
            line.client.flush()
            var both = Self.frames(1)
            both.writeImmutableBuffer(pong)
            #expect(try line.sent() == both)
            Self.say(2, line.fanOut)
            line.fanOut.flush()
            line.client.fail(code: 1000)
            var last = Self.frames(2)
            last.writeImmutableBuffer(WebSocketFrames.close(code: 1000))
            #expect(try line.sent() == last)
            line.fanOut.endStep()
            #expect(try line.sent() == nil)
        }

        @Test func `a socket that goes within a step gets nothing of it, and others all`() throws {
            let fanOut = FanOut()
            let gone = try Line(fanOut)
            let stays = try Line(fanOut)
            fanOut.beginStep()
            Self.say(1, fanOut)
            fanOut.flush()
            gone.client.disconnect()
            Self.say(2, fanOut)
            fanOut.flush()
            fanOut.endStep()
            #expect(try gone.sent() == nil)
            #expect(try stays.sent() == Self.frames(1, 2))
            fanOut.beginStep()
            Self.say(3, fanOut)
            fanOut.flush()
            fanOut.endStep()
            #expect(try stays.sent() == Self.frames(3))
        }

        @Test func `a frame that is kept outlives the next one`() {
            var frame = Self.frame(1)
            let kept = WebSocketFrames.kept(frame)
            frame.clear()
            frame.writeImmutableBuffer(Self.frame(2))
            #expect(kept == Self.frame(1))
        }

        @Test(arguments: [0, 1, 125, 126, 127, 65_535, 65_536, 70_000])
        func `a frame says its length in as few bytes as it can`(count: Int) {
            let frame = WebSocketFrames.text(Array(repeating: 0x41, count: count))
            let head: [UInt8] =
                switch count {
                case ...125: [0x81, UInt8(count)]
                case ...65_535: [0x81, 126, UInt8(count >> 8), UInt8(count & 0xff)]
                default:
                    [0x81, 127, 0, 0, 0, 0, 0, UInt8(count >> 16), UInt8(count >> 8 & 0xff)]
                        + [UInt8(count & 0xff)]
                }
            #expect(frame.readableBytes == head.count + count)
            #expect(Array(frame.readableBytesView.prefix(head.count)) == head)
            #expect(WebSocketFrames.payload(of: frame)?.count == count)
        }
    }
}

/// One socket that hears one feed.
private final class Line {
    let channel: EmbeddedChannel
    let client: Client
    let fanOut: FanOut

    init(_ fanOut: FanOut = FanOut()) throws {
        self.fanOut = fanOut
        client = Client(
            number: 1,
            path: .systemStatus,
            venue: NoVenue(),
            limits: ServerLimits(),
            answerDelay: .milliseconds(2)
        )
        channel = EmbeddedChannel()
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try channel.pipeline.syncOperations.addHandler(client)
        _ = fanOut.add(client, to: .systemStatus)
    }

    func sent() throws -> ByteBuffer? { try channel.readOutbound(as: ByteBuffer.self) }
}

private final class NoVenue: Venue {
    func answer(_ request: HTTPRequest, _ reply: @escaping (HTTPReply) -> Void) {}
    func accepts(_ path: SocketPath) -> Bool { true }
    func opened(_ client: Client) {}
    func received(_ message: [UInt8], from client: Client) {}
    func drained(_ client: Client) {}
    func closed(_ client: Client) {}
}
