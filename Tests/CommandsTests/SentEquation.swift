import FaultProxy
import Testing

/// sent = recorded + named gaps, connection by connection: the exchange's count, the proxy's frames, the recording's.
struct SentEquation {
    /// Data frames that the exchange made for the recorder's sockets, by its own journal.
    private(set) var sent = 0
    private(set) var recorded = 0
    /// Behind the cut: read by the proxy and not handed on.
    private(set) var swallowed = 0
    /// Handed to the kernel before a reset, and not read any more.
    private(set) var inFlight = 0
    private(set) var connections = 0
    private(set) var reconnects = 0

    init(_ session: ProxiedSession, _ recording: RecordedSockets) {
        var byClient: [Int: RecordedSockets.Connection] = [:]
        for connection in recording.connections {
            guard let client = connection.client else { continue }
            #expect(byClient[client] == nil, "two connections say that they are \(client)")
            byClient[client] = connection
        }
        for line in session.connections where line.path.hasPrefix("/v5/") {
            take(line, session.pushes, &byClient)
        }
        #expect(byClient.isEmpty, "recorded, and not of the proxy: \(byClient.keys.sorted())")
        reconnects = recording.connections.count - Set(recording.connections.map(\.socket)).count
    }

    private mutating func take(
        _ line: ConnectionReport,
        _ pushes: [Int: Int],
        _ byClient: inout [Int: RecordedSockets.Connection]
    ) {
        let came = line.received.count { $0.topic != nil }
        guard let client = line.received.lazy.compactMap({ ClientNumber.of($0.payload) }).first
        else {
            #expect(came == 0, "connection \(line.number): data without an answer before it")
            return
        }
        connections += 1
        let made = pushes[client] ?? -1
        #expect(made == came, "socket \(client): the exchange made \(made), and \(came) came")
        let connection = byClient.removeValue(forKey: client)
        let frames = connection?.frames ?? []
        #expect(
            frames.elementsEqual(line.forwarded.prefix(frames.count).map(\.payload)),
            "socket \(client), \(line.end?.rawValue ?? "-"): the record differs from what was handed on"
        )
        // Only a reset takes what the kernel has from its reader; at the session's end a pong may be on its way.
        let rest = line.forwarded.dropFirst(frames.count)
        #expect(
            rest.isEmpty || line.end == .reset
                || (line.end == nil && rest.allSatisfy { $0.topic == nil }),
            "socket \(client), \(line.end?.rawValue ?? "-"): \(rest.count) frames are missing"
        )
        let kept = frames.count { Topic.of($0) != nil }
        let missed = rest.count { $0.topic != nil }
        let handed = line.forwarded.count { $0.topic != nil }
        #expect(kept + missed + (came - handed) == made)
        if let connection, kept < made {
            #expect(connection.end != nil, "socket \(client): nothing says that it was lost")
        }
        sent += made
        recorded += kept
        inFlight += missed
        swallowed += came - handed
    }
}
