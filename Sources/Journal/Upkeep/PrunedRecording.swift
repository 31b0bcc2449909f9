public import Market

/// One line of an archive's `pruned.jsonl`: a whole recording of a row that was deleted on purpose, or was about to be.
///
/// The line is durable before the first of its files is unlinked.
public struct PrunedRecording: Hashable, Sendable {
    static let schema = "tapedeck.pruned-recording/1"

    public var recording: String
    /// The row, and the recording's place in it.
    public var row: String
    public var place: Int
    public var first: SequenceNumber
    public var last: SequenceNumber
    /// Chain value after `last`: what the next recording of the row names.
    public var chain: ChainValue
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

    init(_ manifest: Manifest, _ link: RowLink, bytes: UInt64) {
        recording = manifest.id
        row = link.row
        place = link.place
        first = manifest.first
        last = manifest.last
        chain = manifest.segments.last?.chainLast ?? ChainHasher.genesis(id: manifest.id)
        started = manifest.started
        ended = manifest.ended
        self.bytes = bytes
        who = ""
        why = ""
        time = .zero
    }

    mutating func sign(with key: SigningKey) {
        self.key = key.publicKey
        signature = key.sign(statement)
    }

    private var statement: [UInt8] {
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
        writer.field("schema", PrunedRecording.schema)
        writer.field("recording", recording)
        writer.field("row", row)
        writer.field("place", place)
        writer.field("first", first)
        writer.field("last", last)
        writer.field("chain", chain.description)
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
        guard let json = FlatJSON.parse(line), json["schema"]?.text == PrunedRecording.schema,
            let recording = json["recording"]?.text, let row = json["row"]?.text,
            let place = json["place"]?.number.flatMap({ Int(exactly: $0) }),
            let first = json["first"]?.sequence, let last = json["last"]?.sequence,
            let chain = json["chain"]?.text.flatMap({ ChainValue(hex: $0) }),
            let started = json["started_ns"]?.text.flatMap({ Int64($0) }),
            let ended = json["ended_ns"]?.text.flatMap({ Int64($0) }),
            let bytes = json["bytes"]?.number.flatMap({ UInt64(exactly: $0) }),
            let who = json["who"]?.text, let why = json["why"]?.text,
            let time = json["time_ns"]?.text.flatMap({ Int64($0) })
        else { return nil }
        self.recording = recording
        self.row = row
        self.place = place
        self.first = first
        self.last = last
        self.chain = chain
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
}

/// An archive's list of deleted recordings, read and appended to.
public struct PrunedRecordings {
    private static let limit = 64 << 20

    public private(set) var entries: [PrunedRecording] = []
    private var lines: [UInt8] = []

    /// - Throws: `damaged` where a whole line does not read.
    public init(
        _ archive: String,
        files: any JournalFiles = SystemFiles()
    ) throws(JournalError) {
        let directory = try RecordingDirectory.open(archive, files: files)
        defer { directory.close() }
        try self.init(directory)
    }

    init(_ directory: RecordingDirectory) throws(JournalError) {
        let bytes =
            try directory.contents(of: PrunedSegment.file, limit: PrunedRecordings.limit) ?? []
        var start = 0
        while let newline = bytes[start...].firstIndex(of: 0x0a) {
            guard let entry = PrunedRecording(line: bytes[start..<newline]) else {
                throw JournalError(
                    .damaged("a line of the list of deleted recordings does not read"),
                    file: directory.place(PrunedSegment.file),
                    offset: UInt64(start)
                )
            }
            entries.append(entry)
            start = newline + 1
        }
        lines = Array(bytes[..<start])
    }

    /// Appends a line and makes it durable, with all before it.
    mutating func append(
        _ entry: PrunedRecording,
        in directory: RecordingDirectory
    ) throws(JournalError) {
        let added = entry.line
        let file = try directory.open(PrunedSegment.file, .readWrite)
        defer { directory.files.close(file) }
        var buffer = ByteBuffer(capacity: lines.count + added.count)
        buffer.append(lines)
        buffer.append(added)
        try directory.write(file, PrunedSegment.file, buffer.bytes, at: 0)
        try directory.sync(file, PrunedSegment.file)
        try directory.syncNames()
        lines += added
        entries.append(entry)
    }
}
