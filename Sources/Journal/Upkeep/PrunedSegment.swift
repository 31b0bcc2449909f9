public import Market

/// One line of `pruned.jsonl`: a segment that was deleted on purpose, or was about to be.
///
/// The line is durable before the segment is unlinked, so a hole at the front without one is damage.
public struct PrunedSegment: Hashable, Sendable {
    static let file = "pruned.jsonl"
    static let schema = "tapedeck.pruned/1"

    public var recording: String
    public var name: String
    public var first: SequenceNumber
    public var last: SequenceNumber
    public var chainFirst: ChainValue
    public var chainLast: ChainValue
    /// `log_time` of its first and last record.
    public var started: Timestamp
    public var ended: Timestamp
    public var bytes: UInt64
    /// The user and program that deleted it.
    public var who: String
    /// The rule that asked for it.
    public var why: String
    public var time: Timestamp
    public var key: PublicKey?
    /// 64 bytes over the line without its last field; empty when no key was configured.
    public var signature: [UInt8] = []

    /// Whether the key it names signed it; true for a line without a key.
    public var isGenuine: Bool {
        guard let key else { return signature.isEmpty }
        return key.verifies(signature, of: statement)
    }

    mutating func sign(with key: SigningKey) {
        self.key = key.publicKey
        signature = key.sign(statement)
    }

    /// The line without its signature: what is signed.
    var statement: [UInt8] {
        var writer = JSONWriter()
        writer.object { fields(&$0) }
        return writer.bytes
    }

    /// The line, its end included.
    var line: [UInt8] {
        var writer = JSONWriter()
        writer.object {
            fields(&$0)
            if key != nil { $0.field("signature", Hexadecimal.text(signature)) }
        }
        return writer.bytes + [0x0a]
    }

    private func fields(_ writer: inout JSONWriter) {
        writer.field("schema", PrunedSegment.schema)
        writer.field("recording", recording)
        writer.field("segment", name)
        writer.field("first", first)
        writer.field("last", last)
        writer.field("chain_first", chainFirst.description)
        writer.field("chain_last", chainLast.description)
        writer.field("started_ns", String(started.nanoseconds))
        writer.field("ended_ns", String(ended.nanoseconds))
        writer.field("bytes", Int64(clamping: bytes))
        writer.field("who", who)
        writer.field("why", why)
        writer.field("time", time.description)
        writer.field("time_ns", String(time.nanoseconds))
        if let key { writer.field("key", key.description) }
    }

    /// From a line; `nil` when it is none of ours.
    init?(line: some Collection<UInt8>) {
        guard let json = FlatJSON.parse(line), json["schema"]?.text == PrunedSegment.schema,
            let recording = json["recording"]?.text, let name = json["segment"]?.text,
            let first = json["first"]?.sequence, let last = json["last"]?.sequence,
            let chainFirst = json["chain_first"]?.text.flatMap({ ChainValue(hex: $0) }),
            let chainLast = json["chain_last"]?.text.flatMap({ ChainValue(hex: $0) }),
            let started = json["started_ns"]?.text.flatMap({ Int64($0) }),
            let ended = json["ended_ns"]?.text.flatMap({ Int64($0) }),
            let bytes = json["bytes"]?.number.flatMap({ UInt64(exactly: $0) }),
            let who = json["who"]?.text, let why = json["why"]?.text,
            let time = json["time_ns"]?.text.flatMap({ Int64($0) })
        else { return nil }
        self.recording = recording
        self.name = name
        self.first = first
        self.last = last
        self.chainFirst = chainFirst
        self.chainLast = chainLast
        self.started = Timestamp(nanoseconds: started)
        self.ended = Timestamp(nanoseconds: ended)
        self.bytes = bytes
        self.who = who
        self.why = why
        self.time = Timestamp(nanoseconds: time)
        if let text = json["key"]?.text {
            guard let key = PublicKey(hex: text),
                let signature = json["signature"]?.text.flatMap({ Hexadecimal.bytes($0) })
            else { return nil }
            self.key = key
            self.signature = signature
        }
    }

    init(_ segment: Manifest.Segment, recording: String) {
        self.recording = recording
        name = segment.name
        first = segment.first
        last = segment.last
        chainFirst = segment.chainFirst
        chainLast = segment.chainLast
        started = .zero
        ended = .zero
        bytes = 0
        who = ""
        why = ""
        time = .zero
    }
}

/// The file `pruned.jsonl`, read and appended to.
struct PruneLog {
    private static let limit = 64 << 20

    private(set) var entries: [PrunedSegment] = []
    /// Whole lines; a crash may have left part of one behind them.
    private var lines: [UInt8]
    private var end: UInt64 { UInt64(lines.count) }

    /// - Throws: `damaged` where a whole line does not read.
    init(_ directory: RecordingDirectory) throws(JournalError) {
        let bytes = try directory.contents(of: PrunedSegment.file, limit: PruneLog.limit) ?? []
        var start = 0
        while let newline = bytes[start...].firstIndex(of: 0x0a) {
            guard let entry = PrunedSegment(line: bytes[start..<newline]) else {
                throw JournalError(
                    .damaged("a line of the list of deletions does not read"),
                    file: directory.place(PrunedSegment.file),
                    offset: UInt64(start)
                )
            }
            entries.append(entry)
            start = newline + 1
        }
        lines = Array(bytes[..<start])
    }

    /// Appends lines and makes them durable.
    mutating func append(
        _ new: [PrunedSegment],
        in directory: RecordingDirectory
    ) throws(JournalError) {
        let added = new.flatMap(\.line)
        try write(added, at: end, in: directory)
        lines += added
        entries += new
    }

    /// Makes durable what is there: whoever wrote it may have ended before its sync, or with one that failed.
    ///
    /// Written again, since a sync that failed leaves pages that a second one takes for clean.
    func confirm(in directory: RecordingDirectory) throws(JournalError) {
        try write(lines, at: 0, in: directory)
    }

    private func write(
        _ bytes: [UInt8],
        at offset: UInt64,
        in directory: RecordingDirectory
    ) throws(JournalError) {
        let file = try directory.open(PrunedSegment.file, .readWrite)
        defer { directory.files.close(file) }
        var buffer = ByteBuffer(capacity: bytes.count)
        buffer.append(bytes)
        try directory.write(file, PrunedSegment.file, buffer.bytes, at: offset)
        try directory.sync(file, PrunedSegment.file)
        try directory.syncNames()
    }
}
