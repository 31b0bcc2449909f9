/// What the proxy does to a connection, as networks and what stands in them do.
public enum Fault: String, Sendable, CaseIterable {
    // To the bytes of a connection, TLS or plain.

    /// Each piece waits.
    case latency
    /// No more than so many bytes a second.
    case bandwidth
    /// Every byte in a segment of its own.
    case oneByte = "one-byte"
    /// Both directions hold; what was held goes on later.
    case stall
    /// The client is reset (RST).
    case reset
    /// The client's connection ends (FIN) without a word of the protocol.
    case close
    /// The same behind one half of a frame.
    case torn
    /// The connection is reset before the server's first byte.
    case unborn
    /// The server is gone, and the client hears nothing of it.
    case serverGone = "server-gone"
    /// The client is gone, and the server hears nothing of it.
    case clientGone = "client-gone"

    // To the frames that a server sends on a plain WebSocket.

    /// The frame never comes.
    case drop
    case duplicate
    /// The frame comes behind the next one.
    case reorder
    /// The payload is no JSON any more.
    case corruptText = "corrupt-text"
    /// The frame is none of the protocol's any more; the client has to end the connection.
    case corruptFrame = "corrupt-frame"
}

/// One thing that the proxy did, in the order of doing.
public struct FaultEntry: Sendable {
    /// Counts from 1 over all connections.
    public var number: Int
    public var connection: Int
    public var fault: Fault
    /// Of a frame: its number among the data frames that the server has sent on the connection, from 1.
    public var frame: Int?
    public var topic: String?
}

/// A text frame of the server.
public struct PassedFrame: Sendable {
    public var payload: [UInt8]
    /// Its number among the data frames that came from the server, from 1; `nil` for answers and pongs.
    public var number: Int?
    /// `nil` for answers and pongs.
    public var topic: String?
}

/// What came over one connection, and what of it was handed on.
public struct ConnectionReport: Sendable {
    /// Counts from 1 in the order accepted.
    public var number: Int
    /// Of its WebSocket, without the query; empty for anything else.
    public var path: String
    /// Text frames as the server sent them, up to the end of its side: none is missing.
    public var received: [PassedFrame]
    /// Text frames whose last byte was written to the client, changed ones as they were written.
    public var forwarded: [PassedFrame]
    /// What ended it; `nil` while it is up, and where one of the two sides ended it.
    public var end: Fault?
    /// True while the client's side is open.
    public var isOpen: Bool

    /// How many data frames of each topic were handed to the client in full.
    public var forwardedByTopic: [String: Int] {
        forwarded.reduce(into: [:]) { counts, frame in
            if let topic = frame.topic { counts[topic, default: 0] += 1 }
        }
    }
}
