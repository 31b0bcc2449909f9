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

    init?(payload: UnsafeRawBufferPointer) {
        guard let json = FlatJSON.parse(payload), let first = json["first"]?.number,
            let last = json["last"]?.number, first > 0, last >= first,
            let previous = json["previous"]?.text.flatMap({ ChainValue(hex: $0) }),
            let chain = json["chain"]?.text.flatMap({ ChainValue(hex: $0) })
        else { return nil }
        self.init(
            first: SequenceNumber(UInt64(first)),
            last: SequenceNumber(UInt64(last)),
            previous: previous,
            chain: chain
        )
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
