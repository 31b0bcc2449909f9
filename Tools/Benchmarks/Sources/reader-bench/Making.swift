import Glibc
import Journal
import Market

/// A recording of the kit's messages, repeated with later times until there are enough.
enum Making {
    static func run(
        _ path: String,
        messages: String,
        count: Int,
        chunkBytes: Int,
        seals: Bool
    ) throws -> String {
        let lines = try Lines(path: messages)
        var options = RecorderOptions()
        options.chunkBytes = chunkBytes
        options.rollsItself = true
        let recorder = try Recorder.open(path, options: options)
        let wall = Clock.wall
        let cpu = Clock.cpu
        try recorder.start(time: Timestamp(nanoseconds: lines.first), payload: Array("{}".utf8))
        var ids: [String: StreamID] = [:]
        var shift: Int64 = 0
        var last: Int64 = lines.first
        var done = 0
        while done < count {
            for line in lines {
                guard done < count else { break }
                let name = line.stream
                let id: StreamID
                if let known = ids[name] {
                    id = known
                } else {
                    id = try recorder.stream(named: name)
                    ids[name] = id
                }
                while recorder.queuedBytes > options.queueBytes / 4 { usleep(200) }
                last = line.time + shift
                let time = Timestamp(nanoseconds: last)
                try recorder.append(id, time: time, payload: line.payload)
                done += 1
            }
            shift = last - lines.first + 1
        }
        if seals { try recorder.seal() } else { try recorder.close() }
        return Line("make", count: count, wall: wall, cpu: cpu).text
    }
}

/// Lines `<receive time, ns> <P|V|R> <json>` of a mapped file.
struct Lines: Sequence, IteratorProtocol {
    struct Message {
        var time: Int64
        var stream: String
        var payload: UnsafeRawBufferPointer
    }

    private let text: UnsafeRawBufferPointer
    private var start = 0
    let first: Int64

    init(path: String) throws {
        let file = open(path, O_RDONLY)
        guard file >= 0 else { throw BenchError("\(path) cannot be opened") }
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

    mutating func next() -> Message? {
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
                return "public/linear/" + String(decoding: topic, as: UTF8.self)
            }
            place += 1
        }
        return kind == UInt8(ascii: "V") ? "private/main/-" : "public/linear/-"
    }
}
