import NIOCore

/// Frames of a server, ready for the socket: header and payload in one buffer, unmasked (RFC 6455 §5.1).
///
/// A push is made once and the same bytes go to each of its subscribers.
enum WebSocketFrames {
    enum Opcode: UInt8 {
        case text = 0x1
        case close = 0x8
        case ping = 0x9
        case pong = 0xa
    }

    static func text(_ payload: [UInt8]) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: payload.count + 10)
        append(.text, payload, to: &buffer)
        return buffer
    }

    static func ping(_ payload: [UInt8]) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: payload.count + 2)
        append(.ping, payload, to: &buffer)
        return buffer
    }

    static func pong(_ payload: [UInt8]) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: payload.count + 2)
        append(.pong, payload, to: &buffer)
        return buffer
    }

    /// - Parameter code: RFC 6455 §7.4.1: 1000 normal, 1002 protocol error, 1009 too big.
    static func close(code: UInt16) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: 4)
        append(.close, [UInt8(code >> 8), UInt8(truncatingIfNeeded: code)], to: &buffer)
        return buffer
    }

    /// What one whole text frame carries; `nil` for another.
    static func payload(of frame: ByteBuffer) -> ByteBufferView? {
        let start = frame.readerIndex
        guard frame.getInteger(at: start, as: UInt8.self) == 0x80 | Opcode.text.rawValue,
            let length = frame.getInteger(at: start + 1, as: UInt8.self)
        else { return nil }
        let header = length < 126 ? 2 : length == 126 ? 4 : 10
        return frame.viewBytes(at: start + header, length: frame.readableBytes - header)
    }

    static func append(_ opcode: Opcode, _ payload: [UInt8], to buffer: inout ByteBuffer) {
        payload.withUnsafeBytes { append(opcode, $0, to: &buffer) }
    }

    static func append(
        _ opcode: Opcode,
        _ payload: UnsafeRawBufferPointer,
        to buffer: inout ByteBuffer
    ) {
        let first = 0x80 | opcode.rawValue
        switch payload.count {
        case 0...125:
            buffer.writeInteger(UInt16(first) << 8 | UInt16(payload.count))
        case 126...65_535:
            buffer.writeInteger(UInt32(first) << 24 | 126 << 16 | UInt32(payload.count))
        default:
            buffer.writeInteger(UInt16(first) << 8 | 127)
            buffer.writeInteger(UInt64(payload.count))
        }
        buffer.writeBytes(payload)
    }

    /// The same frame in memory of its own size: for whoever keeps it.
    static func kept(_ frame: ByteBuffer) -> ByteBuffer {
        ByteBuffer(bytes: frame.readableBytesView)
    }
}
