public import Market

/// One line of an archive's `pruned.jsonl`: a whole recording of a row that was deleted on purpose, or was about to be.
///
/// The line is durable before the first of its files is unlinked.
public struct PrunedRecording: Hashable, Sendable, DeletionNote {
    static let schema = "tapedeck.pruned-recording/1"
    static let subject = "deleted recordings"

    public var recording: String
    /// The row, and the recording's place in it.
    public var row: String
    public var place: Int
    public var first: SequenceNumber
    public var last: SequenceNumber
    /// Chain value after `last`: what the next recording of the row names.
    public var chain: ChainValue
    public var started: Timestamp = .zero
    public var ended: Timestamp = .zero
    public var bytes: UInt64 = 0
    public var who = ""
    public var why = ""
    public var time: Timestamp = .zero
    public var key: PublicKey?
    public var signature: [UInt8] = []

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
    }

    init?(subject json: FlatJSON) {
        guard let recording = json["recording"]?.text, let row = json["row"]?.text,
            let place = json["place"]?.number.flatMap({ Int(exactly: $0) }),
            let first = json["first"]?.sequence, let last = json["last"]?.sequence,
            let chain = json["chain"]?.text.flatMap({ ChainValue(hex: $0) })
        else { return nil }
        self.recording = recording
        self.row = row
        self.place = place
        self.first = first
        self.last = last
        self.chain = chain
    }

    func subjectFields(_ writer: inout JSONWriter) {
        writer.field("recording", recording)
        writer.field("row", row)
        writer.field("place", place)
        writer.field("first", first)
        writer.field("last", last)
        writer.field("chain", chain.description)
    }

    /// The recordings that were deleted from an archive, in order.
    ///
    /// - Throws: `damaged` where a whole line of the list does not read.
    public static func all(
        in archive: String,
        files: any JournalFiles = SystemFiles()
    ) throws(JournalError) -> [PrunedRecording] {
        let directory = try RecordingDirectory.open(archive, files: files)
        defer { directory.close() }
        return try DeletionList<PrunedRecording>(directory).entries
    }
}
