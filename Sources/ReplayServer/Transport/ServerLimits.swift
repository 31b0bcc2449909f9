/// What the server takes from one client before it refuses: sizes bounded before memory is taken.
public struct ServerLimits: Hashable, Sendable {
    /// Names and values of one request's headers, together with its target; bytes.
    public var headerBytesMax = 16 * 1_024
    /// Body of one REST request, bytes; Bybit's largest batch is far below.
    public var bodyBytesMax = 1_024 * 1_024
    /// One WebSocket message from a client, bytes: 21,000 characters of topics and their envelope fit.
    public var messageBytesMax = 64 * 1_024
    /// Messages of one client that wait for their turn; beyond that its socket is not read.
    public var waitingMessagesMax = 256
    /// Bytes that wait for a client that does not read, before it is disconnected.
    public var unsentBytesMax = 32 * 1_024 * 1_024

    public init() {}
}
