import Market

/// What every line of a list of deletions has: who deleted what when and why, signed when a key is configured.
///
/// A line is durable before anything of what it names is unlinked, so that a hole without one is damage.
protocol DeletionNote: Sendable {
    static var schema: String { get }
    /// What the list is of, for its error.
    static var subject: String { get }

    /// `log_time` of the first and last record of what goes.
    var started: Timestamp { get set }
    var ended: Timestamp { get set }
    var bytes: UInt64 { get set }
    /// The user and program that deletes it.
    var who: String { get set }
    /// The rule that asked for it.
    var why: String { get set }
    var time: Timestamp { get set }
    var key: PublicKey? { get set }
    /// 64 bytes over the line without its last field; empty when no key was configured.
    var signature: [UInt8] { get set }

    /// Its own fields: what goes.
    func subjectFields(_ writer: inout JSONWriter)
    /// From its own fields, all others empty; `nil` when they do not read.
    init?(subject json: FlatJSON)
}

extension DeletionNote {
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
        writer.field("schema", Self.schema)
        subjectFields(&writer)
        writer.field("started_ns", String(started.nanoseconds))
        writer.field("ended_ns", String(ended.nanoseconds))
        writer.field("bytes", Int64(clamping: bytes))
        writer.field("who", who)
        writer.field("why", why)
        writer.field("time", time.description)
        writer.field("time_ns", String(time.nanoseconds))
        if let key { writer.field("key", key.description) }
    }

    /// From a line; `nil` when it is none of this kind.
    init?(line: some Collection<UInt8>) {
        guard let json = FlatJSON.parse(line), json["schema"]?.text == Self.schema,
            let started = json["started_ns"]?.text.flatMap({ Int64($0) }),
            let ended = json["ended_ns"]?.text.flatMap({ Int64($0) }),
            let bytes = json["bytes"]?.number.flatMap({ UInt64(exactly: $0) }),
            let who = json["who"]?.text, let why = json["why"]?.text,
            let time = json["time_ns"]?.text.flatMap({ Int64($0) })
        else { return nil }
        self.init(subject: json)
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

/// A file `pruned.jsonl`, read and appended to.
struct DeletionList<Note: DeletionNote> {
    static var file: String { "pruned.jsonl" }
    private static var limit: Int { 64 << 20 }

    private(set) var entries: [Note] = []
    /// Whole lines; a crash may have left part of one behind them.
    private var lines: [UInt8]

    /// - Throws: `damaged` where a whole line does not read.
    init(_ directory: RecordingDirectory) throws(JournalError) {
        let bytes = try directory.contents(of: Self.file, limit: Self.limit) ?? []
        var start = 0
        while let newline = bytes[start...].firstIndex(of: 0x0a) {
            guard let entry = Note(line: bytes[start..<newline]) else {
                throw JournalError(
                    .damaged("a line of the list of \(Note.subject) does not read"),
                    file: directory.place(Self.file),
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
        _ new: [Note],
        in directory: RecordingDirectory
    ) throws(JournalError) {
        let added = new.flatMap(\.line)
        try write(added, at: UInt64(lines.count), in: directory)
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
        let file = try directory.open(Self.file, .readWrite)
        defer { directory.files.close(file) }
        var buffer = ByteBuffer(capacity: bytes.count)
        buffer.append(bytes)
        try directory.write(file, Self.file, buffer.bytes, at: offset)
        try directory.sync(file, Self.file)
        try directory.syncNames()
    }
}
