public import Market

/// Names the stream of a message that came on a socket, from its first bytes, before anybody parses it.
///
/// Total: any bytes have a name. What has no topic, or one that is not plain, goes to the socket's `-`.
public enum StreamNaming {
    /// Longest topic that becomes part of a name.
    public static let topicBytesMax = 128

    /// The frame's topic, as it stands in the frame; `nil` where there is none.
    ///
    /// Only the keys of the outer object are looked at, and the scan ends at the first `topic`, which Bybit writes
    /// first or second. A topic with an escape, a space, `@` (which marks a slot), or a byte that is not printable
    /// ASCII, is none.
    public static func topic(of frame: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        var scan = Scan(bytes: frame)
        return scan.topic()
    }

    /// A fixed hash of the topic's bytes (0 for none), to look up a stream that is known already.
    public static func hash(_ topic: UnsafeRawBufferPointer?) -> UInt64 {
        guard let topic else { return 0 }
        return Mix.hash(topic)
    }

    /// The name of the stream with that topic on that socket and connection slot (1 is the first).
    public static func name(
        _ socket: SocketName,
        topic: UnsafeRawBufferPointer?,
        slot: Int = 1
    ) -> StreamName {
        let suffix = slot >= 2 ? "@\(slot)" : ""
        if case .trade = socket { return StreamName(socket.text + suffix) }
        let text = topic.map { String(decoding: $0, as: UTF8.self) } ?? "-"
        return StreamName(socket.text + "/" + text + suffix)
    }

    /// The name of the stream that a frame belongs to.
    public static func name(
        _ socket: SocketName,
        frame: UnsafeRawBufferPointer,
        slot: Int = 1
    ) -> StreamName {
        name(socket, topic: topic(of: frame), slot: slot)
    }

    /// The name of the stream of REST exchanges with one endpoint: `rest/main/POST/v5/order/create`.
    ///
    /// - Parameter account: the account's alias; `public` when the request is not signed.
    public static func rest(account: String, method: String, path: String) -> StreamName {
        StreamName("rest/\(account)/\(method)\(path)")
    }

    /// The name of the stream of what was put on a socket.
    public static func sent(_ socket: SocketName) -> StreamName {
        StreamName("sent/" + socket.text)
    }
}

/// A walk over the outer object's members, which skips values without understanding them.
private struct Scan {
    let bytes: UnsafeRawBufferPointer
    var at = 0

    init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    private mutating func skipSpaces() {
        while at < bytes.count {
            let byte = bytes[at]
            guard byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 else { return }
            at += 1
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipSpaces()
        guard at < bytes.count, bytes[at] == byte else { return false }
        at += 1
        return true
    }

    /// The bytes of a string without its quotes; `nil` when none stands here or it is not closed.
    private mutating func string() -> UnsafeRawBufferPointer? {
        guard take(UInt8(ascii: "\"")) else { return nil }
        let start = at
        while at < bytes.count {
            let byte = bytes[at]
            if byte == UInt8(ascii: "\"") {
                at += 1
                return UnsafeRawBufferPointer(rebasing: bytes[start..<at - 1])
            }
            at += byte == UInt8(ascii: "\\") ? 2 : 1
        }
        return nil
    }

    /// Moves past one value to the comma or brace after it; false at the end of the bytes.
    private mutating func skipValue() -> Bool {
        var depth = 0
        skipSpaces()
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "\""):
                guard string() != nil else { return false }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return true }
                depth -= 1
            case UInt8(ascii: ","):
                if depth == 0 { return true }
            default: break
            }
            at += 1
        }
        return false
    }

    mutating func topic() -> UnsafeRawBufferPointer? {
        guard take(UInt8(ascii: "{")) else { return nil }
        while let key = string() {
            guard take(UInt8(ascii: ":")) else { return nil }
            if Scan.isTopic(key) {
                guard let topic = string(), Scan.isPlain(topic) else { return nil }
                return topic
            }
            guard skipValue(), take(UInt8(ascii: ",")) else { return nil }
        }
        return nil
    }

    private static func isTopic(_ key: UnsafeRawBufferPointer) -> Bool {
        key.count == 5 && key[0] == UInt8(ascii: "t") && key[1] == UInt8(ascii: "o")
            && key[2] == UInt8(ascii: "p") && key[3] == UInt8(ascii: "i")
            && key[4] == UInt8(ascii: "c")
    }

    private static func isPlain(_ topic: UnsafeRawBufferPointer) -> Bool {
        guard !topic.isEmpty, topic.count <= StreamNaming.topicBytesMax else { return false }
        return topic.allSatisfy { byte in
            byte > 0x20 && byte < 0x7f && byte != UInt8(ascii: "\\") && byte != UInt8(ascii: "@")
        }
    }
}
