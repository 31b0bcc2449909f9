/// What a server would say that has changed its protocol: each message goes on as this makes it.
public struct Rewriter: Sendable {
    /// A text frame on a plain WebSocket, with the socket's path.
    public var frame: @Sendable (_ path: String, _ payload: [UInt8]) -> [UInt8]
    /// The body of an answer over plain HTTP, with the request's target.
    public var reply: @Sendable (_ target: String, _ body: [UInt8]) -> [UInt8]

    public init(
        frame: @escaping @Sendable (String, [UInt8]) -> [UInt8],
        reply: @escaping @Sendable (String, [UInt8]) -> [UInt8]
    ) {
        self.frame = frame
        self.reply = reply
    }
}

/// The answers on one connection, one after the other, each with another body.
struct ReplyRewriting {
    private var buffer: [UInt8] = []
    private var targets: [String] = []

    /// What a client sends: requests begin with a line of their own.
    mutating func request(_ bytes: [UInt8]) {
        guard bytes.starts(with: Array("GET ".utf8)) || bytes.starts(with: Array("POST ".utf8))
        else { return }
        let line = bytes.prefix { $0 != 0x0d }
        let words = String(decoding: line, as: UTF8.self).split(separator: " ")
        if words.count == 3 { targets.append(String(words[1])) }
    }

    /// The bytes that go on; an answer is held until its body is whole.
    mutating func answer(_ bytes: [UInt8], _ rewriter: Rewriter) -> [UInt8] {
        buffer += bytes
        var out: [UInt8] = []
        while let (head, body) = next() {
            let target = targets.isEmpty ? "" : targets.removeFirst()
            let changed = rewriter.reply(target, body)
            out += Array(ReplyRewriting.head(head, length: changed.count).utf8) + changed
        }
        return out
    }

    private mutating func next() -> (head: String, body: [UInt8])? {
        guard let end = buffer.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound else {
            return nil
        }
        let head = String(decoding: buffer[..<end], as: UTF8.self)
        let length = ReplyRewriting.length(head)
        guard buffer.count >= end + length else { return nil }
        let body = Array(buffer[end..<(end + length)])
        buffer.removeFirst(end + length)
        return (head, body)
    }

    private static func length(_ head: String) -> Int {
        for line in head.split(separator: "\r\n")
        where line.lowercased().hasPrefix("content-length:") {
            return Int(line.dropFirst(15).filter { $0.isNumber }) ?? 0
        }
        return 0
    }

    private static func head(_ head: String, length: Int) -> String {
        head.split(separator: "\r\n", omittingEmptySubsequences: false).map { line in
            line.lowercased().hasPrefix("content-length:") ? "content-length: \(length)" : line
        }.joined(separator: "\r\n")
    }
}

extension FrameSplitter.Frame {
    /// The same frame with another payload.
    func with(_ payload: [UInt8]) -> FrameSplitter.Frame {
        var head = [bytes[0]]
        switch payload.count {
        case ..<126: head.append(UInt8(payload.count))
        case ..<65_536: head += [126, UInt8(payload.count >> 8), UInt8(payload.count & 0xff)]
        default:
            head.append(127)
            for shift in stride(from: 56, through: 0, by: -8) {
                head.append(UInt8(truncatingIfNeeded: payload.count >> shift))
            }
        }
        return FrameSplitter.Frame(bytes: head + payload, payloadStart: head.count)
    }
}
