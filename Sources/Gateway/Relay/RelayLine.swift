import Glibc
import NIOCore

/// How both ends of a relay are set up.
enum RelayLine {
    /// A peer that is gone without a word is found by the kernel: asked after 10 s of silence, given up 15 s later;
    /// what is sent and not taken for 30 s ends the connection too.
    static let socketOptions: [(ChannelOptions.Types.SocketOption, Int)] = [
        (ChannelOptions.socketOption(.so_keepalive), 1),
        (ChannelOptions.Types.SocketOption(level: .tcp, name: .init(rawValue: TCP_KEEPIDLE)), 10),
        (ChannelOptions.Types.SocketOption(level: .tcp, name: .init(rawValue: TCP_KEEPINTVL)), 5),
        (ChannelOptions.Types.SocketOption(level: .tcp, name: .init(rawValue: TCP_KEEPCNT)), 3),
        (
            ChannelOptions.Types.SocketOption(level: .tcp, name: .init(rawValue: TCP_USER_TIMEOUT)),
            30_000
        ),
    ]

    static let buffers = AdaptiveRecvByteBufferAllocator(
        minimum: 4 << 10,
        initial: 16 << 10,
        maximum: 64 << 10
    )

    /// Beyond the high mark the other side is not read until this one has taken what it was given.
    static let waterMark = ChannelOptions.Types.WriteBufferWaterMark(low: 256 << 10, high: 1 << 20)
}
