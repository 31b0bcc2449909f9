import Bybit
import Glibc
import Market

/// The kit's messages with their streams, as the live path would name and hand them over.
///
/// A line is `<receive time, ns> <P|V|R> <JSON>`: public socket, private socket, REST reply.
struct Workload {
    struct Message {
        var time: Timestamp
        /// Place in ``Workload/streams``.
        var stream: Int
        var payload: UnsafeRawBufferPointer
    }

    private(set) var messages: [Message] = []
    /// In the order of their first message.
    private(set) var streams: [StreamName] = []
    private(set) var payloadBytes = 0

    /// Reads the first `count` lines of the file at `path`.
    ///
    /// The file stays mapped, and REST records stay in memory, until the process ends.
    init(path: String, count: Int) throws {
        let text = try Workload.map(path)
        messages.reserveCapacity(count)
        var places: [UInt64: Int] = [:]
        var start = 0
        while messages.count < count, start < text.count {
            guard let base = text.baseAddress,
                let end = memchr(base + start, 10, text.count - start)
            else { break }
            let length = UnsafeRawPointer(end) - (base + start)
            let line = UnsafeRawBufferPointer(rebasing: text[start..<start + length])
            start += length + 1
            try add(line, &places)
        }
        guard messages.count == count else {
            throw BenchError("\(path) has \(messages.count) messages, \(count) were asked for")
        }
    }

    private mutating func add(
        _ line: UnsafeRawBufferPointer,
        _ places: inout [UInt64: Int]
    ) throws {
        var nanoseconds: Int64 = 0
        var at = 0
        while at < line.count, (0x30...0x39).contains(line[at]) {
            nanoseconds = nanoseconds * 10 + Int64(line[at] - 0x30)
            at += 1
        }
        guard line.count > at + 3, line[at] == 0x20, line[at + 2] == 0x20 else {
            throw BenchError("line \(messages.count + 1) is not <time> <P|V|R> <json>")
        }
        let kind = line[at + 1]
        var payload = UnsafeRawBufferPointer(rebasing: line[(at + 3)...])
        let name: () throws -> StreamName
        let key: UInt64
        switch kind {
        case UInt8(ascii: "R"):
            key = 1
            name = {
                StreamNaming.rest(account: "public", method: "GET", path: "/v5/market/orderbook")
            }
            payload = Workload.exchange(payload, nanoseconds)
        case UInt8(ascii: "P"), UInt8(ascii: "V"):
            let socket: SocketName =
                kind == UInt8(ascii: "P") ? .publicData(.linear) : .privateData(account: "main")
            let topic = StreamNaming.topic(of: payload)
            key = Mix.combine(StreamNaming.hash(topic), UInt64(kind))
            name = { StreamNaming.name(socket, topic: topic) }
        default: throw BenchError("line \(messages.count + 1) has an unknown kind")
        }
        let place: Int
        if let known = places[key] {
            place = known
        } else {
            place = streams.count
            places[key] = place
            streams.append(try name())
        }
        payloadBytes += payload.count
        messages.append(
            Message(
                time: Timestamp(nanoseconds: nanoseconds),
                stream: place,
                payload: payload
            )
        )
    }

    /// A record of a REST exchange with this response, in memory of its own.
    private static func exchange(
        _ response: UnsafeRawBufferPointer,
        _ nanoseconds: Int64
    ) -> UnsafeRawBufferPointer {
        let bytes = Exchange.record(
            method: "GET",
            path: "/v5/market/orderbook",
            query: "category=linear",
            response: response,
            at: Timestamp(nanoseconds: nanoseconds)
        )
        let record = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        record.copyBytes(from: bytes)
        return UnsafeRawBufferPointer(record)
    }

    private static func map(_ path: String) throws -> UnsafeRawBufferPointer {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { throw BenchError("\(path) cannot be opened") }
        defer { close(descriptor) }
        let size = Int(lseek(descriptor, 0, SEEK_END))
        let flags = MAP_PRIVATE | Int32(MAP_POPULATE)
        guard let base = mmap(nil, size, PROT_READ, flags, descriptor, 0), base != MAP_FAILED else {
            throw BenchError("\(path) cannot be mapped")
        }
        return UnsafeRawBufferPointer(start: base, count: size)
    }
}
