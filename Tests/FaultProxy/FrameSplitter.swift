/// Cuts what a server sends on a plain WebSocket into its answer's head and whole frames.
///
/// - Source: RFC 6455, §5.2; a server does not mask.
struct FrameSplitter {
    enum Piece {
        /// The head of the answer, or all that comes on a connection that is no WebSocket.
        case raw([UInt8])
        case frame(Frame)
    }

    struct Frame {
        var bytes: [UInt8]
        var payloadStart: Int

        var payload: [UInt8] { Array(bytes[payloadStart...]) }
        var isText: Bool { bytes[0] & 0x0f == 1 }

        /// The topic of a push, which stands within its first bytes.
        var topic: String? {
            let mark = Array(#""topic":""#.utf8)
            let head = bytes[payloadStart...].prefix(200)
            guard let start = head.firstRange(of: mark)?.upperBound,
                let end = bytes[start...].firstIndex(of: UInt8(ascii: "\""))
            else { return nil }
            return String(decoding: bytes[start..<end], as: UTF8.self)
        }
    }

    private enum Stage {
        case head
        case frames
        case raw
    }

    private var stage: Stage
    private var buffer: [UInt8] = []
    private var place = 0

    /// - Parameter isWebSocket: the client has asked for one.
    init(isWebSocket: Bool) { stage = isWebSocket ? .head : .raw }

    mutating func add(_ bytes: [UInt8]) -> [Piece] {
        if stage == .raw { return [.raw(bytes)] }
        buffer += bytes
        var pieces: [Piece] = []
        if stage == .head {
            guard let end = buffer.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound else {
                return []
            }
            let isOpen = buffer.starts(with: Array("HTTP/1.1 101".utf8))
            stage = isOpen ? .frames : .raw
            pieces.append(.raw(Array(isOpen ? buffer[..<end] : buffer[...])))
            place = isOpen ? end : buffer.count
        }
        while let frame = next() { pieces.append(.frame(frame)) }
        buffer.removeFirst(place)
        place = 0
        return pieces
    }

    private mutating func next() -> Frame? {
        let rest = buffer[place...]
        guard rest.count >= 2 else { return nil }
        var length = Int(rest[place + 1] & 0x7f)
        var start = 2
        if length >= 126 {
            let count = length == 126 ? 2 : 8
            guard rest.count >= 2 + count else { return nil }
            length = rest[(place + 2)..<(place + 2 + count)].reduce(0) { $0 << 8 | Int($1) }
            start += count
        }
        guard rest.count >= start + length else { return nil }
        defer { place += start + length }
        return Frame(
            bytes: Array(rest[place..<(place + start + length)]),
            payloadStart: start
        )
    }
}
