import Gateway
import Journal
import Market
import Watch

/// What a session's loop keeps for those who watch it and has nowhere else: none of it is touched at a frame.
struct Taps {
    var quotas = QuotaMeter()
    /// The longest queue since the last reading, bytes, looked at twenty times a second.
    var queuePeak = 0
    /// The last measurement, which a step of a clock shows in at once; the session itself goes by the best of eight.
    var clock: ClockOffset.Sample?
    var keyExpires: Timestamp?
    /// The last record that a turn has seen.
    var lastSeen = SequenceNumber.none
    /// By socket: when it was made, and when it was last seen ready.
    private var sockets: [(made: Int64, ready: Int64)] = []

    /// One socket as it is now.
    mutating func reading(_ socket: Socket, _ number: Int, at now: Int64) -> Reading.Socket {
        while sockets.count <= number { sockets.append((now, now)) }
        if socket.state.isReady { sockets[number].ready = now }
        let slot = socket.settings.slot
        // News of the exchange come now and then.
        let isPublic = !slot.isPrivate && socket.settings.path == nil
        var reading = Reading.Socket(name: slot.description, isPublic: isPublic)
        reading.isReady = socket.state.isReady
        reading.frames = Int64(socket.received.messages)
        reading.bytes = Int64(socket.received.bytes)
        reading.reconnects = Int64(max(0, socket.state.connections - 1))
        reading.heard = socket.lastData ?? sockets[number].made
        reading.ready = sockets[number].ready
        return reading
    }
}
