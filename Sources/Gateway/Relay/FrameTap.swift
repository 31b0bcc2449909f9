/// Reads WebSocket frames out of a stream of bytes that somebody else carries on: it changes nothing.
///
/// Bytes come in pieces of any size; a message is told when its last byte is in. What breaks the protocol is an error
/// that names the close code for whoever sent it.
///
/// - Source: RFC 6455, §5.
struct FrameTap {
    enum Found {
        /// A whole message, its fragments joined and its mask taken off.
        case message(UnsafeRawBufferPointer, isText: Bool)
        case ping
        case pong
        /// `nil` where the frame has no code.
        case close(code: UInt16?, reason: String)
    }

    struct Fault: Error, Hashable {
        var code: UInt16
        var reason: String
    }

    /// Frames of a client are masked, those of a server are not.
    let isMasked: Bool
    /// Longest whole message, bytes.
    let messageMax: Int

    private var head: [UInt8] = []
    private var headLength = 2
    private var isInPayload = false
    private var left = 0
    private var isFinal = false
    private var isControl = false
    private var opcode: UInt8 = 0
    private var mask: (UInt8, UInt8, UInt8, UInt8) = (0, 0, 0, 0)
    private var maskPlace = 0
    private var isInMessage = false
    private var isText = false
    private var message: [UInt8] = []
    private var control: [UInt8] = []

    init(isMasked: Bool, messageMax: Int) {
        self.isMasked = isMasked
        self.messageMax = messageMax
    }

    /// Between two messages: what is put here on the line tears nothing.
    var isAtBoundary: Bool { !isInFrame && !isInMessage }
    /// Inside a frame, be it in its head.
    var isInFrame: Bool { isInPayload || !head.isEmpty }

    /// - Parameter found: gets what became whole, with the place behind its last byte in `piece`.
    mutating func take(
        _ piece: UnsafeRawBufferPointer,
        _ found: (Found, Int) -> Void
    ) throws(Fault) {
        var at = 0
        while at < piece.count {
            if !isInPayload {
                head.append(piece[at])
                at += 1
                if head.count == 2 { headLength = try length(of: head[1]) }
                guard head.count == headLength else { continue }
                try begin()
                // The end of a frame without a payload is the end of its head.
                if left == 0 { end(at, UnsafeRawBufferPointer(start: nil, count: 0), found) }
                continue
            }
            let count = min(left, piece.count - at)
            let part = UnsafeRawBufferPointer(rebasing: piece[at..<at + count])
            at += count
            left -= count
            if left == 0, isFinal, !isControl, !isMasked, message.isEmpty, count == frameLength {
                end(at, part, found)
                continue
            }
            keep(part)
            if left == 0 { end(at, UnsafeRawBufferPointer(start: nil, count: 0), found) }
        }
    }

    private var frameLength = 0

    private func length(of second: UInt8) throws(Fault) -> Int {
        guard (second & 0x80 != 0) == isMasked else {
            throw Fault(code: 1002, reason: isMasked ? "a frame has no mask" : "a frame is masked")
        }
        let extended = second & 0x7f
        return 2 + (extended == 126 ? 2 : extended == 127 ? 8 : 0) + (isMasked ? 4 : 0)
    }

    private mutating func begin() throws(Fault) {
        defer { head.removeAll(keepingCapacity: true) }
        guard head[0] & 0x70 == 0 else {
            throw Fault(code: 1002, reason: "a frame has reserved bits")
        }
        opcode = head[0] & 0x0f
        isFinal = head[0] & 0x80 != 0
        isControl = opcode >= 8
        var length = UInt64(head[1] & 0x7f)
        if length == 126 {
            length = UInt64(head[2]) << 8 | UInt64(head[3])
        } else if length == 127 {
            length = head[2..<10].reduce(0) { $0 << 8 | UInt64($1) }
        }
        switch opcode {
        case 0:
            guard isInMessage else {
                throw Fault(code: 1002, reason: "a continuation came without a beginning")
            }
        case 1, 2:
            guard !isInMessage else {
                throw Fault(code: 1002, reason: "a message began inside another")
            }
            isInMessage = true
            isText = opcode == 1
        case 8, 9, 10:
            guard isFinal, length <= 125 else {
                throw Fault(code: 1002, reason: "a control frame is too long or in fragments")
            }
        default: throw Fault(code: 1002, reason: "a frame has the unknown opcode \(opcode)")
        }
        let held = isControl ? 0 : UInt64(message.count)
        guard length <= UInt64(messageMax), held + length <= UInt64(messageMax) else {
            throw Fault(code: 1009, reason: "a message is longer than \(messageMax) bytes")
        }
        if isMasked {
            let place = head.count - 4
            mask = (head[place], head[place + 1], head[place + 2], head[place + 3])
            maskPlace = 0
        }
        left = Int(length)
        frameLength = left
        isInPayload = true
    }

    private mutating func keep(_ part: UnsafeRawBufferPointer) {
        guard isMasked else {
            if isControl {
                control.append(contentsOf: part)
            } else {
                message.append(contentsOf: part)
            }
            return
        }
        let mask = [mask.0, mask.1, mask.2, mask.3]
        var place = maskPlace
        for byte in part {
            let plain = byte ^ mask[place & 3]
            place += 1
            if isControl { control.append(plain) } else { message.append(plain) }
        }
        maskPlace = place & 3
    }

    /// - Parameter direct: the payload where all of it lies in the piece; else it was kept.
    private mutating func end(
        _ place: Int,
        _ direct: UnsafeRawBufferPointer,
        _ found: (Found, Int) -> Void
    ) {
        isInPayload = false
        if isControl {
            tellControl(place, found)
            control.removeAll(keepingCapacity: true)
            return
        }
        guard isFinal else { return }
        isInMessage = false
        guard message.isEmpty else {
            // Told from a copy of its own: whoever is told may take its time.
            let whole = message
            if message.capacity > FrameTap.keptCapacity {
                message = []
            } else {
                message.removeAll(keepingCapacity: true)
            }
            whole.withUnsafeBytes { found(.message($0, isText: isText), place) }
            return
        }
        found(.message(direct, isText: isText), place)
    }

    private static let keptCapacity = 256 << 10

    private func tellControl(_ place: Int, _ found: (Found, Int) -> Void) {
        switch opcode {
        case 9: found(.ping, place)
        case 10: found(.pong, place)
        default:
            let code = control.count >= 2 ? UInt16(control[0]) << 8 | UInt16(control[1]) : nil
            found(.close(code: code, reason: Words.printable(control.dropFirst(2))), place)
        }
    }
}

/// Frames that the relay itself puts on a line.
enum RelayFrames {
    /// A whole text frame of a server.
    static func text(_ payload: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = [0x81]
        switch payload.count {
        case 0...125: bytes.append(UInt8(payload.count))
        case 126...65_535: bytes += [126, UInt8(payload.count >> 8), UInt8(payload.count & 0xff)]
        default:
            bytes.append(127)
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: payload.count >> shift))
            }
        }
        return bytes + payload
    }

    /// A close frame; `isMasked` for the way to the exchange, with a mask of nothing.
    static func close(code: UInt16, isMasked: Bool) -> [UInt8] {
        let payload = [UInt8(code >> 8), UInt8(code & 0xff)]
        return isMasked ? [0x88, 0x82, 0, 0, 0, 0] + payload : [0x88, 0x02] + payload
    }
}
