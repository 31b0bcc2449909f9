import Glibc

/// Lines `<receive time, ns> <P|V|R> <json>` of a mapped file.
public struct Lines: Sequence, IteratorProtocol {
    public struct Message {
        public var time: Int64
        public var stream: String
        public var payload: UnsafeRawBufferPointer
    }

    private let text: UnsafeRawBufferPointer
    private var start = 0
    public let first: Int64

    public init(path: String) throws(BenchError) {
        let file = open(path, O_RDONLY)
        guard file >= 0 else { throw BenchError("\(path) cannot be opened") }
        defer { close(file) }
        let size = Int(lseek(file, 0, SEEK_END))
        guard let base = mmap(nil, size, PROT_READ, MAP_PRIVATE, file, 0), base != MAP_FAILED else {
            throw BenchError("\(path) cannot be mapped")
        }
        text = UnsafeRawBufferPointer(start: UnsafeRawPointer(base), count: size)
        first = Lines.time(text)
    }

    private static func time(_ line: UnsafeRawBufferPointer) -> Int64 {
        var value: Int64 = 0
        for byte in line {
            guard (0x30...0x39).contains(byte) else { break }
            value = value * 10 + Int64(byte - 0x30)
        }
        return value
    }

    public mutating func next() -> Message? {
        guard start < text.count, let base = text.baseAddress,
            let end = memchr(base + start, 10, text.count - start)
        else { return nil }
        let line = UnsafeRawBufferPointer(
            start: base + start,
            count: UnsafeRawPointer(end) - (base + start)
        )
        start += line.count + 1
        guard let space = line.firstIndex(of: 0x20), space + 3 < line.count else { return nil }
        let payload = UnsafeRawBufferPointer(rebasing: line[(space + 3)...])
        return Message(
            time: Lines.time(line),
            stream: Lines.stream(payload, kind: line[space + 1]),
            payload: payload
        )
    }

    /// The topic stands first in a public message.
    private static func stream(_ payload: UnsafeRawBufferPointer, kind: UInt8) -> String {
        if kind == UInt8(ascii: "R") { return "rest/public/GET/v5/market/orderbook" }
        let marker = Array("\"topic\":\"".utf8)
        var place = 0
        while place + marker.count < Swift.min(payload.count, 80) {
            if payload[place..<place + marker.count].elementsEqual(marker) {
                let topic = payload[(place + marker.count)...].prefix { $0 != 0x22 }
                let name = String(decoding: topic, as: UTF8.self)
                return (kind == UInt8(ascii: "V") ? "private/main/" : "public/linear/") + name
            }
            place += 1
        }
        return kind == UInt8(ascii: "V") ? "private/main/-" : "public/linear/-"
    }
}
