import Market

/// The payloads of the streams that the recorder itself writes.
enum SessionRecords {
    static let start = "session/start"
    static let channel = "session/channel"
    static let commit = "session/commit"
}

/// The payload of `session/channel`: announces a stream before its first message.
struct ChannelAnnouncement: Hashable {
    var id: StreamID
    var name: StreamName
    var origin: String

    /// `in` from the wire, `out` to the wire, `own` is ours.
    var direction: String {
        switch name.kind {
        case .publicTopic, .publicOther, .privateTopic, .privateOther, .trade, .rest: "in"
        case .sent: "out"
        default: "own"
        }
    }

    func payload() -> [UInt8] {
        var writer = JSONWriter()
        writer.object {
            $0.field("id", Int64(id.value))
            $0.field("stream", name.text)
            $0.field("slot", name.slot)
            $0.field("direction", direction)
            $0.field("origin", origin)
        }
        return writer.bytes
    }

    /// From a payload; `nil` when it is none of ours.
    init?(payload: UnsafeRawBufferPointer) {
        guard let json = FlatJSON.parse(payload), let number = json["id"]?.number,
            let id = UInt16(exactly: number), let name = json["stream"]?.text,
            let origin = json["origin"]?.text
        else { return nil }
        self.init(id: StreamID(id), name: StreamName(name), origin: origin)
    }

    init(id: StreamID, name: StreamName, origin: String) {
        self.id = id
        self.name = name
        self.origin = origin
    }
}

/// The payload of `session/commit`: what the chunk before it holds, and its link of the chain.
struct Commit: Hashable {
    var first: SequenceNumber
    var last: SequenceNumber
    var previous: ChainValue
    var chain: ChainValue

    init(first: SequenceNumber, last: SequenceNumber, previous: ChainValue, chain: ChainValue) {
        self.first = first
        self.last = last
        self.previous = previous
        self.chain = chain
    }

    func payload() -> [UInt8] {
        var writer = JSONWriter()
        writer.object {
            $0.field("first", first)
            $0.field("last", last)
            $0.field("previous", previous.description)
            $0.field("chain", chain.description)
        }
        return writer.bytes
    }

    /// From a payload; `nil` when it is not, byte for byte, as ``payload()`` writes it.
    init?(payload: UnsafeRawBufferPointer) {
        var scan = Scan(bytes: payload)
        guard scan.skip("{\"first\":"), let first = scan.number(), scan.skip(",\"last\":"),
            let last = scan.number(), first > 0, last >= first, scan.skip(",\"previous\":\""),
            let previous = scan.chain(), scan.skip("\",\"chain\":\""), let chain = scan.chain(),
            scan.skip("\"}"), scan.offset == payload.count
        else { return nil }
        self.init(
            first: SequenceNumber(first),
            last: SequenceNumber(last),
            previous: previous,
            chain: chain
        )
    }

    /// Reads the one form there is, without memory: a scan meets a commit in each chunk.
    private struct Scan {
        let bytes: UnsafeRawBufferPointer
        var offset = 0

        mutating func skip(_ text: StaticString) -> Bool {
            let count = text.utf8CodeUnitCount
            guard bytes.count - offset >= count else { return false }
            for index in 0..<count where bytes[offset + index] != text.utf8Start[index] {
                return false
            }
            offset += count
            return true
        }

        mutating func number() -> UInt64? {
            let start = offset
            var value: UInt64 = 0
            while offset < bytes.count, (0x30...0x39).contains(bytes[offset]) {
                let (product, over) = value.multipliedReportingOverflow(by: 10)
                let (sum, more) = product.addingReportingOverflow(UInt64(bytes[offset] - 0x30))
                guard !over, !more else { return nil }
                value = sum
                offset += 1
            }
            return offset > start ? value : nil
        }

        mutating func chain() -> ChainValue? {
            guard bytes.count - offset >= 64 else { return nil }
            var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
            guard word(&words.0), word(&words.1), word(&words.2), word(&words.3) else { return nil }
            return ChainValue(words: words)
        }

        private mutating func word(_ value: inout UInt64) -> Bool {
            for _ in 0..<16 {
                let digit: UInt8
                switch bytes[offset] {
                case 0x30...0x39: digit = bytes[offset] - 0x30
                case 0x61...0x66: digit = bytes[offset] - 0x61 + 10
                default: return false
                }
                value = value << 4 | UInt64(digit)
                offset += 1
            }
            return true
        }
    }
}

extension StreamKind {
    /// Public data may be shed when the queue is full; for all else a quarter of it is kept.
    var isSheddable: Bool {
        switch self {
        case .publicTopic, .publicOther: true
        case .sent(let rest): rest.hasPrefix("public/")
        default: false
        }
    }

    /// MCAP's name for what the payloads are.
    var messageEncoding: String {
        switch self {
        case .rest: "tapedeck.rest"
        case .unknown: ""
        default: "json"
        }
    }
}
