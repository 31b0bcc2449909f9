import Bybit
import NIOCore
import NIOEmbedded

@testable import ReplayServer

/// One WebSocket of an exchange without a network: frames are handed over as bytes.
final class VirtualLine {
    private let channel: EmbeddedChannel
    let client: Client

    struct Malformed: Error {}

    init(
        _ number: UInt64,
        _ path: SocketPath,
        _ venue: any Venue,
        _ loop: EmbeddedEventLoop
    ) throws {
        client = Client(
            number: number,
            path: path,
            venue: venue,
            limits: ServerLimits(),
            answerDelay: .milliseconds(2)
        )
        channel = EmbeddedChannel(loop: loop)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try channel.pipeline.syncOperations.addHandler(client)
    }

    /// The payloads of what was sent since the last time, frame by frame.
    func sent() throws -> [[UInt8]] {
        var frames: [[UInt8]] = []
        while var bytes = try channel.readOutbound(as: ByteBuffer.self) {
            while bytes.readableBytes > 0 {
                guard let frame = VirtualLine.frame(&bytes) else { throw Malformed() }
                frames.append(frame)
            }
        }
        return frames
    }

    /// A server's frame: not masked, whole.
    private static func frame(_ bytes: inout ByteBuffer) -> [UInt8]? {
        guard bytes.readInteger(as: UInt8.self) == 0x81,
            let first = bytes.readInteger(as: UInt8.self)
        else { return nil }
        var length = Int(first)
        if first == 126 { length = Int(bytes.readInteger(as: UInt16.self) ?? 0) }
        if first == 127 { length = Int(bytes.readInteger(as: UInt64.self) ?? 0) }
        return bytes.readBytes(length: length)
    }
}
