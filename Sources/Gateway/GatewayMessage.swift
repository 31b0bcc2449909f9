public import Market
public import NIOCore

/// One thing that happened on a socket, in the order it happened.
public struct GatewayMessage: Sendable {
    public enum Content: Sendable {
        /// One whole message from the exchange, as its bytes came.
        case received(ByteBuffer)
        /// What we put on the socket. An authentication stands here without key and signature:
        /// `{"op":"auth","req_id":"…","expires":…,"key":"<fingerprint>"}`.
        case sent([UInt8])
        case link(LinkEvent)
        /// The exchange has answered a handshake with HTTP 403: nothing may be sent for a while.
        case shutOut
    }

    /// The socket's number, as its owner gave it: an index into the owner's own table.
    public var socket: Int
    /// When the bytes were read from the kernel; for the others, when it happened.
    public var time: Timestamp
    public var content: Content

    public init(socket: Int, time: Timestamp, content: Content) {
        self.socket = socket
        self.time = time
        self.content = content
    }
}

extension LinkEvent {
    /// The payload of a `link/…` record.
    public func write(into writer: inout JSONWriter) {
        writer.object { json in
            json.field("change", change.rawValue)
            json.field("socket", socket)
            json.field("reason", reason)
            json.field("count", count)
            if isCarried { json.field("by", "bot") }
        }
    }
}
